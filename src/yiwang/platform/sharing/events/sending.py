"""One lease of a subscription: what comes next is sent, and where it was taken the cursor moves. At least once, in order.

A lease is a column, not a lock: while a subscriber thinks, no transaction is open (the kernel's own events wait for every
older transaction, ADR 1). Whoever lost the lease (it ran out, somebody paused or replayed) moves nothing. A crash between
the answer and the cursor sends the same events again, with the same ids.

An event that is refused goes out of the stream, and with it the later ones of its subject; everything else goes on. It is
tried again by itself ``rules.REFUSALS`` times, then somebody has to look.
"""

from __future__ import annotations

import random
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from yiwang.kernel import clock
from yiwang.kernel.compiled import Compiled, Slot
from yiwang.platform.sharing.events import envelopes, posting, rules, signing
from yiwang.platform.sharing.events.models import EventKey, QuarantinedMessage, Subscription, TopicMessage
from yiwang.platform.sharing.events.types import (
    OPEN,
    Delivery,
    HeldState,
    Method,
    StoredEvent,
    SubscriptionState,
)

BATCH = 100
"""Most events of one delivery."""
HEAVY = 1_000_000
"""Most bytes of one delivery; a single event may be no larger than ``rules.LARGEST``."""
LEASE = timedelta(seconds=60)
"""More than any one delivery takes (``posting.TIMEOUT``); it is renewed with each."""
GATHER = timedelta(seconds=0.4)
"""How long events gather before the next delivery: one of forty costs hardly more than one of one."""
SLOW = 1.0
"""Seconds from which on an answer is slow."""
TURN = 20.0
"""Seconds after which others come first."""
MOST_HELD = 200
"""Open events beside the stream after which nothing more is sent: it is not an event that is wrong, but the subscriber."""
KEPT = 2000
"""Written events that a process keeps: every subscriber of a topic gets the same."""
_OPEN = [state.value for state in OPEN]
Post = Callable[[str, str, bytes, Mapping[str, str]], posting.Answer]
_LEASE = """
    UPDATE sharing_subscription SET lease = gen_random_uuid(), leased_until = %(until)s WHERE id IN (
        SELECT id FROM sharing_subscription one
        WHERE state = 'active' AND next_at <= %(now)s AND (leased_until IS NULL OR leased_until < %(now)s)
          AND (failures > 0 OR slow) = %(doubtful)s
          AND (EXISTS (SELECT FROM sharing_topicmessage m WHERE m.topic_id = one.topic_id AND m.seq > one.cursor)
            OR EXISTS (SELECT FROM sharing_quarantinedmessage q
                       WHERE q.subscription_id = one.id AND q.state = 'due' AND q.next_at <= %(now)s))
        ORDER BY next_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
    ) RETURNING id, lease
"""


_ROW = Compiled(
    lambda: (
        Subscription.objects.select_related("topic")
        .annotate(holding=Exists(QuarantinedMessage.objects.filter(subscription=OuterRef("pk"), state__in=_OPEN)))
        .filter(pk=Slot("pk"), lease=Slot("lease"), state=SubscriptionState.ACTIVE.value)
    )
)
_STREAM = Compiled(
    lambda: (
        TopicMessage.objects.filter(topic=Slot("topic"), seq__gt=Slot("cursor"))
        .order_by("seq")
        .values_list("id", "seq", "subject_index")[:BATCH]
    )
)


class Lost(Exception):
    """The lease is somebody else's, or the subscription was changed: what was sent is sent again."""


@dataclass(frozen=True, slots=True)
class _Next:
    """An event that comes next, by what is needed to order it; ``held``: its row beside the stream."""

    id: uuid.UUID
    seq: int
    subject: bytes
    held: uuid.UUID | None = None
    attempts: int = 0


