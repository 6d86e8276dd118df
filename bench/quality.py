"""How long it takes to measure the quality of a dataset of a million records: opened, checked by column and by rule.

Two floors in the same run, in turn: PostgreSQL alone reads the sealed bytes of the same rows; and the rows are read and
opened by as many processes, but not looked at.
"""

from __future__ import annotations

import resource
import statistics
import time

from django.db import connection, transaction

from bench import permits
from bench.measure import Report, in_turns, say, times
from bench.opening import just_open
from bench.permits import PERMITS
from yiwang.platform.sharing import quality
from yiwang.platform.sharing.models import CrossRuleRow, Dataset

RECORDS, ROUNDS = times(1_000_000), 3
WRONG = 100
"""One record in so many is wrong."""


def run(report: Report) -> None:
    """Fill a dataset and measure."""
    dataset = _published()
    say(f"loading {RECORDS} records …")
    permits.fill(dataset, range(RECORDS), WRONG)
    ways = {"measure": lambda: _measured(dataset), "bytes": lambda: _read(dataset), "opened": lambda: _opened(dataset)}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    took = in_turns(ways, ROUNDS)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    middle = {name: statistics.median(seconds) for name, seconds in took.items()}
    report.figure("seconds", middle["measure"], " s", at_most=30)
    report.figure("records", RECORDS / middle["measure"], "/s")
    report.figure("floor_bytes", middle["bytes"], " s")
    report.figure("floor_opened", middle["opened"], " s")
    report.figure("memory_grows_by", grown / 1024, " MB", at_most=50)
    report.details = {
        "records": RECORDS,
        "seconds": took,
        "columns": len(PERMITS.items),
        "rules": len(PERMITS.rules),
    }


def _published() -> Dataset:
    """Publish the dataset, with a rule that looks every subject up in another: nobody in it may be dead."""
    row = permits.published()
    CrossRuleRow.objects.create(
        code="bench_alive",
        name="不能已经死亡",
        kind="absent",
        here=row,
        there=Dataset.objects.get(code="death_records"),
    )
    return row


def _measured(dataset: Dataset) -> float:
    began = time.perf_counter()
    found = quality.measure(dataset)
    took = time.perf_counter() - began
    if (found.rows, found.rows - found.sound) != (RECORDS, -(-RECORDS // WRONG)):
        raise RuntimeError(f"{found.rows} records, {found.sound} sound: {found.faults}")
    return took


def _read(dataset: Dataset) -> float:
    began = time.perf_counter()
    with connection.cursor() as sql:
        sql.execute(
            'SELECT count(*), sum(octet_length("values")) FROM sharing_record'
            " WHERE dataset_id = %s AND valid_to IS NULL",
            [dataset.pk],
        )
        rows, _size = sql.fetchone()
    if rows != RECORDS:
        raise RuntimeError(f"{rows} records")
    return time.perf_counter() - began


def _opened(dataset: Dataset) -> float:
    began = time.perf_counter()
    with transaction.atomic():
        rows = sum(quality.by_many(just_open, quality.portions(dataset, ())))
    if rows != RECORDS:
        raise RuntimeError(f"{rows} records")
    return time.perf_counter() - began
