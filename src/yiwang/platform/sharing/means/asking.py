"""Asking datasets about a family: what they hold of each member, as far as the case's agency was granted it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, Q, When

from yiwang.kernel import clock
from yiwang.kernel.sealed import blind_index
from yiwang.platform.sharing import granting, live
from yiwang.platform.sharing.answering import typed
from yiwang.platform.sharing.connectors import live_connectors
from yiwang.platform.sharing.documents import DEFINITION, by_digest
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.means.types import Reply, Row, SchemeWant
from yiwang.platform.sharing.models import Dataset, Grant, Record
from yiwang.platform.sharing.queries import sources_of_feeds
from yiwang.platform.sharing.types import Allowance, Consumer, DatasetDefinition, GrantState, Outcome

TOTAL = 45.0
"""Seconds after which nobody is waited for any more: the officer has an answer within a minute."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about whom, for whose item."""

    numbers: tuple[str, ...]
    wants: tuple[SchemeWant, ...]
    consumer: Consumer


def ask_sources(asked: Asked) -> None:
    """Ask at their source what the shared store does not keep; within ``live.once`` the answers serve ``ask``."""
    *_rest, at_source = _standing(asked)
    if at_source:
        _at_source(asked, at_source)


def ask(asked: Asked, *, here: bool = False) -> list[Reply]:
    """Read what the shared store has, and ask at their source what it does not keep (one call a system, all at once).

    ``here``: nobody is asked; what is not kept here counts as down. Three queries for any number of members and datasets; one
    more for what is asked at its source.
    """
    datasets, allowed, at_source = _standing(asked)
    readable = {code: one for code, one in datasets.items() if allowed[code]}
    kept = {one.id: code for code, one in readable.items() if code not in at_source and one.available}
    records = _records(asked.numbers, kept) if kept else {}
    told = _at_source(asked, at_source) if at_source and not here else live.Found()
    down = told.down | {code for code, one in readable.items() if code not in at_source and not one.available}
    down |= set(at_source if here else ())
    records |= told.records
    found = []
    for want in asked.wants:
        one = datasets.get(want.dataset)
        for number in asked.numbers:
            rows = tuple(
                Row(_columns(want, one.definition, values), at) if one else Row({}, at)
                for values, at in records.get((want.dataset, number), ())
            )
            outcome = Outcome.FOUND if rows else Outcome.NONE
            if not one or not allowed[want.dataset]:
                outcome = Outcome.REFUSED
            elif want.dataset in down:
                outcome, rows = Outcome.DOWN, ()
            name, agency = (one.name, one.agency) if one else (want.dataset, "")
            found.append(Reply(want.dataset, number, outcome, rows, name, agency, allowed[want.dataset]))
    return found


def _standing(asked: Asked) -> tuple[dict[str, _Dataset], dict[str, uuid.UUID | None], dict[str, _Dataset]]:
    """Return the datasets, by which grant each may be read, and those that may and are asked at their source."""
    datasets, today = _datasets(asked), clock.today()
    allowed = {want.dataset: _allowed(want, datasets.get(want.dataset), asked.consumer, today) for want in asked.wants}
    return datasets, allowed, {code: one for code, one in datasets.items() if allowed[code] and one.feed is not None}


def _at_source(asked: Asked, datasets: Mapping[str, _Dataset]) -> live.Found:
    known = sources_of_feeds([one.feed for one in datasets.values() if one.feed])
    wants = {want.dataset: want.fields for want in asked.wants}
    wanted = [live.Wanted(source, tuple(wants[code]), ailing) for code, (source, ailing) in known.items()]
    purpose = {"functions": asked.consumer.function, "items": asked.consumer.item}
    found = live.ask(wanted, asked.numbers, purpose, TOTAL)
    found.down |= datasets.keys() - known.keys()
    return found


def _columns(want: SchemeWant, definition: DatasetDefinition, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return no more columns than the scheme wants."""
    found = typed(definition, {name: values[name] for name in want.fields if values.get(name) not in (None, "")})
    return {name: Decimal(str(one)) if isinstance(one, float) else one for name, one in found.items()}


@dataclass(frozen=True, slots=True)
class _Dataset:
    id: uuid.UUID
    code: str
    name: str
    agency: str
    available: bool
    definition: DatasetDefinition
    grants: tuple[Allowance, ...]
    feed: uuid.UUID | None
    """How it is asked at its source, where it is."""


def _datasets(asked: Asked) -> dict[str, _Dataset]:
    codes = [want.dataset for want in asked.wants]
    at_source = When(Q(feed__enabled=True, feed__connector__in=live_connectors()), then=F("feed__id"))
    rows = (
        Dataset.objects.filter(code__in=codes, current__isnull=False)
        .annotate(live=Case(at_source))
        .values_list(
            "id",
            "code",
            "name",
            "agency__short_name",
            "agency__name",
            "available",
            "current__digest",
            "current__content__definition",
            "live",
        )
    )
    grants: dict[uuid.UUID, list[Allowance]] = {}
    for row in Grant.objects.filter(
        dataset__code__in=codes, state=GrantState.GRANTED.value, function=asked.consumer.function
    ):
        grants.setdefault(row.dataset_id, []).append(
            Allowance(
                id=row.pk,
                function=row.function,
                region=row.region,
                items=tuple(row.items),
                fields=tuple(row.fields),
                expires_on=row.expires_on,
                begins_on=row.begins_on,
            )
        )
    return {
        code: _Dataset(
            pk,
            code,
            name,
            short or agency,
            available,
            by_digest(DEFINITION, digest, document),
            tuple(grants.get(pk, ())),
            feed,
        )
        for pk, code, name, short, agency, available, digest, document, feed in rows
    }


def _allowed(want: SchemeWant, dataset: _Dataset | None, consumer: Consumer, today: date) -> uuid.UUID | None:
    """Return a grant by which the whole of what is wanted may be had: half of it would make a wrong comparison."""
    if dataset is None:
        return None
    fitting = [one for one in dataset.grants if set(want.fields) <= set(one.fields)]
    found = granting.allowing(fitting, "", [consumer], today)
    return found.id if found else None


def _records(numbers: Sequence[str], datasets: Mapping[uuid.UUID, str]) -> dict[tuple[str, str], list[live.Record]]:
    by_index = {blind_index(number, SUBJECT): number for number in numbers}
    found: dict[tuple[str, str], list[live.Record]] = {}
    rows = Record.objects.filter(subject_index__in=list(by_index), dataset_id__in=list(datasets), valid_to=None)
    for dataset, index, values, at in rows.order_by("id").values_list("dataset_id", "subject_index", "values", "at"):
        found.setdefault((datasets[dataset], by_index[bytes(index)]), []).append((values, at))
    return found
