"""A dataset to measure with: eight columns about people, and records for it, as many as are wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from yiwang.kernel import clock
from yiwang.kernel.acts import system_record
from yiwang.kernel.codes import citizen_id_check
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.sealed import blind_index, key_ring
from yiwang.kernel.types import SYSTEM, PartyKind
from yiwang.platform.sharing import indexes, queries
from yiwang.platform.sharing.acts import publish_draft, write_draft
from yiwang.platform.sharing.inspecting import PLACE
from yiwang.platform.sharing.models import Dataset, Record
from yiwang.platform.sharing.types import DatasetDefinition, DatasetItem, QualityRule, SharingType, UpdateCycle

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
COLUMNS = ("dataset_id", "subject_index", "own", "digest", '"values"', "at", "valid_from")
"""Of a record, in the order of ``rows``."""
Row = tuple[object, bytes, bytes, bytes, bytes, datetime, datetime]


def published() -> Dataset:
    """Publish the dataset; it was refreshed just now."""
    context = queries.lint_context()
    leaf = max(context.classes, key=len)
    with system_record("bench.dataset"):
        row = write_draft(replace(PERMITS, classification=leaf), "bench", by=SYSTEM)
        publish_draft(row, "", by=SYSTEM, context=context)
    Dataset.objects.filter(pk=row.pk).update(refreshed_at=clock.now())
    return Dataset.objects.select_related("current").get(pk=row.pk)


def fill(dataset: Dataset, numbers: Iterable[int], wrong: int = 0) -> None:
    """Put records into the store by COPY, past the act."""
    with transaction.atomic():
        copy(rows(dataset, numbers, wrong))
    with connection.cursor() as sql:
        sql.execute("VACUUM ANALYZE sharing_record")


def copy(made: Iterable[Row]) -> None:
    """COPY rows."""
    with connection.cursor() as sql, sql.copy(f"COPY sharing_record ({', '.join(COLUMNS)}) FROM STDIN") as into:
        for row in made:
            into.write_row(row)


def rows(dataset: Dataset, numbers: Iterable[int], wrong: int = 0) -> Iterator[Row]:
    """Yield records as they stand in the table: sealed, under their blind index."""
    ring, place, now = key_ring(), Record._meta.get_field("values"), clock.now()
    for number in numbers:
        given = values(number, wrong)
        sealed = ring.seal(place.to_bytes(given), PLACE)  # type: ignore[union-attr]
        subject = blind_index(given["number"], indexes.SUBJECT)
        yield dataset.pk, subject, b"", number.to_bytes(32, "big"), sealed, now, now


def values(number: int, wrong: int = 0) -> dict[str, Any]:
    """Return what a record says; one in ``wrong`` says something wrong (0: none)."""
    born = BORN + timedelta(days=number % 20_000)
    body = f"330302{born:%Y%m%d}{number // 20_000 % 1000:03d}"
    found = {
        "number": body + citizen_id_check(body),
        "name": f"测速{number}",
        "sex": "male" if int(body[-1]) % 2 else "female",
        "born_on": born.isoformat(),
        "address": f"温州市鹿城区演示路 {number} 号",
        "begins": "2020-03-01",
        "fee": "120.00",
    }
    if number % 3:
        found["ends"] = "2030-02-28"
    if wrong and number % wrong == 0:
        found |= ({"born_on": "1900-01-01"}, {"ends": "2019-01-01"}, {"fee": "-1"}, {"sex": "none"})[
            number // wrong % 4
        ]
    return found
