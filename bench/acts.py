"""Acts one after another, as a matter goes: handed in, accepted, taken, every step, decided, and what goes before.

Four processes work at once, each on matters of an applicant of its own; reading what comes next stands outside the time.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from django.db import connections

from bench import world
from bench.measure import Report, times
from bench.statements import counted
from yiwang.config.journey import reach_of, staff_for
from yiwang.kernel.types import Actor, Reach, Role
from yiwang.platform.cases import acts
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.types import CaseView, TaskState, TaskView
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import StepKind

APPLICANTS = ["jia", "yi", "ding", "wu"]
"""A process each: a decision locks the licences of its holder, and in a city few decide on the same one at once."""
MATTERS = times(60)
"""Matters of each process."""
ITEM, REGION = "330709201000", "330302006"

Call = Callable[[], Any]


def run(report: Report) -> None:
    """Measure."""
    task_code = catalog.editions_in(REGION, [ITEM])[ITEM].definition.task_code
    people = [world.applicant(login) for login in APPLICANTS]
    drafts = [world.draft_of_item(person, task_code) for person in people]
    statements: dict[str, int] = {}
    first = world.copies(drafts[0], 1)
    _walk(people[0], first, lambda name, calls: statements.update({name: len(counted(calls[0]))}))
    shares = [world.copies(draft, MATTERS) for draft in drafts]
    connections.close_all()
    connections["default"].close_pool()  # type: ignore[attr-defined] - a fork must not share it
    fork = multiprocessing.get_context("fork")
    barrier = fork.Barrier(len(people))
    # An executor says so when one of its processes dies; a pool would wait for it for ever.
    with ProcessPoolExecutor(len(people), fork, _begin, (barrier,)) as pool:
        found: list[dict[str, tuple[int, float]]] = list(pool.map(_share, people, shares))
    total = sum(count for one in found for count, _took in one.values())
    longest = max(sum(took for _count, took in one.values()) for one in found)
    report.figure("all", total / longest, "/s", at_least=250)
    for name in found[0]:
        rates = [one[name][0] / one[name][1] for one in found]
        report.figure(name, sum(rates), "/s")
    report.details = {
        "acts": total,
        "statements": statements,
        "statements_mean": statistics.mean(statements.values()),
        "processes": len(people),
    }


_barrier: Any = None


def _begin(barrier: Any) -> None:
    global _barrier  # noqa: PLW0603 - a pool's processes have nowhere else to keep it
    _barrier = barrier


def _share(person: Actor, drafts: list[uuid.UUID]) -> dict[str, tuple[int, float]]:
    found: dict[str, tuple[int, float]] = {}

    def timed(name: str, calls: list[Call]) -> None:
        _barrier.wait(600)
        began = time.perf_counter()
        for call in calls:
            call()
        count, took = found.get(name, (0, 0.0))
        found[name] = (count + len(calls), took + time.perf_counter() - began)

    try:
        _walk(person, drafts, timed)
    except BaseException:
        _barrier.abort()  # the others would wait for this one
        raise
    connections.close_all()
    return found


def _walk(person: Actor, drafts: list[uuid.UUID], timed: Callable[[str, list[Call]], None]) -> None:
    """Take matters from draft to result; every act of one kind for all of them, then the next."""
    timed(
        "save_answers",
        [_call(acts.save_answers, pk, {"bench_note": "x"}, by=person) for pk in drafts for _again in range(2)],
    )
    timed("choose_delivery", [_call(acts.choose_delivery, pk, "window", by=person) for pk in drafts])
    timed("submit", [_call(acts.submit, pk, by=person) for pk in drafts])
    clerk = staff_for(Role.INTAKE, Reach(region=cases.get_application(drafts[0], person).region))
    timed("accept_all", [_call(acts.accept_all, pk, by=clerk) for pk in drafts])
    views = [case for pk in drafts for case in cases.get_application(pk, person).cases]
    reviewer = staff_for(Role.REVIEWER, reach_of(views[0]))
    timed("take", [_call(acts.take, case.id, by=reviewer) for case in views])
    opinions = [(case, task) for case, task in _ready(views) if task.role == Role.REVIEWER]
    if opinions:
        timed(
            "keep_opinion",
            [_call(acts.keep_opinion, case.id, task.id, "材料齐全。", by=reviewer) for case, task in opinions],
        )
    while calls := _next(views):
        name, ready = calls
        timed(name, ready)


def _next(views: list[CaseView]) -> tuple[str, list[Call]] | None:
    """Return the acts that the first ready step of each matter waits for; they are of one item, so of one kind."""
    ready = _ready(views)
    if not ready:
        return None
    task = ready[0][1]
    who = staff_for(Role(task.role), reach_of(ready[0][0]))
    text = "材料齐全，符合条件。"
    if task.kind == StepKind.DECISION:
        return "decide", [_call(acts.decide, case.id, True, text, by=who) for case, _task in ready]
    if task.kind == StepKind.SITE_VISIT:
        return "record_visit", [
            _call(acts.record_visit, case.id, one.step, "pass", text, ["F1", "F2"], by=who) for case, one in ready
        ]
    if task.kind == StepKind.DELIVER:
        return "deliver", [_call(acts.deliver, case.id, "window", "演示用户甲", by=who) for case, _task in ready]
    return "complete_step", [_call(acts.complete_step, case.id, one.step, "pass", text, by=who) for case, one in ready]


def _ready(views: list[CaseView]) -> list[tuple[CaseView, TaskView]]:
    tasks = cases.tasks_of([case.id for case in views])
    first = ((case, next((one for one in tasks[case.id] if one.state is TaskState.READY), None)) for case in views)
    return [(case, task) for case, task in first if task is not None]


def _call(act: Any, *values: Any, by: Actor) -> Call:
    key = uuid.uuid4().hex
    return lambda: act(*values, by=by, key=key)
