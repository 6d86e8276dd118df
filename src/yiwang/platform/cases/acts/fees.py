"""Fees of a case: paid, waived, and the opposite entry that takes a mistake back (冲正)."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import act_on, current
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import Actor, Denial, FieldError, Key
from yiwang.platform.cases import engine, paying, rules
from yiwang.platform.cases.acts.accept import needed
from yiwang.platform.cases.models import Case, Payment
from yiwang.platform.cases.permissions import CanDecide, CanTakeFees
from yiwang.platform.cases.types import FeeView, PaymentKind

LONGEST_SLIP = 60
MOST = Decimal("99999999999999.99")
"""GB/T 39046 has n..16,2."""


def payable(case: Case) -> Denial | None:
    """Something can still be paid."""
    return _open(case) or _some(paying.fees_of(case))


def waivable(case: Case) -> Denial | None:
    """A fee that the item lets be reduced is not settled yet."""
    fees = paying.fees_of(case)
    if fees and not any(one.reducible for one in fees):
        return Denial("not-reducible", _("这个事项的收费不能减免。"))
    return _open(case) or _some([one for one in fees if one.reducible])


def paid(case: Case) -> Denial | None:
    """There is a payment that counts."""
    return _open(case) or _entered(case, PaymentKind.PAID, _("这个办件没有可以冲正的缴费。"))


def waived(case: Case) -> Denial | None:
    """There is a waiver that counts."""
    return _open(case) or _entered(case, PaymentKind.WAIVED, _("这个办件没有可以撤销的减免。"))


@act_on("cases.record_payment", Case.objects.lock, permission=CanTakeFees, ready=payable)
def record_payment(
    case: Case,
    fee: str,
    slip: str,
    amount: Decimal,
    version: int | None = None,
    *,
    payer: str = "",
    by: Actor,
    key: Key,
) -> uuid.UUID:
    """Write down that a fee was paid (缴费), in whole or in part: ``slip`` is the number of the payment slip, ``amount`` in
    yuan; the applicant paid it, if nobody else is named. Returns the entry.

    Raises ``Invalid`` for an unknown fee, an amount that is none or more than is due, and a slip that counts already.
    """
    engine.check_version(case, version)
    wanted = _fee(case, fee)
    slip = needed(slip, _("请写缴款单号。"), "slip")
    if len(slip) > LONGEST_SLIP:
        raise _wrong("slip", _("缴款单号最多 %(most)d 个字。") % {"most": LONGEST_SLIP})
    used = Payment.objects.filter(agency_id=case.agency_id, slip=slip, kind=PaymentKind.PAID, reverses=None)
    row = _entry(case, PaymentKind.PAID, wanted.name, _amount(wanted, amount), by)
    row.slip, row.payer = slip, payer.strip() or case.applicant_name
    row.turn = Payment.objects.filter(reverses__in=used).count()
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise _wrong("slip", _("这个缴款单号已经登记过，一张单子只能登记一次。")) from None
    return _written(case, row)


@act_on("cases.waive_fee", Case.objects.lock, permission=CanDecide, ready=waivable)
def waive_fee(
    case: Case,
    fee: str,
    reason: str,
    amount: Decimal | None = None,
    version: int | None = None,
    *,
    by: Actor,
    key: Key,
) -> uuid.UUID:
    """Waive a fee that the item lets be reduced (减免), with the reason: ``amount`` in yuan, or all that is left. Returns
    the entry.
    """
    engine.check_version(case, version)
    wanted = _fee(case, fee)
    if not wanted.reducible:
        raise _wrong("fee", _("这项收费不能减免。"))
    reason = needed(reason, _("请写明减免的理由和依据。"))
    if amount is None and wanted.left is None:
        raise _wrong("amount", _("这项收费没有固定金额，请写减免多少。"))
    row = _entry(case, PaymentKind.WAIVED, wanted.name, _amount(wanted, wanted.left if amount is None else amount), by)
    row.reason = reason
    row.save(force_insert=True)
    return _written(case, row)


@act_on("cases.reverse_payment", Case.objects.lock, permission=CanTakeFees, ready=paid)
def reverse_payment(
    case: Case, entry: uuid.UUID, reason: str, version: int | None = None, *, by: Actor, key: Key
) -> uuid.UUID:
    """Take a mistaken payment back by the opposite entry (冲正), with the reason; its slip can then be entered anew. Returns
    the opposite entry.
    """
    engine.check_version(case, version)
    return _take_back(case, PaymentKind.PAID, entry, reason, by)


@act_on("cases.revoke_waiver", Case.objects.lock, permission=CanDecide, ready=waived)
def revoke_waiver(
    case: Case, entry: uuid.UUID, reason: str, version: int | None = None, *, by: Actor, key: Key
) -> uuid.UUID:
    """Take a mistaken waiver back by the opposite entry, with the reason. Returns the opposite entry."""
    engine.check_version(case, version)
    return _take_back(case, PaymentKind.WAIVED, entry, reason, by)


def _take_back(case: Case, kind: PaymentKind, entry: uuid.UUID, reason: str, by: Actor) -> uuid.UUID:
    standing = {one.id for one in paying.entries_of(case) if one.kind is kind and one.stands}
    if entry not in standing:
        raise _wrong("entry", _("没有这一笔，或者已经冲正过。"))
    mistaken = case.payments.get(pk=entry)
    row = _entry(case, kind, mistaken.fee, -mistaken.amount, by)
    row.reason = needed(reason, _("请写明为什么冲正。"))
    row.slip, row.turn, row.payer, row.reverses = mistaken.slip, mistaken.turn, mistaken.payer, mistaken
    row.save(force_insert=True)
    return _written(case, row)


def _entry(case: Case, kind: PaymentKind, fee: str, amount: Decimal, by: Actor) -> Payment:
    return Payment(
        case=case,
        kind=kind,
        fee=fee,
        agency_id=case.agency_id,
        amount=amount,
        at=clock.now(),
        taker_id=by.id,
        taker_label=by.label,
    )


def _written(case: Case, row: Payment) -> uuid.UUID:
    current().detail |= {"fee": row.fee, "slip": row.slip, "amount": f"{row.amount:.2f}", "entry": str(row.pk)}
    engine.store(case)
    return row.pk


def _fee(case: Case, name: str) -> FeeView:
    found = next((one for one in paying.fees_of(case) if one.name == name), None)
    if found is None:
        raise _wrong("fee", _("这个事项没有这项收费。"))
    return found


def _amount(fee: FeeView, amount: Decimal) -> Decimal:
    if not amount.is_finite() or amount <= 0:
        raise _wrong("amount", _("金额要大于零。"))
    if amount > MOST or amount != amount.quantize(rules.CENT):
        raise _wrong("amount", _("金额以元为单位，最多两位小数。"))
    if fee.left is not None and amount > fee.left:
        told = _("超过应缴的金额：这项收费还差 %(left)s 元。") % {"left": f"{fee.left:.2f}"}
        raise _wrong("amount", told)
    return amount


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, errors=(FieldError(field, message),))


def _open(case: Case) -> Denial | None:
    if case.archived_at is not None:
        return Denial("archived", _("办件已经归档，收费不能再改。"))
    return None


def _some(fees: list[FeeView] | tuple[FeeView, ...]) -> Denial | None:
    if not fees:
        return Denial("no-fees", _("这个事项不收费。"))
    if all(one.left == 0 for one in fees):
        return Denial("nothing-due", _("该缴的都已经缴清或者减免了。"))
    return None


def _entered(case: Case, kind: PaymentKind, message: str) -> Denial | None:
    if any(one.kind is kind and one.stands for one in paying.entries_of(case)):
        return None
    return Denial("nothing-entered", message)
