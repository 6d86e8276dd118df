"""Asking datasets about a family: what they hold of each member, as far as the case's agency was granted it.

Who is asked is a function (``Ask``): ``stored`` reads the shared store. A way to ask agencies over the network is plugged in
with ``plug``; ``within`` asks several at once and gives up on whoever is late: they count as down.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from yiwang.kernel import clock
from yiwang.kernel.sealed import blind_index
from yiwang.platform.sharing import granting
from yiwang.platform.sharing.answering import typed
from yiwang.platform.sharing.documents import DEFINITION
from yiwang.platform.sharing.means.documents import by_digest
from yiwang.platform.sharing.means.types import Reply, Row, SchemeWant
from yiwang.platform.sharing.models import Dataset, Grant, Record
from yiwang.platform.sharing.queries import SUBJECT
from yiwang.platform.sharing.types import Allowance, Consumer, DatasetDefinition, GrantState, Outcome

TOTAL = 45.0
"""Seconds after which nobody is waited for any more: the officer has an answer within a minute."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about whom, for whose item."""

    numbers: tuple[str, ...]
    wants: tuple[SchemeWant, ...]
    consumer: Consumer


Ask = Callable[[Asked], Sequence[Reply]]
_plugged: list[Ask] = []


def plug(ask: Ask) -> Callable[[], None]:
    """Ask in this way from now on; what is returned takes it back."""
    _plugged.append(ask)
    return lambda: _plugged.remove(ask)


def ask(asked: Asked) -> Sequence[Reply]:
    """Ask in the way that was plugged in last, else the shared store."""
    return (_plugged[-1] if _plugged else stored)(asked)


def within(one: Callable[[Asked], Sequence[Reply]], asked: Asked, seconds: float = TOTAL) -> list[Reply]:
    """Ask every dataset by itself and all at once. Whoever fails or is late is down; nobody waits for them."""
    pool = ThreadPoolExecutor(max_workers=max(1, len(asked.wants)))
    parts = {want: Asked(asked.numbers, (want,), asked.consumer) for want in asked.wants}
    running = {want: pool.submit(one, part) for want, part in parts.items()}
    done, _late = wait(running.values(), timeout=seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    found: list[Reply] = []
    for want, future in running.items():
        if future in done and future.exception() is None:
            found += future.result()
        else:
            found += [Reply(want.dataset, number, Outcome.DOWN) for number in asked.numbers]
    return found


def stored(asked: Asked) -> list[Reply]:
    """Read what the shared store has; three queries for any number of members and datasets."""
    today = clock.today()
    datasets = _datasets(asked)
    allowed = {want.dataset: _allowed(want, datasets.get(want.dataset), asked.consumer, today) for want in asked.wants}
    readable = {one.id: one.code for code, one in datasets.items() if allowed[code] and one.available}
    records = _records(asked.numbers, readable) if readable else {}
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
            elif not one.available:
                outcome = Outcome.DOWN
            name, agency = (one.name, one.agency) if one else (want.dataset, "")
            found.append(Reply(want.dataset, number, outcome, rows, name, agency, allowed[want.dataset]))
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


def _datasets(asked: Asked) -> dict[str, _Dataset]:
    codes = [want.dataset for want in asked.wants]
    rows = Dataset.objects.filter(code__in=codes, current__isnull=False).values_list(
        "id",
        "code",
        "name",
        "agency__short_name",
        "agency__name",
        "available",
        "current__digest",
        "current__content__definition",
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
        )
        for pk, code, name, short, agency, available, digest, document in rows
    }


def _allowed(want: SchemeWant, dataset: _Dataset | None, consumer: Consumer, today: date) -> uuid.UUID | None:
    """Return a grant by which the whole of what is wanted may be had: half of it would make a wrong comparison."""
    if dataset is None:
        return None
    fitting = [one for one in dataset.grants if set(want.fields) <= set(one.fields)]
    found = granting.allowing(fitting, "", [consumer], today)
    return found.id if found else None


def _records(
    numbers: Sequence[str], datasets: Mapping[uuid.UUID, str]
) -> dict[tuple[str, str], list[tuple[dict[str, Any], datetime]]]:
    by_index = {blind_index(number, SUBJECT): number for number in numbers}
    found: dict[tuple[str, str], list[tuple[dict[str, Any], datetime]]] = {}
    rows = Record.objects.filter(subject_index__in=list(by_index), dataset_id__in=list(datasets), valid_to=None)
    for dataset, index, values, at in rows.order_by("id").values_list("dataset_id", "subject_index", "values", "at"):
        found.setdefault((datasets[dataset], by_index[bytes(index)]), []).append((values, at))
    return found
