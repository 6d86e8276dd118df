"""Acts, audit, events and timers, proven on the tables of the kernel itself."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from yiwang.kernel import acts, clock, events, timers
from yiwang.kernel.acts import Permission, act, act_on, current, event
from yiwang.kernel.models import AuditEntry, Event, EventCursor, IdempotencyKey, Timer
from yiwang.kernel.problems import KeyReused, NeedsSignIn, NotAllowed, NotFound
from yiwang.kernel.recording import in_hand
from yiwang.kernel.tests.waiting import soon
from yiwang.kernel.types import (
    ANONYMOUS,
    SYSTEM,
    Actor,
    ActorKind,
    AssuranceLevel,
    Key,
    Party,
    PartyKind,
    Reach,
    Role,
    RoleGrant,
)

HAPPENED = event("kernel_test.happened", "Something happened in a test.")
PERSON = Permission(name="test", kinds=frozenset({ActorKind.PERSON}), level=AssuranceLevel.L2)
CLERKS = Permission(name="test", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.INTAKE}))
SOMEBODY = Actor(kind=ActorKind.PERSON, id=uuid.uuid4(), label="申请人", level=AssuranceLevel.L2)
seen: list[str] = []


@act("kernel_test.do", permission=PERSON)
def do(what: str, *, by: Actor, key: Key) -> str:
    """Do something and announce it."""
    current().detail["what"] = what
    current().emit(HAPPENED, what=what)
    if what == "fail":
        raise ValueError(what)
    return what.upper()


@act("kernel_test.clerk", permission=CLERKS)
def clerk(*, by: Actor, key: Key) -> None:
    """Something for clerks."""


@contextmanager
def look_ahead(target: str, *, by: Actor) -> Iterator[None]:
    """Remember that it is asked, in no act and (in these tests' own connection) in no transaction; fail when told to."""
    assert in_hand.get() is None
    seen.append(f"ahead {target} {connection.in_atomic_block}")
    if target == "unknown":
        raise NotFound("nobody has this")
    yield
    assert in_hand.get() is None
    seen.append("after")


def matter(target: str, by: Actor) -> SimpleNamespace:
    """Something that an act is done to."""
    return SimpleNamespace(name=target, case_id=uuid.uuid4(), application_id=uuid.uuid4(), principal=None)


@act_on("kernel_test.prepared", matter, permission=PERSON, ahead=look_ahead)
def prepared(target: SimpleNamespace, *, by: Actor, key: Key) -> str:
    """Do what was prepared."""
    seen.append(f"act {connection.in_atomic_block}")
    return target.name


@events.subscribe("kernel_test", HAPPENED)
def hear(happening: events.Happening) -> None:
    """Remember; fail on purpose when told to."""
    if happening.payload["what"] == "poison":
        raise RuntimeError("poison")
    seen.append(happening.payload["what"])


@timers.timer("kernel_test.ring")
def ring(subject: uuid.UUID, key: str) -> None:
    """Remember when it rang."""
    seen.append(clock.now().isoformat())


@pytest.fixture(autouse=True)
def forget():
    seen.clear()


@pytest.mark.django_db
def test_an_act_leaves_answer_audit_and_event_together():
    assert do("something", by=SOMEBODY, key="k1") == "SOMETHING"

    entry = AuditEntry.objects.get(name="kernel_test.do")
    assert (entry.kind, entry.actor_id, entry.detail) == ("act", SOMEBODY.id, {"what": "something"})
    assert Event.objects.get(name=HAPPENED).payload == {"what": "something"}


@pytest.mark.django_db
def test_a_key_never_works_twice():
    first = do("once", by=SOMEBODY, key="k1")
    again = do("once", by=SOMEBODY, key="k1")

    assert first == again
    assert AuditEntry.objects.filter(name="kernel_test.do").count() == 1
    with pytest.raises(KeyReused):
        do("other", by=SOMEBODY, key="k1")
    stranger = Actor(kind=ActorKind.PERSON, id=uuid.uuid4(), level=AssuranceLevel.L2)
    assert do("other", by=stranger, key="k1") == "OTHER", "a key says nothing for somebody else"


@pytest.mark.django_db
def test_what_fails_leaves_nothing_and_its_key_is_free_again():
    with pytest.raises(ValueError, match="fail"):
        do("fail", by=SOMEBODY, key="k1")

    assert not AuditEntry.objects.filter(name="kernel_test.do").exists()
    assert not IdempotencyKey.objects.exists()
    assert do("then", by=SOMEBODY, key="k1") == "THEN"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("by", "problem"),
    [
        (ANONYMOUS, NeedsSignIn),
        (Actor(kind=ActorKind.PERSON, id=uuid.uuid4(), level=AssuranceLevel.L1), NeedsSignIn),
        (Actor(kind=ActorKind.STAFF, id=uuid.uuid4(), grants=(RoleGrant(Role.INTAKE),)), NotAllowed),
    ],
)
def test_who_may_not_is_refused(by, problem):
    with pytest.raises(problem):
        do("something", by=by, key="k1")


