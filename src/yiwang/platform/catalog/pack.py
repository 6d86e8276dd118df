"""The catalogue's part of a pack: code tables, data elements, items (one edition for each body), life events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from yiwang.kernel.packs import Pack
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import Actor
from yiwang.platform.catalog import queries, rules
from yiwang.platform.catalog.acts import (
    publish_draft,
    write_draft,
    write_life_event,
    write_sample,
    write_vague_words,
)
from yiwang.platform.catalog.elements import write_elements
from yiwang.platform.catalog.linting import LintContext, VagueWord, lint_life_event
from yiwang.platform.catalog.models import CodeEntry
from yiwang.platform.catalog.rules import field_spec
from yiwang.platform.catalog.types import DataElement, Definition, FormField, LifeEvent, Place
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.types import AgencyView
from yiwang.ui import store, uploads, values


@dataclass(frozen=True, slots=True)
class BodyRow:
    """Who carries an item out: one agency, or every agency of a function at a level (in these regions)."""

    agency: str = ""
    function: str = ""
    level: int = 0
    regions: tuple[str, ...] = ()
    centre: str = ""
    promised: int | None = None


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One row of a code table."""

    code: str
    label: str
    label_en: str = ""


def load(pack: Pack, *, by: Actor) -> None:
    """Load and publish the catalogue; unchanged items keep their edition."""
    _tables(pack)
    elements = list(pack.rows("elements/*.yaml", DataElement))
    _once(pack, "elements", [element.code for element in elements])
    _examples(pack, elements)
    pack.stop_if_faulty()
    write_elements(elements)
    words = list(pack.rows("vague_words.yaml", VagueWord))
    definitions = list(read_items(pack))
    pack.stop_if_faulty()
    write_vague_words(words)
    _samples(pack)
    context = _context(pack, [definition for _path, definition in definitions])
    for path, definition in definitions:
        row = write_draft(definition, f"pack:{pack.name}", by=by)
        try:
            publish_draft(row, "", by=by, context=context)
        except Invalid as problem:
            for error in problem.errors:
                pack.fault(path, 1, f"{error.field}: {error.message}")
    pack.stop_if_faulty()
    for order, path in enumerate(pack.files("life_events/*.yaml")):
        life_event = pack.make(path, pack.yaml(path), LifeEvent)
        if life_event is None:
            continue
        faults = [finding for finding in lint_life_event(life_event, context) if finding.blocks]
        for finding in faults:
            pack.fault(path, 1, f"{finding.where}: {finding.message}")
        if not faults:
            write_life_event(life_event, order)
    pack.stop_if_faulty()


def _context(pack: Pack, definitions: list[Definition]) -> LintContext:
    """Say what the pack's items may refer to: licence types and datasets are loaded later, so they are read here."""
    return replace(
        queries.lint_context(),
        licence_types=_named(pack, "licence_types/*.yaml"),
        datasets=_named(pack, "datasets/*.yaml"),
        answers=_questions(pack),
        basic_codes=frozenset(definition.basic_code for definition in definitions),
        shared=rules.satisfied(definitions),
    )


def _named(pack: Pack, pattern: str) -> dict[str, str]:
    """Return code and name of every entry; what is wrong with the entries is told by the room that loads them."""
    return {
        str(row["code"]): str(row.get("name", ""))
        for path in pack.files(pattern)
        for row in pack.yaml(path) or ()
        if isinstance(row, dict) and "code" in row
    }


def _questions(pack: Pack) -> dict[str, str]:
    """Return the yes-or-no questions that the pack's datasets answer."""
    return {
        f"{row.get('code')}.?{one.get('code')}": str(one.get("label", ""))
        for path in pack.files("datasets/*.yaml")
        for row in pack.yaml(path) or ()
        if isinstance(row, dict)
        for one in row.get("answers") or ()
        if isinstance(one, dict)
    }


def read_items(pack: Pack) -> Iterator[tuple[Path, Definition]]:
    """Read every item file into one definition for each body."""
    for path in pack.files("items/*.yaml"):
        yield from read_item(pack, path)


def read_item(pack: Pack, path: Path) -> Iterator[tuple[Path, Definition]]:
    """Read one item file into one definition for each body; what is wrong becomes faults of the pack."""
    centres = {centre.region: centre.code for centre in directory.centres()}
    content = pack.yaml(path)
    if not isinstance(content, dict) or not isinstance(content.get("bodies"), list):
        pack.fault(path, 1, "an item with bodies is expected here")
        return
    for row in content.pop("bodies"):
        body = pack.make(path, row, BodyRow)
        if body is None:
            continue
        for agency in _agencies(pack, path, body):
            made = pack.make(path, content | _of_body(content, body, agency, centres), Definition)
            if made is None:
                break
            yield path, made


def _agencies(pack: Pack, path: Path, body: BodyRow) -> list[AgencyView]:
    if body.agency:
        found = directory.find_agency(body.agency)
        agencies = [found] if found else []
    else:
        agencies = [
            agency
            for agency in directory.agencies(function=body.function)
            if agency.level == body.level and (not body.regions or agency.region in body.regions)
        ]
    if not agencies:
        pack.fault(path, 1, f"no agency for {body.agency or body.function} at level {body.level}")
    return agencies


def _of_body(content: dict[str, Any], body: BodyRow, agency: AgencyView, centres: dict[str, str]) -> dict[str, Any]:
    code = content.get("basic_code", "")
    centre = body.centre or centres.get(agency.region) or next(iter(centres.values()), "")
    made: dict[str, Any] = {
        "task_code": f"{agency.uscc}{agency.level}{code}",
        "agency": agency.code,
        "level": agency.level,
        "places": [Place(centre)] if centre else [],
        "consult_phone": agency.phone,
        "complaint_phone": agency.complaint_phone,
    }
    if body.promised is not None:
        made["promised_limit"] = {"value": body.promised}
    return made


def _tables(pack: Pack) -> None:
    path = pack.root / "tables.yaml"
    if not path.exists():
        return
    tables = pack.yaml(path) or {}
    found = [(table, pack.make(path, row, CodeRow)) for table, rows in tables.items() for row in rows]
    entries = {
        (table, row.code): CodeEntry(table=table, code=row.code, label=row.label, label_en=row.label_en)
        for table, row in found
        if row is not None
    }
    CodeEntry.objects.bulk_create(
        entries.values(), update_conflicts=True, unique_fields=["table", "code"], update_fields=["label", "label_en"]
    )


def _examples(pack: Pack, elements: list[DataElement]) -> None:
    """A datum with a pattern needs an example and a hint, and every example must be what the form takes."""
    known = {element.code: element for element in elements}
    for element in elements:
        if element.pattern and not (element.example and element.hint):
            pack.fault(pack.root / "elements", 1, f"{element.code}: a pattern needs an example and a hint")
        if element.example:
            try:
                values.parse(field_spec(known, FormField(element.code)), element.example)
            except values.Wrong as wrong:
                pack.fault(pack.root / "elements", 1, f"{element.code}: example {element.example}: {wrong.message}")


def _samples(pack: Pack) -> None:
    """Keep the pack's sample files under their paths; a file that is no PDF or picture is a fault."""
    for path in pack.files("samples/*"):
        name = str(path.relative_to(pack.root))
        with path.open("rb") as file:
            try:
                media_type = uploads.recognise(file, path.name)
            except uploads.Refused as refused:
                pack.fault(path, 1, refused.message)
                continue
            write_sample(name, store.save(file), media_type, path.stat().st_size)


def _once(pack: Pack, where: str, codes: list[str]) -> None:
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        pack.fault(pack.root / where, 1, f"{code} stands twice")
