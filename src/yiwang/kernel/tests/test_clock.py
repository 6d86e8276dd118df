"""Clocks: the vectors of the standards, what may not be done, and a clock kept day by day as the oracle."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from yiwang.kernel import clock
from yiwang.kernel.calendar import CalendarGap, Unit
from yiwang.kernel.clock import Clock, ClockError, Light, Suspension
from yiwang.kernel.tests.test_calendar import CHINA, ONE, D

ACCEPTED = D("2025-09-26")
TWENTY = Clock(20, Unit.WORKDAY, ACCEPTED)


def refused(function, *args, **kwargs):
    with pytest.raises(ClockError) as caught:
        function(*args, **kwargs)
    return caught.value.code


# Worked examples


def test_twenty_days_and_ten_more():
    assert clock.due(TWENTY, CHINA) == D("2025-10-30")
    longer = clock.extend(TWENTY, 10, D("2025-10-20"), CHINA)
    assert clock.due(longer, CHINA) == D("2025-11-13")
    assert clock.total(longer, CHINA) == 30


def test_joint_handling_has_45_days_and_15_more():
    joint = Clock(45, Unit.WORKDAY, ACCEPTED)
    assert clock.due(joint, CHINA) == D("2025-12-04")
    longer = clock.extend(joint, 15, D("2025-12-04"), CHINA, at_most=clock.JOINT_EXTENSION_MAX)
    assert clock.due(longer, CHINA) == D("2025-12-25")


def test_expert_review_stops_the_clock():
    stopped = clock.suspend(TWENTY, D("2025-10-13"), "专家评审")
    assert clock.used(stopped, D("2025-10-13"), CHINA) == 7
    assert clock.remaining(stopped, D("2025-10-17"), CHINA) == 13
    assert clock.due(stopped, CHINA) is None
    assert clock.light(stopped, D("2025-10-17"), CHINA) is Light.PAUSED
    running = clock.resume(stopped, D("2025-10-20"))
    assert clock.due(running, CHINA) == D("2025-11-06")
    assert clock.due(clock.extend(running, 10, D("2025-10-21"), CHINA), CHINA) == D("2025-11-20")


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2025-09-26", Light.GREEN),
        ("2025-10-15", Light.GREEN),  # 11 of 20 left
        ("2025-10-16", Light.YELLOW),  # 10 of 20 left
        ("2025-10-28", Light.YELLOW),  # 2 left
        ("2025-10-29", Light.ORANGE),
        ("2025-10-30", Light.ORANGE),
        ("2025-10-31", Light.RED),
    ],
)
def test_lights(day, expected):
    assert clock.light(TWENTY, D(day), CHINA) is expected


def test_a_stopped_clock_keeps_the_light_of_its_last_day():
    decided = clock.stop(TWENTY, D("2025-10-10"))
    assert clock.light(decided, D("2026-05-01"), CHINA) is Light.GREEN
    assert clock.used(decided, D("2026-05-01"), CHINA) == clock.used(TWENTY, D("2025-10-10"), CHINA)
    late = clock.stop(TWENTY, D("2025-11-03"))
    assert clock.light(late, D("2026-05-01"), CHINA) is Light.RED


def test_stopping_ends_a_suspension():
    stopped = clock.stop(clock.suspend(TWENTY, D("2025-10-13"), "听证"), D("2025-10-20"))
    assert stopped.suspensions == (Suspension(D("2025-10-13"), D("2025-10-20"), "听证"),)
    assert not stopped.suspended


def test_a_suspension_does_not_heal_what_is_overdue():
    late = clock.suspend(TWENTY, D("2025-11-03"), "检验")
    assert clock.due(late, CHINA) == D("2025-10-30")
    assert clock.light(late, D("2025-11-04"), CHINA) is Light.RED
    assert clock.due(clock.resume(late, D("2025-11-20")), CHINA) == D("2025-10-30")


def test_a_clock_resumed_on_its_last_day_ends_on_a_working_day():
    last_day = clock.suspend(TWENTY, D("2025-10-30"), "检测")
    assert clock.due(clock.resume(last_day, D("2025-11-01")), CHINA) == D("2025-11-03")


def test_calendar_days_and_months():
    assert clock.due(Clock(15, Unit.DAY, D("2025-09-16")), CHINA) == D("2025-10-09")
    month = Clock(1, Unit.MONTH, D("2025-10-10"))
    assert (clock.total(month, CHINA), clock.due(month, CHINA)) == (31, D("2025-11-10"))
    # 10 days used, 21 left, counted from the end of the suspension.
    resumed = clock.resume(clock.suspend(month, D("2025-10-20"), "鉴定"), D("2025-10-30"))
    assert clock.due(resumed, CHINA) == D("2025-11-20")


def test_an_extension_is_counted_in_working_days_from_the_old_due_date_whatever_the_limit_is_counted_in():
    days = Clock(15, Unit.DAY, D("2025-09-16"))  # ends in the holidays: due on 9 October
    longer = clock.extend(days, 3, D("2025-10-09"), CHINA)
    assert clock.due(longer, CHINA) == D("2025-10-13")  # 10, 11 (a Saturday that is worked), 13
    assert (clock.total(longer, CHINA), clock.remaining(longer, D("2025-10-10"), CHINA)) == (27, 3)
    assert clock.light(longer, D("2025-10-13"), CHINA) is Light.ORANGE
    assert clock.light(longer, D("2025-10-14"), CHINA) is Light.RED
    month = clock.extend(Clock(1, Unit.MONTH, D("2025-10-10")), 5, D("2025-11-10"), CHINA)
    assert clock.due(month, CHINA) == D("2025-11-17")


def test_the_working_days_of_an_extension_that_were_left_are_counted_from_the_end_of_a_suspension():
    longer = clock.extend(Clock(15, Unit.DAY, D("2025-09-16")), 3, D("2025-10-09"), CHINA)
    stopped = clock.suspend(longer, D("2025-10-10"), "鉴定")  # one of three was used
    assert clock.due(stopped, CHINA) is None
    assert clock.remaining(stopped, D("2025-10-20"), CHINA) == 3
    assert clock.due(clock.resume(stopped, D("2025-10-24")), CHINA) == D("2025-10-28")
    within = clock.suspend(Clock(15, Unit.DAY, D("2025-09-16")), D("2025-09-21"), "鉴定")  # five of fifteen days
    within = clock.extend(within, 3, D("2025-09-22"), CHINA)
    assert clock.due(clock.resume(within, D("2025-10-10")), CHINA) == D("2025-10-23")  # 20 October and three more


def test_the_promise_binds_if_it_is_shorter():
    assert clock.effective_limit(20, 5) == 5
    assert clock.effective_limit(20, 30) == 20


def test_an_immediate_matter_is_due_the_same_day():
    assert clock.due(Clock(0, Unit.WORKDAY, ACCEPTED), CHINA) == ACCEPTED


def test_a_clock_that_runs_into_a_missing_year_says_so():
    with pytest.raises(CalendarGap):
        clock.due(Clock(20, Unit.WORKDAY, D("2026-12-20")), CHINA)


# What may not be done


def test_a_limit_is_extended_once_within_bounds_and_in_time():
    assert refused(clock.extend, TWENTY, 11, ACCEPTED, CHINA) == "too-long"
    assert refused(clock.extend, TWENTY, 0, ACCEPTED, CHINA) == "too-long"
    assert refused(clock.extend, TWENTY, 10, D("2025-10-31"), CHINA) == "overdue"
    longer = clock.extend(TWENTY, 5, D("2025-10-30"), CHINA)
    assert refused(clock.extend, longer, 5, D("2025-10-30"), CHINA) == "extended-already"
    assert refused(clock.extend, clock.stop(TWENTY, ACCEPTED), 5, ACCEPTED, CHINA) == "stopped"


def test_suspensions_follow_one_another():
    assert refused(clock.resume, TWENTY, ACCEPTED) == "not-suspended"
    assert refused(clock.suspend, TWENTY, D("2025-09-25"), "") == "out-of-order"
    once = clock.suspend(TWENTY, D("2025-10-13"), "检验")
    assert refused(clock.suspend, once, D("2025-10-14"), "检验") == "suspended"
    assert refused(clock.resume, once, D("2025-10-12")) == "out-of-order"
    again = clock.resume(once, D("2025-10-20"))
    assert refused(clock.suspend, again, D("2025-10-17"), "检测") == "out-of-order"
    assert refused(clock.stop, again, D("2025-10-17")) == "out-of-order"
    assert refused(clock.suspend, clock.stop(TWENTY, ACCEPTED), ACCEPTED, "") == "stopped"
    assert refused(clock.stop, clock.stop(TWENTY, ACCEPTED), ACCEPTED) == "stopped"


# A clock that is kept day by day


def slow_used(made, until):
    unit, start, stops = made.unit, made.started_on, made.suspensions
    count, day = 0, start
    while day < until:
        day += ONE
        suspended = any(s.start < day and (s.end is None or day <= s.end) for s in stops)
        count += not suspended and (unit is Unit.DAY or CHINA.is_workday(day))
    return count


@st.composite
def histories(draw):
    start = draw(st.dates(D("2024-01-01"), D("2025-06-01")))
    unit = draw(st.sampled_from([Unit.WORKDAY, Unit.DAY]))
    made = Clock(draw(st.integers(1, 40)), unit, start)
    day = start
    for _ in range(draw(st.integers(0, 3))):
        day += draw(st.integers(0, 15)) * ONE
        if day > clock.due(made, CHINA):
            break
        made = clock.suspend(made, day, "检验")
        day += draw(st.integers(0, 20)) * ONE
        made = clock.resume(made, day)
    return made, day


@settings(max_examples=150)
@given(histories(), st.integers(0, 60))
def test_every_history_agrees_with_a_clock_kept_day_by_day(history, later):
    made, last = history
    on = last + later * ONE
    counted = slow_used(made, on)
    assert clock.used(made, on, CHINA) == counted
    assert clock.remaining(made, on, CHINA) == made.limit - counted
    due = clock.due(made, CHINA)
    # The due date is the first working day, after every suspension, on which the limit is used up.
    day = max([made.started_on + ONE, *(s.end for s in made.suspensions)])
    while slow_used(made, day) < made.limit or not CHINA.is_workday(day):
        day += ONE
    assert due == day
    shown = clock.light(made, on, CHINA)
    assert (shown is Light.RED) == (on > due)


TWICE = clock.resume(clock.suspend(Clock(1, Unit.WORKDAY, D("2024-06-05")), D("2024-06-06"), "检验"), D("2024-06-08"))
"""Resumed on a Saturday with nothing left, and suspended for a moment on the next working day, a Tuesday."""


@settings(max_examples=150)
@given(histories(), st.integers(1, 10))
@example((clock.resume(clock.suspend(TWICE, D("2024-06-11"), "检验"), D("2024-06-11")), D("2024-06-11")), 1)
def test_an_extension_never_brings_the_due_date_forward(history, by):
    made, last = history
    due = clock.due(made, CHINA)
    if last <= due:
        longer = clock.due(clock.extend(made, by, last, CHINA), CHINA)
        assert longer >= due
        # With nothing left, a clock resumed on a day off was due on the next working day anyway: the first day of the
        # extension is that same day.
        given_already = any(
            clock.remaining(made, one.end, CHINA) <= 0 and not CHINA.is_workday(one.end) for one in made.suspensions
        )
        if by > 1 or not given_already:
            assert longer > due


def test_the_first_day_of_an_extension_may_be_the_day_that_was_due_anyway():
    spent = clock.resume(
        clock.suspend(Clock(1, Unit.WORKDAY, D("2024-01-11")), D("2024-01-12"), "检验"), D("2024-01-13")
    )
    assert clock.due(spent, CHINA) == D("2024-01-15")  # resumed on a Saturday with nothing left
    assert clock.due(clock.extend(spent, 1, D("2024-01-13"), CHINA), CHINA) == D("2024-01-15")
    assert clock.due(clock.extend(spent, 2, D("2024-01-13"), CHINA), CHINA) == D("2024-01-16")


# Joint clock


@st.composite
def members(draw):
    base = D("2025-03-03")
    made = []
    for _ in range(draw(st.integers(1, 3))):
        day = base + draw(st.integers(0, 6)) * ONE
        member = Clock(20, Unit.WORKDAY, day)
        for _ in range(draw(st.integers(0, 2))):
            day += draw(st.integers(0, 5)) * ONE
            member = clock.suspend(member, day, "检验")
            if draw(st.booleans()):
                day += draw(st.integers(0, 8)) * ONE
                member = clock.resume(member, day)
            else:
                break
        if draw(st.booleans()):
            member = clock.stop(member, day + draw(st.integers(0, 10)) * ONE)
        made.append(member)
    return made


@given(members())
def test_the_joint_clock_stands_only_while_every_running_case_does(cases):
    start = min(case.started_on for case in cases)
    joint = clock.joint(Clock(45, Unit.WORKDAY, start), cases)
    for offset in range(1, 60):
        day = start + offset * ONE
        running = [c for c in cases if c.started_on < day and (c.stopped_on is None or day <= c.stopped_on)]
        halted = [c for c in running if any(s.start < day and (s.end is None or day <= s.end) for s in c.suspensions)]
        stands = any(s.start < day and (s.end is None or day <= s.end) for s in joint.suspensions)
        assert stands == (bool(running) and len(halted) == len(running)), day


def test_one_agency_at_work_keeps_the_joint_clock_running():
    food = clock.resume(clock.suspend(TWENTY, D("2025-10-13"), "现场检验"), D("2025-10-20"))
    fire = clock.resume(clock.suspend(TWENTY, D("2025-10-16"), "检测"), D("2025-10-22"))
    joint = Clock(45, Unit.WORKDAY, ACCEPTED)
    assert clock.joint(joint, [food, TWENTY]) == joint
    both = clock.joint(joint, [food, fire])
    assert both.suspensions == (Suspension(D("2025-10-16"), D("2025-10-20"), "现场检验；检测"),)
    assert clock.due(both, CHINA) == D("2025-12-08")


# Now


def test_a_legal_date_is_the_local_date():
    assert clock.legal_date(datetime(2025, 12, 31, 15, 59, tzinfo=UTC)) == date(2025, 12, 31)
    assert clock.legal_date(datetime(2025, 12, 31, 16, 0, tzinfo=UTC)) == date(2026, 1, 1)
    assert clock.legal_date(datetime(2025, 12, 31, 16, 0, tzinfo=UTC), UTC) == date(2025, 12, 31)


def test_a_deadline_passes_at_midnight():
    end = clock.end_of(D("2025-10-30"))
    assert end == datetime(2025, 10, 30, 16, tzinfo=UTC)
    assert clock.legal_date(end - timedelta(microseconds=1)) == D("2025-10-30")
    assert clock.legal_date(end) == D("2025-10-31")


def test_now_can_be_set_and_comes_back():
    instant = datetime(2025, 9, 26, 8, tzinfo=clock.SHANGHAI)
    seen = []
    with clock.at(instant):
        assert clock.now() == instant
        assert clock.now().tzinfo is UTC
        assert clock.today() == D("2025-09-26")
        with clock.at(instant + ONE):
            assert clock.today() == D("2025-09-27")
        assert clock.today() == D("2025-09-26")
        other = threading.Thread(target=lambda: seen.append(clock.now()))
        other.start()
        other.join()
    assert abs(seen[0] - datetime.now(UTC)) < timedelta(minutes=1), "another thread has its own time"
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_now_comes_back_after_an_error():
    with pytest.raises(RuntimeError, match="inside"), clock.at(datetime(2000, 1, 1, tzinfo=UTC)):
        raise RuntimeError("inside")
    assert clock.now().year > 2000


def test_instants_need_a_time_zone():
    naive = datetime(2025, 1, 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        clock.legal_date(naive)
    with pytest.raises(ValueError, match="time zone"), clock.at(naive):
        pass