class Matter:
    """Something of somebody's, lying somewhere."""

    def __init__(self, principal, region="3399"):
        self.principal, self.reach = principal, Reach(region=region)
        self.item_codes = frozenset({"A"})


def test_a_clerk_does_what_is_a_persons_own_only_while_serving_that_person():
    mine = Permission(
        name="test", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.INTAKE}), scope="", own=True
    )
    client, other = (Party(PartyKind.PERSON, uuid.uuid4()) for _one in range(2))
    clerk = Actor(kind=ActorKind.STAFF, id=uuid.uuid4(), grants=(RoleGrant(Role.INTAKE, region="3399"),))
    matter = Matter(client)

    assert not mine.allows(clerk, matter), "nobody is being served"
    assert not mine.allows(replace(clerk, principal=other), matter), "somebody else is"
    assert mine.allows(replace(clerk, principal=client), matter)
    assert not mine.allows(replace(clerk, principal=client, items=frozenset({"B"})), matter), "by a narrower standing"
    assert not mine.allows(replace(clerk, principal=client), Matter(client, region="3398")), "elsewhere"


@pytest.mark.django_db
def test_staff_need_the_role():
    with pytest.raises(NotAllowed):
        clerk(by=Actor(kind=ActorKind.STAFF, id=uuid.uuid4(), grants=(RoleGrant(Role.REVIEWER),)), key="k1")
    clerk(by=Actor(kind=ActorKind.STAFF, id=uuid.uuid4(), grants=(RoleGrant(Role.INTAKE),)), key="k2")


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_the_same_time_acts_once():
    answers: list[str] = []

    def press() -> None:
        answers.append(do("double click", by=SOMEBODY, key="k1"))
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert answers == ["DOUBLE CLICK"] * 4
    assert AuditEntry.objects.filter(name="kernel_test.do").count() == 1


@pytest.mark.django_db(transaction=True)
def test_events_are_delivered_once_and_a_poisoned_one_holds_up_only_its_subscriber():
    do("one", by=SOMEBODY, key="k1")
    soon(events.deliver_all)
    events.deliver_all()
    assert seen == ["one"]

    do("poison", by=SOMEBODY, key="k2")
    do("two", by=SOMEBODY, key="k3")
    soon(lambda: events.deliver_all() or EventCursor.objects.filter(failures=1).count())
    cursor = EventCursor.objects.get(subscriber="kernel_test")
    assert seen == ["one"]
    assert (cursor.failures, cursor.error) == (1, "RuntimeError: poison")
    assert events.oldest_undelivered() is not None


@pytest.mark.django_db(transaction=True)
def test_an_event_of_a_transaction_that_commits_late_is_not_lost(django_assert_num_queries):
    begun, go = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            do("late", by=SOMEBODY, key="late")
            begun.set()
            go.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait(10)
    do("early", by=SOMEBODY, key="early")
    events.deliver_all()
    assert seen == [], "what comes after a transaction still running waits for it"
    with django_assert_num_queries(3):  # two for the horizon: no subscriber tries for itself
        events.deliver_all()
    go.set()
    thread.join()
    soon(events.deliver_all, 2)
    assert seen == ["late", "early"]


@pytest.mark.django_db(transaction=True)
def test_a_timer_rings_once_with_the_legal_instant_as_its_time():
    due = clock.now() - timedelta(hours=5)
    subject = uuid.uuid4()
    with acts.system_record("test"):
        timers.set_timer("kernel_test.ring", subject, due)

    assert timers.ring_due() == 1
    assert timers.ring_due() == 0
    assert seen == [due.isoformat()]
    assert Timer.objects.get(subject_id=subject).fired_at is not None


def test_an_event_outside_the_catalogue_is_a_mistake():
    record = acts.Record(act="x", by=SYSTEM, at=clock.now())
    with pytest.raises(LookupError):
        record.emit("never.declared")


@pytest.mark.django_db
def test_acts_are_not_nested():
    with acts.system_record("test"), pytest.raises(RuntimeError, match="inside"):
        do("inner", by=SOMEBODY, key="k1")


@pytest.mark.django_db(transaction=True)
def test_what_takes_long_is_done_before_the_transaction_once_and_only_for_whom_it_may():
    assert prepared("x", by=SOMEBODY, key="ahead") == "x"
    assert seen == ["ahead x False", "act True", "after"]
    assert prepared("x", by=SOMEBODY, key="ahead") == "x"
    assert len(seen) == 3, "the key was used: nobody is asked again"
    with pytest.raises(NeedsSignIn):
        prepared("x", by=ANONYMOUS, key="other")
    assert len(seen) == 3, "who may not has nothing done"
    with pytest.raises(NotFound):
        prepared("unknown", by=SOMEBODY, key="again")
    assert not IdempotencyKey.objects.filter(key="again").exists(), "its key is free"
    assert in_hand.get() is None
