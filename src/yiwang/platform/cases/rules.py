"""The case engine's logic, pure: the table of states, the graph of steps, what an outcome opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from yiwang.kernel import clock
from yiwang.kernel.calendar import Holidays, Unit
from yiwang.kernel.clock import Clock
from yiwang.platform.cases.types import (
    CaseResult,
    CaseState,
    FeeView,
    PaymentKind,
    PaymentView,
    RatingStatus,
    TaskState,
    Way,
)
from yiwang.platform.catalog.types import Fee, Limit

S = CaseState

TRANSITIONS: dict[CaseState, frozenset[CaseState]] = {
    S.WAITING: frozenset({S.SUBMITTED, S.ACCEPTED, S.WITHDRAWN, S.VOID, S.NOT_ACCEPTED}),
    S.SUBMITTED: frozenset(
        {S.PRE_REVIEW, S.ACCEPTED, S.CONDITIONAL, S.NOT_ACCEPTED, S.SUPPLEMENT, S.WITHDRAWN, S.VOID, S.WAITING}
    ),
    S.PRE_REVIEW: frozenset({S.RETURNED, S.ACCEPTED, S.CONDITIONAL, S.NOT_ACCEPTED, S.SUPPLEMENT, S.WITHDRAWN, S.VOID}),
    S.RETURNED: frozenset({S.SUBMITTED, S.WITHDRAWN, S.VOID}),
    S.SUPPLEMENT: frozenset({S.SUBMITTED, S.NO_SUPPLEMENT, S.WITHDRAWN, S.VOID}),
    S.CONDITIONAL: frozenset(
        {S.ACCEPTED, S.IN_PROCESS, S.SUSPENDED, S.ACCEPTANCE_REVOKED, S.FORWARDED, S.WITHDRAWN, S.VOID}
    ),
    S.ACCEPTED: frozenset({S.IN_PROCESS, S.SUSPENDED, S.DECIDED, S.FORWARDED, S.WITHDRAWN, S.VOID}),
    S.IN_PROCESS: frozenset({S.SUSPENDED, S.DECIDED, S.FORWARDED, S.WITHDRAWN, S.VOID, S.ACCEPTANCE_REVOKED}),
    S.SUSPENDED: frozenset({S.IN_PROCESS, S.CONDITIONAL, S.WITHDRAWN, S.VOID, S.ACCEPTANCE_REVOKED, S.NO_SUPPLEMENT}),
    S.DECIDED: frozenset({S.CLOSED}),
    S.FORWARDED: frozenset({S.CLOSED}),
    S.NOT_ACCEPTED: frozenset({S.CLOSED}),
    S.NO_SUPPLEMENT: frozenset({S.CLOSED}),
    S.ACCEPTANCE_REVOKED: frozenset({S.CLOSED}),
    S.WITHDRAWN: frozenset({S.CLOSED}),
    S.VOID: frozenset({S.CLOSED}),
    S.CLOSED: frozenset({S.DELIVERED, S.ARCHIVED}),
    S.DELIVERED: frozenset({S.ARCHIVED}),
    S.ARCHIVED: frozenset(),
}
"""Every arrow of STANDARDS 4.3. EXTENDED is no state of its own: an extension lengthens the clock while work goes on;
RATED belongs to the rating, which may come at any time after closing."""

OPEN = frozenset(
    {
        S.SUBMITTED,
        S.WAITING,
        S.PRE_REVIEW,
        S.RETURNED,
        S.SUPPLEMENT,
        S.ACCEPTED,
        S.CONDITIONAL,
        S.IN_PROCESS,
        S.SUSPENDED,
    }
)
"""States in which somebody still has to do something before the decision."""
BEFORE_ACCEPTANCE = frozenset({S.SUBMITTED, S.PRE_REVIEW})
WORKING = frozenset({S.ACCEPTED, S.CONDITIONAL, S.IN_PROCESS})
ENDED = frozenset({S.CLOSED, S.DELIVERED, S.ARCHIVED})
GRANTS = frozenset({CaseResult.ISSUED, CaseResult.GRANTED, CaseResult.NORMAL})
"""Results on which the next case of the application can build."""

JOINT_LIMIT = Limit(45, Unit.WORKDAY)
"""Unified, joint or concentrated handling by several bodies takes 45 working days at most (行政许可法 art. 42)."""
HEARING = "hearing"
"""Code of the special procedure that any item may need; the others each item publishes (行政许可法 art. 45)."""
HEARING_ASKED, HEARING_HELD, HEARING_NOTICE = 5, 20, 7
"""Working days to ask for a hearing after being told of the right, to hold it after it was asked for, and from the
notice of its day to that day at least (行政许可法 arts. 47, 48).
"""

GUANGDONG: dict[CaseResult, str] = {
    CaseResult.ISSUED: "0",
    CaseResult.RETURNED: "1",
    CaseResult.WITHDRAWN: "1",
    CaseResult.VOIDED: "2",
    CaseResult.DELETED: "3",
    CaseResult.FORWARDED: "4",
    CaseResult.NO_SUPPLEMENT: "5",
    CaseResult.NORMAL: "6",
}
"""Closing results as Guangdong's interface has them (STANDARDS 4.4); what it has no digit for closes as 6 办结."""
GUANGDONG_NEWER: dict[CaseResult, str] = GUANGDONG | {CaseResult.GRANTED: "6", CaseResult.REFUSED: "7"}
"""The newer list, which tells a grant without a certificate and a refusal."""
SHANDONG: dict[CaseResult, str] = {
    CaseResult.ISSUED: "0",
    CaseResult.GRANTED: "0",
    CaseResult.REFUSED: "1",
    CaseResult.NO_SUPPLEMENT: "5",
    CaseResult.WITHDRAWN: "5",
    CaseResult.NOT_ACCEPTED: "6",
}
"""Closing results as Shandong's interface has them; the others are not reported there."""


