"""How long it takes to measure the quality of a dataset of a million records: opened, checked by column and by rule.

Two floors in the same run, in turn: PostgreSQL alone reads the sealed bytes of the same rows; and the rows are read and
opened by as many processes, but not looked at.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from bench.measure import Report, in_turns, say, times
from bench.opening import just_open
from yiwang.kernel import clock
from yiwang.kernel.acts import system_record
from yiwang.kernel.codes import citizen_id_check
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.sealed import blind_index, key_ring
from yiwang.kernel.types import SYSTEM, PartyKind
from yiwang.platform.sharing import indexes, quality, queries
from yiwang.platform.sharing.acts import publish_draft, write_draft
from yiwang.platform.sharing.inspecting import PLACE
from yiwang.platform.sharing.models import CrossRuleRow, Dataset, Record
from yiwang.platform.sharing.types import DatasetDefinition, DatasetItem, QualityRule, SharingType, UpdateCycle

RECORDS, ROUNDS = times(1_000_000), 3
WRONG = 100
"""One record in so many is wrong."""
BORN = date(1950, 1, 1)
PERMITS = DatasetDefinition(
    code="bench_permits",
    name="测速用的许可",
    summary="测速用的。",
    agency="330300-police",
    subject=PartyKind.PERSON,
    items=(
        DatasetItem(name="number", label="公民身份号码", kind=FieldKind.CITIZEN_ID, required=True, sensitive=True),
        DatasetItem(name="name", label="姓名", required=True, max_length=60),
        DatasetItem(name="sex", label="性别", kind=FieldKind.CHOICE, required=True, options=("male", "female")),
        DatasetItem(name="born_on", label="出生日期", kind=FieldKind.DATE, required=True),
        DatasetItem(name="address", label="地址", kind=FieldKind.ADDRESS, max_length=200),
        DatasetItem(name="begins", label="有效期自", kind=FieldKind.DATE, required=True, min="2000-01-01"),
        DatasetItem(name="ends", label="有效期至", kind=FieldKind.DATE),
        DatasetItem(name="fee", label="费用", kind=FieldKind.MONEY, min="0", max="10000"),
    ),
    rules=(
        QualityRule(
            code="born",
            name="号码里的出生日期一致",
            expression="number[6:9] + '-' + number[10:11] + '-' + number[12:13] == born_on",
        ),
        QualityRule(
            code="sex", name="号码里的性别一致", expression="(number(number[16:16]) % 2 == 1) == (sex == 'male')"
        ),
        QualityRule(code="order", name="先始后终", expression="ends == null or d(ends) >= d(begins)"),
    ),
    classification="",
    sharing=SharingType.UNCONDITIONAL,
    cycle=UpdateCycle.DAILY,
    no_items_reason="测速",
)


def run(report: Report) -> None:
    """Fill a dataset and measure."""
    dataset = _published()
    say(f"loading {RECORDS} records …")
    _fill(dataset)
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
    report.details = {"records": RECORDS, "seconds": took, "columns": len(PERMITS.items), "rules": len(PERMITS.rules)}


def _published() -> Dataset:
    """Publish the dataset, with a rule that looks every subject up in another: nobody in it may be dead."""
    context = queries.lint_context()
    leaf = max(context.classes, key=len)
    with system_record("bench.dataset"):
        row = write_draft(replace(PERMITS, classification=leaf), "bench", by=SYSTEM)
        publish_draft(row, "", by=SYSTEM, context=context)
    CrossRuleRow.objects.create(
        code="bench_alive",
        name="不能已经死亡",
        kind="absent",
        here=row,
        there=Dataset.objects.get(code="death_records"),
    )
    Dataset.objects.filter(pk=row.pk).update(refreshed_at=clock.now())
    return Dataset.objects.select_related("current").get(pk=row.pk)


def _fill(dataset: Dataset) -> None:
    names = ("dataset_id", "subject_index", "own", "digest", '"values"', "at", "valid_from")
    now = clock.now()
    into = f"COPY sharing_record ({', '.join(names)}) FROM STDIN"
    with transaction.atomic(), connection.cursor() as sql, sql.copy(into) as copy:
        for subject, digest, sealed in _records():
            copy.write_row((dataset.pk, subject, b"", digest, sealed, now, now))
    with connection.cursor() as sql:
        sql.execute("VACUUM ANALYZE sharing_record")


def _records() -> Iterator[tuple[bytes, bytes, bytes]]:
    ring, place = key_ring(), Record._meta.get_field("values")
    for number in range(RECORDS):
        values = _values(number)
        sealed = ring.seal(place.to_bytes(values), PLACE)  # type: ignore[union-attr]
        yield blind_index(values["number"], indexes.SUBJECT), number.to_bytes(32, "big"), sealed


def _values(number: int) -> dict[str, Any]:
    born = BORN + timedelta(days=number % 20_000)
    body = f"330302{born:%Y%m%d}{number // 20_000:03d}"
    values = {
        "number": body + citizen_id_check(body),
        "name": f"测速{number}",
        "sex": "male" if int(body[-1]) % 2 else "female",
        "born_on": born.isoformat(),
        "address": f"温州市鹿城区演示路 {number} 号",
        "begins": "2020-03-01",
        "fee": "120.00",
    }
    if number % 3:
        values["ends"] = "2030-02-28"
    if number % WRONG == 0:
        values |= ({"born_on": "1900-01-01"}, {"ends": "2019-01-01"}, {"fee": "-1"}, {"sex": "none"})[
            number // WRONG % 4
        ]
    return values


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
