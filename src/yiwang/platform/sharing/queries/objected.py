"""Objections, as whoever raised them and whoever has to answer see them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from yiwang.kernel import paging
from yiwang.kernel.problems import NotFound
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, ActorKind, Party, PartyKind
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity import trail
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.models import OPEN_OBJECTION, Check, Objection, Record
from yiwang.platform.sharing.queries.checked import check_view
from yiwang.platform.sharing.types import (
    ObjectionKind,
    ObjectionState,
    ObjectionView,
)


def objections(
    by: Actor, *, answered: bool = False, asked: bool = False, after: str = "", size: int = 30
) -> paging.Page[ObjectionView]:
    """Return a page of the objections that the actor may see: open ones by their day, answered ones newest first, or those
    that the actor's own agencies ``asked``.

    Open is also what was answered with a promise that was not kept.
    """
    rows = Objection.objects.visible_to(by).select_related("agency", "dataset")
    if by.kind is ActorKind.PERSON:
        found = paging.page(rows, ("-raised_at", "-id"), size, after=after)
    elif asked:
        own = Objection.objects.asked_by(by).select_related("agency", "dataset")
        found = paging.page(own, ("-raised_at", "-id"), size, after=after)
    elif answered:
        found = paging.page(rows.exclude(OPEN_OBJECTION), ("-raised_at", "-id"), size, after=after)
    else:
        found = paging.page(rows.filter(OPEN_OBJECTION), ("due_on", "id"), size, after=after)
    return paging.Page([_objection(row) for row in found.items], found.next, found.previous)


def waiting(by: Actor) -> QuerySet[Objection]:
    """Return the objections that wait for an answer, or for data that were promised for a day that is over."""
    rows: QuerySet[Objection] = Objection.objects.visible_to(by)
    return rows.filter(OPEN_OBJECTION)


def not_come(by: Actor) -> QuerySet[Objection]:
    """Return the objections of the actor's own agencies to which the promised data did not come."""
    rows: QuerySet[Objection] = Objection.objects.asked_by(by)
    return rows.filter(not_come=True)


def get_objection(pk: uuid.UUID, by: Actor) -> ObjectionView:
    """Return an objection with the check or the reading that it is about. Raises ``NotFound``."""
    row = Objection.objects.visible_to(by).select_related("agency", "dataset").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这份异议。"))
    check = Check.objects.filter(pk=row.check_id).first() if row.check_id else None
    read = trail.read_entry(row.read_seq) if row.read_seq else None
    changed = Record.objects.filter(pk=row.changed_record).first() if row.changed_record else None
    return replace(
        _objection(row),
        check=check_view(check) if check else None,
        read=read,
        changed_at=changed.valid_to or changed.valid_from if changed else None,
    )


AGENCY = "agency"
"""What stands for the kind of party where an agency raised it."""


def get_doubt(pk: uuid.UUID, by: Actor) -> ObjectionView:
    """Return an objection that the actor's own agency raised. Raises ``NotFound``."""
    row = Objection.objects.select_related("agency", "dataset").filter(pk=pk, party_kind=AGENCY).first()
    own = Check.objects.filter(pk=row.check_id, consumer_path__startswith=by.agency) if row and by.agency else None
    if row is None or own is None or not own.exists():
        raise NotFound(_("没有这份异议。"))
    return _objection(row)


def whose(pk: uuid.UUID, by: Actor) -> tuple[str, uuid.UUID | None]:
    """Return the number of whose data an objection is about, and who that is, if they are known here. The reading has to be
    logged. Raises ``NotFound``.
    """
    row = Objection.objects.visible_to(by).select_related("ward").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这份异议。"))
    number = _numbers(row)[0]
    if row.party_kind == AGENCY or row.ward:
        person = identity.find_person(number)
        return number, person.id if person else None
    return number, row.party_id


def changed_since(row: Objection) -> int | None:
    """Return the newest record of the dataset about whom it is that came, or ended, since the objection was raised."""
    keys = [blind_index(number, SUBJECT) for number in _numbers(row)]
    rows = Record.objects.filter(dataset_id=row.dataset_id, subject_index__in=keys).exclude(digest=b"")
    changed = rows.filter(Q(valid_from__gt=row.raised_at) | Q(valid_to__gt=row.raised_at))
    return changed.order_by("-id").values_list("id", flat=True).first()


def _numbers(row: Objection) -> Sequence[str]:
    if row.party_kind == AGENCY:
        return [row.subject]
    return [row.ward.number] if row.ward else identity.numbers_of(_party(row))


def _party(row: Objection) -> Party:
    return Party(PartyKind(row.party_kind), row.party_id)


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
        party=_party(row) if row.party_kind != AGENCY else None,
        for_child=row.ward_id is not None,
        answer=row.answer,
        answered_at=row.answered_at,
        awaits=row.awaits,
        not_come=row.not_come,
    )
