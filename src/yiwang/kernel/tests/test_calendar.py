"""Working days: the vectors of the standards, and a day-by-day count that every rule must agree with."""

import time
from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel.calendar import CalendarGap, CalendarTable, DayRule, Unit, YearRule, add_months
from yiwang.kernel.holidays import official_days

DAYS = list(official_days())
YEARS = [YearRule("", year, "国务院办公厅") for year in sorted({rule.day.year for rule in DAYS})]
TABLE = CalendarTable(YEARS, DAYS)
CHINA = TABLE.holidays()
ONE = timedelta(days=1)


def D(text):  # noqa: N802
    return date.fromisoformat(text)


def slow_due(start, n, unit):
    """Count one day after another, asking the package that the table was seeded from."""
    if n == 0:
        return start
    day = start
    if unit is Unit.WORKDAY:
        while n:
            day += ONE
            n -= chinese_calendar.is_workday(day)
        return day
    if unit is Unit.DAY:
        day += n * ONE
    else:
        year, month = start.year, start.month
        for _ in range(n):
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        last = 31
        while True:
            try:
                day = date(year, month, min(start.day, last))
                break
            except ValueError:
                last -= 1
    while not chinese_calendar.is_workday(day):
        day += ONE
    return day


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [
        ("2025-09-26", 5, "2025-10-10"),
        ("2025-09-26", 20, "2025-10-30"),
        ("2025-09-26", 30, "2025-11-13"),
        ("2025-09-26", 45, "2025-12-04"),
        ("2025-09-26", 60, "2025-12-25"),
        ("2025-10-30", 10, "2025-11-13"),
        ("2025-09-30", 7, "2025-10-16"),
        ("2025-04-30", 5, "2025-05-12"),
        ("2025-01-24", 10, "2025-02-13"),
        ("2025-09-27", 0, "2025-09-27"),
    ],
)
def test_worked_examples(start, n, expected):
    assert CHINA.due(D(start), n, Unit.WORKDAY) == D(expected)


@pytest.mark.parametrize(
    ("start", "n", "unit", "expected"),
    [
        ("2025-09-26", 5, Unit.DAY, "2025-10-09"),  # 1 October is a holiday, so is the whole week
        ("2025-09-23", 5, Unit.DAY, "2025-09-28"),  # a Sunday, but a make-up working day
        ("2025-09-22", 5, Unit.DAY, "2025-09-28"),  # a Saturday, then that Sunday
        ("2025-01-31", 1, Unit.MONTH, "2025-02-28"),
        ("2024-01-31", 1, Unit.MONTH, "2024-02-29"),
        ("2025-11-30", 3, Unit.MONTH, "2026-02-28"),  # a Saturday, but a make-up working day
        ("2025-10-15", 3, Unit.MONTH, "2026-01-15"),
    ],
)
def test_calendar_periods_end_on_a_working_day(start, n, unit, expected):
    assert CHINA.due(D(start), n, unit) == D(expected)


def test_the_make_up_days_and_the_working_year():
    for year, days in {
        2025: ["01-26", "02-08", "04-27", "09-28", "10-11"],
        2026: ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"],
    }.items():
        made_up = [r.day for r in DAYS if r.is_workday and r.day.year == year]
        assert made_up == [D(f"{year}-{day}") for day in days]
    assert CHINA.workdays_between(D("2024-12-31"), D("2025-12-31")) == 248


def test_every_day_agrees_with_the_package_and_has_a_reason_and_a_source():
    day = D("2004-01-01")
    while day.year < 2027:
        assert CHINA.is_workday(day) == chinese_calendar.is_workday(day), day
        if CHINA.is_workday(day) != (day.weekday() < 5):
            rule = CHINA.rule(day)
            assert rule.reason
            assert rule.source.startswith("chinesecalendar")
        day += ONE


days = st.dates(D("2004-01-01"), D("2025-10-31"))


@given(days, st.integers(0, 100), st.sampled_from([Unit.WORKDAY, Unit.DAY]))
def test_due_agrees_with_the_slow_count(start, n, unit):
    assert CHINA.due(start, n, unit) == slow_due(start, n, unit)


@given(days, st.integers(0, 12))
def test_months_agree_with_the_slow_count(start, n):
    assert CHINA.due(start, n, Unit.MONTH) == slow_due(start, n, Unit.MONTH)


@given(days, st.integers(-60, 60))
def test_workdays_between_agrees_with_the_slow_count(start, offset):
    end = max(start + offset * ONE, D("2004-01-01"))
    low, high = sorted((start, end))
    count = sum(chinese_calendar.is_workday(low + i * ONE) for i in range(1, (high - low).days + 1))
    assert CHINA.workdays_between(start, end) == (count if end >= start else -count)


@given(days, st.integers(1, 100))
def test_due_and_workdays_between_are_inverse(start, n):
    end = CHINA.due(start, n, Unit.WORKDAY)
    assert CHINA.is_workday(end)
    assert CHINA.workdays_between(start, end) == n


@given(days)
def test_next_workday_is_the_first_not_before(day):
    following = CHINA.next_workday(day)
    assert CHINA.is_workday(following)
    assert all(not CHINA.is_workday(day + i * ONE) for i in range((following - day).days))


def test_the_first_and_last_day_of_the_table_can_be_asked():
    assert not CHINA.is_workday(D("2004-01-01"))
    assert CHINA.next_workday(D("2004-01-01")) == D("2004-01-02")
    assert CHINA.due(D("2026-12-30"), 1, Unit.WORKDAY) == D("2026-12-31")


