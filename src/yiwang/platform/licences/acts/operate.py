"""Operations on an issued licence (STANDARDS 6.4) and what the law does when its term is over."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date

from django.utils.translation import gettext as _

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import Permission, act_on, current, event
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, Denial, FieldError, Key, Role
from yiwang.platform.licences import rules
from yiwang.platform.licences.acts.versions import EXPIRY, REMINDER, end, locked, next_version
from yiwang.platform.licences.models import WRITE, Licence
from yiwang.platform.licences.queries import status_of
from yiwang.platform.licences.types import LicenceStatus, Operation

HELD = event("licence.held", "A licence was held (暂扣): it may not be used until it is released.")
RELEASED = event("licence.released", "A held licence was given back (暂扣发还).")
WITHDRAWN = event("licence.withdrawn", "A licence was withdrawn (撤销/撤回).")
REVOKED = event("licence.revoked", "A licence was revoked as a penalty (吊销).")
CANCELLED = event("licence.cancelled", "A licence was cancelled (注销).")
TRANSFERRED = event("licence.transferred", "A licence was transferred to another place (办理转出).")
SET_ASIDE = event("licence.set_aside", "A licence was set aside for another reason, told in words (其他业务).")
EXPIRED = event("licence.expired", "A licence's term is over and it was not renewed (失效).")
EXPIRING = event("licence.expiring", "A licence's term is over in some days: its holders are reminded.")
RENEWAL_APPLIED = event("licence.renewal_applied", "Renewal of a licence was applied for.")
RENEWAL_REFUSED = event("licence.renewal_refused", "Renewal of a licence was refused.")

OPERATE = Permission(
    name="licences.operate",
    kinds=frozenset({ActorKind.STAFF, ActorKind.CLIENT}),
    roles=frozenset({Role.ISSUER, Role.DECIDER}),
    scope=WRITE,
    provider=True,
)
"""Who issues licences of an agency, and its own system."""
RECEIVE = Permission(
    name="licences.receive",
    kinds=frozenset({ActorKind.STAFF}),
    roles=frozenset({Role.INTAKE, Role.ISSUER, Role.DECIDER}),
)
BY_LAW = Permission(name="licences.by_law", kinds=frozenset({ActorKind.SYSTEM}))


def may(operation: Operation) -> Callable[[Licence], Denial | None]:
    """Return the check whether an operation can be done to a licence now."""

    def ready(licence: Licence) -> Denial | None:
        if rules.after(operation, status_of(licence)) is None:
            return Denial("licence-status", _("这份证照现在的状态不能这样办。"))
        return None

    return ready


def _operate(licence: Licence, operation: Operation, reason: str = "") -> LicenceStatus:
    reason = reason.strip()
    if operation in rules.NEEDS_REASON and not reason:
        message = _("请写明原因，持证人会看到。")
        raise Invalid(message, errors=(FieldError("reason", message),))
    status = rules.after(operation, status_of(licence))
    assert status is not None
    end(licence, status, operation, reason)
    return status


@act_on(
    "licences.hold",
    Licence.objects.lock,
    permission=OPERATE,
    ready=may(Operation.HOLD),
    announces=HELD,
)
def hold(licence: Licence, *, reason: str, by: Actor, key: Key) -> LicenceStatus:
    """Hold a licence (暂扣). Raises Invalid without a reason."""
    return _operate(licence, Operation.HOLD, reason)


@act_on(
    "licences.release",
    Licence.objects.lock,
    permission=OPERATE,
    ready=may(Operation.RELEASE),
    announces=RELEASED,
)
def release(licence: Licence, *, by: Actor, key: Key) -> LicenceStatus:
    """Give a held licence back (暂扣发还)."""
    return _operate(licence, Operation.RELEASE)


@act_on(
    "licences.withdraw",
    Licence.objects.lock,
    permission=OPERATE,
    ready=may(Operation.WITHDRAW),
    announces=WITHDRAWN,
)
def withdraw(licence: Licence, *, reason: str, by: Actor, key: Key) -> LicenceStatus:
    """Withdraw a licence (撤销/撤回, 行政许可法 arts. 8, 69). Raises Invalid without a reason."""
    return _operate(licence, Operation.WITHDRAW, reason)


@act_on(
    "licences.revoke",
    Licence.objects.lock,
    permission=OPERATE,
    ready=may(Operation.REVOKE),
    announces=REVOKED,
)
def revoke(licence: Licence, *, reason: str, by: Actor, key: Key) -> LicenceStatus:
    """Revoke a licence as a penalty (吊销). Raises Invalid without a reason."""
    return _operate(licence, Operation.REVOKE, reason)


@act_on(
    "licences.cancel",
    Licence.objects.lock,
    permission=OPERATE,
    ready=may(Operation.CANCEL),
    announces=CANCELLED,
)
def cancel(licence: Licence, *, reason: str, by: Actor, key: Key) -> LicenceStatus:
    """Cancel a licence (注销, 行政许可法 art. 70). Raises Invalid without a reason."""
    return _operate(licence, Operation.CANCEL, reason)


@act_on(
    "licences.transfer_out",
    Licence.objects.lock,
    permission=OPERATE,
    ready=may(Operation.TRANSFER_OUT),
    announces=TRANSFERRED,
)
def transfer_out(licence: Licence, *, reason: str, by: Actor, key: Key) -> LicenceStatus:
    """Transfer a licence to another place (办理转出). Raises Invalid without a reason, which says where
    to.
    """
    return _operate(licence, Operation.TRANSFER_OUT, reason)


@act_on(
    "licences.set_aside",
    Licence.objects.lock,
    permission=OPERATE,
    ready=may(Operation.OTHER),
    announces=SET_ASIDE,
)
def set_aside(licence: Licence, *, reason: str, by: Actor, key: Key) -> LicenceStatus:
    """Set a licence aside for a reason that has no name of its own (其他业务); ``release`` takes that back. Raises
    Invalid without a reason.
    """
    return _operate(licence, Operation.OTHER, reason)


@act_on("licences.renew", Licence.objects.lock, permission=OPERATE, ready=may(Operation.RENEW))
def renew(licence: Licence, *, valid_to: date | None = None, by: Actor, key: Key) -> uuid.UUID:
    """Renew a licence (延续, 行政许可法 art. 50): a new version, for the type's term if none is given.
    Returns its id. Raises Invalid for a term that is over.
    """
    if valid_to is not None and valid_to < clock.today():
        message = _("有效期已经过了，请核对。")
        raise Invalid(message, errors=(FieldError("valid_to", message),))
    return next_version(licence, Operation.RENEW, values={}, valid_to=valid_to)


@act_on(
    "licences.note_renewal",
    Licence.objects.lock,
    permission=RECEIVE,
    ready=may(Operation.RENEW),
    announces=RENEWAL_APPLIED,
)
def note_renewal(licence: Licence, *, by: Actor, key: Key) -> bool:
    """Note that renewal was applied for today. Tells whether in time for it to count as granted if nobody
    decides.
    """
    return _note_renewal(licence)


def renewal_applied_inside(licence: uuid.UUID) -> bool:
    """Note inside another act that renewal was applied for today; answer as of ``note_renewal``."""
    row = locked(licence)
    current().emit(RENEWAL_APPLIED, row)
    return _note_renewal(row)


def _note_renewal(row: Licence) -> bool:
    row.renewal_applied_on = row.renewal_applied_on or clock.today()
    row.save(update_fields=["renewal_applied_on"])
    return row.valid_to is not None and rules.renewal_in_time(row.renewal_applied_on, row.valid_to)


def _renewal_open(licence: Licence) -> Denial | None:
    if licence.renewal_applied_on is None:
        return Denial("no-renewal", _("这份证照没有待决定的延续申请。"))
    return may(Operation.RENEW)(licence)


@act_on(
    "licences.refuse_renewal",
    Licence.objects.lock,
    permission=OPERATE,
    ready=_renewal_open,
    announces=RENEWAL_REFUSED,
)
def refuse_renewal(licence: Licence, *, reason: str, by: Actor, key: Key) -> date | None:
    """Refuse a renewal: the licence runs to its end and expires. Returns its last day. Raises Invalid
    without a reason.
    """
    if not reason.strip():
        message = _("请写明不予延续的理由。")
        raise Invalid(message, errors=(FieldError("reason", message),))
    current().detail["reason_given"] = True
    return _refuse_renewal(licence, reason)


def refuse_renewal_inside(licence: uuid.UUID, *, reason: str) -> None:
    """Refuse a renewal inside another act (the case's decision, which holds the reasons)."""
    row = locked(licence)
    current().emit(RENEWAL_REFUSED, row)
    _refuse_renewal(row, reason)


def _refuse_renewal(row: Licence, reason: str) -> date | None:
    row.renewal_applied_on, row.status_reason = None, reason.strip()
    row.save(update_fields=["renewal_applied_on", "status_reason"])
    return row.valid_to


def _over(licence: Licence) -> Denial | None:
    if licence.valid_to is None or clock.today() <= licence.valid_to or _by_law(licence) is None:
        return Denial("not-over", _("这份证照的有效期还没有结束，或者已经失效。"))
    return None


def _by_law(licence: Licence) -> Operation | None:
    assert licence.valid_to is not None
    return rules.at_end(LicenceStatus(licence.status), licence.valid_to, licence.renewal_applied_on)


@act_on("licences.lapse", Licence.objects.lock, permission=BY_LAW, ready=_over)
def lapse(licence: Licence, *, by: Actor, key: Key) -> LicenceStatus:
    """Do what the law does when the last day is over: expire, or renew where nobody decided in time (art.
    50).
    """
    if _by_law(licence) is Operation.RENEW:
        current().detail["deemed"] = True
        next_version(licence, Operation.RENEW, values={})
        return LicenceStatus.VALID
    end(licence, LicenceStatus.EXPIRED, Operation.EXPIRE)
    current().emit(EXPIRED, licence)
    return LicenceStatus.EXPIRED


def _ends_soon(licence: Licence) -> Denial | None:
    if licence.valid_to is None or status_of(licence) is not LicenceStatus.VALID or licence.renewal_applied_on:
        return Denial("not-ending", _("这份证照不用提醒：不在有效状态，或者已经申请延续。"))
    return None


@act_on("licences.remind", Licence.objects.lock, permission=BY_LAW, ready=_ends_soon, announces=EXPIRING)
def remind(licence: Licence, *, by: Actor, key: Key) -> None:
    """Remind the holders that the licence ends soon."""


@timers.timer(REMINDER)
def _remind(licence: uuid.UUID, key: str) -> None:
    remind(licence, by=SYSTEM, key=key)


@timers.timer(EXPIRY)
def _ring(licence: uuid.UUID, key: str) -> None:
    lapse(licence, by=SYSTEM, key=key)
