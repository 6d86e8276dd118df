"""Tables of the kernel: idempotency keys, audit entries and their blocks, events, timers, the calendar."""

from yiwang.kernel.models.calendar import CalendarDay, CalendarYear
from yiwang.kernel.models.record import AuditBlock, AuditEntry, Event, EventCursor, IdempotencyKey, Timer

__all__ = [
    "AuditBlock",
    "AuditEntry",
    "CalendarDay",
    "CalendarYear",
    "Event",
    "EventCursor",
    "IdempotencyKey",
    "Timer",
]
