"""Time and clocks: what instant it is, which legal date that is, and the clock (期限) of a matter as
intervals.

A clock counts the days after its start up to its limit, is stopped by special procedures and may be
lengthened once (行政许可法 arts. 42, 45, 82). It is a value: each function returns a new one, and
everything is
computed from the start, the limit and the suspensions, so a clock read back from the database is the clock
that was written.

All dates are legal dates: local dates, computed from an instant once, by ``legal_date``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

from yiwang.kernel.calendar import Holidays, Unit, add_months

SHANGHAI = ZoneInfo("Asia/Shanghai")

EXTENSION_MAX = 10
"""Working days by which one agency may lengthen a limit, once (行政许可法 art. 42)."""
JOINT_EXTENSION_MAX = 15
"""The same for joint or parallel handling."""

_set_instant: ContextVar[datetime | None] = ContextVar("instant", default=None)


def now() -> datetime:
    """Return the present instant in UTC, or the one that ``at`` set."""
    return _set_instant.get() or datetime.now(UTC)


def today(tz: tzinfo = SHANGHAI) -> date:
    """Return the present legal date."""
    return legal_date(now(), tz)


@contextlib.contextmanager
def at(instant: datetime) -> Iterator[datetime]:
    """Let ``now`` give ``instant`` inside the block: timers act at their legal time however late the worker
    is.

    Raises ValueError for an instant without a time zone.
    """
    token = _set_instant.set(_aware(instant).astimezone(UTC))
    try:
        yield instant
    finally:
        _set_instant.reset(token)


def legal_date(instant: datetime, tz: tzinfo = SHANGHAI) -> date:
    """Return the local date on which the instant lies: 2025-12-31T16:00Z is already 2026-01-01 in China.

    Raises ValueError for an instant without a time zone.
    """
    return _aware(instant).astimezone(tz).date()


def end_of(day: date, tz: tzinfo = SHANGHAI) -> datetime:
    """Return the instant at which a legal date ends (24:00), when a deadline on that day passes (民法典
    art. 203).
    """
    return datetime.combine(day + timedelta(days=1), time(), tz).astimezone(UTC)


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant


class Light(StrEnum):
    """How a clock stands on a day, as supervisors see it."""

    GREEN = "green"
    YELLOW = "yellow"
    """Half of the limit or less is left."""
    ORANGE = "orange"
    """One working day or less is left."""
    RED = "red"
    """The due date has passed."""
    PAUSED = "paused"


class ClockError(ValueError):
    """The clock cannot be changed so; ``code`` says why, for the act to tell it in the user's words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Suspension:
    """A time that is not counted: the days after ``start`` up to and including ``end`` (None: still
    stopped).
    """

    start: date
    end: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class Clock:
    """The limit of one matter: ``limit`` units after ``started_on``, which itself is not counted.

    ``extension`` is in working days, whatever the unit (arts. 42, 82). ``stopped_on`` is the day of the decision: from
    then on the clock stands.
    """

    limit: int
    unit: Unit
    started_on: date
    suspensions: tuple[Suspension, ...] = ()
    extension: int = 0
    stopped_on: date | None = None

    @property
    def suspended(self) -> bool:
        """Whether the clock stands still for a special procedure."""
        return bool(self.suspensions) and self.suspensions[-1].end is None


def effective_limit(statutory: int, promised: int) -> int:
    """Return the limit that binds: a promise may only be shorter than the law (both in the same unit)."""
    return min(statutory, promised)


def limit_days(clock: Clock) -> int:
    """Return the limit itself in working days or, for DAY and MONTH, in calendar days."""
    if clock.unit is Unit.MONTH:
        return (add_months(clock.started_on, clock.limit) - clock.started_on).days
    return clock.limit


def total(clock: Clock, holidays: Holidays) -> int:
    """Return the limit with its extension: working days for WORKDAY, calendar days for DAY and MONTH, where the working
    days of the extension count with the days off between them. Raises CalendarGap.
    """
    if not clock.extension or clock.unit is Unit.WORKDAY:
        return limit_days(clock) + clock.extension
    ended = tuple(stop for stop in clock.suspensions if stop.end is not None)
    running = replace(clock, suspensions=ended, stopped_on=None)
    last = due(running, holidays)
    assert last is not None
    return used(running, last, holidays)


def used(clock: Clock, on: date, holidays: Holidays) -> int:
    """Return how many days have been counted at the end of ``on``, in the unit of ``total``."""
    end = _standing(clock, on)
    counted = _count(clock, clock.started_on, end, holidays)
    for stop in clock.suspensions:
        until = end if stop.end is None else min(stop.end, end)
        counted -= _count(clock, min(stop.start, end), until, holidays)
    return counted


def remaining(clock: Clock, on: date, holidays: Holidays) -> int:
    """Return how many days are left at the end of ``on``; below zero they are over."""
    return total(clock, holidays) - used(clock, on, holidays)


def due(clock: Clock, holidays: Holidays) -> date | None:
    """Return the last day of the limit; None while the clock is suspended.

    The working days of an extension are counted from the last day of the limit itself. After a suspension the days that
    were left are counted from its end. A suspension that begins when the
    due date has already passed changes nothing: what is overdue stays overdue. Raises CalendarGap.
    """
    anchor, left, more = clock.started_on, limit_days(clock), clock.extension
    unit = Unit.WORKDAY if clock.unit is Unit.WORKDAY else Unit.DAY
    if unit is Unit.WORKDAY:
        left, more = left + more, 0
    end = holidays.due(anchor, left, unit)
    last = holidays.due(end, more, Unit.WORKDAY)
    for stop in clock.suspensions:
        if stop.start > last:
            break
        if stop.end is None:
            return None
        if stop.start > end:
            more = max(more - holidays.workdays_between(end, stop.start), 0)
        left = max(left - _count(clock, anchor, stop.start, holidays), 0)
        anchor = stop.end
        end = holidays.due(anchor, left, unit)
        last = holidays.due(end, more, Unit.WORKDAY) if left or more else holidays.next_workday(anchor)
    return last


