"""What the shared store answers: the catalogue, a dataset, and what datasets say of a subject."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import FilteredRelation, Func, IntegerField, OuterRef, Q, Sum, TextField
from django.db.models.functions import JSONObject
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from yiwang.kernel import clock, paging
from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.digest import sha256_of
from yiwang.kernel.problems import NotFound
from yiwang.kernel.remembered import remembered
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, ActorKind, Party, PartyKind, Reach
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.editing.types import EditionEntry
from yiwang.platform.sharing import granting
from yiwang.platform.sharing.documents import DEFINITION, read_edition
from yiwang.platform.sharing.inspecting import SUBJECT
from yiwang.platform.sharing.linting import LintContext
from yiwang.platform.sharing.managers import DatasetQuerySet
from yiwang.platform.sharing.models import Check, Dataset, DatasetEdition, Grant, Objection
from yiwang.platform.sharing.types import (
    Allowance,
    Answer,
    CheckView,
    Consumer,
    DatasetDefinition,
    DatasetView,
    GrantState,
    GrantView,
    ObjectionKind,
    ObjectionState,
    ObjectionView,
    Outcome,
    Side,
)


class ArrayLen(Func):
    """How many elements an array has."""

    function = "cardinality"
    output_field = IntegerField()


class Unnest(Func):
    """Each element of an array, a row of its own."""

    function = "unnest"
    output_field = TextField()


@dataclass(frozen=True, slots=True)
class Filters:
    """Narrowing the catalogue; empty does not narrow. ``classification`` means its whole subtree."""

    words: str = ""
    classification: str = ""
    agency: str = ""
    domain: str = ""
    sharing: int = 0


_ASKED = Compiled(
    lambda: (
        Dataset.objects.filter(code__any=Slot("codes"), current__isnull=False)
        .annotate(
            record=FilteredRelation(
                "records",
                condition=Q(records__subject_index__any=Slot("keys"), records__valid_to__isnull=True),
            ),
            allowed=ArraySubquery(
                Grant.objects.filter(
                    dataset=OuterRef("pk"), state=GrantState.GRANTED.value, function__any=Slot("functions")
                ).values(
                    json=JSONObject(
                        id="id",
                        function="function",
                        region="region",
                        items="items",
                        fields="fields",
                        expires_on="expires_on",
                    )
                )
            ),
        )
        .values_list(
            "code",
            "record__subject_index",
            "name",
            "agency__short_name",
            "agency__name",
            "basis",
            "available",
            "record__values",
            "record__at",
            "allowed",
        )
    )
)


def ask(numbers: Sequence[str], wanted: Mapping[str, Mapping[str, Sequence[Consumer]]]) -> dict[str, Answer]:
    """Return what datasets say of a subject that is known by these numbers, as far as those who need it may have it.

    ``wanted`` names for each dataset its columns with who needs them; the column ``""`` asks whether there is a record,
    which any grant of the dataset allows. What nobody has a grant for is not in the answer's ``fields``. Of several
    numbers the first that has a record counts, of several records the newest. One query.
    """
    keys = [blind_index(number, SUBJECT) for number in numbers]
    functions = {one.function for fields in wanted.values() for consumers in fields.values() for one in consumers}
    today = clock.today()
    found: dict[str, tuple[int, float, Answer]] = {}
    rows = _ASKED(codes=sorted(wanted), keys=keys, functions=sorted(functions))
    for code, index, name, short, agency, basis, available, values, at, allowed in rows:
        rank = keys.index(bytes(index)) if index is not None else len(keys)
        age = -at.timestamp() if at else 0.0
        if code in found and found[code][:2] <= (rank, age):
            continue
        grants = [_allowance(one) for one in allowed]
        fields = {
            field: given.id
            for field, consumers in wanted[code].items()
            if (given := granting.allowing(grants, field, consumers, today)) is not None
        }
        found[code] = (
            rank,
            age,
            Answer(
                code,
                name,
                short or agency,
                basis,
                available,
                fields,
                values,
                at,
                numbers[rank] if rank < len(keys) else "",
            ),
        )
    return {code: answer for code, (_rank, _age, answer) in found.items()}


def _allowance(one: Mapping[str, Any]) -> Allowance:
    return Allowance(
        id=uuid.UUID(one["id"]),
        function=one["function"],
        region=one["region"],
        items=tuple(one["items"]),
        fields=tuple(one["fields"]),
        expires_on=one["expires_on"] and date.fromisoformat(one["expires_on"]),
    )


def names() -> dict[str, str]:
    """Return code and name of every published dataset."""
    return dict(Dataset.objects.filter(current__isnull=False).values_list("code", "name"))


def resource_code(classification: str, number: int) -> str:
    """Return the code of a resource: its class and a number in it, as the city's table ``resource_code`` puts them."""
    rule = catalog.code_table("resource_code")
    return f"{classification}{rule.get('separator', '/')}{number:0{int(rule.get('digits', '5'))}d}"