def may_go(old: CaseState, new: CaseState) -> bool:
    """Tell whether a case may go from one state to the other."""
    return new in TRANSITIONS[old]


def rating_status(state: CaseState) -> RatingStatus:
    """Return how the rating interface names a state: accepted and waiting, in hand, or closed."""
    if state in ENDED:
        return RatingStatus.FINISHED
    if state in (S.IN_PROCESS, S.SUSPENDED, S.DECIDED, S.FORWARDED):
        return RatingStatus.IN_HAND
    return RatingStatus.WAITING


def way_of(delivery: Mapping[str, str]) -> Way:
    """Return how the applicant chose to get the result; without a choice, electronically."""
    return Way(delivery.get("way") or Way.ELECTRONIC)


class Outcome(StrEnum):
    """How a step came out."""

    PASS = "pass"  # noqa: S105 - a word, not a secret
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Node:
    """A step of the graph: what it waits for, and whether it applies (``when`` is evaluated before)."""

    code: str
    after: tuple[str, ...]
    applies: bool = True


def check_graph(nodes: Sequence[Node]) -> None:
    """Raise ``ValueError`` for an unknown predecessor, a step named twice, or a circle."""
    codes = [node.code for node in nodes]
    if len(set(codes)) != len(codes):
        raise ValueError("a step is named twice")
    known = set(codes)
    for node in nodes:
        for before in node.after:
            if before not in known:
                raise ValueError(f"step {node.code} waits for {before}, which is not there")
    placed: set[str] = set()
    while len(placed) < len(nodes):
        ready = {node.code for node in nodes if node.code not in placed and placed.issuperset(node.after)}
        if not ready:
            raise ValueError("the process goes round in a circle")
        placed |= ready


def advance(nodes: Sequence[Node], states: Mapping[str, TaskState]) -> dict[str, TaskState]:
    """Return the states after everything that can move has moved: a step is ready when all before it are over.

    A step that does not apply is skipped as soon as its turn comes, which may open others at once.
    """
    after = {node.code: states.get(node.code, TaskState.WAITING) for node in nodes}
    moved = True
    while moved:
        moved = False
        for node in nodes:
            if after[node.code] is not TaskState.WAITING:
                continue
            if all(after[before] in (TaskState.DONE, TaskState.SKIPPED) for before in node.after):
                after[node.code] = TaskState.READY if node.applies else TaskState.SKIPPED
                moved = True
    return after


class Fate(StrEnum):
    """What becomes of a step when its case moves to another edition."""

    KEPT = "kept"
    ADDED = "added"
    DROPPED = "dropped"
    """Not done yet, and no longer needed."""
    REMEMBERED = "remembered"
    """Done, but no part of the process any more: the record stays."""