def suspend(clock: Clock, on: date, reason: str) -> Clock:
    """Stop the clock from the day after ``on`` (行政许可法 art. 45: hearing, inspection, appraisal, expert
    review …).

    Raises ClockError: stopped, already suspended, or before its start or the end of the last suspension.
    """
    _must_run(clock)
    if on < clock.started_on or (clock.suspensions and on < (clock.suspensions[-1].end or on)):
        raise ClockError("out-of-order", "a suspension cannot begin before the clock or its last suspension")
    return replace(clock, suspensions=(*clock.suspensions, Suspension(on, None, reason)))


def resume(clock: Clock, on: date) -> Clock:
    """Let a suspended clock run again from the day after ``on``.

    Raises ClockError: not suspended, or before the suspension began.
    """
    if not clock.suspended:
        raise ClockError("not-suspended", "the clock is not suspended")
    last = clock.suspensions[-1]
    if on < last.start:
        raise ClockError("out-of-order", "a suspension cannot end before it began")
    return replace(clock, suspensions=(*clock.suspensions[:-1], replace(last, end=on)))


def extend(clock: Clock, by: int, on: date, holidays: Holidays, *, at_most: int = EXTENSION_MAX) -> Clock:
    """Lengthen the limit by ``by`` working days on the day ``on``: once only, and before it has passed (行政许可法
    art. 42).

    ``at_most`` is EXTENSION_MAX, or JOINT_EXTENSION_MAX for a joint clock. Raises ClockError and CalendarGap.
    """
    if clock.stopped_on is not None:
        raise ClockError("stopped", "the clock has stopped")
    if clock.extension:
        raise ClockError("extended-already", "a limit is extended once only")
    if not 0 < by <= at_most:
        raise ClockError("too-long", f"an extension is 1 to {at_most}")
    last = due(clock, holidays)
    if last is not None and on > last:
        raise ClockError("overdue", "a limit that has passed cannot be extended")
    return replace(clock, extension=by)


def stop(clock: Clock, on: date) -> Clock:
    """End the clock on the day of the decision. A suspension that still runs ends with it.

    Raises ClockError: stopped already, or before its start or last suspension.
    """
    if clock.suspended:
        clock = resume(clock, on)
    _must_run(clock)
    if on < clock.started_on or (clock.suspensions and on < (clock.suspensions[-1].end or on)):
        raise ClockError("out-of-order", "a clock cannot stop before it began or before its last suspension")
    return replace(clock, stopped_on=on)


def light(clock: Clock, on: date, holidays: Holidays) -> Light:
    """Return the light at the end of ``on``; a stopped clock keeps the light of its last day. Raises
    CalendarGap.
    """
    on = _standing(clock, on)
    last = due(clock, holidays)
    if any(stop.start <= on and (stop.end is None or on < stop.end) for stop in clock.suspensions) and (
        last is None or on <= last
    ):
        return Light.PAUSED
    if last is None:
        # Asked for a day before the suspension that still runs: what was known then.
        return light(replace(clock, suspensions=clock.suspensions[:-1]), on, holidays)
    if on > last:
        return Light.RED
    if holidays.workdays_between(on, last) <= 1:
        return Light.ORANGE
    return Light.YELLOW if 2 * remaining(clock, on, holidays) <= total(clock, holidays) else Light.GREEN


def joint(clock: Clock, members: Sequence[Clock]) -> Clock:
    """Return the joint clock of an application, suspended only while every running case is (并联审批, art.
    26).

    As long as one agency can work, the applicant's time counts. ``clock`` gives limit, start and extension.
    """
    edges = sorted(
        {clock.started_on}
        | {m.started_on for m in members}
        | {m.stopped_on for m in members if m.stopped_on}
        | {edge for m in members for s in m.suspensions for edge in (s.start, s.end) if edge}
    )
    stops: list[Suspension] = []
    for begin, end in zip(edges, [*edges[1:], None], strict=True):
        if begin < clock.started_on:
            continue
        running = [m for m in members if m.started_on <= begin and (m.stopped_on is None or begin < m.stopped_on)]
        halted = [s for m in running for s in m.suspensions if s.start <= begin and (s.end is None or begin < s.end)]
        if not running or len(halted) < len(running):
            continue
        if stops and stops[-1].end == begin:
            stops[-1] = replace(stops[-1], end=end)
        else:
            reasons = dict.fromkeys(s.reason for s in halted)
            stops.append(Suspension(begin, end, "；".join(reasons)))
    return replace(clock, suspensions=tuple(stops))


def _standing(clock: Clock, on: date) -> date:
    return max(clock.started_on, on if clock.stopped_on is None else min(on, clock.stopped_on))


def _count(clock: Clock, after: date, until: date, holidays: Holidays) -> int:
    if clock.unit is Unit.WORKDAY:
        return max(holidays.workdays_between(after, until), 0)
    return max((until - after).days, 0)


def _must_run(clock: Clock) -> None:
    if clock.stopped_on is not None:
        raise ClockError("stopped", "the clock has stopped")
    if clock.suspended:
        raise ClockError("suspended", "the clock is suspended")