def catalogue(by: Actor, filters: Filters, size: int = 30, *, after: str = "", before: str = "") -> paging.Page[Any]:
    """Return a page of the published datasets that the actor may see, by class and resource code."""
    rows = _published(by, filters).select_related("agency", "current")
    found = paging.page(rows, ("classification", "resource_code"), size, after=after, before=before)
    return paging.Page([read_edition(_with(row)) for row in found.items], found.next, found.previous)


def count(by: Actor, filters: Filters) -> int:
    """Return how many datasets of the catalogue there are."""
    return _published(by, filters).count()


def every(by: Actor) -> Iterator[DatasetView]:
    """Yield all published datasets that the actor may see, by class and resource code."""
    rows = _published(by, Filters()).select_related("agency", "current").order_by("classification", "resource_code")
    for row in rows.iterator(chunk_size=200):
        yield read_edition(_with(row))


def _published(by: Actor, filters: Filters) -> DatasetQuerySet:
    rows: DatasetQuerySet = Dataset.objects.visible_to(by).filter(current__isnull=False)
    wanted = {
        "name__icontains": filters.words,
        "classification__startswith": filters.classification,
        "agency__code": filters.agency,
        "domain": filters.domain,
        "sharing": filters.sharing,
    }
    return rows.filter(**{name: value for name, value in wanted.items() if value})


def _with(row: Dataset) -> DatasetEdition:
    edition = row.current
    assert edition is not None
    edition.dataset = row
    return edition


def get_dataset(code: str, by: Actor) -> DatasetView:
    """Return a published dataset. Raises ``NotFound`` where the actor may not see it."""
    row = Dataset.objects.visible_to(by).select_related("current").filter(code=code, current__isnull=False).first()
    if row is None:
        raise NotFound(_("没有这个数据集。"))
    return read_edition(_with(row))


def id_of(code: str) -> uuid.UUID:
    """Return the identity of a published dataset. Raises ``NotFound``."""
    found: uuid.UUID | None = (
        Dataset.objects.filter(code=code, current__isnull=False).values_list("id", flat=True).first()
    )
    if found is None:
        raise NotFound(_("没有这个数据集。"))
    return found


def find_edition(pk: uuid.UUID) -> DatasetView:
    """Return an edition by its identity."""
    return read_edition(DatasetEdition.objects.select_related("dataset").get(pk=pk))


def editable_by(actor: Actor) -> DatasetQuerySet:
    """Return the datasets that the actor may describe, for the editors' desk of this room."""
    rows: DatasetQuerySet = Dataset.objects.editable_by(actor)
    return rows


def edition_history(dataset: uuid.UUID) -> list[EditionEntry]:
    """Return the editions of a dataset, newest first."""
    rows = DatasetEdition.objects.filter(dataset_id=dataset).order_by("-number")
    return [
        EditionEntry(*row) for row in rows.values_list("id", "number", "digest", "published_at", "published_by", "note")
    ]


def edition_document(pk: uuid.UUID) -> dict[str, Any]:
    """Return an edition's definition as plain values, to compare."""
    document: dict[str, Any] = DatasetEdition.objects.values_list("content__definition", flat=True).get(pk=pk)
    return document


def lint_context() -> LintContext:
    """Return what datasets may refer to, read anew."""
    agencies = directory.agencies()
    rows = Dataset.objects.filter(current__isnull=False).values_list("code", "current__content__definition__items")
    return LintContext(
        classes=catalog.code_table("data_classes"),
        agencies={agency.code: agency.function for agency in agencies},
        elements=catalog.elements(),
        basic_codes=catalog.basic_codes(),
        datasets=frozenset(Dataset.objects.values_list("code", flat=True)),
        sources={item["element"]: code for code, items in rows for item in items if item["authoritative"]},
    )


def own_index(key: Sequence[str], values: dict[str, Any]) -> bytes:
    """Return what tells a record from its subject's others in the dataset; empty without a key of its own."""
    return blind_index(sha256_of([values.get(name) for name in key]), "own") if key else b""


