"""Sharing's part of a pack: datasets, published as they stand, what the demo's agencies have in them, what must hold
between them, grants, schemes of comparison, topics of events.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from yiwang.kernel import clock
from yiwang.kernel.packs import Pack
from yiwang.kernel.problems import Invalid
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing import indexes, queries
from yiwang.platform.sharing.acts import publish_draft, write_draft, write_grant, write_topic
from yiwang.platform.sharing.acts.guarding import write_guardian_sources
from yiwang.platform.sharing.answering import grantable
from yiwang.platform.sharing.documents import DEFINITION
from yiwang.platform.sharing.events import telling
from yiwang.platform.sharing.events.types import Topic
from yiwang.platform.sharing.means.acts import write_scheme
from yiwang.platform.sharing.means.linting import lint
from yiwang.platform.sharing.means.types import Scheme
from yiwang.platform.sharing.models import CrossRuleRow, Dataset, Feed, Record
from yiwang.platform.sharing.types import CrossKind, DatasetDefinition, GrantRequest, GuardianSource, RecordSpec
from yiwang.platform.sharing.watch.acts import write_rules
from yiwang.platform.sharing.watch.types import WatchRule


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossRow:
    """A rule between two datasets in ``cross_rules.yaml``: ``from`` and ``to`` are ``dataset`` or ``dataset.column``."""

    code: str
    name: str
    name_en: str = ""
    kind: CrossKind
    source: Annotated[str, Field(alias="from", pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]
    target: Annotated[str, Field(alias="to", pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]


def load(pack: Pack, *, by: Actor, records: bool = True) -> None:
    """Load and publish the datasets; unchanged ones keep their edition. Then their records, replaced as a whole."""
    written: list[tuple[Path, Dataset]] = []
    for path in pack.files("datasets/*.yaml"):
        for definition in pack.listed(path, DatasetDefinition):
            try:
                written.append((path, write_draft(definition, f"pack:{pack.name}", by=by)))
            except Invalid as problem:
                _tell(pack, path, definition.code, problem)
    pack.stop_if_faulty()
    context = queries.lint_context()
    for path, row in written:
        try:
            publish_draft(row, "", by=by, context=context)
        except Invalid as problem:
            _tell(pack, path, row.code, problem)
    pack.stop_if_faulty()
    rows = {row.code: row for _path, row in written}
    if records:
        _records(pack, rows)
    _grants(pack, rows, by)
    _cross_rules(pack, rows)
    _schemes(pack, by)
    _topics(pack, by)
    _guardians(pack, rows)
    rules = [(path, one) for path in pack.files("watching.yaml") for one in pack.listed(path, WatchRule)]
    for path, rule in rules:
        for one in rule.kin:
            if told := _lacking(rows, one.dataset, one.agency, one.columns):
                pack.fault(path, 1, told)
    pack.stop_if_faulty()
    write_rules([one for _path, one in rules])


def _cross_rules(pack: Pack, rows: dict[str, Dataset]) -> None:
    """Load the rules between datasets; those that the pack no longer has are no longer asked."""
    made: list[CrossRuleRow] = []
    path = pack.root / "cross_rules.yaml"
    for one in pack.rows("cross_rules.yaml", CrossRow):
        (here, column), (there, other) = (way.partition(".")[::2] for way in (one.source, one.target))
        found = [_unfit(rows, here, column), _unfit(rows, there, other)]
        if one.kind is CrossKind.EQUAL and not (column and other):
            found.append("two columns are compared: name both")
        if one.kind is not CrossKind.EQUAL and column and other:
            found.append("somebody is looked for: name the column of their number here or there, not both")
        wrong = [fault for fault in found if fault]
        for fault in wrong:
            pack.fault(path, 1, f"{one.code}: {fault}")
        if not wrong:
            made.append(
                CrossRuleRow(
                    code=one.code,
                    name=one.name,
                    name_en=one.name_en,
                    kind=one.kind.value,
                    here=rows[here],
                    column=column,
                    there=rows[there],
                    other=other,
                )
            )
    pack.stop_if_faulty()
    CrossRuleRow.objects.all().delete()
    CrossRuleRow.objects.bulk_create(made)


def _unfit(rows: dict[str, Dataset], code: str, column: str) -> str:
    if code not in rows:
        return f"there is no dataset {code}"
    if column and column not in {item["name"] for item in rows[code].draft["items"]}:
        return f"{code} has no column {column}"
    return ""


def _schemes(pack: Pack, by: Actor) -> None:
    """Load the schemes of comparison; unchanged ones keep their edition."""
    found = [(path, scheme) for path in pack.files("comparisons/*.yaml") for scheme in pack.listed(path, Scheme)]
    datasets = queries.definitions(want.dataset for _path, scheme in found for want in scheme.wants)
    items = catalog.basic_codes()
    for path, scheme in found:
        for wrong in lint(scheme, datasets, items):
            pack.fault(path, 1, f"{scheme.code}: {wrong}")
    pack.stop_if_faulty()
    for _path, scheme in found:
        write_scheme(scheme, by=by)


def _grants(pack: Pack, rows: dict[str, Dataset], by: Actor) -> None:
    """Load the grants that are in force from the first day: ``agency`` is the city's body, its colleagues come with it."""
    for asked in pack.rows("grants.yaml", GrantRequest):
        agency = directory.find_agency(asked.agency)
        row = rows.get(asked.dataset)
        if agency is None or row is None:
            pack.fault(pack.root / "grants.yaml", 1, f"there is no {asked.agency if agency is None else asked.dataset}")
            continue
        unknown = set(asked.fields) - grantable(DEFINITION.validate_python(row.draft))
        if unknown:
            pack.fault(pack.root / "grants.yaml", 1, f"{asked.dataset} has no {', '.join(sorted(unknown))}")
            continue
        write_grant(asked, row, agency, by)
    pack.stop_if_faulty()


