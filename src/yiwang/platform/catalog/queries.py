"""What others read of the catalogue: editions and life events, never drafts."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext as _

from yiwang.kernel import clock, paging
from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.problems import NotFound
from yiwang.kernel.remembered import remembered
from yiwang.kernel.types import Actor
from yiwang.platform.catalog import documents
from yiwang.platform.catalog.linting import LintContext, VagueWord, builtin_words, merged_words
from yiwang.platform.catalog.managers import ImplementationQuerySet
from yiwang.platform.catalog.models import (
    CodeEntry,
    DataElementRow,
    Edition,
    Implementation,
    LifeEventRow,
    SampleFile,
    ServiceItem,
    VagueWordRow,
)
from yiwang.platform.catalog.types import (
    DataElement,
    Draft,
    EditionPage,
    EditionView,
    LifeEvent,
    MaterialKind,
    PaperName,
    SampleRef,
    Satisfier,
    SatisfierKind,
    Standing,
)
from yiwang.platform.directory import queries as directory
from yiwang.platform.editing.types import EditionEntry, entries
from yiwang.ui.names import names

_editions: dict[uuid.UUID, EditionView] = {}
_parts: dict[tuple[str, Any], Any] = {}
"""What editions are made of, each part once."""
_KEPT = 4096
_reading = threading.Lock()


def get_editions(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, EditionView]:
    """Return editions by id. They never change, so each is read once by a process; one query for the missing ones."""
    wanted = list(ids)
    if any(pk not in _editions for pk in wanted):
        with _reading:  # the other threads of a process that has just started want the same
            missing = [pk for pk in wanted if pk not in _editions]
            if len(_editions) > _KEPT:
                _editions.clear()
                _parts.clear()
            for row in Edition.objects.filter(pk__in=missing).select_related("implementation"):
                _editions[row.id] = documents.shared(documents.read_edition(row), _parts)
    try:
        return {pk: _editions[pk] for pk in wanted}
    except KeyError as error:
        raise NotFound(_("没有这一版办事指南。")) from error


def get_edition(pk: uuid.UUID) -> EditionView:
    """Return one edition."""
    return get_editions([pk])[pk]


_CURRENT = Compiled(
    lambda: Implementation.objects.filter(
        task_code=Slot("task_code"), handle_code=Slot("handle_code"), current__isnull=False
    ).values_list("current_id")
)


def current_edition(task_code: str, handle_code: str = "") -> EditionView:
    """Return the published edition of an implementation."""
    found = _CURRENT.first(task_code=task_code, handle_code=handle_code)
    if found is None:
        raise NotFound(_("没有找到这个事项，可能已经停办。"))
    return get_edition(found[0])


def editions_in(region: str, basic_codes: Sequence[str]) -> dict[str, EditionView]:
    """Return, for each basic code, the edition whose agency serves ``region``: the nearest body wins.

    A village is served by its town's, county's or city's body; codes without any that takes applications today are left
    out.
    """
    covering = region_chain(region)
    rows = Implementation.objects.filter(
        item_id__in=basic_codes, region__in=covering, current__isnull=False, sample_only=False
    ).values_list("item_id", "region", "current_id")
    nearest: dict[str, tuple[int, uuid.UUID]] = {}
    for code, where, edition in rows:
        rank = covering.index(where)
        if code not in nearest or rank < nearest[code][0]:
            nearest[code] = (rank, edition)
    views = get_editions([edition for _rank, edition in nearest.values()])
    found = {code: views[edition] for code, (_rank, edition) in nearest.items()}
    return {code: view for code, view in found.items() if view.definition.open_on(clock.today())}


def region_chain(region: str) -> list[str]:
    """Return the region and everything above it, nearest first."""
    chain = [region[:length] for length in (12, 9, 6) if len(region) >= length]
    if len(region) >= 4:
        chain.append(f"{region[:4]}00")
    if len(region) >= 2:
        chain.append(f"{region[:2]}0000")
    return list(dict.fromkeys(chain))


_PUBLISHED_BY = Compiled(
    lambda: (
        Implementation.objects.filter(agency__path__any=Slot("paths"), current__isnull=False)
        .order_by("item__name")
        .values_list("item_id", "item__name")
        .distinct()
    )
)


def items_of(agencies: Iterable[str]) -> list[tuple[str, str]]:
    """Return basic code and name of what the agencies at these paths publish, by name; one query."""
    return _PUBLISHED_BY(paths=list(agencies))


def implementations_of(basic_code: str) -> list[tuple[str, uuid.UUID]]:
    """Return region and edition of every published implementation of an item."""
    return list(
        Implementation.objects.filter(item_id=basic_code, current__isnull=False)
        .order_by("region")
        .values_list("region", "current_id")
    )


def published_implementations() -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Return every published implementation with its edition; one query."""
    rows = Implementation.objects.filter(current_id__isnull=False).order_by("id")
    return [(pk, edition) for pk, edition in rows.values_list("id", "current_id") if edition is not None]