def values_index(values: dict[str, Any]) -> bytes:
    """Return what tells these values from others without saying what they are."""
    return blind_index(sha256_of(values), "values")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a dataset is counted by in the catalogue."""

    classification: str
    agency: str
    agency_name: str
    domain: str
    sharing: int


def facts(by: Actor, filters: Filters) -> list[Facts]:
    """Return what the datasets of the catalogue are counted by; one query."""
    rows = _published(by, filters).values_list(
        "classification", "agency__code", "agency__short_name", "agency__name", "domain", "sharing"
    )
    return [Facts(kind, agency, short or name, domain, sharing) for kind, agency, short, name, domain, sharing in rows]


def lines(by: Actor, codes: Iterable[str]) -> list[tuple[str, str]]:
    """Return code and name of published datasets that the actor may see, in order of name."""
    rows = Dataset.objects.visible_to(by).filter(current__isnull=False, code__in=list(codes)).order_by("name")
    return list(rows.values_list("code", "name"))


def source_of(element: str) -> str:
    """Return which agency's dataset is an element's one source (一数一源), as a person reads it; may be empty."""
    return remembered("sharing.sources", _sources).get(element, "")


def _sources() -> dict[str, str]:
    rows = Dataset.objects.filter(current__isnull=False).values_list(
        "name", "agency__short_name", "agency__name", "current__content__definition__items"
    )
    return {
        item["element"]: f"{short or agency} · {name}"
        for name, short, agency, items in rows
        for item in items
        if item["authoritative"]
    }


WAITING = (GrantState.REQUESTED, GrantState.PROVIDER, GrantState.COORDINATION, GrantState.REFUSED)
"""States in which somebody has to do something."""
_GRANT_LISTS = {
    "waiting": WAITING,
    "granted": (GrantState.GRANTED,),
    "ended": tuple(state for state in GrantState if state not in (*WAITING, GrantState.GRANTED)),
}


def grants(by: Actor, which: str, size: int = 30, *, after: str = "", before: str = "") -> paging.Page[GrantView]:
    """Return a page of the grants that the actor may see: ``waiting``, ``granted`` or ``ended``, newest first."""
    rows = Grant.objects.visible_to(by).filter(state__in=[state.value for state in _GRANT_LISTS[which]])
    rows = rows.select_related("dataset__agency", "agency")
    found = paging.page(rows, ("-requested_at", "-id"), size, after=after, before=before)
    return paging.Page([_grant(row) for row in found.items], found.next, found.previous)


def grants_waiting(by: Actor) -> paging.Count:
    """Return how many grants wait for somebody, as far as the actor sees them."""
    return paging.more_than(Grant.objects.visible_to(by).filter(state__in=[state.value for state in WAITING[:3]]))


def get_grant(pk: uuid.UUID, by: Actor) -> tuple[GrantView, dict[Side, Reach]]:
    """Return a grant and where it lies for each side. Raises ``NotFound``."""
    row = Grant.objects.visible_to(by).select_related("dataset__agency", "agency").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这份申请。"))
    return _grant(row), {side: row.reach_of(side) for side in Side}


def _grant(row: Grant) -> GrantView:
    provider = row.dataset.agency
    return GrantView(
        id=row.pk,
        dataset=row.dataset.code,
        dataset_name=row.dataset.name,
        agency_name=row.agency.short_name or row.agency.name,
        provider_name=provider.short_name or provider.name,
        function=row.function,
        region=row.region,
        items=tuple(row.items),
        fields=tuple(row.fields),
        purpose=row.purpose,
        state=GrantState(row.state),
        months=row.months,
        expires_on=row.expires_on,
        per_minute=row.per_minute,
        requested_at=row.requested_at,
        due_on=row.due_on,
        reason=row.reason,
        escalated=row.escalated,
    )


def checks_of(party: Party, numbers: Sequence[str], after: str = "", size: int = 30) -> paging.Page[CheckView]:
    """Return the checks in a party's matters and those about these numbers in anybody's, newest first."""
    about = Q(party_id=party.id) | Q(subject_index__in=[blind_index(number, SUBJECT) for number in numbers])
    found = paging.page(Check.objects.filter(about), ("-at", "-id"), size, after=after)
    return paging.Page([_check(row) for row in found.items], found.next, found.previous)


def papers_replaced(party: Party) -> int:
    """Return how many papers checks made needless in a party's matters."""
    rows = Check.objects.filter(party_id=party.id).exclude(replaced=[])
    return int(rows.aggregate(count=Sum(ArrayLen("replaced")))["count"] or 0)


