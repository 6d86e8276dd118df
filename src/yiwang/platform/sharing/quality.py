"""How good a dataset is: its records are read in one pass, opened and checked by processes beside, and counted.

What costs is opening sealed values, so it is done on every core. The reading is one transaction that writes nothing and holds
up nobody; the records that it counts are those of one moment. Memory holds a few portions of them, however many there are.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar

from django.db import connection, transaction

from yiwang.kernel import clock
from yiwang.kernel.sealed import blind_index
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.sharing.documents import DEFINITION
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.inspecting import Found, Task, begin, inspect
from yiwang.platform.sharing.models import QUALITY, BadRow, CrossRuleRow, Dataset
from yiwang.platform.sharing.models import Record as StoredRecord
from yiwang.platform.sharing.rules import CROSS, WEIGHTS, Fault, given, percent, score, timeliness
from yiwang.platform.sharing.types import CrossKind, CrossRule, DatasetDefinition, Dimension, Measure

Record = tuple[Any, ...]
R = TypeVar("R")

PORTION = 2_000
"""Records that are opened and checked at once."""
FEW = 25 * PORTION
"""Fewer records than these are done before other processes would have started."""
LISTED = 10_000
"""Most faulty records of a dataset that wait to be mended; all of them are counted."""

_EXISTS = """EXISTS (SELECT FROM sharing_record there WHERE there.subject_index = one.subject_index
    AND there.dataset_id = %s AND there.valid_to IS NULL)"""
_AMONG = "one.subject_index = ANY (%s::bytea[])"
_VALUES = """ARRAY(SELECT there."values" FROM sharing_record there WHERE there.subject_index = one.subject_index
    AND there.dataset_id = %s AND there.valid_to IS NULL)"""
_READ = """
    SELECT one.id, one."values" {looked_up} FROM sharing_record one
    WHERE one.dataset_id = %s AND one.valid_to IS NULL
"""
_NAMED = """
    SELECT asked.number, EXISTS (
        SELECT FROM sharing_record there
        WHERE there.subject_index = asked.index AND there.dataset_id = %s AND there.valid_to IS NULL
    ) FROM unnest(%s::bytea[]) WITH ORDINALITY AS asked (index, number)
"""
_OPEN = """
    SELECT one.id, bad.id FROM sharing_badrow bad
    JOIN sharing_run run ON run.id = bad.run_id AND run.connector = %s
    JOIN sharing_record one ON one.dataset_id = bad.dataset_id AND one.subject_index = bad.subject_index
     AND one.own = bad.own AND one.valid_to IS NULL
    WHERE bad.dataset_id = %s AND bad.mended_at IS NULL
