"""What was handed in and waits for acceptance where a counter takes in: keyset paged, the most urgent first."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from yiwang.kernel import clock, holidays, paging
from yiwang.kernel.types import Actor
from yiwang.platform.cases.models import Application

SIZE = 20
_APPLICATION_COLUMNS = (
    "number",
    "title",
    "applicant_name",
    "agent_name",
    "door",
    "submitted_at",
    "plan",
    "tell_on",
)


@dataclass(frozen=True, slots=True)
class WaitingApplication:
    """A line of the intake list."""

    id: uuid.UUID
    number: str
    title: str
    applicant_name: str
    agent_name: str
    door: str
    submitted_at: datetime
    cases: int
    tell_on: date
    days_left: int
    """Working days left to tell whether it is accepted."""


@dataclass(frozen=True, slots=True)
class IntakePage:
    """One page of the intake list."""

    rows: list[WaitingApplication]
    next: str = ""
    previous: str = ""


def intake_page(by: Actor, *, after: str = "", before: str = "") -> IntakePage:
    """Return what was handed in and waits for acceptance, the next to count as accepted first; two queries.

    Raises ``paging.BadCursor``.
    """
    rows = Application.objects.waiting_for(by).only(*_APPLICATION_COLUMNS)
    page = paging.page(rows, ("tell_on",), SIZE, after=after, before=before)
    days, today = holidays.for_region("", provisional=True), clock.today()
    return IntakePage(
        [
            WaitingApplication(
                row.id,
                row.number,
                row.title,
                row.applicant_name,
                row.agent_name,
                row.door,
                row.submitted_at,
                len(row.plan),
                row.tell_on,
                days.workdays_between(today, row.tell_on),
            )
            for row in page.items
        ],
        page.next,
        page.previous,
    )


def intake_count(by: Actor) -> paging.Count:
    """Return how many applications wait for acceptance, counted to 99."""
    return paging.more_than(Application.objects.waiting_for(by))
