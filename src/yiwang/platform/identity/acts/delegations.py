"""Delegations (委托): given with scope and end, taken back or given up at once."""

from __future__ import annotations

import uuid
from datetime import date

from django.utils.translation import gettext as _

from yiwang.kernel import clock, limits
from yiwang.kernel.acts import act, act_on, current, event
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound
from yiwang.kernel.types import Actor, Denial, FieldError, Key, PartyKind
from yiwang.platform.identity import queries, rules
from yiwang.platform.identity.models import Delegation
from yiwang.platform.identity.permissions import CanDelegate, CanEndDelegation
from yiwang.platform.identity.secret import Secret

GRANTED = event("identity.delegation_granted", "Somebody may act for a person or organisation from now on.")
ENDED = event("identity.delegation_ended", "A delegation was taken back or given up.")


@act("identity.grant_delegation", permission=CanDelegate)
def grant_delegation(
    name: Secret, contact: Secret, items: list[str], may_sign: bool, last_day: date, *, by: Actor, key: Key
) -> uuid.UUID:
    """Let a person act for the actor's principal: in some items (basic codes) or all, to the end of ``last_day``.

    Only the principal gives one, or a firm's legal representative: a delegate cannot pass it on (民法典 art. 169).
    Raises Invalid; who the name and the telephone or document number do not both fit is simply not found.
    """
    limits.count(f"delegate:{by.id}", 20, 3_600)
    party = by.principal
    if party is None or by.id is None or not queries.may_represent(by.id, party):
        raise NotAllowed(_("受托人不能再委托别人，请委托人本人来办。"))
    today = clock.today()
    latest = rules.delegation_latest(today)
    if not today <= last_day <= latest:
        words = {"day": f"{latest:%Y-%m-%d}"}
        raise Invalid(
            _("请核对截止日期。"), errors=(FieldError("last_day", _("截止日期最早今天，最晚 %(day)s") % words),)
        )
    delegate = queries.find_delegate(name.reveal(), contact.reveal())
    if delegate is None:
        message = _("没有找到这个人：姓名要和对方在本平台登记的手机号或证件号一致")
        raise Invalid(_("请核对受托人。"), errors=(FieldError("contact", message),))
    if delegate == by.id:
        raise Invalid(_("请核对受托人。"), errors=(FieldError("contact", _("不用委托自己")),))
    person = party.id if party.kind is PartyKind.PERSON else None
    row = Delegation.objects.create(
        grantor_person_id=person,
        grantor_organisation_id=None if person else party.id,
        delegate_id=delegate,
        items=sorted(set(items)),
        may_sign=may_sign,
        created_at=clock.now(),
        expires_at=clock.end_of(last_day),
    )
    current().about(row)
    current().emit(GRANTED, row, delegate=str(delegate), items=row.items)
    current().detail.update(items=row.items, may_sign=may_sign, last_day=last_day.isoformat())
    return row.id


def _given(pk: uuid.UUID, by: Actor) -> Delegation:
    row = Delegation.objects.select_for_update().filter(pk=pk).first()
    if row is None or by.id is None or not queries.may_represent(by.id, row.principal):
        raise NotFound(_("没有找到这份委托。"))
    return row


def _held(pk: uuid.UUID, by: Actor) -> Delegation:
    row = Delegation.objects.select_for_update().filter(pk=pk, delegate_id=by.id).first()
    if row is None:
        raise NotFound(_("没有找到这份委托。"))
    return row


def _runs(row: Delegation) -> Denial | None:
    if row.revoked_at is not None or row.expires_at <= clock.now():
        return Denial("ended", _("这份委托已经结束。"))
    return None


@act_on("identity.revoke_delegation", _given, permission=CanEndDelegation, ready=_runs, announces=ENDED)
def revoke_delegation(row: Delegation, *, by: Actor, key: Key) -> None:
    """Take a delegation back: the delegate's next request falls back to their own name (民法典 art. 173)."""
    row.revoked_at = clock.now()
    row.save(update_fields=["revoked_at"])


@act_on("identity.give_up_delegation", _held, permission=CanEndDelegation, ready=_runs, announces=ENDED)
def give_up_delegation(row: Delegation, *, by: Actor, key: Key) -> None:
    """Give up a delegation that one holds (民法典 art. 173)."""
    row.revoked_at = clock.now()
    row.save(update_fields=["revoked_at"])