"""


def measure(dataset: Dataset) -> Measure:
    """Measure a published dataset (its ``current`` edition at hand) as it is now. Raises SealBroken.

    Rows that were refused on the way in and still wait to be mended count as faulty ones: they are the source's, too.
    """
    assert dataset.current is not None
    definition = DEFINITION.validate_python(dataset.current.content["definition"])
    rules = _rules(dataset)
    joined = tuple(rule for rule in rules if not rule.column or rule.kind is CrossKind.EQUAL)
    named = tuple(rule for rule in rules if rule not in joined)
    task = Task(definition, joined, named, clock.today())
    counted = _Counted(set(open_rows(dataset)))
    with transaction.atomic():
        for found in _worked(partial(inspect, task), portions(dataset, joined)):
            _look_up(named, found)
            counted.add(found)
    refused = BadRow.objects.filter(dataset=dataset, mended_at=None).exclude(run__connector=QUALITY)
    for values, faults in refused.values_list("values", "faults").iterator(chunk_size=1000):
        counted.refuse(list(given({item.name: values.get(item.name) for item in definition.items})), faults)
    return _result(dataset, definition, counted)


def open_rows(dataset: Dataset) -> dict[int, int]:
    """Return the records that wait to be mended, each with its bad row."""
    with connection.cursor() as sql:
        sql.execute(_OPEN, [QUALITY, dataset.pk])
        return dict(sql.fetchall())


def weights() -> dict[Dimension, int]:
    """Return what counts how much in this city."""
    table = catalog.code_table("quality_weights")
    return {one: int(table.get(one, weight)) for one, weight in WEIGHTS.items()}


def _rules(dataset: Dataset) -> list[CrossRule]:
    rows = CrossRuleRow.objects.filter(here=dataset).select_related("here", "there").order_by("code")
    return [read_rule(row) for row in rows]


def read_rule(row: CrossRuleRow) -> CrossRule:
    """Read the row of a rule between datasets, both at hand."""
    return CrossRule(
        code=row.code,
        name=row.name,
        name_en=row.name_en,
        kind=CrossKind(row.kind),
        here=row.here.code,
        column=row.column,
        there=row.there.code,
        other=row.other,
    )


def portions(dataset: Dataset, joined: Sequence[CrossRule]) -> Iterator[Sequence[Record]]:
    """Yield the records that are valid now as ``inspect`` takes them, from a cursor in the server (in a transaction)."""
    ids = dict(Dataset.objects.filter(code__in={rule.there for rule in joined}).values_list("code", "pk"))
    among = {rule.code: _named_in(ids[rule.there], rule.other) for rule in joined if _is_among(rule)}
    looked_up = "".join(
        f", {_VALUES if rule.kind is CrossKind.EQUAL else _AMONG if rule.code in among else _EXISTS}" for rule in joined
    )
    with connection.cursor() as sql:
        sql.execute("SET LOCAL cursor_tuple_fraction = 1")  # all of them are wanted, not the first few soon
    # The driver's own cursor: Django's would give every value as text, twice as long and slow to read.
    with connection.connection.cursor("quality", binary=True) as rows:
        rows.execute(
            _READ.format(looked_up=looked_up), [*(among.get(rule.code, ids[rule.there]) for rule in joined), dataset.pk]
        )
        while portion := rows.fetchmany(PORTION):
            yield portion


def _is_among(rule: CrossRule) -> bool:
    return bool(rule.other) and rule.kind is not CrossKind.EQUAL


def _named_in(dataset: Any, column: str) -> list[bytes]:
    """Return the indexes of all whose numbers stand in a column; 32 bytes each are held while the rule is looked at."""
    rows = StoredRecord.objects.filter(dataset=dataset, valid_to=None).values_list("values", flat=True)
    numbers = {str(values[column]) for values in rows.iterator(chunk_size=PORTION) if values.get(column)}
    return [blind_index(number, SUBJECT) for number in numbers]


def _worked(work: Callable[[Sequence[Record]], R], portions: Iterator[Sequence[Record]]) -> Iterator[R]:
    """Do few records at once, here; more of them by many hands."""
    first = list(islice(portions, FEW // PORTION))
    if sum(map(len, first)) < FEW:
        yield from map(work, first)
    else:
        yield from by_many(work, chain(first, portions))


def by_many(work: Callable[[Sequence[Record]], R], portions: Iterator[Sequence[Record]]) -> Iterator[R]:
    """Yield what ``work`` makes of each portion, in their order, in a process for each core; few are under way at a time."""
    cores = len(os.sched_getaffinity(0))
    # Not forked: a worker has threads, whose locks a copy of the process would hold for ever.
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores, fresh, begin, (os.getpid(),)) as pool:
        under_way: deque[Future[R]] = deque()
        for portion in portions:
            under_way.append(pool.submit(work, portion))
            if len(under_way) > 2 * cores:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def _look_up(rules: Sequence[CrossRule], found: Found) -> None:
    """Look for those whose numbers stand in columns, and add to the faults of the records that name them."""
    for rule, numbers in zip(rules, found.named, strict=True):
        if not numbers:
            continue
        there = Dataset.objects.values_list("pk", flat=True).get(code=rule.there)
        with connection.cursor() as sql:
            sql.execute(_NAMED, [there, [index for _key, index in numbers]])
            known = dict(sql.fetchall())
        for number, (key, _index) in enumerate(numbers, 1):
            if known[number] is not (rule.kind is CrossKind.EXISTS):
                found.wrong.setdefault(key, []).append((rule.column, CROSS + rule.code))


class _Counted:
    """Sums over portions."""

    def __init__(self, known: Collection[int]) -> None:
        self.known = known
        self.rows = self.sound = 0
        self.filled: Counter[str] = Counter()
        self.faults: Counter[Fault] = Counter()
        self.wrong: dict[int, tuple[Fault, ...]] = {}

    def add(self, found: Found) -> None:
        self.rows += found.rows
        self.sound += found.rows - len(found.wrong)
        self.filled.update(found.filled)
        self.faults.update(chain.from_iterable(found.wrong.values()))
        room = LISTED - len(self.wrong)
        for key, faults in found.wrong.items():
            if key in self.known or room > 0:
                self.wrong[key] = tuple(faults)
                room -= 1

    def refuse(self, filled: Iterable[str], faults: Iterable[Sequence[str]]) -> None:
        """Count a row that was refused."""
        self.rows += 1
        self.filled.update(filled)
        self.faults.update((name, word) for name, word in faults)


def _result(dataset: Dataset, definition: DatasetDefinition, counted: _Counted) -> Measure:
    columns = {item.name: counted.filled[item.name] for item in definition.items}
    required = [item.name for item in definition.items if item.required]
    made = Measure(
        rows=counted.rows,
        expected=counted.rows * len(required),
        filled=sum(columns[name] for name in required),
        sound=counted.sound,
        columns=columns,
        faults=tuple(
            (*fault, rows) for fault, rows in sorted(counted.faults.items(), key=lambda one: (-one[1], one[0]))
        ),
        wrong=counted.wrong,
    )
    timely = timeliness(definition.cycle, dataset.refreshed_at, clock.now())
    shares = {
        Dimension.COMPLETENESS: made.completeness,
        Dimension.ACCURACY: made.accuracy,
        Dimension.TIMELINESS: timely,
    }
    return replace(made, timeliness=percent(timely), score=score(shares, weights()))
