"""At least once and in order for each subject, whatever breaks: at every statement, and between the answer and the cursor."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from yiwang.kernel import clock
from yiwang.platform.sharing import acts
from yiwang.platform.sharing.events import queries, sending
from yiwang.platform.sharing.events.models import Subscription, TopicRow
from yiwang.platform.sharing.events.posting import Answer

from .receivers import Event, Receiver, key, publish, steward, subscribed, topic

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


class Crash(Exception):
    """The process is gone."""


@pytest.fixture
def stream(testville: None, db: None) -> TopicRow:
    with clock.at(NOON):
        return topic()


@contextmanager
def crashing_at(number: int) -> Iterator[list[int]]:
    """Break before the statement of that number (from 0); gives how many there were."""
    seen = [0]

    def wrap(execute: Any, sql: str, *args: Any) -> Any:
        if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen[0] += 1
            if seen[0] - 1 == number:
                raise Crash
        return execute(sql, *args)

    try:
        with connection.execute_wrapper(wrap):
            yield seen
    except Crash:
        connection.set_rollback(False)  # the statement never came to the database: the test's transaction is whole
        raise


def in_order(receiver: Receiver) -> bool:
    """Tell whether each subject's events came first in their order; what comes again has the same id and content."""
    numbers: dict[str, list[int]] = defaultdict(list)
    first: dict[str, Event] = {}
    for one in receiver.taken:
        if first.setdefault(one["id"], one) != one:
            return False
    for one in receiver.once():
        numbers[one["subject"]].append(int(one["sequence"]))
    return all(each == sorted(each) for each in numbers.values())


def run_out(receiver: Receiver, now: datetime, rounds: int = 400) -> datetime:
    """Let time go by until everything was taken."""
    for _number in range(rounds):
        now += timedelta(seconds=70)
        with clock.at(now):
            if not sending.deliver_due(receiver):
                break
    return now


@pytest.mark.slow
def test_a_crash_at_any_statement_loses_nothing(stream: TopicRow) -> None:
    """A batch with a refused event goes through every way of writing down what came."""
    with clock.at(NOON):
        subscribed()
    now, number, crashed = NOON, 0, True
    while crashed:
        bad = {"bad"}
        receiver = Receiver(lambda events, bad=bad: 422 if bad & {one["subject"] for one in events} else 200)
        with clock.at(now):
            done = publish("a", "bad", "b", "bad", "a").last
            crashed = False
            try:
                with crashing_at(number):
                    sending.deliver_due(receiver)
            except Crash:
                crashed = True
        now += timedelta(seconds=70)
        with clock.at(now):
            sending.deliver_due(receiver)
        bad.clear()
        now = run_out(receiver, now)
        assert sorted(int(one["sequence"]) for one in receiver.once()) == list(range(done - 4, done + 1)), number
        assert in_order(receiver), number
        number += 1
    assert number > 12


def test_a_crash_between_the_answer_and_the_cursor_sends_the_same_again(stream: TopicRow) -> None:
    with clock.at(NOON):
        subscribed()
        publish("a", "b")
    receiver = Receiver()

    def taken_and_gone(*given: Any) -> Answer:
        receiver(*given)
        raise Crash

    with clock.at(NOON), pytest.raises(Crash):
        sending.deliver_due(taken_and_gone)
    with clock.at(NOON + timedelta(seconds=30)):
        assert sending.deliver_due(receiver) == 0, "the lease has not run out"
    run_out(receiver, NOON)
    assert receiver.numbers == [1, 2, 1, 2]
    assert receiver.bodies[0] == receiver.bodies[1]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_everything_comes_in_order(stream: TopicRow, seed: int) -> None:
    chance = random.Random(seed)
    with clock.at(NOON):
        row = subscribed()
    sick: set[str] = set()
    receiver = Receiver()
    now, last = NOON, 0

    def answer(events: list[Event]) -> int:
        if chance.random() < 0.2:
            return chance.choice([500, 503, 429, 404, 302])
        return 422 if sick & {one["subject"] for one in events} else 200

    def post(*given: Any) -> Answer:
        found = receiver(*given)
        if chance.random() < 0.15:
            raise Crash
        return found

    receiver.answer = answer
    for _round in range(40):
        now += timedelta(seconds=chance.choice([1, 5, 70]))
        with clock.at(now):
            if chance.random() < 0.6:
                last = publish(*chance.choices("abcdef", k=chance.randint(1, 7))).last
            if chance.random() < 0.2:
                sick ^= {chance.choice("abc")}
            for held in queries.held(row.pk):
                if held.state == "refused" and chance.random() < 0.3:
                    acts.retry_event(held.id, by=steward(), key=key())
            try:
                with crashing_at(chance.randint(0, 40)):
                    sending.deliver_due(post)
            except Crash:
                pass
    sick.clear()
    receiver.answer = lambda _events: 200
    with clock.at(now):
        for held in queries.held(row.pk):
            if held.state == "refused":
                acts.retry_event(held.id, by=steward(), key=key())
        if Subscription.objects.get(pk=row.pk).state == "quarantined":
            acts.resume_subscription(row.pk, by=steward(), key=key())
    now += timedelta(hours=1)
    run_out(receiver, now)
    assert sorted(int(one["sequence"]) for one in receiver.once()) == list(range(1, last + 1))
    assert in_order(receiver)
