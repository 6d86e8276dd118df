"""One check of one subject in one dataset that is held here, as an agency's system makes it for a running case.

The floor are the very statements of such an act, with their values, sent again one after another from a loop: what PostgreSQL
itself takes to read and write the same rows. Nothing is asked twice for the same case.
"""

from __future__ import annotations

import gc
import re
import time
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import httpx
from django.db import connection, transaction

from bench import permits, world
from bench.floors import rows_written
from bench.measure import QUICK, RESULTS, Report, milliseconds, percentile, say, times
from bench.server import web
from bench.statements import counted
from yiwang.doors.openapi.acts import register_client
from yiwang.kernel.acts import system_record
from yiwang.kernel.ids import uuid7
from yiwang.kernel.types import SYSTEM, Actor, ActorKind
from yiwang.platform.cases import acts as cases
from yiwang.platform.cases.models import Case
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence import queries as evidence
from yiwang.platform.sharing import acts
from yiwang.platform.sharing.models import Dataset, Grant
from yiwang.platform.sharing.types import GrantRequest, Said, Want

ITEM, REGION = "330709201000", "330302006"
TIMES, WARM = times(1000), 50
RECORDS = times(200_000)
FIELDS = ("name", "begins", "ends")
OFTEN = 10_000_000
SECRET = "only-for-measuring-0123456789"


def run(report: Report) -> None:
    """Measure."""
    say(f"{RECORDS} records, {2 * TIMES + 2 * WARM} cases …")
    dataset = permits.published()
    permits.fill(dataset, range(RECORDS))
    running = _cases(2 * TIMES + 2 * WARM + 3)
    number = evidence.subject_of(Case.objects.get(pk=running[0]).application.principal).numbers[0]
    _bring(dataset, number)
    agency = directory.get_agency(Case.objects.select_related("agency").get(pk=running[0]).agency.code)
    asked = GrantRequest(dataset=dataset.code, agency=agency.code, items=(ITEM,), fields=FIELDS, purpose="测速")
    with system_record("bench.grant"):
        acts.write_grant(asked, dataset, agency, SYSTEM)
    Grant.objects.update(per_minute=OFTEN)
    by = Actor(
        kind=ActorKind.CLIENT,
        id=uuid.uuid4(),
        label="测速",
        agency=agency.path,
        scopes=frozenset({"data:check"}),
        purpose="测速",
    )
    with connection.cursor() as sql:
        sql.execute("VACUUM ANALYZE")
    wants = (Want(dataset=dataset.code, fields=FIELDS),)
    waiting = iter(running)

    def check(case: uuid.UUID, key: str) -> uuid.UUID:
        (answer,) = acts.check(str(case), ITEM, (number,), wants, by=by, key=key)
        if answer.said is not Said.VALUE or answer.values["begins"] != "2020-03-01":
            raise RuntimeError(f"not answered: {answer}")
        return answer.check

    for _number in range(WARM):
        check(next(waiting), uuid.uuid4().hex)
    gc.collect()
    gc.freeze()  # as `yiwang serve` does: what is loaded stays
    key, made = uuid.uuid4().hex, []
    sent = counted(lambda: made.append(check(next(waiting), key)))

    def fresh() -> dict[Any, Any]:
        return {key: uuid.uuid4().hex, made[0]: uuid7()}

    written = rows_written(lambda: check(next(waiting), uuid.uuid4().hex))
    again = rows_written(lambda: _send_again(sent, fresh()))
    if written != again:
        raise RuntimeError(f"the floor does not write what a check writes: {written} {again}")
    took: dict[str, list[float]] = {"check": [], "floor": []}
    for place in range(TIMES):
        ways = {
            "check": partial(check, next(waiting), uuid.uuid4().hex),
            "floor": partial(_send_again, sent, fresh()),
        }
        for name in list(ways) if place % 2 else list(reversed(ways)):
            took[name].append(milliseconds(ways[name]))
    overall = _over_http(dataset, number, agency.id, list(waiting)[: TIMES + WARM])
    report.figure("one_p95", percentile(took["check"], 95), "ms", at_most=5)
    report.figure("one_p50", percentile(took["check"], 50), "ms")
    report.figure("one_floor_p95", percentile(took["floor"], 95), "ms")
    report.figure("one_floor_p50", percentile(took["floor"], 50), "ms")
    report.figure("statements", len(sent))
    report.figure("over_http_p95", percentile(overall, 95), "ms")
    report.figure("over_http_p50", percentile(overall, 50), "ms")
    report.details = {"records": RECORDS, "times": TIMES, "p99_ms": round(percentile(took["check"], 99), 3)}
    report.details |= {"rows": written, "slow_plans": _plans(sent, fresh())}