@dataclass(slots=True)
class _Work:
    """What is to be sent in one delivery, and what is passed over because its subject is held."""

    row: Subscription
    send: list[_Next] = field(default_factory=list)
    passed: list[_Next] = field(default_factory=list)
    upto: int = 0
    """Where the cursor stands when all of it was taken."""
    full: bool = False
    over: bool = False
    """Whether the lease was given back with the cursor: one statement less for each delivery."""


def lease(most: int, *, doubtful: bool = False) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Take up to so many subscriptions that are due, each with its lease; ``doubtful``: those that failed or were slow."""
    now = clock.now()
    with connection.cursor() as sql:
        sql.execute(_LEASE, {"now": now, "until": now + LEASE, "doubtful": doubtful, "most": most})
        return list(sql.fetchall())


def deliver(pk: uuid.UUID, lease: uuid.UUID, *, post: Post = posting.post, apart: Callable[[], object] = int) -> int:
    """Send what a leased subscription has coming, until there is nothing more, it fails, or others come first.

    Returns how many events were taken. ``apart`` is called before each delivery: no connection need wait with it.
    """
    began, taken = time.monotonic(), 0
    try:
        while time.monotonic() - began < TURN:
            work = _next(pk, lease)
            if work is None:
                break
            taken += len(work.send)
            if work.send and not _send(work, work.send, post, apart):
                return taken
            if not work.send:
                _taken(work, [], 0.0)
            if work.over:
                return taken
            if not work.full or work.row.slow:
                break
    except Lost:
        return taken
    Subscription.objects.filter(pk=pk, lease=lease).update(lease=None, leased_until=None, next_at=clock.now() + GATHER)
    return taken


def deliver_due(post: Post = posting.post) -> int:
    """Do for every subscription that is due what the worker's threads do (for tests); returns how many were leased."""
    found = [one for doubtful in (False, True) for one in lease(1000, doubtful=doubtful)]
    for pk, held in found:
        deliver(pk, held, post=post)
    return len(found)


def _next(pk: uuid.UUID, lease: uuid.UUID) -> _Work | None:
    """Return what comes next: what is due beside the stream before the stream itself."""
    row = _ROW.first(pk=pk, lease=lease)
    if row is None:
        raise Lost
    work = _Work(row, upto=row.cursor)
    subjects: set[bytes] = set()
    if row.holding:
        subjects = _beside(work)
    if work.send:
        work.full = True
        return work
    for one in _STREAM(topic=row.topic_id, cursor=row.cursor):
        following = _Next(one[0], one[1], bytes(one[2]))
        (work.passed if following.subject in subjects else work.send).append(following)
        work.upto = following.seq
    work.full = len(work.send) + len(work.passed) == BATCH
    return work if work.send or work.passed else None


def _beside(work: _Work) -> set[bytes]:
    """Find what is due beside the stream; return the subjects whose later events wait."""
    now, heads, subjects = clock.now(), set(), set()
    rows = work.row.held.filter(state__in=_OPEN).order_by("seq")
    names = ("message_id", "seq", "subject_index", "pk", "attempts", "state", "next_at")
    for message, seq, index, pk, attempts, state, next_at in rows.values_list(*names):
        subject = bytes(index)
        if subject not in subjects and state == HeldState.DUE and next_at <= now:
            heads.add(subject)
        subjects.add(subject)
        if subject in heads and len(work.send) < BATCH:
            work.send.append(_Next(message, seq, subject, pk, attempts))
    return subjects


