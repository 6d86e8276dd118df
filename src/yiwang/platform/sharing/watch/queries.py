"""Alerts, as those who watch and the officer's agency see them. Whose data were read is not told."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from yiwang.kernel import paging
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor, Reach
from yiwang.platform.sharing.models import Check
from yiwang.platform.sharing.watch.models import ReadingAlert
from yiwang.platform.sharing.watch.types import AlertState, AlertView, Shown

MOST_SHOWN = 100
"""Readings that the page of an alert lists, the first ones; all are counted and kept."""


def alerts(by: Actor, *, closed: bool = False, after: str = "", size: int = 30) -> paging.Page[AlertView]:
    """Return a page of the alerts that the actor may see, newest first: those under way, or those that were closed."""
    rows = ReadingAlert.objects.visible_to(by).filter(closed_at__isnull=not closed).select_related("agency")
    found = paging.page(rows, ("-raised_at", "-id"), size, after=after)
    return paging.Page([_view(row) for row in found.items], found.next, found.previous)


def waiting(by: Actor) -> QuerySet[ReadingAlert]:
    """Return the alerts that are under way, as far as the actor sees them."""
    rows: QuerySet[ReadingAlert] = ReadingAlert.objects.visible_to(by)
    return rows.filter(closed_at=None)


def get_alert(pk: uuid.UUID, by: Actor) -> tuple[AlertView, Reach, list[Shown]]:
    """Return an alert, where it lies, and the first readings that it is made of. Raises ``NotFound``."""
    row = ReadingAlert.objects.visible_to(by).select_related("agency").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这条预警。"))
    evidence = list(row.evidence.order_by("at", "id")[:MOST_SHOWN])
    reads = AuditEntry.objects.in_bulk([int(one.ref) for one in evidence if one.kind == "read"])
    checks = {
        str(one.pk): one for one in Check.objects.filter(pk__in=[one.ref for one in evidence if one.kind == "check"])
    }
    shown = []
    for one in evidence:
        if one.kind == "read" and (read := reads.get(int(one.ref))):
            shown.append(Shown(at=one.at, kind="read", ref=one.ref, name=read.name, purpose=read.purpose))
        elif check := checks.get(one.ref):
            what = f"{check.provider} · {check.dataset_name}"
            shown.append(Shown(at=one.at, kind="check", ref=one.ref, name="check", purpose=check.purpose, what=what))
    return _view(row), row.reach, shown


def _view(row: ReadingAlert) -> AlertView:
    return AlertView(
        id=row.pk,
        rule_name=row.rule_name,
        rule_name_en=row.rule_name_en,
        officer=row.officer_label,
        agency_name=row.agency.short_name or row.agency.name,
        day=row.day,
        state=AlertState(row.state),
        count=row.count,
        first_at=row.first_at,
        last_at=row.last_at,
        due_on=row.due_on,
        late=row.late,
        question=row.question,
        explanation=row.explanation,
        explained_by=row.explained_by,
        finding=row.finding,
        closed_by=row.closed_by,
        closed_at=row.closed_at,
    )
