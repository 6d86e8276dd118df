"""Keyset paging over real rows: whole, without doubles, by an index, while rows come and go."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import Error, connection, models
from django.test.utils import CaptureQueriesContext

from yiwang.kernel.models import CalendarDay, CalendarYear
from yiwang.kernel.paging import BadCursor, Count, Paging, counting, counts, cursor_at, more_than, page, total

START = date(2025, 1, 1)


@pytest.fixture
def days(db):
    CalendarDay.objects.bulk_create(
        [
            CalendarDay(region=str(i % 4), date=START + timedelta(days=i // 4), is_workday=i % 2 == 0, reason=str(i))
            for i in range(40)
        ]
    )
    return CalendarDay.objects.all()


def walk(queryset, order, size, back=False):
    seen, cursor = [], ""
    first = page(queryset, order, size)
    if back:
        while first.next:
            first = page(queryset, order, size, after=first.next)
    shown = first
    while True:
        ids = [item.pk for item in shown.items]
        seen = ids + seen if back else seen + ids
        cursor = shown.previous if back else shown.next
        if not cursor:
            return seen
        shown = page(queryset, order, size, **({"before": cursor} if back else {"after": cursor}))


@pytest.mark.parametrize("order", [("date", "id"), ("-date", "-id"), ("date",), ("is_workday", "date"), ("id",)])
@pytest.mark.parametrize("size", [1, 7, 40, 41])
def test_walking_shows_every_row_once_in_order_both_ways(days, order, size):
    down = order[0].startswith("-")
    whole = days.order_by(*order, *(() if order[-1].endswith("id") else ("-id" if down else "id",)))
    expected = list(whole.values_list("pk", flat=True))
    assert walk(days, order, size) == expected
    assert walk(days, order, size, back=True) == expected


def test_forward_and_back_show_the_same_page(days):
    first = page(days, ("date", "id"), 10)
    second = page(days, ("date", "id"), 10, after=first.next)
    third = page(days, ("date", "id"), 10, after=second.next)
    assert page(days, ("date", "id"), 10, before=third.previous).items == second.items
    again = page(days, ("date", "id"), 10, before=second.previous)
    assert (again.items, again.previous) == (first.items, "")
    assert not first.previous


def test_rows_that_come_and_go_move_nothing(days):
    order = ("date", "id")
    first = page(days, order, 10)
    expected = page(days, order, 10, after=first.next).items
    first.items[-1].delete()
    CalendarDay.objects.create(region="x", date=START, is_workday=True)
    assert page(days, order, 10, after=first.next).items == expected


def test_one_query_along_the_index_and_no_count(days):
    first = page(days, ("date", "id"), 10)
    with CaptureQueriesContext(connection) as queries:
        page(days, ("date", "id"), 10, after=first.next)
    (query,) = queries
    assert "COUNT" not in query["sql"]
    assert '("kernel_calendarday"."date", "kernel_calendarday"."id") > (' in query["sql"]
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX days_by_date ON kernel_calendarday (date, id)")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("EXPLAIN " + query["sql"])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Cond: (ROW(date, id) > ROW(" in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("cursor", ["x", "abc:def:ghi", "e30:1t:xx"])
def test_a_cursor_that_is_not_ours_is_refused(days, cursor):
    with pytest.raises(BadCursor):
        page(days, after=cursor)


def test_a_changed_cursor_and_one_of_another_list_are_refused(days):
    cursor = page(days, ("date", "id"), 5).next
    with pytest.raises(BadCursor):
        page(days, ("date", "id"), 5, after=cursor[:-1] + ("a" if cursor[-1] != "a" else "b"))
    with pytest.raises(BadCursor):
        page(days, ("id",), 5, after=cursor)
    with pytest.raises(BadCursor):
        page(days, ("-date", "-id"), 5, after=cursor)
    with pytest.raises(BadCursor):
        page(CalendarYear.objects.all(), after=page(days, size=5).next)


class Loose(models.Model):
    """A table of this test only, never made."""

    maybe = models.DateField(null=True)

    class Meta:
        app_label = "kernel_tests"
        managed = False


@pytest.mark.parametrize("order", [("maybe",), ("nothing",), ("id", "-maybe"), ()])
def test_an_order_that_would_lose_rows_is_a_mistake(order):
    with pytest.raises(ValueError, match="page"):
        page(Loose.objects.all(), order)


def test_an_empty_list_is_an_empty_page(db):
    shown = page(CalendarDay.objects.none(), size=5)
    assert (shown.items, shown.next, shown.previous) == ([], "", "")


def test_counts_are_capped(days):
    assert more_than(days, 39) == Count(39, True)
    assert str(more_than(days, 39)) == "39+"
    assert str(more_than(days, 40)) == "40"
    with CaptureQueriesContext(connection) as queries:
        more_than(days, 5)
    assert "LIMIT 6" in queries[0]["sql"]


@pytest.mark.parametrize("order", [("date",), ("-date",)])
@pytest.mark.parametrize("size", [1, 7, 41])
def test_several_branches_are_one_list(days, order, size):
    branches = [days.filter(region=region) for region in "012"]
    whole = days.filter(region__in="012").order_by(*order, "-id" if order[0].startswith("-") else "id")
    wanted = list(whole.values_list("pk", flat=True))
    assert walk(branches, order, size) == wanted
    assert walk(branches, order, size, back=True) == wanted
    with CaptureQueriesContext(connection) as queries:
        page(branches, order, size)
    assert len(queries) == 1


def test_branches_that_overlap_show_a_row_once_and_none_show_nothing(days):
    shown = page([days.filter(region="0"), days.filter(region__in="01")], ("date",), 100)
    assert len(shown.items) == len({one.pk for one in shown.items}) == 20
    assert page([], ("date",)).items == []


def test_a_cursor_stands_at_any_row(days):
    rows = list(days.order_by("date", "id"))
    after = page(days, ("date",), 1, after=cursor_at(rows[5], ("date",)))
    before = page(days, ("date",), 1, before=cursor_at(rows[5], ("date",)))
    assert (after.items, before.items) == ([rows[6]], [rows[4]])


@pytest.mark.parametrize("any_values", [False, True])
def test_many_lists_are_counted_in_one_query_to_a_cap(days, any_values):
    groups = {
        "all": [days],
        "two": [days.filter(region="0"), days.filter(region="1")],
        "overlapping": [days.filter(region="0"), days.filter(region__in=["0", "1"])],
        "none": [days.none()],
        "empty": [],
    }
    with CaptureQueriesContext(connection) as queries:
        found = counting(groups, cap=30, any_values=any_values).counts()
    assert len(queries) == 1
    assert {name: str(count) for name, count in found.items()} == {
        "all": "30+",
        "two": "20",
        "overlapping": "20",
        "none": "0",
        "empty": "0",
    }
    assert counts({}) == {}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("any_values", [False, True])
def test_a_plan_for_any_values_is_of_that_count_only(any_values):
    rows = CalendarDay.objects.filter(region="0")
    mine = counting({"one": [rows, rows.filter(is_workday=True)]}, any_values=any_values)
    wrong = replace(mine, sql="SELECT 1 / %s", params=(0,))
    with connection.cursor() as sql:
        for _number in range(12):  # more often than it takes to be kept, and to be planned with its values
            mine.counts()
        for broken in (wrong, replace(mine, params=(object(),) * len(mine.params))):
            with pytest.raises(Error):
                broken.counts()
        sql.execute("SHOW plan_cache_mode")
        assert sql.fetchone() == ("auto",)
        sql.execute("SELECT custom_plans FROM pg_prepared_statements WHERE statement LIKE '%%AS branches%%'")
        assert [number == 0 for (number,) in sql.fetchall()] == [any_values]


@pytest.mark.parametrize("cap", [5, 15, 40, 99])
def test_capped_counts_add_up_to_what_counting_all_would_give(days, cap):
    parts = {name: [days.filter(region=name)] for name in "0123"}
    together = counts({"all": [rows for (rows,) in parts.values()]}, cap)["all"]
    assert total(counts(parts, cap).values(), cap) == together == more_than(days, cap)
    assert total([]) == Count(0, False)


@pytest.mark.parametrize("order", [("date",), ("-date", "-id"), ("id",)])
@pytest.mark.parametrize("size", [1, 7, 41])
def test_a_prepared_list_gives_the_same_pages_and_sees_new_rows(days, order, size):
    branches = [days.filter(region="0"), days.filter(region__in=["0", "1"]), days.filter(region="3")]
    prepared = Paging(lambda: branches, order, size)

    def same(**cursor):
        shown, plain = prepared.page(**cursor), page(branches, order, size, **cursor)
        assert shown.items == plain.items
        assert (bool(shown.next), bool(shown.previous)) == (bool(plain.next), bool(plain.previous))
        return shown

    shown = same()
    while shown.next:
        shown = same(after=shown.next)
    while shown.previous:
        shown = same(before=shown.previous)
    first = days.filter(region="0").order_by(*order, *([] if order[-1].endswith("id") else ["id"])).first()
    first.delete()
    same()
    with pytest.raises(BadCursor):
        prepared.page(after="nonsense")


def test_a_prepared_list_of_nothing_is_an_empty_page(db):
    assert Paging(lambda: [], ("date",), 5).page().items == []
