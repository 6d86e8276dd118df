"""Handing in over HTTP, as a person does: signed in, the review page's form with its token, `/applications/…/review/`.

The floor is a bare view in the same server that adds the same rows to the same tables (`bench.floors`); it runs in turn
with the platform's own view, on the same connections.
"""

from __future__ import annotations

import statistics
import uuid
from typing import Any

from bench import floors, world
from bench.measure import Report, in_turns, ratio, times
from bench.server import CONNECTIONS, Browser, Job, Web, rate, web
from bench.statements import counted
from yiwang.kernel.types import Actor
from yiwang.platform.cases import acts
from yiwang.platform.cases.models import Case
from yiwang.platform.catalog import queries as catalog

ROUNDS = 5
ONE, FIVE = times(400), times(150)
"""Applications handed in by a round."""


def run(report: Report) -> None:
    """Measure one case, then five."""
    person = world.applicant("jia")
    edition = catalog.editions_in("330302006", ["330709201000"])["330709201000"]
    single = world.draft_of_item(person, edition.definition.task_code)
    firm = world.applicant("jia", world.FIRM)
    event = world.draft_of_event(firm, "restaurant", world.RESTAURANT)
    with web() as served:
        report.details["one"] = _one(report, served, person, single)
        report.details["five"] = _five(report, served, firm, event)
        report.details["megabytes"] = served.megabytes()


def _one(report: Report, served: Web, person: Actor, draft: uuid.UUID) -> dict[str, Any]:
    pattern, details = _learn(person, draft)
    browsers = [Browser(served.port) for _number in range(CONNECTIONS)]
    bare = [Browser(served.port) for _number in range(CONNECTIONS)]
    browsers[0].sign_in("jia")
    signed = [browsers[0].like() for _number in range(CONNECTIONS)]
    ready = iter(world.copies(draft, (2 * ROUNDS + 2) * ONE))
    costs: dict[str, list[float]] = {"view": [], "floor": []}

    def turn(name: str, with_: list[Browser], job: Any) -> float:
        jobs = [job(next(ready)) for _number in range(ONE)]
        before = served.cpu()
        done = rate(with_, jobs)
        costs[name].append((served.cpu() - before) * 1000 / ONE)
        return done

    ways = {
        "view": lambda: turn("view", signed, hand_in),
        "floor": lambda: turn("floor", bare, lambda pk: _insert(pattern, pk)),
    }
    for way in ways.values():
        way()  # warm
    for cost in costs.values():
        cost.clear()
    found = in_turns(ways, ROUNDS)
    share = ratio(found["view"], found["floor"])
    report.figure("one_case_of_floor", share * 100, "%", at_least=60)
    report.figure("one_case", statistics.median(found["view"]), "/s")
    report.figure("one_case_floor", statistics.median(found["floor"]), "/s")
    for name, cost in costs.items():
        report.figure(f"one_case_{name}_python", statistics.median(cost), "ms")
    return details | {"rounds": found, "python_ms": costs}


def _five(report: Report, served: Web, firm: Actor, draft: uuid.UUID) -> dict[str, Any]:
    pattern, details = _learn(firm, draft)
    count = Case.objects.filter(application=pattern).count()
    if count != 5:
        raise RuntimeError(f"the life event makes {count} cases, not five")
    first = Browser(served.port)
    first.sign_in("jia")
    assert firm.principal is not None
    first.act_for(firm.principal.id)
    signed = [first.like() for _number in range(CONNECTIONS)]
    ready = iter(world.copies(draft, (ROUNDS + 1) * FIVE))
    rates = []
    for _number in range(ROUNDS + 1):
        rates.append(rate(signed, [hand_in(next(ready)) for _ in range(FIVE)]))
    report.figure("five_cases", statistics.median(rates[1:]), "/s", at_least=40)
    return details | {"rounds": rates[1:]}


def hand_in(pk: uuid.UUID) -> Job:
    """Return the job of handing in one draft."""

    def job(browser: Browser) -> None:
        path = f"/applications/{pk}/review/"
        answer = browser.post(path, {"promise": "yes", "key": uuid.uuid4().hex})
        if answer.status != 302 or "receipt=1" not in answer.headers["Location"]:
            raise RuntimeError(f"not handed in: {answer.status} {answer.headers.get('Location')}")

    return job


def _insert(like: uuid.UUID, pk: uuid.UUID) -> Job:
    def job(browser: Browser) -> None:
        answer = browser.post(f"/bench/insert/{like}/{pk}/", {})
        if answer.status != 302:
            raise RuntimeError(f"the floor answers {answer.status}")

    return job


def _learn(by: Actor, draft: uuid.UUID) -> tuple[uuid.UUID, dict[str, Any]]:
    """Hand one copy in by the act and check that the floor adds the same rows; return the pattern and what was seen."""
    first, pattern, other = world.copies(draft, 3)
    acts.submit(first, by=by, key=uuid.uuid4().hex)  # now everything is in memory, and every series has begun
    sent: list[int] = []
    written = floors.rows_written(
        lambda: sent.append(len(counted(lambda: acts.submit(pattern, by=by, key=uuid.uuid4().hex))))
    )
    floor = floors.learn(pattern)
    repeated = floors.rows_written(lambda: sent.append(len(counted(lambda: floor.write(other)))))
    if written != repeated:
        raise RuntimeError(f"the floor does not write what the act writes: {written} {repeated}")
    return pattern, {"rows": written, "statements": dict(zip(("act", "floor"), sent, strict=True))}
