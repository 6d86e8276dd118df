"""Objections, as whoever raised them and whoever has to answer see them."""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from yiwang.kernel import paging
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor, ActorKind, Party, PartyKind
from yiwang.platform.identity import trail
from yiwang.platform.sharing.models import Check, Objection
from yiwang.platform.sharing.queries.checked import check_view
from yiwang.platform.sharing.types import (
    ObjectionKind,
    ObjectionState,
    ObjectionView,
)


def objections(by: Actor, *, answered: bool = False, after: str = "", size: int = 30) -> paging.Page[ObjectionView]:
    """Return a page of the objections that the actor may see: open ones by their day, answered ones newest first."""
    rows = Objection.objects.visible_to(by).select_related("agency", "dataset")
    if by.kind is ActorKind.PERSON:
        found = paging.page(rows, ("-raised_at", "-id"), size, after=after)
    elif answered:
        found = paging.page(rows.exclude(state="open"), ("-raised_at", "-id"), size, after=after)
    else:
        found = paging.page(rows.filter(state="open"), ("due_on", "id"), size, after=after)
    return paging.Page([_objection(row) for row in found.items], found.next, found.previous)


def waiting(by: Actor) -> QuerySet[Objection]:
    """Return the objections that wait for an answer."""
    rows: QuerySet[Objection] = Objection.objects.visible_to(by)
    return rows.filter(state="open")


def get_objection(pk: uuid.UUID, by: Actor) -> ObjectionView:
    """Return an objection with the check or the reading that it is about. Raises ``NotFound``."""
    row = Objection.objects.visible_to(by).select_related("agency", "dataset").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这份异议。"))
    check = Check.objects.filter(pk=row.check_id).first() if row.check_id else None
    read = trail.read_entry(row.read_seq) if row.read_seq else None
    return replace(_objection(row), check=check_view(check) if check else None, read=read)


def _objection(row: Objection) -> ObjectionView:
    return ObjectionView(
        id=row.pk,
        kind=ObjectionKind(row.kind),
        state=ObjectionState(row.state),
        dataset=row.dataset.code if row.dataset else "",
        dataset_name=row.dataset.name if row.dataset else "",
        agency_name=row.agency.short_name or row.agency.name,
        text=row.text,
        raised_at=row.raised_at,
        due_on=row.due_on,
        late=row.late,
        party=Party(PartyKind(row.party_kind), row.party_id),
        for_child=row.ward_id is not None,
        answer=row.answer,
        answered_at=row.answered_at,
    )
