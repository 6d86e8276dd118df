"""The calendar in the database: seeded, read once, read anew when it changes."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from yiwang.kernel import holidays
from yiwang.kernel.calendar import CalendarGap, Unit
from yiwang.kernel.models import CalendarDay, CalendarYear

NEW_YEAR = date(2027, 1, 1)


@pytest.fixture(autouse=True)
def _seeded(db):
    holidays.seed()


def test_the_seed_covers_2004_to_2026_and_counts():
    assert list(CalendarYear.objects.order_by("year").values_list("year", flat=True)) == list(range(2004, 2027))
    assert holidays.for_region("330302").due(date(2025, 9, 26), 20, Unit.WORKDAY) == date(2025, 10, 30)
    with pytest.raises(CalendarGap):
        holidays.for_region().is_workday(NEW_YEAR)


def test_seeding_again_adds_nothing_and_keeps_what_was_entered():
    CalendarDay.objects.filter(date=date(2025, 10, 1)).update(reason="国庆节（已核对）")
    assert holidays.seed() == 0
    assert CalendarDay.objects.get(date=date(2025, 10, 1)).reason == "国庆节（已核对）"


def test_what_is_in_memory_costs_one_query():
    holidays.table()
    with CaptureQueriesContext(connection) as queries:
        assert holidays.table() is holidays.table()
    assert len(queries) == 2


def test_a_year_that_is_entered_counts_at_once():
    before = holidays.table()
    CalendarDay.objects.create(region="", date=NEW_YEAR, is_workday=False, reason="元旦", source="国办通知")
    CalendarYear.objects.create(region="", year=2027, source="国办通知")
    assert holidays.table() is not before
    assert not holidays.for_region().is_workday(NEW_YEAR)
    assert holidays.for_region("3303").rule(NEW_YEAR).source == "国办通知"


def test_a_changed_day_counts_as_soon_as_its_year_is_touched():
    year = CalendarYear.objects.get(year=2026)
    assert holidays.for_region().is_workday(date(2026, 3, 3))
    CalendarDay.objects.create(region="", date=date(2026, 3, 3), is_workday=False, reason="临时放假")
    year.save()
    assert not holidays.for_region().is_workday(date(2026, 3, 3))


def test_a_removed_year_cannot_be_counted_any_more():
    CalendarYear.objects.filter(year=2026).delete()
    with pytest.raises(CalendarGap):
        holidays.for_region().is_workday(date(2026, 3, 3))


def test_a_provisional_year_counts_only_where_allowed():
    CalendarYear.objects.create(region="", year=2027, provisional=True)
    with pytest.raises(CalendarGap):
        holidays.for_region().is_workday(NEW_YEAR)
    assert holidays.for_region(provisional=True).is_workday(NEW_YEAR)