def fates(states: Mapping[str, TaskState], process: Sequence[str]) -> dict[str, Fate]:
    """Return the fate of every step, of the new process first: ``states`` are the case's, ``process`` the new steps."""
    new = {code: Fate.KEPT if code in states else Fate.ADDED for code in process}
    old = {
        code: Fate.REMEMBERED if state is TaskState.DONE else Fate.DROPPED
        for code, state in states.items()
        if code not in new and state is not TaskState.SKIPPED
    }
    return new | old


def hearing_days(asked_on: date, today: date, holidays: Holidays) -> tuple[date, date]:
    """Return the first and the last day on which a hearing can be held that was asked for on ``asked_on``, if its notice
    goes out today. Where the first is after the last, the notice is too late.
    """
    first = holidays.due(today, HEARING_NOTICE, Unit.WORKDAY)
    return first, holidays.due(asked_on, HEARING_HELD, Unit.WORKDAY)


def finished(states: Mapping[str, TaskState]) -> bool:
    """Tell whether nothing is left to do."""
    return all(state in (TaskState.DONE, TaskState.SKIPPED) for state in states.values())


def half_on(value: Clock, holidays: Holidays) -> date | None:
    """Return the first day at whose end half of the limit or less is left (the yellow light); None while the clock
    stands still before that. Half of a limit of calendar days that falls on a day off is the next working day.
    """
    unit = Unit.WORKDAY if value.unit is Unit.WORKDAY else Unit.DAY
    half = replace(value, limit=(clock.total(value, holidays) + 1) // 2, unit=unit, extension=0, suspensions=())
    last = clock.due(half, holidays)
    for stop in value.suspensions:
        if last is None or stop.start >= last:
            break
        half = replace(half, suspensions=(*half.suspensions, stop))
        last = clock.due(half, holidays)
    return last


CENT = Decimal("0.01")


def fees(published: Sequence[Fee], entries: Sequence[PaymentView]) -> tuple[FeeView, ...]:
    """Return how the published fees stand after these entries; lines of one name are one fee."""
    found: dict[str, FeeView] = {}
    for fee in published:
        due, before = _fixed(fee.amount), found.get(fee.name)
        if before is not None:
            due = None if due is None or before.due is None else due + before.due
        found[fee.name] = FeeView(
            name=fee.name,
            standard=f"{before.standard}；{fee.standard}" if before else fee.standard,
            reducible=fee.reducible or bool(before and before.reducible),
            due=due,
            paid=_sum(entries, fee.name, PaymentKind.PAID),
            waived=_sum(entries, fee.name, PaymentKind.WAIVED),
        )
    return tuple(found.values())


def _fixed(amount: str) -> Decimal | None:
    """Return a fixed amount in yuan; nothing for a scale."""
    try:
        value = Decimal(amount.strip())
    except InvalidOperation:
        return None
    return value.quantize(CENT) if value.is_finite() and value > 0 else None


def _sum(entries: Sequence[PaymentView], fee: str, kind: PaymentKind) -> Decimal:
    return sum((one.amount for one in entries if one.fee == fee and one.kind is kind), Decimal("0.00"))


TRACK = 150
"""Most days of its past that a clock is drawn with."""


def in_days(limit: Limit, unit: Unit, start: date) -> int:
    """Return a limit in the days by which a clock of ``unit`` counts; 0 for what cannot be said in them."""
    if (limit.unit is Unit.WORKDAY) is not (unit is Unit.WORKDAY):
        return 0
    return clock.limit_days(Clock(limit.value, limit.unit, start))


def track(value: Clock, today: date, holidays: Holidays) -> str:
    """Draw the past of a clock, one letter a day after its start (of working days, if it counts these): ``u`` counted,
    ``p`` suspended.
    """
    end = min(today, value.stopped_on or today)
    letters: list[str] = []
    day = value.started_on + timedelta(days=1)
    while day <= end and len(letters) < TRACK:
        if value.unit is not Unit.WORKDAY or holidays.is_workday(day):
            stopped = any(pause.start < day and (pause.end is None or day <= pause.end) for pause in value.suspensions)
            letters.append("p" if stopped else "u")
        day += timedelta(days=1)
    return "".join(letters)
