"""The day on which a clock turns yellow, against the clock asked day by day."""

from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yiwang.kernel import clock
from yiwang.kernel.calendar import Unit
from yiwang.kernel.clock import Clock, Light, Suspension
from yiwang.kernel.tests.test_calendar import CHINA
from yiwang.platform.cases import rules


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    limit=st.integers(0, 30),
    start=st.dates(date(2025, 1, 6), date(2025, 9, 1)),
    pauses=st.lists(st.tuples(st.integers(1, 20), st.integers(0, 20)), max_size=3),
    extension=st.integers(0, 10),
)
def test_half_is_the_first_day_on_which_half_or_less_is_left(limit, start, pauses, extension):
    stops, day = [], start
    for wait, length in pauses:
        begin = day + timedelta(days=wait)
        day = begin + timedelta(days=length)
        stops.append(Suspension(begin, day, "x"))
    value = Clock(limit, Unit.WORKDAY, start, tuple(stops), extension)
    half = rules.half_on(value, CHINA)
    slow = start
    while 2 * clock.remaining(value, slow, CHINA) > clock.total(value, CHINA):
        slow += timedelta(days=1)
    assert half == slow
    assert clock.light(value, half, CHINA) is not Light.GREEN


def test_half_is_unknown_while_the_clock_stands_still_before_it_and_known_after():
    value = Clock(10, Unit.WORKDAY, date(2025, 3, 3))
    assert rules.half_on(value, CHINA) == date(2025, 3, 10)
    assert rules.half_on(clock.suspend(value, date(2025, 3, 5), "x"), CHINA) is None
    assert rules.half_on(clock.suspend(value, date(2025, 3, 11), "x"), CHINA) == date(2025, 3, 10)


def test_months_and_calendar_days_have_a_half_too():
    assert rules.half_on(Clock(30, Unit.DAY, date(2025, 3, 3)), CHINA) == date(2025, 3, 18)
    assert rules.half_on(Clock(2, Unit.MONTH, date(2025, 3, 3)), CHINA) == date(2025, 4, 3)


def test_half_of_an_extended_limit_of_calendar_days_counts_its_extension():
    value = Clock(30, Unit.DAY, date(2025, 3, 3), extension=10)  # to 2 April, and on to 17 April: 45 days
    assert rules.half_on(value, CHINA) == date(2025, 3, 26)