def get_life_event(code: str) -> LifeEvent:
    """Return a life event as published."""
    return _life_event(code)[1]


def life_event_edition(code: str) -> tuple[uuid.UUID, LifeEvent]:
    """Return a life event with the id of its edition, to pin an application to."""
    return _life_event(code)


def life_events() -> list[LifeEvent]:
    """Return every published life event in the pack's order."""
    rows = LifeEventRow.objects.filter(current__isnull=False).select_related("current").order_by("order")
    return [documents.LIFE_EVENT.validate_python(row.current.content) for row in rows]


def _life_event(code: str) -> tuple[uuid.UUID, LifeEvent]:
    row = LifeEventRow.objects.filter(code=code, current__isnull=False).select_related("current").first()
    if row is None:
        raise NotFound(_("没有这件“一件事”。"))
    return row.current.id, documents.LIFE_EVENT.validate_python(row.current.content)


@names
def english_published_names() -> Iterator[tuple[str, str]]:
    """Return the names of items, of their papers, steps and results, with their English ones; one query."""
    rows = Implementation.objects.filter(current__isnull=False).order_by("item_id").distinct("item_id")
    for item in rows.values_list("current__content__definition", flat=True):
        yield from ((item[key], item.get("name_en", "")) for key in ("short_name", "name") if item.get(key))
        for one in (*item["materials"], *item["process"], item["result"]):
            yield one["name"], one.get("name_en", "")  # an edition is as old as it is: it may lack what came later


def elements() -> dict[str, DataElement]:
    """Return every data element (kept for a minute: they change by publishing only)."""
    return remembered("catalog.elements", _read_elements)


def _read_elements() -> dict[str, DataElement]:
    rows = DataElementRow.objects.filter(document__isnull=False)
    read = {row.code: documents.ELEMENT.validate_python(row.document) for row in rows}
    return {code: _parts.setdefault(("element", element), element) for code, element in read.items()}


def code_table(table: str, *, english: bool = False) -> dict[str, str]:
    """Return a code table: code to label; ``english`` gives the English label where there is one."""
    rows = CodeEntry.objects.filter(table=table).order_by("code").values_list("code", "label", "label_en")
    return {code: (label_en if english else "") or label for code, label, label_en in rows}


def kept_table(table: str) -> dict[str, str]:
    """Return a code table for a page (kept for ten minutes: tables change with the pack only)."""
    return remembered(f"catalog.table:{table}", lambda: code_table(table), 600)


def find_by_name(words: str, limit: int = 30) -> list[EditionView]:
    """Return published editions whose name contains the words, one for each item."""
    rows = (
        Implementation.objects.filter(item__name__icontains=words, current__isnull=False)
        .order_by("item_id", "level")
        .distinct("item_id")
        .values_list("current_id", flat=True)[:limit]
    )
    return list(get_editions(rows).values())


Names = Callable[[], Mapping[str, str]]
_names: dict[str, Names] = {}


def provide_names(kind: str, names: Names) -> None:
    """Let a room above tell the linter what there is: codes and names of ``licence_types``, ``datasets`` or
    ``answers``."""
    _names[kind] = names


def lint_context() -> LintContext:
    """Return what items may refer to, read anew: publishing is rare and must not go by what was a minute ago."""
    agencies = directory.agencies()
    licence_types, datasets, answers = (_names.get(kind) for kind in ("licence_types", "datasets", "answers"))
    return LintContext(
        words=merged_words(builtin_words(), vague_words()),
        elements=_read_elements(),
        licence_types=(licence_types() or None) if licence_types else None,
        datasets=(datasets() or None) if datasets else None,
        answers=answers() if answers else {},
        basic_codes=basic_codes(),
        item_types=frozenset(code_table("item_types")) or None,
        person_themes=frozenset(code_table("person_themes")) or None,
        legal_themes=frozenset(code_table("legal_themes")) or None,
        agencies={agency.code: agency.uscc for agency in agencies},
        functions=frozenset(agency.function for agency in agencies),
        centres=frozenset(centre.code for centre in directory.centres()),
        samples=samples(),
        shared=_shared(),
    )


