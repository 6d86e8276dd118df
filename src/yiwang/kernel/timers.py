"""Timers: acts that the law makes due by themselves. Rows, not sleeping threads: exact after any downtime."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from yiwang.kernel import clock
from yiwang.kernel.models import Timer
from yiwang.kernel.problems import NotFound, NotNow
from yiwang.kernel.recording import in_hand, write_timers
from yiwang.kernel.rows import Batch

log = logging.getLogger(__name__)
Ring = Callable[[uuid.UUID, str], None]
_kinds: dict[str, Ring] = {}


def timer(kind: str) -> Callable[[Ring], Ring]:
    """Register what happens when a timer of this kind rings: ``ring(subject_id, key)``, a thin call to an act."""

    def register(ring: Ring) -> Ring:
        if kind in _kinds:
            raise ValueError(f"timer {kind!r} is declared twice")
        _kinds[kind] = ring
        return ring

    return register


def kinds() -> dict[str, Ring]:
    """Return every kind of timer."""
    return _kinds


def set_timer(kind: str, subject: uuid.UUID, due_at: datetime) -> None:
    """Set or move the timer of this kind on this subject: written with the record of the act that runs."""
    if kind not in _kinds:
        raise LookupError(f"timer {kind!r} is not registered")
    _note((kind, subject), due_at)


def cancel_timer(kind: str, subject: uuid.UUID) -> None:
    """Take the timer back; nothing happens if there is none, or if it has rung."""
    _note((kind, subject), None)


def _note(timer: tuple[str, uuid.UUID], due_at: datetime | None) -> None:
    record = in_hand.get()
    if record is not None:
        record.timers[timer] = due_at
        return
    batch = Batch()  # an event is being delivered: its effects are no act of anybody's
    write_timers(batch, {timer: due_at})
    batch.send()


def ring_due(limit: int = 100) -> int:
    """Ring what is due, oldest first; returns how many rang. The act sees the legal instant as its time."""
    rung = 0
    now = clock.now()
    waiting = Timer.objects.filter(fired_at=None, due_at__lte=now).exclude(retry_at__gt=now)
    for pk in waiting.order_by("due_at").values_list("pk", flat=True)[:limit]:
        rung += _ring(pk)
    return rung


def _ring(pk: int) -> int:
    with transaction.atomic():
        row = Timer.objects.select_for_update(skip_locked=True).filter(pk=pk, fired_at=None).first()
        if row is None:
            return 0
        this, now = Timer.objects.filter(pk=pk), clock.now()
        try:
            with transaction.atomic(), clock.at(row.due_at):
                this.update(fired_at=now)  # before the act, which may set the same timer anew
                _kinds[row.kind](row.subject_id, f"timer:{row.pk}:{row.due_at.isoformat()}")
        except (NotNow, NotFound):
            this.update(fired_at=now)  # the matter went on without it: what no longer applies has done its work
        except Exception as error:
            log.exception("timer.failed", extra={"timer": row.kind})
            row.failures += 1
            row.error = f"{type(error).__name__}: {error}"[:1000]
            row.retry_at = clock.now() + timedelta(seconds=min(2**row.failures, 600))
            row.save()
            return 0
        return 1
