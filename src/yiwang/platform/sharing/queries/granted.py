"""Grants on their way and in force, as each side sees them."""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from yiwang.kernel import clock, paging
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor, Reach
from yiwang.platform.sharing.granting import RENEWING, UNDER_WAY
from yiwang.platform.sharing.models import Grant
from yiwang.platform.sharing.types import (
    GrantState,
    GrantView,
    Side,
)

WAITING = (GrantState.REQUESTED, GrantState.PROVIDER, GrantState.COORDINATION, GrantState.REFUSED)
"""States in which somebody has to do something."""


_GRANT_LISTS = {
    "waiting": WAITING,
    "granted": (GrantState.GRANTED,),
    "ended": tuple(state for state in GrantState if state not in (*WAITING, GrantState.GRANTED)),
}


def grants(by: Actor, which: str, size: int = 30, *, after: str = "", before: str = "") -> paging.Page[GrantView]:
    """Return a page of the grants that the actor may see, newest first: ``waiting``, ``granted``, ``ended``, or, of the
    actor's own agencies, those that have to be renewed (``ending``).
    """
    if which == "ending":
        rows = ending(by)
    else:
        rows = Grant.objects.visible_to(by).filter(state__in=[state.value for state in _GRANT_LISTS[which]])
    rows = rows.select_related("dataset__agency", "agency")
    found = paging.page(rows, ("-requested_at", "-id"), size, after=after, before=before)
    return paging.Page([_grant(row) for row in found.items], found.next, found.previous)


def grants_ending(by: Actor) -> paging.Count:
    """Return how many grants of the actor's agencies end soon and nobody asked to renew."""
    return paging.more_than(ending(by))


def waiting(by: Actor) -> QuerySet[Grant]:
    """Return the grants that wait for somebody, as far as the actor sees them."""
    rows: QuerySet[Grant] = Grant.objects.visible_to(by)
    return rows.filter(state__in=[state.value for state in WAITING[:3]])


def ending(by: Actor) -> QuerySet[Grant]:
    """Return the grants of the actor's agencies that end soon, which nobody asked to renew."""
    renewed = Grant.objects.filter(renews=OuterRef("pk"), state__in=[state.value for state in UNDER_WAY])
    rows = Grant.objects.asked_by(by).filter(~Exists(renewed), state=GrantState.GRANTED.value)
    return rows.filter(expires_on__lte=clock.today() + RENEWING)


def get_grant(pk: uuid.UUID, by: Actor) -> tuple[GrantView, dict[Side, Reach]]:
    """Return a grant and where it lies for each side. Raises ``NotFound``."""
    row = Grant.objects.visible_to(by).select_related("dataset__agency", "agency").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这份申请。"))
    later = row.renewed_by.filter(state__in=[state.value for state in UNDER_WAY]).order_by("-requested_at")
    renewed_by = later.values_list("pk", flat=True).first()
    return replace(_grant(row), renewed_by=renewed_by), {side: row.reach_of(side) for side in Side}


def _grant(row: Grant) -> GrantView:
    provider = row.dataset.agency
    return GrantView(
        id=row.pk,
        dataset=row.dataset.code,
        dataset_name=row.dataset.name,
        agency=row.agency.code,
        agency_name=row.agency.short_name or row.agency.name,
        provider_name=provider.short_name or provider.name,
        function=row.function,
        region=row.region,
        items=tuple(row.items),
        fields=tuple(row.fields),
        purpose=row.purpose,
        state=GrantState(row.state),
        months=row.months,
        expires_on=row.expires_on,
        begins_on=row.begins_on,
        renews=row.renews_id,
        per_minute=row.per_minute,
        requested_at=row.requested_at,
        due_on=row.due_on,
        reason=row.reason,
        escalated=row.escalated,
    )