def basic_codes() -> frozenset[str]:
    """Return the basic code of every item of the catalogue."""
    return frozenset(ServiceItem.objects.values_list("basic_code", flat=True))


def samples() -> dict[str, SampleRef]:
    """Return every sample file by name."""
    rows = SampleFile.objects.order_by("name").values_list("name", "digest", "media_type")
    return {name: SampleRef(digest, media_type) for name, digest, media_type in rows}


def files_of_editions(digests: list[str]) -> set[str]:
    """Return which of these files editions were published with, also where the name stands for another file by now."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT file.value->>'digest' FROM {Edition._meta.db_table},"  # noqa: S608 - our own table
            " jsonb_each(content->'files') AS file WHERE file.value->>'digest' = ANY(%s)",
            [digests],
        )
        return {digest for (digest,) in cursor.fetchall()}


def vague_words() -> tuple[VagueWord, ...]:
    """Return the wordings that the pack adds to the linter's list."""
    return tuple(documents.VAGUE_WORD.validate_python(row.document) for row in VagueWordRow.objects.all())


def _shared() -> dict[str, tuple[Satisfier, ...]]:
    """Return what satisfies a paper somewhere, by its identity (kept for ten minutes: only suggestions need it)."""
    return remembered("catalog.shared", _read_shared, 600)


def _read_shared() -> dict[str, tuple[Satisfier, ...]]:
    rows = Implementation.objects.order_by("item_id").distinct("item_id")
    found: dict[str, tuple[Satisfier, ...]] = {}
    for materials in rows.values_list("draft__materials", flat=True):
        for material in materials or ():
            if material["satisfied_by"]:
                known = documents.SATISFIERS.validate_python(material["satisfied_by"])
                found.setdefault(material["shared"] or material["name"], known)
    return found


def paper_names() -> dict[str, PaperName]:
    """Return what the papers of published items are called, by the identity that makes them one and the same; forms, which
    are filled in anew each time, left out (kept for ten minutes).
    """
    return remembered("catalog.paper_names", _read_paper_names, 600)


def _read_paper_names() -> dict[str, PaperName]:
    rows = Implementation.objects.filter(current__isnull=False).order_by("item_id").distinct("item_id")
    said: dict[str, Counter[tuple[str, str]]] = {}
    reused = set()
    for materials in rows.values_list("current__content__definition__materials", flat=True):
        for material in materials or ():
            if material["kind"] == MaterialKind.FORM:
                continue
            identity = material.get("shared") or material["name"]
            said.setdefault(identity, Counter())[material["name"], material.get("name_en", "")] += 1
            reused |= {
                one.get("ref") or identity
                for one in material.get("satisfied_by", ())
                if one["kind"] == SatisfierKind.EARLIER
            }
    # Items call a paper by different names: the one that most use, of those the shortest.
    return {
        identity: PaperName(*max(names, key=lambda one: (names[one], -len(one[0]), one)), identity in reused)
        for identity, names in sorted(said.items())
    }


def drafts(by: Actor) -> Iterator[Draft]:
    """Yield every draft that the actor may see, in order of code; older ones with the fields that came later."""
    rows = Implementation.objects.visible_to(by).select_related("agency").annotate(version=Max("editions__number"))
    for row in rows.order_by("task_code", "handle_code").iterator(chunk_size=500):
        document = documents.dump_definition(documents.DEFINITION.validate_python(row.draft))
        yield Draft(document, Standing(row.agency.name, row.agency.uscc, row.id, row.version or 0, row.state))