def _cases(count: int) -> list[uuid.UUID]:
    """Hand in as many applications; return their cases."""
    person = world.applicant("jia")
    edition = catalog.editions_in(REGION, [ITEM])[ITEM]
    draft = world.draft_of_item(person, edition.definition.task_code)
    ready = world.copies(draft, count)
    for pk in ready:
        cases.submit(pk, by=person, key=uuid.uuid4().hex)
    return list(Case.objects.filter(application__in=ready).values_list("pk", flat=True))


def _bring(dataset: Dataset, number: str) -> None:
    born = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
    sex = "male" if int(number[16]) % 2 else "female"
    row = {"subject": number, **permits.values(1), "number": number, "born_on": born, "sex": sex}
    brought = acts.bring_in(dataset.pk, (row,), by=SYSTEM, key=uuid.uuid4().hex)
    if brought.added != 1:
        raise RuntimeError(f"the record was not taken: {brought}")


Sent = Sequence[tuple[str, Any]]


def _send_again(sent: Sent, other: Mapping[Any, Any]) -> None:
    """Send statements again in one transaction, with other values for what must be new."""
    with transaction.atomic(), connection.cursor() as sql:
        for statement, values in sent:
            sql.execute(statement, _swapped(values, other))
            if sql.description is not None:
                sql.fetchall()


def _swapped(value: Any, other: Mapping[Any, Any]) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_swapped(one, other) for one in value)
    return other.get(value, value) if isinstance(value, str | uuid.UUID) else value


def _over_http(dataset: Dataset, number: str, agency: uuid.UUID, running: Sequence[uuid.UUID]) -> list[float]:
    """Ask the web server, on one connection that stays open."""
    client_id = uuid.uuid4().hex
    register_client(
        "bench-check",
        client_id,
        SECRET,
        ["data:check"],
        "测速",
        agency=agency,
        per_minute=OFTEN,
        by=SYSTEM,
        key=client_id,
    )
    took = []
    with web() as served, httpx.Client(base_url=f"http://127.0.0.1:{served.port}") as line:
        token = line.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, SECRET)).json()
        line.headers["Authorization"] = f"Bearer {token['access_token']}"
        for place, case in enumerate(running):
            wants = [{"dataset": dataset.code, "fields": list(FIELDS)}]
            body = {"case": str(case), "item": ITEM, "subjects": [number], "wants": wants}
            headers = {"Idempotency-Key": uuid.uuid4().hex}
            began = time.perf_counter()
            answer = line.post("/api/v1/checks", json=body, headers=headers)
            passed = (time.perf_counter() - began) * 1000
            if answer.status_code != 200 or answer.json()["answers"][0]["said"] != "value":
                raise RuntimeError(f"not answered: {answer.status_code} {answer.text}")
            if place >= WARM:
                took.append(passed)
    return took


def _plans(sent: Sent, other: Mapping[Any, Any]) -> list[str]:
    """Explain what a check asks, and keep it beside the results; return the large tables that it reads whole."""
    told, slow = [], []
    with transaction.atomic(), connection.cursor() as sql:
        for statement, values in sent:
            sql.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) {statement}", _swapped(values, other))
            plan = "\n".join(row[0] for row in sql.fetchall())
            told.append(f"{statement}\n\n{plan}\n")
            slow += re.findall(r"Seq Scan on ((?:cases|sharing_record|sharing_check|kernel)\w*)", plan)
        transaction.set_rollback(True)
    if not QUICK:
        (RESULTS / "checks.plans.txt").write_text("\n".join(told), "utf-8")
    return slow
