"""Deliveries: signed, in order, again until they are taken; what is refused holds up nobody but its own subject."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from yiwang.kernel import clock
from yiwang.platform.sharing import acts
from yiwang.platform.sharing.events import queries, sending
from yiwang.platform.sharing.events.models import QuarantinedMessage, Subscription, TopicRow
from yiwang.platform.sharing.events.types import HeldState, SubscriptionState

from .receivers import CODE, Event, Receiver, client, key, office, publish, send, steward, subscribed, topic

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


@pytest.fixture
def stream(testville: None, db: None) -> TopicRow:
    return topic()


def test_what_is_published_comes_in_order_and_once(stream: TopicRow) -> None:
    publish("before")
    row, receiver = subscribed(), Receiver()
    publish("a", "b", "a")
    send(receiver)
    publish("c")
    send(receiver, 2)
    assert receiver.numbers == [2, 3, 4, 5]
    assert [one["subject"] for one in receiver.taken] == ["a", "b", "a", "c"]
    assert {one["type"] for one in receiver.taken} == {CODE}
    assert len(receiver.deliveries) == 2
    row.refresh_from_db()
    assert (row.cursor, row.failures, row.lease) == (5, 0, None)


def test_a_failure_waits_longer_each_time_and_loses_nothing(stream: TopicRow) -> None:
    row, broken = subscribed(), [503] * 4
    receiver = Receiver(lambda _events: broken.pop() if broken else 200)
    publish("a", "b")
    waits = []
    now = NOON
    for _number in range(4):
        with clock.at(now):
            assert sending.deliver_due(receiver) == 1
        row.refresh_from_db()
        waits.append((row.next_at - now).total_seconds())
        now = row.next_at
    assert [wait <= 2**n for n, wait in enumerate(waits)] == [True] * 4
    assert [wait >= 2**n / 2 for n, wait in enumerate(waits)] == [True] * 4
    assert row.last_error == "HTTP 503"
    with clock.at(now):
        assert sending.deliver_due(receiver) == 1
    assert receiver.numbers == [1, 2]
    assert [one["Yiwang-Attempt"] for one in receiver.headers] == ["1", "2", "3", "4", "5"]


def refuses(*subjects: str) -> Any:
    bad = set(subjects)
    return lambda events: 422 if any(one["subject"] in bad for one in events) else 200


def test_a_refused_event_holds_up_its_subject_only(stream: TopicRow) -> None:
    row, receiver = subscribed(), Receiver(refuses("bad"))
    publish("a", "bad", "b", "bad", "a")
    send(receiver)
    assert [one["subject"] for one in receiver.taken] == ["a", "b", "a"]
    publish("bad", "c")
    send(receiver, 40, 5)
    assert [one["subject"] for one in receiver.taken] == ["a", "b", "a", "c"]
    states = list(row.held.order_by("seq").values_list("seq", "state", "attempts"))
    assert states == [(2, "refused", 5), (4, "waiting", 0), (6, "waiting", 0)]
    (held,) = queries.held(row.pk)
    assert (held.subject, held.behind, held.state) == ("bad", 2, HeldState.REFUSED)
    receiver.answer = refuses()
    send(receiver, 3, 60)
    assert len(receiver.taken) == 4, "it waits for somebody"
    acts.retry_event(held.id, by=steward(), key=key())
    publish("bad")
    send(receiver, 3)
    assert [int(one["sequence"]) for one in receiver.taken if one["subject"] == "bad"] == [2, 4, 6, 8]
    assert queries.held(row.pk) == []
    assert len(receiver.once()) == len(receiver.taken) == 8


def test_a_refused_event_is_skipped_with_a_reason(stream: TopicRow) -> None:
    row = subscribed()
    receiver = Receiver(lambda events: 422 if any(one["sequence"].endswith("1") for one in events) else 200)
    publish("bad", "bad", "a")
    send(receiver, 40, 5)
    assert receiver.numbers == [3]
    (held,) = queries.held(row.pk)
    acts.skip_event(held.id, "对方已人工登记", by=steward(), key=key())
    send(receiver, 2)
    assert receiver.numbers == [3, 2]
    assert QuarantinedMessage.objects.get(pk=held.id).reason == "对方已人工登记"


def test_who_refuses_everything_is_left_alone(stream: TopicRow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "MOST_HELD", 3)
    row = subscribed()
    publish(*"abcdefgh")
    send(Receiver(lambda _events: 400))
    row.refresh_from_db()
    assert (row.state, row.held.count()) == ("quarantined", 4)
    receiver = Receiver()
    acts.resume_subscription(row.pk, by=steward(), key=key())
    send(receiver, 5, 5)
    assert sorted(receiver.numbers) == list(range(1, 9))


def test_who_is_gone_is_left_alone(stream: TopicRow) -> None:
    row = subscribed()
    publish("a")
    send(Receiver(lambda _events: 410))
    row.refresh_from_db()
    assert SubscriptionState(row.state) is SubscriptionState.QUARANTINED


def test_a_replay_sends_the_same_ids_again(stream: TopicRow) -> None:
    row, receiver = subscribed(), Receiver()
    publish("a", "b", "c")
    send(receiver)
    assert acts.replay_events(row.pk, 2, by=steward(), key=key()) == 2
    send(receiver)
    assert receiver.numbers == [1, 2, 3, 2, 3]
    assert len(receiver.once()) == 3
    with clock.at(NOON + timedelta(hours=1)):
        publish("d")
        assert acts.replay_events(row.pk, 0, NOON + timedelta(minutes=1), by=steward(), key=key()) == 4
        send(receiver)
    assert receiver.numbers[5:] == [4]


def test_a_pause_takes_the_lease_and_nothing_is_lost(stream: TopicRow) -> None:
    row, receiver = subscribed(), Receiver()
    publish("a", "b")

    def pause(events: list[Event]) -> int:
        acts.pause_subscription(row.pk, by=steward(), key=key())
        return 200

    receiver.answer = pause
    send(receiver)
    row.refresh_from_db()
    assert (row.cursor, row.state) == (0, "paused")
    receiver.answer = lambda _events: 200
    send(receiver, 2)
    assert receiver.numbers == [1, 2]
    acts.resume_subscription(row.pk, by=steward(), key=key())
    send(receiver)
    assert receiver.numbers == [1, 2, 1, 2]


def test_one_subscriber_is_served_by_one_at_a_time(stream: TopicRow) -> None:
    row = subscribed()
    publish("a")
    (leased,) = sending.lease(10)
    assert sending.lease(10) == []
    with clock.at(NOON + timedelta(seconds=61)):
        (again,) = sending.lease(10)
        receiver = Receiver()
        assert sending.deliver(*again, post=receiver) == 1
        assert sending.deliver(*leased, post=receiver) == 0
    assert receiver.numbers == [1]
    assert Subscription.objects.get(pk=row.pk).cursor == 1


def test_how_far_behind_somebody_is(stream: TopicRow) -> None:
    row = subscribed()
    publish("a")
    with clock.at(NOON + timedelta(minutes=5)):
        publish("b", "c")
    view, *_reaches = queries.get_subscription(row.pk, office())
    assert (view.lag, view.oldest, view.last) == (3, NOON, 3)
    send(Receiver(refuses("a")))
    view, *_reaches = queries.get_subscription(row.pk, office())
    assert (view.lag, view.held, view.oldest) == (1, 1, NOON)
    assert client("339901-fire").agency == view.agency_path
