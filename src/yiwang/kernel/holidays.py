"""The calendar out of the database, kept in memory as long as nobody changed it, and its first filling."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version

from django.db import connection, transaction

from yiwang.kernel.calendar import NATIONAL, CalendarTable, DayRule, Holidays, YearRule
from yiwang.kernel.models.calendar import CalendarDay, CalendarYear
from yiwang.kernel.recording import once

_cached: tuple[tuple[int, datetime | None], CalendarTable] | None = None


def table() -> CalendarTable:
    """Return the calendar of every region. One small query tells whether what is in memory is still right, once in
    an act.
    """
    return once("calendar", _table)


def _table() -> CalendarTable:
    global _cached  # noqa: PLW0603 - one table for the process
    with connection.cursor() as sql:
        sql.execute("SELECT count(*), max(changed_at) FROM kernel_calendaryear")
        stamp = sql.fetchone()
    if _cached is None or _cached[0] != stamp:
        years = [YearRule(*row) for row in CalendarYear.objects.values_list("region", "year", "source", "provisional")]
        days = [
            DayRule(*row) for row in CalendarDay.objects.values_list("region", "date", "is_workday", "reason", "source")
        ]
        _cached = stamp, CalendarTable(years, days)
    return _cached[1]


def for_region(region: str = NATIONAL, *, provisional: bool = False) -> Holidays:
    """Return the calendar of a region; see ``CalendarTable.holidays``. In a list, take ``table`` once
    instead.
    """
    return table().holidays(region, provisional=provisional)


def official_days() -> Iterator[DayRule]:
    """Give the national holidays and make-up working days that ``chinesecalendar`` knows (2004 to 2026)."""
    source = f"chinesecalendar {version('chinesecalendar')}"
    from chinese_calendar import constants as official  # 3 MB that only filling the calendar needs

    names = {holiday.value: holiday.chinese for holiday in official.Holiday}
    for day, name in official.holidays.items():
        yield DayRule(NATIONAL, day, False, names[name], source)
    for day, name in official.workdays.items():
        yield DayRule(NATIONAL, day, True, f"{names[name]}调休", source)


def seed() -> int:
    """Enter the years that ``chinesecalendar`` knows; return how many are new. What an administrator
    entered stays.
    """
    days = list(official_days())
    with transaction.atomic():
        known = set(CalendarYear.objects.filter(region=NATIONAL).values_list("year", flat=True))
        new = {rule.day.year for rule in days} - known
        CalendarDay.objects.bulk_create(
            [
                CalendarDay(
                    region=rule.region,
                    date=rule.day,
                    is_workday=rule.is_workday,
                    reason=rule.reason,
                    source=rule.source,
                )
                for rule in days
                if rule.day.year in new
            ],
            ignore_conflicts=True,
        )
        CalendarYear.objects.bulk_create(
            [CalendarYear(region=NATIONAL, year=year, source=days[0].source) for year in sorted(new)]
        )
    return len(new)
