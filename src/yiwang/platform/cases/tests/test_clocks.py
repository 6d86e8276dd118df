"""Acts on the clock against a calendar kept day by day."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yiwang.kernel import clock
from yiwang.kernel.calendar import Unit
from yiwang.kernel.types import Role
from yiwang.platform.cases import acts, engine
from yiwang.platform.cases.tests.conftest import (
    FOOD,
    at,
    case_of,
    clerk,
    fresh,
    key,
    officer,
    republish,
    stored,
    submit,
)
from yiwang.platform.catalog.types import Limit

PLAN = {"target": "material:floor_plan", "label": "店内平面图", "message": "没有标面积。"}
ONE = timedelta(days=1)


class DayByDay:
    """A case's limit, counted by turning the leaves of the calendar: first the days of the limit, which ends on a day
    that is worked, then the working days of the extension.
    """

    def __init__(self, limit, start):
        self.days = engine.calendar("")
        self.total, self.unit = limit.value, limit.unit
        if limit.unit is Unit.MONTH:
            month = (start.month + limit.value - 1) % 12 + 1
            last = start + (31 * limit.value + 3) * ONE
            while last.month != month or last.day > start.day:
                last -= ONE
            self.total = (last - start).days
        self.start, self.stops, self.more, self.due = start, [], 0, None
        self.count()

    def count(self):
        if self.stops and self.stops[-1][1] is None:
            self.due = None
            return
        left, more, rolls, day = self.total, self.more, False, self.start
        after = max([self.start + ONE, *(end for _begin, end in self.stops)])
        while left or more or rolls or day < after or not self.days.is_workday(day):
            day += ONE
            works = self.days.is_workday(day)
            if any(begin < day and (end is None or day <= end) for begin, end in self.stops):
                rolls = False
            elif left:
                left -= works or self.unit is not Unit.WORKDAY
                rolls = not left and not works
            elif rolls:
                rolls = not works
            elif more:
                more -= works
        self.due = day

    def stop(self, on):
        self.stops.append((on, None))
        self.count()

    def go_on(self, on):
        begin, _end = self.stops.pop()
        self.stops.append((begin, on))
        self.count()

    def lengthen(self, by):
        self.more = by
        self.count()


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["suspend", "correct", "extend"]), st.integers(0, 5), st.integers(0, 12), st.integers(1, 10)
    ),
    max_size=5,
)


LIMITS = {
    "working days": (Limit(8, Unit.WORKDAY), Limit(10, Unit.WORKDAY)),
    "days": (Limit(15, Unit.DAY), Limit(20, Unit.DAY)),
    "days within working days": (Limit(9, Unit.DAY), Limit(20, Unit.WORKDAY)),
    "months": (Limit(1, Unit.MONTH), Limit(2, Unit.MONTH)),
}
"""Promised and of the law."""


@pytest.fixture(params=LIMITS)
def limits(request):
    """Return what was promised and what the law allows."""
    return LIMITS[request.param]


@pytest.fixture
def handed_in(owner, limits):
    """Return an application that waits for acceptance; each example takes back what it does."""
    promised, legal = limits
    republish(FOOD, promised_limit=promised, statutory_limit=legal)
    return submit(owner, FOOD)


@pytest.mark.slow
@given(start=st.dates(date(2026, 3, 3), date(2026, 10, 20)), moves=MOVES)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_random_acts_on_random_days_keep_the_due_date(owner, handed_in, limits, start, moves):
    with transaction.atomic(), at(start):
        _walk(owner, handed_in, limits, start, moves)
        transaction.set_rollback(True)


def _walk(owner, application, limits, start, moves):
    by = clerk(application)
    application.cases.update(tell_by=start, received_at=clock.now())
    acts.accept_all(application.pk, by=by, key=key())
    case = case_of(application, FOOD)
    promised, legal = (DayByDay(limit, start) for limit in limits)
    reviewer, decider = officer(case, Role.REVIEWER), officer(case, Role.DECIDER)
    day, done = start, set()

    def check():
        now = fresh(case)
        assert (now.due_on, now.statutory_due_on) == (promised.due, legal.due)
        assert now.application.due_on == promised.due

    check()
    for move, later, pause, longer in moves:
        day += later * ONE
        if day > promised.due or (move in done and move != "suspend"):
            continue
        done.add(move)
        with at(day, 10):
            if move == "extend":
                acts.extend(case.pk, longer, "案情复杂。", by=decider, key=key())
                promised.lengthen(longer)
                legal.lengthen(longer)
                check()
                continue
            if move == "suspend":
                acts.suspend(case.pk, "lab_test", "送检。", day + ONE, by=reviewer, key=key())
            else:
                acts.request_correction(case.pk, [PLAN], by=reviewer, key=key())
        promised.stop(day)
        legal.stop(day)
        check()
        day += pause * ONE
        with at(day, 11):
            if move == "suspend":
                acts.resume(case.pk, "合格。", by=reviewer, key=key())
            else:
                acts.add_file(application.pk, "floor_plan", stored(), by=owner, key=key())
                acts.answer_correction(case.pk, {}, by=owner, key=key())
        promised.go_on(day)
        legal.go_on(day)
        check()
    with at(day, 12):
        acts.withdraw(case.pk, by=owner, key=key())
    assert fresh(case).due_on == promised.due, "a stopped clock keeps its due date"
