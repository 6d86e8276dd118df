"""A query that was put into SQL once answers as the ORM does, whatever stands in its slots."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db.models import F, Value

from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.ids import uuid7
from yiwang.kernel.models import CalendarDay, Event, Timer

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)


@pytest.fixture
def timers():
    return [
        Timer.objects.create(kind=kind, subject_id=uuid7(), due_at=NOON, failures=number, fired_at=fired)
        for number, (kind, fired) in enumerate([("a", None), ("b", NOON), ("b", None), ("c", None)])
    ]


def test_instances_are_the_rows(timers, django_assert_num_queries):
    query = Compiled(lambda: Timer.objects.filter(kind=Slot("kind"), fired_at=None).order_by("-failures"))

    for kind in ("a", "b", "c", "nothing", "' OR true --"):
        with django_assert_num_queries(1):
            found = query(kind=kind)
        assert found == list(Timer.objects.filter(kind=kind, fired_at=None).order_by("-failures"))
        assert all(row.due_at == NOON for row in found)
    row = query.first(kind="b")
    row.error = "changed"
    row.save()
    assert Timer.objects.get(pk=row.pk).error == "changed"
    assert query.first(kind="nothing") is None


@pytest.mark.parametrize("kinds", [[], ["a"], ["a", "b", "x"]])
def test_lists_stand_in_one_slot(timers, kinds):
    query = Compiled(
        lambda: Timer.objects.filter(kind__any=Slot("kinds")).order_by("failures").values_list("kind", "failures")
    )

    assert query(kinds=kinds) == list(
        Timer.objects.filter(kind__in=kinds).order_by("failures").values_list("kind", "failures")
    )
    assert list(Timer.objects.filter(kind__any=kinds)) == list(Timer.objects.filter(kind__in=kinds))


def test_json_comes_back_as_what_it_was():
    Event.objects.create(id=uuid7(), xid=1, at=NOON, name="n", payload={"a": [1, "二"]})
    query = Compiled(lambda: Event.objects.filter(name=Slot("name")).values_list("payload", "at"))

    assert query(name="n") == [({"a": [1, "二"]}, NOON)]


def test_two_lists_become_one(timers):
    CalendarDay.objects.create(region="c", date=NOON.date(), is_workday=True, reason="")
    query = Compiled(
        lambda: (
            Timer.objects.filter(kind=Slot("kind"))
            .values_list("kind", F("failures"))
            .union(CalendarDay.objects.filter(region=Slot("kind")).values_list("region", Value(-1)), all=True)
        )
    )

    assert sorted(query(kind="c")) == [("c", -1), ("c", 3)]


def test_what_nothing_can_fulfil_gives_nothing(timers, django_assert_num_queries):
    query = Compiled(lambda: Timer.objects.filter(kind__in=[]))

    with django_assert_num_queries(0):
        assert query() == []
        assert query.first() is None
