"""Lists of the desk: narrow, keyset paged, never counted in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from yiwang.kernel.types import Actor
from yiwang.platform.cases.models import Application, Case, Task
from yiwang.platform.cases.queries import case_views
from yiwang.platform.cases.types import CaseView, TaskState

SIZE = 20


@dataclass(frozen=True, slots=True)
class Filters:
    """What a member of staff filters the inbox by."""

    words: str = ""
    state: str = ""
    mine: bool = False

    @classmethod
    def read(cls, data: Mapping[str, str]) -> Filters:
        """Read them from an address."""
        return cls(data.get("q", "").strip(), data.get("state", ""), data.get("mine") == "1")


@dataclass(frozen=True, slots=True)
class InboxPage:
    """One page of the inbox."""

    cases: list[CaseView]
    steps: dict[Any, str]
    next: str


@dataclass(frozen=True, slots=True)
class IntakePage:
    """One page of the intake list."""

    applications: list[Application]
    next: str


def inbox_page(by: Actor, filters: Filters, after: str = "") -> InboxPage:
    """Return the cases with a step that waits for one of the actor's roles, nearest to its limit first."""
    roles = sorted({grant.role.value for grant in by.grants})
    ready = Task.objects.filter(case_id=OuterRef("pk"), state=TaskState.READY, role__in=roles)
    rows = Case.objects.visible_to(by).filter(Exists(ready)).order_by("due_on", "id")
    if filters.words:
        rows = rows.filter(Q(number__startswith=filters.words) | Q(applicant_name__startswith=filters.words))
    if filters.state:
        rows = rows.filter(state=filters.state)
    if filters.mine:
        rows = rows.filter(handler_id=by.id)
    if after:
        due, _bar, pk = after.partition("|")
        rows = rows.filter(Q(due_on__gt=due) | Q(due_on=due, id__gt=pk))
    found = case_views(rows[: SIZE + 1])
    more = len(found) > SIZE
    found = found[:SIZE]
    steps: dict[Any, str] = {}
    for case, name in Task.objects.filter(
        case_id__in=[one.id for one in found], state=TaskState.READY, role__in=roles
    ).values_list("case_id", "name"):
        steps[case] = name
    cursor = f"{found[-1].due_on}|{found[-1].id}" if more else ""
    return InboxPage(found, steps, cursor)


def intake_page(by: Actor, after: str = "") -> IntakePage:
    """Return what was handed in and waits for acceptance, oldest first."""
    rows = Application.objects.visible_to(by).filter(state="submitted").order_by("submitted_at", "id")
    if after:
        at, _bar, pk = after.partition("|")
        rows = rows.filter(Q(submitted_at__gt=at) | Q(submitted_at=at, id__gt=pk))
    found = list(rows.defer("answers", "facts")[: SIZE + 1])
    more = len(found) > SIZE
    found = found[:SIZE]
    cursor = f"{found[-1].submitted_at.isoformat()}|{found[-1].id}" if more and found[-1].submitted_at else ""
    return IntakePage(found, cursor)
