"""The catalogue of data: what is published, for whom to see, and what a dataset may refer to."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import F, Func, Q, TextField, Value
from django.db.models.functions import Cast
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from yiwang.kernel import paging
from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.problems import NotFound
from yiwang.kernel.remembered import remembered
from yiwang.kernel.types import Actor, ActorKind
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.editing.types import EditionEntry, entries
from yiwang.platform.sharing.documents import DEFINITION, by_digest, read_edition
from yiwang.platform.sharing.linting import LintContext
from yiwang.platform.sharing.managers import DatasetQuerySet
from yiwang.platform.sharing.models import Dataset, DatasetEdition
from yiwang.platform.sharing.types import (
    BaseStore,
    DatasetDefinition,
    DatasetView,
)
from yiwang.ui.names import names as english_names


@dataclass(frozen=True, slots=True)
class Filters:
    """Narrowing the catalogue; empty does not narrow. ``classification`` means its whole subtree."""

    words: str = ""
    classification: str = ""
    agency: str = ""
    domain: str = ""
    sharing: int = 0
    base: str = ""


def names() -> dict[str, str]:
    """Return code and name of every published dataset."""
    return dict(Dataset.objects.filter(current__isnull=False).values_list("code", "name"))


@english_names
def english_dataset_names() -> Iterator[tuple[str, str]]:
    """Return the names of published datasets with their English ones."""
    rows = Dataset.objects.filter(current__isnull=False)
    yield from rows.values_list("name", "current__content__definition__name_en")


def providers(codes: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return what published datasets are called and which agency provides them, by code."""
    rows = Dataset.objects.filter(code__in=set(codes), current__isnull=False)
    return {code: (name, agency) for code, name, agency in rows.values_list("code", "name", "agency__name")}


def questions() -> dict[str, str]:
    """Return what may be asked of every published dataset (``dataset.?code``) and what that means."""
    rows = Dataset.objects.filter(current__isnull=False).values_list("code", "current__content__definition__answers")
    return {f"{code}.?{one['code']}": one["label"] for code, answers in rows for one in answers or ()}


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


def every(by: Actor, filters: Filters = Filters()) -> Iterator[DatasetView]:
    """Yield all published datasets that the actor may see, by class and resource code."""
    rows = _published(by, filters).select_related("agency", "current").order_by("classification", "resource_code")
    for row in rows.iterator(chunk_size=200):
        yield read_edition(_with(row))


_COLUMNS = Cast(
    Func(
        F("current__content"),
        Value('$.definition.items[*].keyvalue() ? (@.key == "name" || @.key == "label" || @.key == "label_en").value'),
        template="jsonb_path_query_array(%(expressions)s::jsonpath)",
    ),
    TextField(),
)
"""What a dataset's columns are called."""
_FOUND_BY = (
    "name",
    "code",
    "resource_code",
    "agency__name",
    "agency__short_name",
    *(f"current__content__definition__{name}" for name in ("name_en", "summary", "summary_en")),
    "columns",
)
"""Where each word of a search may stand. There are some hundreds of datasets: no index is needed."""


def _published(by: Actor, filters: Filters) -> DatasetQuerySet:
    rows: DatasetQuerySet = Dataset.objects.visible_to(by).filter(current__isnull=False)
    if filters.words:
        rows = rows.alias(columns=_COLUMNS)
    for word in filters.words.split():
        rows = rows.filter(reduce(or_, (Q(**{f"{where}__icontains": word}) for where in _FOUND_BY)))
    wanted = {
        "classification__startswith": filters.classification,
        "agency__code": filters.agency,
        "domain": filters.domain,
        "sharing": filters.sharing,
        "current__content__definition__base_store": filters.base,
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


def editable_by(actor: Actor) -> DatasetQuerySet:
    """Return the datasets that the actor may describe, for the editors' desk of this room."""
    rows: DatasetQuerySet = Dataset.objects.editable_by(actor)
    return rows


def edition_history(dataset: uuid.UUID) -> list[EditionEntry]:
    """Return the editions of a dataset, newest first."""
    return entries(DatasetEdition.objects.filter(dataset_id=dataset))


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


def bases() -> set[str]:
    """Return the base stores that have published datasets which everybody may see; one query."""
    rows = Dataset.objects.visible_to(Actor(kind=ActorKind.ANONYMOUS)).filter(current__isnull=False)
    return set(rows.values_list("current__content__definition__base_store", flat=True).distinct()) - {BaseStore.NONE}


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


def column_labels(codes: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return what the columns and questions (``?code``) of datasets are called, in the reader's language."""
    rows = Dataset.objects.filter(code__in=set(codes), current__isnull=False)
    english = (get_language() or "").startswith("en")
    document = "current__content__definition"
    return {
        code: {
            name: (one["label_en"] if english else "") or one["label"]
            for name, one in (
                *((one["name"], one) for one in items),
                *((f"?{one['code']}", one) for one in asked or ()),
            )
        }
        for code, items, asked in rows.values_list("code", f"{document}__items", f"{document}__answers")
    }


_DEFINITIONS = Compiled(
    lambda: Dataset.objects.filter(code__any=Slot("codes"), current__isnull=False).values_list(
        "code", "current__digest", "current__content__definition"
    )
)


def definitions(codes: Iterable[str]) -> dict[str, DatasetDefinition]:
    """Return the definitions of published datasets; one query."""
    rows = _DEFINITIONS(codes=sorted(set(codes)))
    return {code: by_digest(DEFINITION, digest, document) for code, digest, document in rows}