def published(
    *, region: str = "", agency: str = "", words: str = "", item_type: str = "", after: str = "", size: int = 50
) -> tuple[list[EditionView], str]:
    """Return a page of published editions by implementing code, and the cursor of the next; two queries.

    ``region``: those that serve it; ``agency``: code of the body; ``words``: in the name. Raises ``BadCursor``.
    """
    rows = Implementation.objects.filter(current__isnull=False)
    if region:
        rows = rows.filter(region__in=region_chain(region))
    if agency:
        rows = rows.filter(agency__code=agency)
    if words:
        rows = rows.filter(item__name__icontains=words)
    if item_type:
        rows = rows.filter(item__item_type=item_type)
    found = paging.page(rows.only("id", "task_code", "current_id"), ("task_code",), size, after=after)
    views = get_editions([row.current_id for row in found.items if row.current_id])
    return [views[row.current_id] for row in found.items if row.current_id], found.next


def editions_of(task_code: str) -> list[tuple[uuid.UUID, int, str, datetime]]:
    """Return id, number, digest and day of every edition of an implementation, latest first; nothing is forgotten."""
    rows = Edition.objects.filter(implementation__task_code=task_code).order_by("-number")
    return list(rows.values_list("id", "number", "digest", "published_at"))


def editable_by(actor: Actor) -> ImplementationQuerySet:
    """Return the implementations that the actor may edit, for the editors' desk of this room."""
    rows: ImplementationQuerySet = Implementation.objects.editable_by(actor)
    return rows


def edition_history(implementation: uuid.UUID) -> list[EditionEntry]:
    """Return the editions of an item, newest first."""
    return entries(Edition.objects.filter(implementation_id=implementation))


def edition_document(pk: uuid.UUID) -> dict[str, Any]:
    """Return an edition's definition as plain values, to compare."""
    document: dict[str, Any] = Edition.objects.values_list("content__definition", flat=True).get(pk=pk)
    return document


def of_implementation(task_code: str, handle_code: str = "") -> uuid.UUID:
    """Return the id of an implementation, to ask for its history."""
    pk = (
        Implementation.objects.filter(task_code=task_code, handle_code=handle_code).values_list("pk", flat=True).first()
    )
    if pk is None:
        raise NotFound(_("没有找到这个事项，可能已经停办。"))
    return pk


def themes(audience: str = "person") -> dict[str, str]:
    """Return the themes of natural (``person``) or legal persons (``legal``) under which something is published."""
    used = (
        Edition.objects.filter(pk__in=Implementation.objects.filter(current__isnull=False).values("current_id"))
        .values_list(f"content__definition__{audience}_themes", flat=True)
        .distinct()
    )
    codes = {code for row in used for code in row or ()}
    return {code: label for code, label in code_table(f"{audience}_themes").items() if code in codes}


def by_agency(agency: uuid.UUID, size: int = 30, *, after: str = "", before: str = "") -> EditionPage:
    """Return an agency's published items, a page of them in the order of their codes."""
    return _page(Implementation.objects.filter(agency_id=agency), size, after, before)


def by_theme(
    theme: str, audience: str = "person", region: str = "", size: int = 30, *, after: str = "", before: str = ""
) -> EditionPage:
    """Return the published items of a theme (of everybody that serves ``region``, if given), paged."""
    rows = Implementation.objects.filter(**{f"current__content__definition__{audience}_themes__contains": [theme]})
    if region:
        rows = rows.filter(region__in=region_chain(region))
    return _page(rows, size, after, before)


def _page(rows: ImplementationQuerySet, size: int, after: str, before: str) -> EditionPage:
    found = paging.page(
        rows.filter(current__isnull=False, sample_only=False), ("task_code",), size, after=after, before=before
    )
    views = get_editions([row.current_id for row in found.items])
    return EditionPage(tuple(views[row.current_id] for row in found.items), found.next, found.previous)


def item_names(basic_codes: Iterable[str]) -> dict[str, str]:
    """Return the names of items by basic code, one query."""
    rows = ServiceItem.objects.filter(pk__in=list(basic_codes))
    return dict(rows.values_list("basic_code", "name"))


def licence_types_of_items() -> Iterator[tuple[str, str, list[str]]]:
    """Yield, of each published item, its name, the type of licence that it gives and the types that its papers can be."""
    rows = Implementation.objects.filter(current__isnull=False).order_by("item_id", "level").distinct("item_id")
    definition = "current__content__definition"
    for name, gives, materials in rows.values_list(
        "item__name", f"{definition}__result__licence_type", f"{definition}__materials"
    ):
        satisfiers = (one for material in materials or () for one in material["satisfied_by"])
        yield (
            name,
            gives or "",
            list(dict.fromkeys(one["ref"] for one in satisfiers if one["kind"] == "licence")),
        )
