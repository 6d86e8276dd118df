"""Taking over 10,000 licences from paper: a table with a scan for each row, through the door's check and the worker's loop.

Floors in the same run: PostgreSQL alone takes the same rows, sealed as they are, by COPY and by INSERT into tables with the
same indexes; and the scans are taken out of the same archive and kept, looked at by nobody.
"""

from __future__ import annotations

import csv
import hashlib
import io
import statistics
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from PIL import Image

from bench.measure import Report, in_turns, times
from yiwang.kernel.codes import citizen_id_check
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Role, RoleGrant
from yiwang.platform.directory import queries as directory
from yiwang.platform.licences import acts, queries, tasks
from yiwang.platform.licences.acts.history import TURN

LICENCES = times(10_000)
TYPE, AGENCY = "elderly_card", "330302-civil_affairs"
ROUNDS = 3
TABLES = ("licences_licence", "licences_licenceuse")
"""Where a row that was taken over stands."""
SCANS = 200
"""Pictures that differ; a row takes one of them, as long as it is read, recognised and stored that is the same work."""


def run(report: Report) -> None:
    """Measure."""
    agency = directory.get_agency(AGENCY)
    by = Actor(
        kind=ActorKind.STAFF,
        label="bench",
        level=AssuranceLevel.L3,
        agency=agency.path,
        grants=(RoleGrant(Role.DATA_STEWARD, agency.path),),
    )
    content = _packed()
    began = time.perf_counter()
    file = UploadedFile(io.BytesIO(content), "bench.zip", "application/zip", len(content))
    batch = acts.begin_import(TYPE, acts.taken_in(TYPE, file, by=by), by=by, key="bench")
    looked, used = time.perf_counter() - began, time.process_time()
    tasks.take_over(threading.Event())
    took = time.perf_counter() - began
    done = queries.get_batch(batch, by)
    if (done.entered, done.refused) != (LICENCES, 0):
        raise RuntimeError(f"{done.entered} of {LICENCES} came in: {done.reasons} {done.error}")
    report.figure("ten_thousand", took * 10_000 / LICENCES, "s", at_most=600)
    report.figure("entered", LICENCES / took, "/s")
    report.figure("python", (time.process_time() - used) * 1000 / LICENCES, "ms")
    floors = in_turns({"copy": _copied, "insert": _inserted, "scans": lambda: _kept(content)}, ROUNDS)
    for name, rates in floors.items():
        report.figure(f"floor_{name}", statistics.median(rates), "/s")
    report.details = {
        "type": TYPE,
        "licences": LICENCES,
        "archive": len(content),
        "looked_at": looked,
        "seconds": took,
    } | {"floors": floors}


def _copied() -> float:
    took = 0.0
    for table in TABLES:
        with _like(table) as (sql, columns):
            with sql.copy(f"COPY (SELECT {columns} FROM {table}) TO STDOUT (FORMAT BINARY)") as copy:
                rows = b"".join(bytes(piece) for piece in copy)
            began = time.perf_counter()
            with sql.copy(f"COPY floor ({columns}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(rows)
            took += time.perf_counter() - began
            _all_there(sql)
    return LICENCES / took


def _inserted() -> float:
    took = 0.0
    for table in TABLES:
        with _like(table) as (sql, columns):
            sql.execute(f"SELECT {columns} FROM {table}")
            rows = sql.fetchall()
            marks = ", ".join(["%s"] * len(rows[0]))
            began = time.perf_counter()
            for begin in range(0, len(rows), TURN):
                with transaction.atomic():
                    sql.executemany(f"INSERT INTO floor ({columns}) VALUES ({marks})", rows[begin : begin + TURN])
            took += time.perf_counter() - began
            _all_there(sql)
    return LICENCES / took


@contextmanager
def _like(table: str) -> Iterator[tuple[Any, str]]:
    """An empty table with the columns and indexes of another, that goes away again."""
    with connection.cursor() as sql:
        sql.execute(f"CREATE TABLE floor (LIKE {table} INCLUDING ALL)")
        sql.execute("SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
                    " WHERE attrelid = 'floor'::regclass AND attnum > 0 AND NOT attisdropped")  # fmt: skip
        columns = sql.fetchone()[0]
        try:
            yield sql, columns
        finally:
            sql.execute("DROP TABLE floor")


def _all_there(sql: Any) -> None:
    sql.execute("SELECT count(*) FROM floor")
    (there,) = sql.fetchone()
    if there < LICENCES:
        raise RuntimeError(f"the floor wrote {there} rows, not {LICENCES}")


def _kept(content: bytes) -> float:
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(io.BytesIO(content)) as file:
        began = time.perf_counter()
        for serial in range(LICENCES):
            scan = file.read(f"{serial}.jpg")
            path = Path(folder, hashlib.sha256(scan).hexdigest())
            if not path.exists():
                path.write_bytes(scan)
        return LICENCES / (time.perf_counter() - began)


def _packed() -> bytes:
    spec = queries.licence_type(TYPE)
    columns = list(queries.columns_of(spec))
    table, buffer = io.StringIO(), io.BytesIO()
    writer = csv.writer(table)
    writer.writerow(columns)
    for serial in range(LICENCES):
        number = _number(serial)
        known = {
            "证照编号": f"DEMO{serial:08}",
            "持证主体": f"演示老人{serial}",
            "证件号码": number,
            "发证日期": "2018-05-11",
            "有效期至": "长期",
            "扫描件": f"{serial}.jpg",
            "姓名": f"演示老人{serial}",
        }
        writer.writerow([known.get(name, "") for name in columns])
    scans = [_scan(number) for number in range(SCANS)]
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("table.csv", table.getvalue().encode("utf-8-sig"))
        for serial in range(LICENCES):
            file.writestr(f"{serial}.jpg", scans[serial % SCANS])
    return buffer.getvalue()


def _number(serial: int) -> str:
    body = f"330302{1930 + serial // 10_000 % 30}{serial // 999 % 12 + 1:02}{serial // 12_000 % 28 + 1:02}{serial % 999:03}"
    return body + citizen_id_check(body)


def _scan(number: int) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((620, 440), 40 + number % 60).save(buffer, "JPEG", quality=40)
    return buffer.getvalue()