def _send(work: _Work, events: Sequence[_Next], post: Post, apart: Callable[[], object]) -> bool:
    """Send events and write down what came of it; tell whether it may go on."""
    bodies = _written([one.id for one in events])
    few, size = 0, 0
    for one in events:
        size += len(bodies[one.id])
        if few and size > HEAVY:
            break
        few += 1
    if few < len(events):
        return _send(work, events[:few], post, apart) and _send(work, events[few:], post, apart)
    body = envelopes.batch(bodies[one.id] for one in events)
    attempt = 1 + max(work.row.failures, *(one.attempts for one in events), 0)
    headers = _headers(work.row, body, attempt)
    apart()
    answer = post(str(work.row.pk), work.row.address, body, headers)
    means = rules.meaning(answer.status)
    if means is Delivery.TAKEN:
        _taken(work, events, answer.took)
        return True
    if means is Delivery.REFUSED and len(events) > 1:
        return _one_by_one(work, events, post, apart)
    if means is Delivery.REFUSED:
        return _refused(work, events[0], answer)
    _failed(work.row, answer, gone=means is Delivery.GONE)
    return False


def _one_by_one(work: _Work, events: Sequence[_Next], post: Post, apart: Callable[[], object]) -> bool:
    """Find out which events of a batch are refused: each is sent alone, in order; those behind a refused one wait."""
    stopped: set[bytes] = set()
    for one in events:
        if one.subject not in stopped:
            if not _send(work, [one], post, apart):
                return False
            if work.row.held.filter(message=one.id, state__in=_OPEN).exists():
                stopped.add(one.subject)
        elif one.held is None:
            with _moving(work.row):
                _wait(work.row, [*_passed(work, one.seq), one])
                _forward(work.row, one.seq)
    return True


def _headers(row: Subscription, body: bytes, attempt: int) -> dict[str, str]:
    now = int(clock.now().timestamp())
    if row.method == Method.JWS:
        private = EventKey.objects.order_by("-made_at", "-id").values_list("private", flat=True)[0]
        signature = signing.jws_signature(private, str(row.pk), now, body)
    else:
        signature = signing.hmac_signature(row.secrets, now, body)
    return {
        "Content-Type": envelopes.BATCH,
        signing.HEADER: signature,
        signing.ATTEMPT: str(attempt),
        "Yiwang-Subscription": str(row.pk),
        "User-Agent": "yiwang-events/1",
    }


@contextmanager
def _moving(row: Subscription) -> Iterator[None]:
    """Open a transaction in which the subscription is locked and still leased. Raises ``Lost``."""
    with transaction.atomic():
        if not list(Subscription.objects.select_for_update().filter(pk=row.pk, lease=row.lease).values_list("pk")):
            raise Lost
        yield


def _forward(row: Subscription, seq: int, **more: Any) -> None:
    """Move the cursor, never back, and keep the lease."""
    row.cursor = max(row.cursor, seq)
    changed = {"cursor": row.cursor, "leased_until": clock.now() + LEASE} | more
    if not Subscription.objects.filter(pk=row.pk, lease=row.lease).update(**changed):
        raise Lost


def _taken(work: _Work, events: Sequence[_Next], took: float) -> None:
    """Write down that events were taken: those beside the stream are over, or the cursor moves."""
    now, row = clock.now(), work.row
    more: dict[str, Any] = {}
    if events:
        row.failures, row.slow = 0, took > SLOW
        more = {"failures": 0, "slow": row.slow, "last_error": "", "last_ok_at": now}
    held = [one.held for one in events if one.held is not None]
    if held:
        with _moving(row):
            row.held.filter(pk__in=held).update(state=HeldState.DELIVERED.value, settled_at=now)
            over = {one.subject for one in events}
            behind = row.held.filter(subject_index__in=over, state=HeldState.WAITING.value)
            behind.update(state=HeldState.DUE.value, next_at=now)
            _forward(row, row.cursor, **more)
        return
    upto = work.upto if not events or events[-1] is work.send[-1] else events[-1].seq
    passed = _passed(work, upto)
    if not passed:
        if events and events[-1] is work.send[-1] and not work.full:
            more |= {"lease": None, "leased_until": None, "next_at": now + GATHER}
            work.over = True
        _forward(row, upto, **more)
        return
    with _moving(row):
        _wait(row, passed)
        _forward(row, upto, **more)