def _topics(pack: Pack, by: Actor) -> None:
    """Load the topics that agencies tell each other about."""
    for path in pack.files("topics.yaml"):
        for topic in pack.listed(path, Topic):
            for told in telling.faults(topic):
                pack.fault(path, 1, f"{topic.code}: {told}")
            try:
                write_topic(topic, by=by)
            except Invalid as problem:
                _tell(pack, path, topic.code, problem)
    pack.stop_if_faulty()


def _guardians(pack: Pack, rows: dict[str, Dataset]) -> None:
    """Load where it stands who a child's guardians are."""
    found = list(pack.rows("guardianship.yaml", GuardianSource))
    path = pack.root / "guardianship.yaml"
    for one in found:
        if told := _lacking(rows, one.dataset, one.agency, (*one.guardians, *([one.name] if one.name else []))):
            pack.fault(path, 1, told)
    pack.stop_if_faulty()
    write_guardian_sources(found)


def _lacking(rows: dict[str, Dataset], dataset: str, agency: str, columns: Iterable[str]) -> str:
    """Say what is not there of what a register that is asked about people's relations is said to have; nothing: all is."""
    known = {item["name"] for item in rows[dataset].draft["items"]} if dataset in rows else set()
    wrong = sorted(set(columns) - known) or ([] if directory.find_agency(agency) else [agency])
    return f"{dataset}: there is no {', '.join(wrong)}" if wrong else ""


def _tell(pack: Pack, path: Path, code: str, problem: Invalid) -> None:
    for error in problem.errors:
        pack.fault(path, 1, f"{code}: {error.field}: {error.message}")


def _records(pack: Pack, rows: dict[str, Dataset]) -> None:
    """Replace what the invented agencies hold by what the pack says."""
    for spec in pack.rows("records/*.yaml", RecordSpec):
        row = rows.get(spec.dataset)
        if row is None:
            pack.fault(pack.root / "records", 1, f"there is no dataset {spec.dataset}")
            continue
        Dataset.objects.filter(pk=row.pk).update(available=spec.available, refreshed_at=clock.now())
        row.records.all().delete()
        # What a feed had brought is gone with the rest: it is read again from the beginning.
        Feed.objects.filter(dataset=row).update(token=None, claim=None, run=None, next_at=clock.now())
        Record.objects.bulk_create([_record(row, dict(record)) for record in spec.records], batch_size=1000)
    pack.stop_if_faulty()


def _record(row: Dataset, record: dict[str, Any]) -> Record:
    given = record.pop("at", None)
    at = datetime.fromisoformat(str(given)) if given else clock.now()
    subject = str(record.pop("subject"))
    return Record(
        dataset=row,
        subject_index=blind_index(subject, indexes.SUBJECT),
        own=indexes.own_index(row.draft["key"], record),
        digest=indexes.values_index(record),
        values=record,
        at=at,
        valid_from=at,
    )
