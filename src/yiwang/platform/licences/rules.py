"""States, terms and public content of licences: pure functions (STANDARDS 6.4; 行政许可法 arts. 50, 61,
69, 70).
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from yiwang.kernel.calendar import add_months
from yiwang.kernel.codes import mask_id, mask_name, mask_phone
from yiwang.kernel.types import PartyKind
from yiwang.platform.licences.types import LicenceStatus, LicenceView, Operation, ShowingState, TrustLevel

S, Op = LicenceStatus, Operation

TABLE: dict[Operation, dict[LicenceStatus, LicenceStatus]] = {
    Op.RENEW: {S.VALID: S.EXPIRED},
    Op.CHANGE: {S.VALID: S.EXPIRED},
    Op.HOLD: {S.VALID: S.HELD},
    Op.RELEASE: {S.HELD: S.VALID, S.OTHER: S.VALID},
    Op.EXPIRE: {S.VALID: S.EXPIRED, S.HELD: S.EXPIRED, S.OTHER: S.EXPIRED},
    Op.CANCEL: dict.fromkeys((S.VALID, S.HELD, S.OTHER, S.EXPIRED, S.WITHDRAWN, S.REVOKED), S.CANCELLED),
    Op.WITHDRAW: dict.fromkeys((S.VALID, S.HELD, S.OTHER), S.WITHDRAWN),
    Op.REVOKE: dict.fromkeys((S.VALID, S.HELD, S.OTHER), S.REVOKED),
    Op.TRANSFER_OUT: {S.VALID: S.TRANSFERRED},
    Op.OTHER: {S.VALID: S.OTHER},
}
"""What an operation makes of a licence in a status; no entry: it cannot be done.