def _passed(work: _Work, upto: int) -> list[_Next]:
    """Take those that are passed over, up to a number, out of what is still to be written down."""
    found = [one for one in work.passed if one.seq <= upto]
    work.passed = [one for one in work.passed if one.seq > upto]
    return found


def _wait(row: Subscription, passed: Sequence[_Next]) -> None:
    """Put events beside the stream, behind those of their subject; where there is none any more, they are due."""
    now = clock.now()
    subjects = {bytes(one) for one in row.held.filter(state__in=_OPEN).values_list("subject_index", flat=True)}
    QuarantinedMessage.objects.bulk_create(
        QuarantinedMessage(
            subscription=row,
            message_id=one.id,
            seq=one.seq,
            subject_index=one.subject,
            state=(HeldState.WAITING if one.subject in subjects else HeldState.DUE).value,
            next_at=now,
            at=now,
        )
        for one in passed
    )


def _refused(work: _Work, one: _Next, answer: posting.Answer) -> bool:
    """Write down that an event was refused; tell whether the subscription may go on."""
    row, now = work.row, clock.now()
    attempts = one.attempts + 1
    state = HeldState.REFUSED if attempts >= rules.REFUSALS else HeldState.DUE
    values = {
        "state": state.value,
        "attempts": attempts,
        "error": answer.told[:400],
        "next_at": now + timedelta(seconds=rules.pause(attempts, random.random())),  # noqa: S311 - no secret
    }
    with _moving(row):
        if one.held is not None:
            row.held.filter(pk=one.held).update(**values)
            behind = row.held.filter(subject_index=one.subject, state=HeldState.DUE.value, seq__gt=one.seq)
            behind.update(state=HeldState.WAITING.value)
            seq = row.cursor
        else:
            _wait(row, _passed(work, one.seq))
            QuarantinedMessage.objects.create(
                subscription=row, message_id=one.id, seq=one.seq, subject_index=one.subject, at=now, **values
            )
            seq = one.seq
        # It answered: it is there, whatever it thinks of this event.
        more: dict[str, Any] = {"failures": 0, "last_error": answer.told[:400]}
        if row.held.filter(state__in=_OPEN).count() > MOST_HELD:
            more |= {"state": SubscriptionState.QUARANTINED.value}
        _forward(row, seq, **more)
    return "state" not in more


def _failed(row: Subscription, answer: posting.Answer, *, gone: bool) -> None:
    """Write down that nothing was taken: the whole subscription waits, longer each time."""
    row.failures += 1
    wait = rules.pause(row.failures, random.random(), answer.retry_after)  # noqa: S311 - no secret
    changed: dict[str, Any] = {
        "failures": row.failures,
        "slow": answer.took > SLOW,
        "next_at": clock.now() + timedelta(seconds=wait),
        "last_error": answer.told[:400],
        "lease": None,
        "leased_until": None,
    }
    if gone:
        changed["state"] = SubscriptionState.QUARANTINED.value
    Subscription.objects.filter(pk=row.pk, lease=row.lease).update(**changed)


_kept: OrderedDict[uuid.UUID, bytes] = OrderedDict()
_keeping = Lock()


def _written(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, bytes]:
    """Return events as they go over the line; an event never changes, so what was written once is kept for a while."""
    with _keeping:
        found = {pk: _kept[pk] for pk in ids if pk in _kept}
    missing = [pk for pk in ids if pk not in found]
    if missing:
        rows = TopicMessage.objects.filter(pk__in=missing).select_related("topic").only(*_WRITTEN)
        new = {row.pk: envelopes.written(stored(row)) for row in rows}
        found |= new
        with _keeping:
            _kept.update(new)
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
    return found


_WRITTEN = ("id", "seq", "version", "content", "at", "topic__code")


def stored(row: TopicMessage) -> StoredEvent:
    """Return an event of the stream as it is told."""
    content = row.content
    return StoredEvent(row.pk, row.seq, row.topic.code, row.version, content["subject"], row.at, content["data"])
