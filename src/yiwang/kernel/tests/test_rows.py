"""What an act writes goes out in one statement, and is what the ORM would have written."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DataError, transaction

from yiwang.kernel import acts, timers
from yiwang.kernel.acts import current, system_record
from yiwang.kernel.ids import uuid7
from yiwang.kernel.models import AuditEntry, CalendarDay, CalendarYear, Event, IdempotencyKey, Timer
from yiwang.kernel.recording import in_hand
from yiwang.kernel.rows import Batch

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)


def happening(**more):
    values = {"id": uuid7(), "xid": 7, "at": NOON, "name": "kernel_test.row", "payload": {"a": [1, None, "温州 100%s"]}}
    return Event(**values | more)


def test_rows_of_several_tables_go_in_one_statement(django_assert_num_queries):
    batch = Batch()
    one, other = happening(), happening(payload={})
    batch.insert([one, other])
    batch.insert([IdempotencyKey(scope="s", key="k", digest="d", at=NOON)])
    batch.insert([])

    with django_assert_num_queries(1):
        batch.send()

    assert list(Event.objects.order_by("seq").values_list("id", "payload")) == [(one.id, one.payload), (other.id, {})]
    kept = IdempotencyKey.objects.get()
    assert (kept.scope, kept.result, kept.at) == ("s", None, NOON)
    with django_assert_num_queries(0):
        batch.send()


def test_a_column_that_is_stamped_by_itself_is_stamped():
    batch = Batch()
    batch.insert([CalendarYear(region="", year=1999, source="测试")])
    batch.send()

    assert CalendarYear.objects.get(year=1999).changed_at is not None


@pytest.mark.parametrize("count", [1, 3])
def test_rows_that_changed_are_written_together(count, django_assert_num_queries):
    days = [
        CalendarDay.objects.create(region="", date=date(1999, 1, day), is_workday=True, reason="原来")
        for day in (1, 2, 3)
    ]
    for day in days[:count]:
        day.is_workday, day.reason = False, f"{day.date} 'x' %s"
    batch = Batch()
    batch.update(days[:count], ["is_workday", "reason"])

    with django_assert_num_queries(1):
        batch.send()

    for day in days:
        assert CalendarDay.objects.get(pk=day.pk).reason == day.reason


def test_a_row_is_written_as_it_is_at_the_end_of_the_act():
    timer = Timer.objects.create(kind="kernel_test.rows", subject_id=uuid7(), due_at=NOON)
    fresh = happening()
    with system_record("test") as record:
        record.insert([fresh])
        timer.failures = 1
        record.update(timer, "failures")
        timer.error = "once"
        record.update(timer, "error")
        timer.failures, timer.error, timer.retry_at = 2, "twice", NOON
        fresh.payload = {"late": True}
        record.update(fresh)
        assert not Event.objects.filter(id=fresh.id).exists(), "nothing is written before the end"

    timer.refresh_from_db()
    assert (timer.failures, timer.error, timer.retry_at) == (2, "twice", None), "what was not named is not written"
    assert Event.objects.get(id=fresh.id).payload == {"late": True}


def test_all_of_a_row_is_written_where_nothing_is_named():
    timer = Timer.objects.create(kind="kernel_test.rows", subject_id=uuid7(), due_at=NOON)
    with system_record("test") as record:
        timer.failures, timer.error, timer.due_at = 3, "all", NOON + timedelta(days=1)
        record.update(timer)

    kept = Timer.objects.get(pk=timer.pk)
    assert (kept.failures, kept.error, kept.due_at) == (3, "all", NOON + timedelta(days=1))


def test_two_instances_of_one_row_are_a_mistake():
    timer = Timer.objects.create(kind="kernel_test.rows", subject_id=uuid7(), due_at=NOON)
    with system_record("test") as record:
        record.update(timer, "error")
        with pytest.raises(RuntimeError, match="two instances"):
            record.update(Timer.objects.get(pk=timer.pk), "failures")


def test_an_act_that_fails_writes_nothing():
    fresh = happening()

    def fail():
        with system_record("test.failing"):
            current().insert([fresh])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not Event.objects.filter(id=fresh.id).exists()
    assert not AuditEntry.objects.filter(name="test.failing").exists()
    assert in_hand.get() is None


@timers.timer("kernel_test.rows")
def ring(subject: uuid.UUID, key: str) -> None:
    """Nothing."""


def test_the_last_word_on_a_timer_counts():
    kept, taken = uuid7(), uuid7()
    with acts.system_record("test"):
        timers.set_timer("kernel_test.rows", kept, NOON)
        timers.set_timer("kernel_test.rows", taken, NOON)
    with acts.system_record("test"):
        timers.cancel_timer("kernel_test.rows", kept)
        timers.set_timer("kernel_test.rows", kept, NOON + timedelta(hours=1))
        timers.set_timer("kernel_test.rows", taken, NOON + timedelta(hours=1))
        timers.cancel_timer("kernel_test.rows", taken)

    assert list(Timer.objects.values_list("subject_id", "due_at")) == [(kept, NOON + timedelta(hours=1))]


@pytest.mark.parametrize("failures", [2**31, -(2**31) - 1, 2**33])
def test_a_number_too_great_for_its_column_is_refused_and_not_cut(failures):
    row = Timer(kind="kernel_test.row", subject_id=uuid7(), due_at=NOON, failures=failures)
    with pytest.raises(DataError), transaction.atomic():
        row.save()
    batch = Batch()
    batch.insert([row])
    with pytest.raises(DataError), transaction.atomic():
        batch.send()
