"""What somebody has in hand (我经手的): cases that wait for the applicant, for others, and those closed today."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Greatest

from yiwang.kernel import clock, paging
from yiwang.kernel.types import Actor, Role
from yiwang.platform.cases import rules
from yiwang.platform.cases.models import Case, Correction, Task
from yiwang.platform.cases.queries import case_views
from yiwang.platform.cases.types import CaseView, TaskState

LISTED = (Role.REVIEWER, Role.INSPECTOR, Role.DECIDER, Role.ISSUER)
"""Roles that steps wait for after acceptance, in the order of the work."""
SIZE = 20


class Waits(StrEnum):
    """For whom a case in hand waits; or nobody any more."""

    APPLICANT = "applicant"
    OTHERS = "others"
    CLOSED = "closed"


def lists(by: Actor) -> dict[str, QuerySet[Case]]:
    """Return the three lists; each goes along an index that holds no more than the list may show."""
    mine = Case.objects.visible_to(by).filter(handler_id=by.id)
    open_ = mine.filter(state__in=rules.OPEN, decided_at=None, closed_at=None)
    mending = Exists(Correction.objects.filter(case_id=OuterRef("pk"), state="open"))
    roles = [role.value for role in LISTED if by.has_role({role})]
    to_do = Exists(Task.objects.filter(case_id=OuterRef("pk"), state=TaskState.READY, role__in=roles))
    today = clock.end_of(clock.today() - timedelta(days=1))
    return {
        Waits.APPLICANT.value: open_.filter(mending),
        Waits.OTHERS.value: open_.filter(~mending & ~to_do),
        Waits.CLOSED.value: mine.alias(ended_at=Greatest("decided_at", "closed_at")).filter(ended_at__gte=today),
    }


def page(by: Actor, which: str, *, after: str = "", before: str = "") -> paging.Page[CaseView]:
    """Return one page of a list, latest received first. Raises ``paging.BadCursor``."""
    found = paging.page(lists(by)[which], ("-received_at",), SIZE, after=after, before=before)
    return paging.Page(case_views(found.items), found.next, found.previous)
