"""Taking over 10,000 licences from paper: a table with a scan for each row, as the worker enters it."""

from __future__ import annotations

import csv
import io
import time
import zipfile

from PIL import Image

from bench.measure import Report, times
from yiwang.kernel.codes import citizen_id_check
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Role, RoleGrant
from yiwang.platform.directory import queries as directory
from yiwang.platform.licences import acts, queries
from yiwang.ui import store

LICENCES = times(10_000)
TYPE, AGENCY = "elderly_card", "330302-civil_affairs"
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
    batch = acts.begin_import(TYPE, store.save(io.BytesIO(content)), by=by, key="bench")
    looked, used = time.perf_counter() - began, time.process_time()
    while acts.work_on():
        pass
    took = time.perf_counter() - began
    done = queries.get_batch(batch, by)
    if (done.entered, done.refused) != (LICENCES, 0):
        raise RuntimeError(f"{done.entered} of {LICENCES} came in: {done.reasons} {done.error}")
    report.figure("ten_thousand", took * 10_000 / LICENCES, "s", at_most=600)
    report.figure("entered", LICENCES / took, "/s")
    report.figure("python", (time.process_time() - used) * 1000 / LICENCES, "ms")
    report.details = {"type": TYPE, "licences": LICENCES, "archive": len(content), "looked_at": looked, "seconds": took}


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