def papers_replaced_since(start: datetime, size: int = 10) -> tuple[int, list[tuple[str, int]]]:
    """Return how many papers checks made needless since then in the whole city, and which the most."""
    papers = Check.objects.filter(at__gte=start).exclude(replaced=[]).annotate(paper=Unnest("replaced"))
    counts = Counter(papers.values_list("paper", flat=True).iterator(chunk_size=5000))
    return sum(counts.values()), counts.most_common(size)


def column_labels(codes: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return what the columns of datasets are called, in the reader's language."""
    rows = Dataset.objects.filter(code__in=set(codes), current__isnull=False)
    english = (get_language() or "").startswith("en")
    return {
        code: {item["name"]: (item["label_en"] if english else "") or item["label"] for item in items}
        for code, items in rows.values_list("code", "current__content__definition__items")
    }


def _check(row: Check) -> CheckView:
    return CheckView(
        id=row.pk,
        at=row.at,
        dataset=row.dataset,
        dataset_name=row.dataset_name,
        provider=row.provider,
        consumer=row.consumer,
        actor=row.actor,
        purpose=row.purpose,
        item=row.item,
        application_id=row.application_id,
        case_id=row.case_id,
        fields=tuple(row.fields),
        outcome=Outcome(row.outcome),
        source_at=row.source_at,
        replaced=tuple(row.replaced),
    )


def definitions(codes: Iterable[str]) -> dict[str, DatasetDefinition]:
    """Return the definitions of published datasets; one query."""
    rows = Dataset.objects.filter(code__in=set(codes), current__isnull=False)
    found = rows.values_list("code", "current__content__definition")
    return {code: DEFINITION.validate_python(document) for code, document in found}


def rates(grants: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Return how many checks a minute each grant allows; one query, none for none."""
    wanted = list(grants)
    return dict(Grant.objects.filter(pk__in=wanted).values_list("id", "per_minute")) if wanted else {}


def check_of(pk: uuid.UUID, party: Party, numbers: Sequence[str]) -> CheckView:
    """Return one check in a party's matters or about these numbers. Raises ``NotFound``."""
    about = Q(party_id=party.id) | Q(subject_index__in=[blind_index(number, SUBJECT) for number in numbers])
    row = Check.objects.filter(about, pk=pk).first()
    if row is None:
        raise NotFound(_("没有这次核验。"))
    return _check(row)


def objections(by: Actor, *, answered: bool = False, after: str = "", size: int = 30) -> paging.Page[ObjectionView]:
    """Return a page of the objections that the actor may see: open ones by their day, answered ones newest first."""
    rows = Objection.objects.visible_to(by).select_related("agency", "dataset")
    if by.kind is ActorKind.PERSON:
        found = paging.page(rows, ("-raised_at", "-id"), size, after=after)
    elif answered:
        found = paging.page(rows.exclude(state="open"), ("-raised_at", "-id"), size, after=after)
    else:
        found = paging.page(rows.filter(state="open"), ("due_on", "id"), size, after=after)
    return paging.Page([_objection(row) for row in found.items], found.next, found.previous)


def objections_waiting(by: Actor) -> paging.Count:
    """Return how many objections wait for an answer."""
    return paging.more_than(Objection.objects.visible_to(by).filter(state="open"))


def get_objection(pk: uuid.UUID, by: Actor) -> ObjectionView:
    """Return an objection with the check that it is about. Raises ``NotFound``."""
    row = Objection.objects.visible_to(by).select_related("agency", "dataset").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这份异议。"))
    check = Check.objects.filter(pk=row.check_id).first() if row.check_id else None
    return replace(_objection(row), check=_check(check) if check else None)


def _objection(row: Objection) -> ObjectionView:
    return ObjectionView(
        id=row.pk,
        kind=ObjectionKind(row.kind),
        state=ObjectionState(row.state),
        dataset=row.dataset.code if row.dataset else "",
        dataset_name=row.dataset.name if row.dataset else "",
        agency_name=row.agency.short_name or row.agency.name,
        text=row.text,
        raised_at=row.raised_at,
        due_on=row.due_on,
        late=row.late,
        party=Party(PartyKind(row.party_kind), row.party_id),
        answer=row.answer,
        answered_at=row.answered_at,
    )
