"""Tables of the kernel: idempotency keys, audit entries, blocks, events, timers, counters, stamps, uses, the calendar."""

from yiwang.kernel.models.calendar import CalendarDay, CalendarYear
from yiwang.kernel.models.record import AuditBlock, AuditEntry, Event, EventCursor, IdempotencyKey, Timer
from yiwang.kernel.models.serial import Serial
from yiwang.kernel.models.stamp import Stamp
from yiwang.kernel.models.use import Use

__all__ = [
    "AuditBlock",
    "AuditEntry",
    "CalendarDay",
    "CalendarYear",
    "Event",
    "EventCursor",
    "IdempotencyKey",
    "Serial",
    "Stamp",
    "Timer",
    "Use",
]
