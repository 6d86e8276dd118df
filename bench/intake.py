"""Rows that come in: pushed by the act, pushed over HTTP, and pulled from a source, ten thousand new ones at a time.

Two floors in the same run, in turn: PostgreSQL alone takes the same rows, sealed beforehand, by COPY and by INSERT into the
same table with its indexes. It checks nothing, compares with nothing that is there, and writes nothing down.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import time
import uuid
from collections.abc import Callable
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

import httpx
from django.db import connection, transaction

from bench import permits
from bench.measure import Report, in_turns, say, times
from bench.server import web
from bench.sources import source
from yiwang.doors.openapi.acts import register_client
from yiwang.kernel.types import SYSTEM
from yiwang.platform.sharing import acts, runner
from yiwang.platform.sharing.models import Dataset, Record
from yiwang.platform.sharing.types import FeedSpec

ROWS, ROUNDS = times(10_000), 7
SECRET = "only-for-measuring-0123456789"
INSERT = (
    f"INSERT INTO sharing_record ({', '.join(permits.COLUMNS)}) VALUES ({', '.join(['%s'] * len(permits.COLUMNS))})"
)
BEFORE = times(200_000)
"""Records that the dataset has already."""


def run(report: Report) -> None:
    """Measure."""
    dataset = permits.published()
    say(f"{BEFORE} records …")
    permits.fill(dataset, range(BEFORE))
    batches = count(BEFORE // ROWS)
    client_id = uuid.uuid4().hex
    register_client(
        "bench-push", client_id, SECRET, ["data:write"], "测速", agency=dataset.agency_id, by=SYSTEM, key=client_id
    )
    here, there = multiprocessing.Pipe()
    multiprocessing.get_context("spawn").Process(target=source, args=(there,), daemon=True).start()
    there.close()
    with web() as served, httpx.Client(base_url=f"http://127.0.0.1:{served.port}", timeout=60) as line:
        token = line.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, SECRET)).json()
        line.headers["Authorization"] = f"Bearer {token['access_token']}"
        ways = {
            "act": lambda: _by_act(dataset, next(batches)),
            "http": lambda: _by_http(line, dataset, next(batches)),
            "pull": lambda: _by_pull(here, dataset, next(batches)),
            "copy": lambda: _bare(dataset, next(batches), permits.copy),
            "insert": lambda: _bare(dataset, next(batches), _insert),
        }
        spec = FeedSpec(connector="http_pull", address=f"http://127.0.0.1:{here.recv()}/rows", settings={"limit": ROWS})
        acts.save_feed(dataset.pk, spec, by=SYSTEM, key=uuid.uuid4().hex)
        for way in ways.values():
            way()
        found = in_turns(ways, ROUNDS)
        again = [_by_act(dataset, 0, added=0) for _round in range(3)]
    here.send(None)
    middle = {name: statistics.median(rates) for name, rates in found.items()}
    report.figure("push", middle["act"], "/s")
    report.figure("push_over_http", middle["http"], "/s")
    report.figure("pull", middle["pull"], "/s")
    report.figure("push_unchanged", statistics.median(again), "/s")
    report.figure("floor_copy", middle["copy"], "/s")
    report.figure("floor_insert", middle["insert"], "/s")
    report.details = {"rows": ROWS, "columns": len(permits.PERMITS.items), "rounds": found, "records_before": BEFORE}


def rows_of(batch: int) -> list[dict[str, Any]]:
    """Return the rows of a batch as an agency sends them."""
    given = [permits.values(number) for number in range(batch * ROWS, (batch + 1) * ROWS)]
    return [{"subject": one["number"], **one} for one in given]


def _rate(work: Callable[[], int], wanted: int) -> float:
    began = time.perf_counter()
    added = work()
    took = time.perf_counter() - began
    if added != wanted:
        raise RuntimeError(f"{added} rows were added, not {wanted}")
    return ROWS / took


def _by_act(dataset: Dataset, batch: int, added: int = ROWS) -> float:
    rows, key = tuple(rows_of(batch)), uuid.uuid4().hex
    return _rate(lambda: acts.bring_in(dataset.pk, rows, by=SYSTEM, key=key).added, added)


def _by_http(line: httpx.Client, dataset: Dataset, batch: int) -> float:
    body = json.dumps({"rows": rows_of(batch)}, ensure_ascii=False).encode()
    headers = {"Idempotency-Key": uuid.uuid4().hex, "Content-Type": "application/json"}

    def push() -> int:
        answer = line.post(f"/api/v1/datasets/{dataset.code}/records", content=body, headers=headers)
        return int(answer.raise_for_status().json()["added"])

    return _rate(push, ROWS)


def _by_pull(here: Connection, dataset: Dataset, batch: int) -> float:
    here.send(rows_of(batch))
    here.recv()
    return _rate(lambda: runner.run_due(code=dataset.code, early=True), ROWS)


def _bare(dataset: Dataset, batch: int, put: Callable[[list[permits.Row]], None]) -> float:
    made = list(permits.rows(dataset, range(batch * ROWS, (batch + 1) * ROWS)))

    def write() -> int:
        with transaction.atomic():
            put(made)
        return len(made)

    found = _rate(write, ROWS)
    with connection.cursor() as sql:
        sql.execute("SELECT count(*) FROM sharing_record WHERE dataset_id = %s AND valid_to IS NULL", [dataset.pk])
        (there,) = sql.fetchone()
    if there < ROWS or there != Record.objects.filter(dataset=dataset).count():
        raise RuntimeError(f"{there} records")
    return found


def _insert(made: list[permits.Row]) -> None:
    with connection.cursor() as sql:
        sql.executemany(INSERT, made)
