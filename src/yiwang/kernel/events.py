"""Events: delivered to subscribers inside the house in the order in which transactions became final, at least never lost.

A subscriber is a function with a name; it reads through a cursor of its own, so a slow or broken one holds up nobody
else. Delivery and its effects share one transaction: an effect happens exactly once.

The order is safe because a window ends at the oldest transaction still running here: everything below it is final, and
within a window rows stand in the order in which they were written under the subject's lock. After a restore into a new
cluster, which counts its transactions from the beginning, what the old one wrote is a window of its own.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, QuerySet

from yiwang.kernel import clock
from yiwang.kernel.horizon import horizon
from yiwang.kernel.models import Event, EventCursor
from yiwang.kernel.recording import EVENTS

log = logging.getLogger(__name__)
BATCH = 200
_RESTORED = 2**63 - 1
"""``EventCursor.xid_to`` while what an earlier cluster left is delivered."""


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as its subscribers see it."""

    id: uuid.UUID
    at: datetime
    name: str
    subject_id: str
    payload: dict[str, Any]


Handler = Callable[[Happening], None]
_subscribers: dict[str, dict[str, Handler]] = {}


def subscribe(subscriber: str, *names: str) -> Callable[[Handler], Handler]:
    """Let ``handler`` receive the named events under the name ``subscriber``."""

    def register(handler: Handler) -> Handler:
        handlers = _subscribers.setdefault(subscriber, {})
        for name in names:
            if name not in EVENTS:
                raise LookupError(f"{subscriber} subscribes to {name!r}, which is not in the catalogue")
            if name in handlers:
                raise ValueError(f"{subscriber} handles {name!r} twice")
            handlers[name] = handler
        return handler

    return register


def subscribers() -> dict[str, dict[str, Handler]]:
    """Return every subscriber with the events it handles."""
    return _subscribers


def deliver_all() -> int:
    """Deliver what is ready to every subscriber; returns how many events were handled."""
    return sum(_drain(name) for name in sorted(_waiting()))


def _waiting() -> set[str]:
    """Return the subscribers that may have something to read: one statement, so that an idle loop costs little, also while
    what was announced is not final yet.

    Opening a window writes, and every write ends a window: without this look first, idle subscribers would go on
    moving their cursors for ever.
    """
    final, coming = horizon()
    with connection.cursor() as sql:
        sql.execute(
            "WITH last AS MATERIALIZED (SELECT xid, seq FROM kernel_event ORDER BY xid DESC, seq DESC LIMIT 1)"
            " SELECT subscriber FROM kernel_eventcursor AS cursor WHERE xid_to = 0 AND xid <= %(final)s"
            " AND NOT EXISTS (SELECT FROM kernel_event WHERE xid >= cursor.xid AND xid < %(final)s AND seq > floor)"
            " AND NOT EXISTS (SELECT FROM last WHERE xid >= %(coming)s AND seq > floor)",
            {"final": final, "coming": coming},
        )
        return set(_subscribers) - {name for (name,) in sql.fetchall()}


def _drain(subscriber: str) -> int:
    handled = 0
    while True:
        moved, count = _deliver_batch(subscriber)
        handled += count
        if not moved:
            return handled


def oldest_undelivered() -> datetime | None:
    """Return the instant of the oldest event that some subscriber has not had yet."""
    cursors = EventCursor.objects.filter(subscriber__in=_subscribers)
    firsts = (_undelivered(cursor).order_by("seq").values_list("at", flat=True).first() for cursor in cursors)
    return min((first for first in firsts if first), default=None)


def blocked() -> bool:
    """Tell whether some subscriber waits for nothing but the end of somebody's transaction."""
    cursors = EventCursor.objects.filter(subscriber__in=_subscribers, retry_at=None)
    return any(_undelivered(cursor).exists() for cursor in cursors)


def _undelivered(cursor: EventCursor) -> QuerySet[Event]:
    seen = cursor.seq if cursor.xid_to else cursor.floor
    return Event.objects.filter(xid__gte=cursor.xid, seq__gt=seen, name__in=_subscribers[cursor.subscriber])


def _deliver_batch(subscriber: str) -> tuple[bool, int]:
    """Deliver one batch; tells whether it is worth coming back at once, and how many events were handled."""
    handlers = _subscribers[subscriber]
    EventCursor.objects.get_or_create(subscriber=subscriber)
    with transaction.atomic():
        cursor = EventCursor.objects.select_for_update(skip_locked=True).filter(subscriber=subscriber).first()
        if cursor is None or (cursor.retry_at and cursor.retry_at > clock.now()):
            return False, 0
        if not cursor.xid_to and not _open_window(cursor):
            return False, 0
        window = Event.objects.filter(xid__gte=cursor.xid, xid__lt=cursor.xid_to, seq__gt=cursor.seq)
        if cursor.xid_to == _RESTORED:
            window = window.filter(seq__lte=cursor.floor)
        events = list(window.order_by("seq")[:BATCH])
        handled = 0
        for row in events:
            handler = handlers.get(row.name)
            if handler is not None:
                try:
                    with transaction.atomic():
                        handler(Happening(row.id, row.at, row.name, row.subject_id, row.payload))
                except Exception as error:
                    _hold(cursor, row, error)
                    return False, handled
                handled += 1
            cursor.seq = row.seq
        if len(events) < BATCH:
            cursor.xid, cursor.xid_to, cursor.seq = cursor.xid_to if cursor.xid_to != _RESTORED else 0, 0, 0
        cursor.failures, cursor.error, cursor.retry_at = 0, "", None
        cursor.save()
        return bool(events), handled


def _open_window(cursor: EventCursor) -> bool:
    final, coming = horizon()
    old = Event.objects.filter(xid__gte=coming, seq__gt=cursor.floor).aggregate(last=Max("seq"))["last"]
    if old is not None:
        # A transaction that is still to come cannot have written these. Sequences go on after a restore, so whatever
        # the old cluster wrote stands up to the last of them.
        cursor.xid_to, cursor.seq, cursor.floor = _RESTORED, cursor.floor, old
        return True
    if final < cursor.xid:
        # Restored too, but the numbers of what was written before are taken again: nobody can tell, it comes once more.
        cursor.xid = 0
    if final == cursor.xid:
        return False
    cursor.xid_to, cursor.seq = final, cursor.floor
    return True


def _hold(cursor: EventCursor, row: Event, error: Exception) -> None:
    """Stop at the event that failed: order matters more than speed; try again later, ever more slowly."""
    log.exception("event.delivery_failed", extra={"subscriber": cursor.subscriber, "event": row.name})
    cursor.failures += 1
    cursor.error = f"{type(error).__name__}: {error}"[:1000]
    cursor.retry_at = clock.now() + timedelta(seconds=min(2**cursor.failures, 600))
    cursor.save()