@pytest.mark.parametrize(
    ("ask", "year"),
    [
        (lambda h: h.due(D("2026-12-31"), 1, Unit.WORKDAY), 2027),
        (lambda h: h.due(D("2026-12-20"), 20, Unit.DAY), 2027),
        (lambda h: h.due(D("2026-12-20"), 2, Unit.MONTH), 2027),
        (lambda h: h.due(D("2003-12-31"), 1, Unit.WORKDAY), 2003),
        (lambda h: h.due(D("2030-01-01"), 1, Unit.WORKDAY), 2030),
        (lambda h: h.is_workday(D("2027-01-01")), 2027),
        (lambda h: h.workdays_between(D("2026-12-31"), D("2027-01-05")), 2027),
        (lambda h: h.workdays_between(D("2027-01-05"), D("2026-12-31")), 2027),
    ],
)
def test_a_missing_year_stops_the_count_and_says_which(ask, year):
    with pytest.raises(CalendarGap, match=f"^{year} 年的工作日历尚未录入") as caught:
        ask(CHINA)
    assert caught.value.year == year


def test_a_hole_between_years_stops_the_count():
    holed = CalendarTable([YearRule("", 2024), YearRule("", 2026)], DAYS).holidays()
    with pytest.raises(CalendarGap) as caught:
        holed.due(D("2024-12-31"), 1, Unit.WORKDAY)
    assert caught.value.year == 2025
    with pytest.raises(CalendarGap):
        holed.workdays_between(D("2024-12-31"), D("2026-01-05"))
    assert holed.due(D("2026-01-01"), 1, Unit.WORKDAY) == D("2026-01-04")


def test_an_empty_calendar_counts_nothing():
    for provisional in (False, True):
        with pytest.raises(CalendarGap):
            CalendarTable([], []).holidays(provisional=provisional).due(D("2025-01-01"), 1, Unit.WORKDAY)


def test_a_provisional_calendar_takes_monday_to_friday_and_says_so():
    allowed = TABLE.holidays(provisional=True)
    end = allowed.due(D("2026-12-30"), 5, Unit.WORKDAY)
    assert end == D("2027-01-06")  # 1 January 2027 is a Friday and counts until somebody enters it
    assert allowed.provisional(D("2026-12-30"), end)
    assert not allowed.provisional(D("2026-12-01"), D("2026-12-31"))
    assert allowed.due(D("2025-09-26"), 20, Unit.WORKDAY) == CHINA.due(D("2025-09-26"), 20, Unit.WORKDAY)
    with pytest.raises(CalendarGap):
        allowed.due(D("2040-01-01"), 1, Unit.WORKDAY)


def test_a_year_entered_ahead_of_the_notice_counts_only_where_that_is_allowed():
    entered = CalendarTable(
        [*YEARS, YearRule("", 2027, "预排", provisional=True)],
        [*DAYS, DayRule("", D("2027-01-01"), False, "元旦")],
    )
    with pytest.raises(CalendarGap):
        entered.holidays().due(D("2026-12-30"), 5, Unit.WORKDAY)
    allowed = entered.holidays(provisional=True)
    assert allowed.due(D("2026-12-30"), 5, Unit.WORKDAY) == D("2027-01-07")
    assert allowed.provisional(D("2026-12-30"), D("2027-01-07"))


def test_a_region_inherits_and_overrides():
    local = CalendarTable(
        YEARS,
        [
            *DAYS,
            DayRule("33", D("2025-04-03"), False, "三月三", "省政府公告"),
            DayRule("3303", D("2025-04-03"), True, "照常上班", "市政府公告"),
            DayRule("330326", D("2025-06-02"), True, "不放假", "县政府公告"),
        ],
    )
    holiday = D("2025-04-03")
    assert local.holidays("").is_workday(holiday)
    assert local.holidays("44").is_workday(holiday)
    assert not local.holidays("33").is_workday(holiday)
    assert not local.holidays("330482").is_workday(holiday)
    assert local.holidays("330302001001").is_workday(holiday)
    assert local.holidays("330302").rule(holiday).source == "市政府公告"
    assert not local.holidays("330302").is_workday(D("2025-06-02"))
    assert local.holidays("330326001").is_workday(D("2025-06-02"))
    assert local.holidays("330302") is local.holidays("330302001001"), "regions without rules share a calendar"


def test_a_year_may_be_entered_for_one_region_only():
    local = CalendarTable([*YEARS, YearRule("6540", 2027)], DAYS)
    assert local.holidays("654001").is_workday(D("2027-03-01"))
    with pytest.raises(CalendarGap):
        local.holidays("33").is_workday(D("2027-03-01"))


def test_a_negative_period_is_a_mistake():
    with pytest.raises(ValueError, match="negative"):
        CHINA.due(D("2025-01-01"), -1, Unit.WORKDAY)


@given(days, st.integers(-40, 40))
def test_add_months_keeps_the_day_or_the_end_of_the_month(start, months):
    end = add_months(start, months)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day == start.day or (end.day < start.day and (end + ONE).day == 1)


def test_counting_does_not_walk_the_days():
    start, rounds = D("2024-01-01"), 2000
    begin = time.perf_counter()
    for _ in range(rounds):
        CHINA.due(start, 1, Unit.WORKDAY)
    near = time.perf_counter() - begin
    begin = time.perf_counter()
    for _ in range(rounds):
        CHINA.due(start, 700, Unit.WORKDAY)
    far = time.perf_counter() - begin
    assert far < 10 * near + 0.01
