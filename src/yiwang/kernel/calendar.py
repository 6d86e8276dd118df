"""The working-day calendar as data, and the counting of legal periods on it.

A year counts only if the table says so: swap days (调休) are published once a year and cannot be derived
(全国年节及纪念日放假办法). Where a year is missing, counting stops with ``CalendarGap`` unless the caller
asked for a
provisional calendar, which takes Monday to Friday for granted and can tell afterwards that it did.

Pure: no database, no clock. ``yiwang.kernel.holidays`` loads the table. Region codes are those of
``codes``; the empty code is the whole country, and a region inherits from the shorter codes that it begins
with.
"""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

NATIONAL = ""
_PROVISIONAL_YEARS = 10


class Unit(StrEnum):
    """What a period is counted in: every one in the law names its own (STANDARDS trap 14)."""

    WORKDAY = "workday"
    DAY = "day"
    MONTH = "month"


class CalendarGap(LookupError):
    """No calendar for ``year``: the administrator must enter that year's notice before dates in it can be
    counted.
    """

    def __init__(self, year: int) -> None:
        super().__init__(
            f"{year} 年的工作日历尚未录入，无法计算跨入该年的期限。请管理员先录入国务院办公厅公布的放假安排。"
        )
        self.year = year


@dataclass(frozen=True, slots=True)
class DayRule:
    """One day that differs from Monday-to-Friday, or has a name: with its reason and the document that says
    so.
    """

    region: str
    day: date
    is_workday: bool
    reason: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class YearRule:
    """A year that has been entered for a region. ``provisional``: before the official notice, dates may
    move.
    """

    region: str
    year: int
    source: str = ""
    provisional: bool = False


def add_months(start: date, months: int) -> date:
    """Return the same day ``months`` later, or the month's last day where there is none (民法典 art. 202)."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, gregorian.monthrange(year, month + 1)[1]))


class Holidays:
    """The calendar of one region, ready to count: a count of working days before each day, and a list of
    them.
    """

    __slots__ = (
        "_base",
        "_before",
        "_days",
        "_first",
        "_last",
        "_official",
        "_usable",
        "_workdays",
        "region",
    )

    def __init__(
        self, region: str, days: dict[date, DayRule], official: frozenset[int], usable: frozenset[int]
    ) -> None:
        self.region = region
        self._days = days
        self._official = official
        self._usable = usable
        self._first, self._last = min(usable, default=1), max(usable, default=0)
        self._base = date(self._first, 1, 1).toordinal()
        size = date(self._last, 12, 31).toordinal() - self._base + 1 if usable else 0
        working = bytearray((self._base - 1 + i) % 7 < 5 for i in range(size))  # ordinal 1 was a Monday
        for day, rule in days.items():
            if self._first <= day.year <= self._last:
                working[day.toordinal() - self._base] = rule.is_workday
        self._workdays: list[int] = []
        self._before = [0] * (size + 1)
        for index, works in enumerate(working):
            if works:
                self._workdays.append(self._base + index)
            self._before[index + 1] = len(self._workdays)

    def is_workday(self, day: date) -> bool:
        """Tell whether ``day`` is worked, make-up days included. Raises CalendarGap."""
        self._need(day.year, day.year)
        index = day.toordinal() - self._base
        return self._before[index + 1] > self._before[index]

    def rule(self, day: date) -> DayRule | None:
        """Return the rule that names ``day``, if there is one, with its reason and source document."""
        return self._days.get(day)

    def next_workday(self, day: date) -> date:
        """Return ``day`` if it is worked, else the next one that is. Raises CalendarGap."""
        self._need(day.year, day.year)
        return self._workday(self._before[day.toordinal() - self._base], day.year)

    def due(self, start: date, n: int, unit: Unit) -> date:
        """Return the last day of a period of ``n`` units; the day of the event is not counted (民法典 arts.
        201, 203).

        A period of calendar days or months that would end on a day off ends on the next working day. ``n``
        = 0 is the day itself. Raises ValueError for a negative ``n``, CalendarGap where the calendar ends.
        """
        if n < 0:
            raise ValueError("a period cannot be negative")
        if n == 0:
            return start
        if unit is not Unit.WORKDAY:
            end = start + timedelta(days=n) if unit is Unit.DAY else add_months(start, n)
            return self.next_workday(end)
        year = start.year
        if year not in self._usable:
            raise CalendarGap(year)
        return self._workday(self._before[start.toordinal() - self._base + 1] + n - 1, year)

    def workdays_between(self, after: date, until: date) -> int:
        """Return how many working days lie after ``after``, up to and including ``until``; negative if
        reversed.

        Raises CalendarGap.
        """
        low, high = (after, until) if after <= until else (until, after)
        self._need(low.year, high.year)
        return self._before[until.toordinal() - self._base + 1] - self._before[after.toordinal() - self._base + 1]

    def provisional(self, start: date, end: date) -> bool:
        """Tell whether a count from ``start`` to ``end`` rests on a year that is not official yet."""
        return any(year not in self._official for year in range(start.year, end.year + 1))

    def _workday(self, rank: int, year: int) -> date:
        """Return the working day of that rank, if every year from ``year`` to its own may be counted."""
        if rank >= len(self._workdays):
            self._need(year, self._last)
            raise CalendarGap(self._last + 1)
        day = date.fromordinal(self._workdays[rank])
        if day.year != year:
            self._need(year, day.year)
        return day

    def _need(self, first: int, last: int) -> None:
        for year in range(first, last + 1):
            if year not in self._usable:
                raise CalendarGap(year)


class CalendarTable:
    """Every rule of every region; gives the calendar of one by looking from the region up to the country."""

    def __init__(self, years: Iterable[YearRule], days: Iterable[DayRule]) -> None:
        self._years: dict[str, list[YearRule]] = {}
        for year in years:
            self._years.setdefault(year.region, []).append(year)
        self._days: dict[str, list[DayRule]] = {}
        for day in days:
            self._days.setdefault(day.region, []).append(day)
        self._codes = {NATIONAL, *self._years, *self._days}
        self._made: dict[tuple[str, bool], Holidays] = {}

    def holidays(self, region: str = NATIONAL, *, provisional: bool = False) -> Holidays:
        """Return the calendar of ``region``: a rule of a smaller region goes before that of a larger one.

        Only official years can be counted, unless ``provisional`` allows those entered ahead of the notice
        and, as Monday to Friday, those missing up to ten years after the last. Regions without rules of
        their own share one.
        """
        while region not in self._codes:
            region = region[:-1]
        key = (region, provisional)
        if key not in self._made:
            self._made[key] = self._make(region, provisional)
        return self._made[key]

    def _make(self, region: str, provisional: bool) -> Holidays:
        chain = [code for code in sorted(self._codes) if region.startswith(code)]  # from the country down
        days = {rule.day: rule for code in chain for rule in self._days.get(code, ())}
        years = {rule.year: rule for code in chain for rule in self._years.get(code, ())}
        official = frozenset(year for year, rule in years.items() if not rule.provisional)
        usable = official
        if provisional and years:
            usable = frozenset(range(min(years), max(years) + _PROVISIONAL_YEARS + 1))
        return Holidays(region, days, official, usable)
