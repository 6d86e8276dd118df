"""One family compared where nothing is held here: twelve datasets asked at the ten agencies that provide them.

The agencies are those of `yiwang simulate`, processes of their own that take their time. The floor is the same ten calls, all
at once, by a bare client. Then three of them are away, each in its own way: one hangs, one is very slow, one refuses.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from django.core.cache import cache

from bench import means
from bench.measure import QUICK, ROOT, Report, milliseconds, percentile, say, times
from yiwang.config.processes import die_with_parent
from yiwang.config.simulate import connecting, running, stores
from yiwang.kernel import clock
from yiwang.kernel.packs import Pack
from yiwang.kernel.types import SYSTEM
from yiwang.platform.sharing import live, purposes, queries
from yiwang.platform.sharing.acts import save_feed
from yiwang.platform.sharing.means import acts
from yiwang.platform.sharing.means import queries as reports
from yiwang.platform.sharing.means.types import Consent, ConsentWay, Member, Scheme
from yiwang.platform.sharing.models import Grant
from yiwang.platform.sharing.types import FeedSpec

PEOPLE = 2000
LATENCY = 100
"""Milliseconds that a system takes for an answer, half of it more or less."""
SLOW = 50_000
TIMES, WARM, AWAY = times(300), 10, 1 if QUICK else 3


def run(report: Report) -> None:
    """Measure."""
    scheme = next(
        one for one in Pack(ROOT / "packs" / "wenzhou").rows("comparisons/low_income.yaml", Scheme) if one.wants
    )
    folder = Path(os.environ["YIWANG_STATE_DIR"]) / "bench-agencies"
    with agencies(folder) as places:
        asked = connect(places, scheme)
        register = stores.Store(folder / f"{asked['households'].agency}.sqlite").good("households")
        families = list(means.households(row.values | {"subject": row.subject} for row in register))
        purposes.provide(partial(means.purpose, {str(means.identity(numbers)): numbers for numbers in families}))
        Grant.objects.update(per_minute=1_000_000)
        by = means.reviewer()

        def act(numbers: tuple[str, ...]) -> uuid.UUID:
            consent = Consent(way=ConsentWay.SIGNED, on=clock.today())
            grown = tuple(Member(number=number, consent=consent) for number in numbers)
            return acts.compare(means.identity(numbers), scheme.code, grown, by=by, key=uuid.uuid4().hex)

        bodies = _bodies(asked, scheme)
        took: dict[str, list[float]] = {"act": [], "floor": []}
        with httpx.Client(trust_env=False, timeout=30) as line, ThreadPoolExecutor(len(bodies)) as pool:

            def floor(numbers: tuple[str, ...]) -> None:
                calls = [pool.submit(_post, line, place, body, numbers) for place, body in bodies]
                for call in calls:
                    call.result()

            say(f"{len(places)} systems, {len(families)} families, {len(bodies)} systems asked")
            for place in range(TIMES + WARM):
                numbers = families[place % len(families)]
                cache.clear()
                ways = (("act", act), ("floor", floor)) if place % 2 else (("floor", floor), ("act", act))
                for name, work in ways:
                    passed = milliseconds(partial(work, numbers))
                    if place >= WARM:
                        took[name].append(passed)
        lacking = _lacking(act(families[0]), by)
        if lacking:
            raise RuntimeError(f"not everybody answered: {lacking}")
        report.figure("family_p95", percentile(took["act"], 95), "ms", at_most=1000)
        report.figure("family_p50", percentile(took["act"], 50), "ms")
        report.figure("family_floor_p95", percentile(took["floor"], 95), "ms")
        away, seconds = _send_away(asked), []
        for number in range(AWAY):
            live.forget()
            began = time.perf_counter()
            made = act(families[-1 - number])
            seconds.append(time.perf_counter() - began)
        again = milliseconds(lambda: act(families[-1 - AWAY]))
        report.figure("three_away", max(seconds), "s", at_most=60)
        report.figure("three_away_next", again, "ms")
        report.details = {
            "systems": len(bodies),
            "datasets": len(scheme.wants),
            "latency_ms": LATENCY,
            "p99_ms": round(percentile(took["act"], 99), 1),
            "away": away,
            "seconds": [round(one, 2) for one in seconds],
            "not_compared": _lacking(made, by),
        }


@contextmanager
def agencies(folder: Path) -> Iterator[list[running.Place]]:
    """Let the agencies' systems run as long as the block."""
    say("yiwang simulate agencies …")
    words = ["simulate", "--folder", str(folder), "agencies", "--people", str(PEOPLE), "--latency", str(LATENCY)]
    child = subprocess.Popen(
        [sys.executable, "-m", "yiwang.config.command", *words, "--pack", "wenzhou"],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - in the main thread
    )
    try:
        assert child.stdout is not None
        if not child.stdout.readline():
            raise RuntimeError("the agencies' systems did not start")
        found = running.places(folder)
        deadline = time.monotonic() + 60
        while not all(map(connecting.is_up, found)):
            if time.monotonic() > deadline:
                raise RuntimeError("the agencies' systems do not answer")
            time.sleep(0.1)
        yield found
    finally:
        child.terminate()
        child.wait(30)


def connect(places: list[running.Place], scheme: Scheme) -> dict[str, running.Place]:
    """Have every dataset of the scheme asked at its source; return by dataset where that is."""
    wanted = {want.dataset for want in scheme.wants}
    found = {code: place for place in places for code in place.datasets if code in wanted}
    for code, place in found.items():
        connecting.behave(place, latency=LATENCY)
        spec = FeedSpec(connector="http_ask", address=f"{place.url}/ask", secret=place.token)
        save_feed(queries.id_of(code), spec, by=SYSTEM, key=uuid.uuid4().hex)
    if found.keys() != wanted:
        raise RuntimeError(f"nobody has {wanted - found.keys()}")
    return found


def _bodies(asked: dict[str, running.Place], scheme: Scheme) -> list[tuple[running.Place, dict[str, list[str]]]]:
    by_place: dict[str, tuple[running.Place, dict[str, list[str]]]] = {}
    for want in scheme.wants:
        place = asked[want.dataset]
        by_place.setdefault(place.agency, (place, {}))[1][want.dataset] = list(want.fields)
    return list(by_place.values())


def _post(line: httpx.Client, place: running.Place, body: dict[str, list[str]], numbers: tuple[str, ...]) -> None:
    said = {"numbers": list(numbers), "datasets": body, "purpose": {}}
    headers = {"Authorization": f"Bearer {place.token}"}
    line.post(f"{place.url}/ask", json=said, headers=headers).raise_for_status().json()


def _send_away(asked: dict[str, running.Place]) -> dict[str, list[str]]:
    """Let three systems fail: return how each does, with the datasets that it has."""
    away: dict[str, list[str]] = {}
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "hangs": ("bank_deposits", {"outage": "hang"}),
        "slow": ("vehicles", {"latency": SLOW}),
        "refuses": ("real_estate_persons", {"outage": "refuse"}),
    }
    for name, (dataset, how) in ways.items():
        place = asked[dataset]
        connecting.behave(place, **how)
        away[name] = [code for code, one in asked.items() if one.agency == place.agency]
    return away


def _lacking(pk: uuid.UUID, by: Any) -> list[str]:
    """Return the datasets that a report says were not compared."""
    view, _later = reports.get_comparison(pk, by)
    return sorted({one.dataset for one in view.report.sources if one.outcome.value in ("down", "refused")})