Renewal and change end the old version; the new one begins VALID. A held licence is still a licence: it
runs out, and it may be revoked or withdrawn without being given back first; so with one that is set aside for another
reason (其他, in words). What was withdrawn or revoked is cancelled after (art. 70 (4)).
"""

NEEDS_REASON = frozenset({Op.HOLD, Op.CANCEL, Op.WITHDRAW, Op.REVOKE, Op.TRANSFER_OUT, Op.OTHER})
"""Operations against the holder, or on their request: the reason goes on record."""

RENEWAL_DAYS = 30
"""A renewal is applied for this many days before the end (art. 50)."""


def after(operation: Operation, status: LicenceStatus) -> LicenceStatus | None:
    """Return the status after an operation, or nothing if it cannot be done in this one."""
    return TABLE.get(operation, {}).get(status)


def last_day(first: date, months: int) -> date | None:
    """Return the last day of a term of so many months whose first day is ``first``; nothing for 0 months."""
    return add_months(first, months) - timedelta(days=1) if months else None


ENDLESS = date.max
"""How a term without end is written where a day must stand: registers write 9999-12-31 for 长期."""


def is_endless(day: date) -> bool:
    """Tell whether a last day stands for a term without end (the year 9999)."""
    return day.year == ENDLESS.year


def term_end(given: date | None, usual: date | None) -> date | None:
    """Return the last day of a term: as it is given, else as is usual; nothing for one without end."""
    last = given or usual
    return None if last is None or is_endless(last) else last


def renewal_in_time(applied_on: date | None, valid_to: date) -> bool:
    """Tell whether renewal was applied for at least 30 days before the end (art. 50 (1))."""
    return applied_on is not None and (valid_to - applied_on).days >= RENEWAL_DAYS


def at_end(status: LicenceStatus, valid_to: date, applied_on: date | None) -> Operation | None:
    """Return what the law does with a licence when its last day is over.

    Applied for in time and not decided: it counts as renewed (逾期未作决定的，视为准予延续, art. 50 (2)).
    Otherwise it expires. Nothing, if it is not in force anyway.
    """
    if status is S.VALID and renewal_in_time(applied_on, valid_to):
        return Op.RENEW
    return Op.EXPIRE if after(Op.EXPIRE, status) else None


def effective(status: LicenceStatus, valid_to: date | None, applied_on: date | None, today: date) -> LicenceStatus:
    """Return the status that the law gives it today, whether or not the worker has written it down yet."""
    if valid_to is None or today <= valid_to or at_end(status, valid_to, applied_on) is not Op.EXPIRE:
        return status
    return S.EXPIRED


def remind_on(valid_to: date, days: int, today: date) -> date | None:
    """Return the day on which holders are reminded that a licence ends, ``days`` before; nothing for 0 days or a day that
    has gone by.
    """
    day = valid_to - timedelta(days=days)
    return day if days and day > today else None


def next_term(valid_from: date, valid_to: date | None, first: date, months: int) -> date | None:
    """Return the last day of the term after a renewal that begins on ``first``.

    It is as long as the type says, or as the old one was; a licence without end stays so.
    """
    if months:
        return last_day(first, months)
    return None if valid_to is None else first + (valid_to - valid_from)


def changed(new: LicenceView, old: LicenceView) -> tuple[str, ...]:
    """Return the labels of what a version says otherwise than the one before; its holders under their own names."""
    found = [label for name, label in new.labels.items() if new.fields.get(name) != old.fields.get(name)]
    if new.holder_names != old.holder_names and not any("名" in label for label in found):
        found.append("持证主体")
    return tuple(found)


CODE_LIFE = timedelta(seconds=60)
"""How long a one-time code can be taken up."""
MOST_STEPS = 30
"""How often a code renews itself before the holder has to begin anew."""
_CODE = re.compile(r"(?:^|code=)(\d{12})$")


def code_from(text: str) -> str:
    """Return the 12 digits of a code as it was typed or scanned: with gaps, or as the address in the QR code; else nothing."""
    found = _CODE.search(re.sub(r"[\s-]", "", text))
    return found[1] if found else ""


def showing_state(
    state: ShowingState, code_until: datetime | None, until: datetime | None, now: datetime
) -> ShowingState:
    """Return where a showing stands now: an agreement ends with its time, a code that nobody took up with its own.

    Asked and not answered, it ends with the day after: ``until`` holds that then.
    """
    ends = code_until if state is ShowingState.OFFERED else until
    running = state in {ShowingState.OFFERED, ShowingState.ASKED, ShowingState.AGREED}
    return ShowingState.OVER if running and ends is not None and now >= ends else state


def copy_note(trust: TrustLevel, issuer: str, cause: str, until: str) -> str:
    """Return what a copy says of itself: who vouches for it, for what it is, until when (信息分级, 国办函〔2016〕108号).

    Of level C, which nobody compared with the original, no copies are made.
    """
    vouched = {
        TrustLevel.A: f"由{issuer}提供",
        TrustLevel.B: "已与原件核对一致",
        TrustLevel.D: "由持证人自行提供并承诺真实",
    }
    return f"{vouched[trust]}，仅用于办理政务服务事项：{cause}，有效期至{until}"


_CITIZEN = re.compile(
    r"(?<![0-9A-Za-z])\d{6}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[0-9Xx](?![0-9A-Za-z])"
)
"""Region, date of birth, serial, check: other numbers of 18 digits, such as 证照编号, hold no date there."""
_MOBILE = re.compile(r"(?<![0-9A-Za-z])1[3-9]\d{9}(?![0-9A-Za-z])")


def public_text(text: str) -> str:
    """Return a text of a licence with citizen and mobile numbers masked (个人信息保护法)."""
    text = _CITIZEN.sub(lambda found: mask_id(found[0]), text)
    return _MOBILE.sub(lambda found: mask_phone(found[0]), text)


def public_name(kind: PartyKind, name: str) -> str:
    """Return a holder's name as anybody may read it: organisations whole, persons by their first
    character.
    """
    return mask_name(name) if kind is PartyKind.PERSON else name
