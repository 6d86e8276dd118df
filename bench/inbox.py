"""A clerk's list at 10,000 and at 1,000,000 cases: one client, over HTTP, both cities asked in turn."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import connection

from bench import crowd, database
from bench.measure import QUICK, RESULTS, Report, milliseconds, percentile, say, times
from bench.server import Browser, web
from bench.statements import counted
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Door
from yiwang.platform.cases.inbox import Filters, Inbox
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity.models import Account

SMALL, LARGE = 10_000, times(1_000_000)
CLERKS = ("lc-police-review", "lc-civil-affairs-review", "lc-police-decide", "lc-issue")
"""Three of one body, and an issuer for all bodies of a county."""
LISTS = tuple(
    f"/desk/inbox/{query}"
    for query in ("", "?step=reviewer", "?light=red", "?light=green", "?state=in_process", "?who=nobody")
)
SUPERVISORS = ("lc-supervisor", "wz-supervisor")
SUPERVISED = ("/desk/supervision/", "/desk/supervision/?light=red")
ASKED = tuple((login, path) for login in CLERKS for path in LISTS) + tuple(
    (login, path) for login in SUPERVISORS for path in SUPERVISED
)
TIMES, TURN = times(40), times(40) // 8 or 1
"""A client reads a few pages on in one city before the other's turn: every page would find the processor's caches cold else."""
_LINE = re.compile(rb'href="/desk/cases/[0-9a-f-]{36}/"')


def run(report: Report) -> None:
    """Fill both cities and measure."""
    clerks = [actor(login) for login in CLERKS]
    hands = tuple(one.id for one in clerks if one.id is not None)
    own = os.environ["DATABASE_URL"]
    connection.close()
    with database.copy(own, os.environ["BENCH_CITY"], "bench_inbox_small") as other:
        for url, count in ((other, SMALL), (own, LARGE)):
            say(f"loading {count} cases …")
            crowd.fill(url, count, handlers=hands)
        with web(other) as small, web(own) as large:
            took, pages = _measure(small.port, large.port)
    figures = {name: {p: percentile(values, p) for p in (50, 95, 99)} for name, values in took.items()}
    report.figure("p95_at_1000000", figures["large"][95], " ms", at_most=30)
    report.figure("p95_at_10000", figures["small"][95], " ms")
    report.figure("growth", figures["large"][95] / figures["small"][95], "", at_most=1.3)
    report.details = {"pages": pages, "milliseconds": figures, "plans": plans(clerks)}


def actor(login: str) -> Actor:
    """Return a member of staff as an actor."""
    account = Account.objects.get(login=login)
    found = directory.staff_of_account(account.pk)
    if found is None:
        raise LookupError(login)
    member, grants = found
    return Actor(
        kind=ActorKind.STAFF,
        id=member.id,
        label=f"{member.agency_name} {member.number}",
        level=AssuranceLevel.L3,
        door=Door.DESK,
        grants=grants,
        agency=member.agency_path,
    )


def _measure(small: int, large: int) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Read every list in both cities, in turn; lists that do not show as many lines in both, or none, are left out."""
    took: dict[str, list[float]] = {"small": [], "large": []}
    pages: dict[str, Any] = {}
    signed: dict[str, dict[str, Browser]] = {}
    for login, path in ASKED:
        if login not in signed:
            signed[login] = {"small": Browser(small), "large": Browser(large)}
            for browser in signed[login].values():
                browser.sign_in(login)
        browsers = signed[login]
        for browser in browsers.values():
            browser.hang_up()
        lines = {name: len(set(_LINE.findall(_read(browser, path)))) for name, browser in browsers.items()}
        pages[f"{login} {path}"] = lines
        if not lines["small"] == lines["large"] > 0:
            continue
        for number in range(TIMES // TURN):
            for name in list(browsers) if number % 2 else list(reversed(browsers)):
                took[name] += [milliseconds(partial(_read, browsers[name], path)) for _ in range(TURN)]
    full = [path for path, lines in pages.items() if lines["small"] == lines["large"] > 0]
    if len(full) < len(pages) // 2 and not QUICK:
        raise RuntimeError(f"most lists are not full in the small city: {pages}")
    return took, pages


def _read(browser: Browser, path: str) -> bytes:
    answer = browser.get(path)
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    return answer.body


def plans(clerks: Sequence[Actor]) -> dict[str, list[str]]:
    """Explain what the lists ask in the large city, and keep it beside the results; return what reads a whole table."""
    told: list[str] = []
    suspicious: dict[str, list[str]] = {}
    for clerk, login in zip(clerks, CLERKS, strict=True):

        def look(clerk: Actor = clerk) -> None:
            lists = Inbox(clerk)
            lists.page(Filters())
            lists.counts(Filters())
            lists.items()

        for sql, values in counted(look):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) {sql}", values)
                plan = "\n".join(row[0] for row in cursor.fetchall())
            told.append(f"-- {login}\n{sql}\n\n{plan}\n")
            if found := re.findall(r"Seq Scan on (cases_\w+)", plan):
                suspicious.setdefault(login, []).extend(found)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "inbox.plans.txt").write_text("\n".join(told), "utf-8")
    return suspicious
