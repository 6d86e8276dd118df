"""What identity decides, as pure functions: passwords, lock-out, assurance, delegations, separated administrators."""

from __future__ import annotations

import calendar
import string
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from yiwang.kernel.types import AssuranceLevel

MAX_FAILURES = 5
LOCK = timedelta(minutes=30)
"""GB/T 22239-2019, level 3: five wrong tries lock for half an hour."""
IDLE = timedelta(minutes=30)
SESSION_MAX = timedelta(hours=12)
STAFF_PASSWORD_AGE = timedelta(days=90)
CODE_LIFE = timedelta(minutes=5)
CODE_TRIES = 5
PASSWORD_MIN = 10
PASSWORD_CLASSES, STAFF_PASSWORD_CLASSES = 3, 4
DELEGATION_YEARS = 3


def after_failure(failures: int, now: datetime) -> tuple[int, datetime | None]:
    """Return the count of failures after one more, and until when the account is locked (or nothing)."""
    failures += 1
    if failures < MAX_FAILURES:
        return failures, None
    return 0, now + LOCK


def is_locked(locked_until: datetime | None, now: datetime) -> bool:
    """Tell whether an account is locked now."""
    return locked_until is not None and now < locked_until


def password_faults(password: str, personal: Iterable[str] = (), classes: int = PASSWORD_CLASSES) -> tuple[str, ...]:
    """Return what is wrong with a password: ``short``, ``simple``, ``personal``; empty if it may be used.

    It has 10 characters or more of so many of the four kinds (capitals, small letters, digits, signs; staff need all:
    STANDARDS 13.1) and holds nothing that others know of the person: telephone, document number or six digits of either
    in a row.
    """
    faults = []
    if len(password) < PASSWORD_MIN:
        faults.append("short")
    kinds = (string.ascii_uppercase, string.ascii_lowercase, string.digits)
    used = sum(any(one in kind for one in password) for kind in kinds)
    used += any(one not in string.ascii_letters + string.digits for one in password)
    if used < classes:
        faults.append("simple")
    if _holds_personal(password.lower(), personal):
        faults.append("personal")
    return tuple(faults)


def _holds_personal(password: str, personal: Iterable[str]) -> bool:
    for known in personal:
        word = known.lower()
        if len(word) < 6:
            if len(word) > 2 and word in password:
                return True
            continue
        if any(word[start : start + 6] in password for start in range(len(word) - 5)):
            return True
    return False


def password_is_old(changed_at: datetime | None, now: datetime) -> bool:
    """Tell whether a member of staff must choose a new password."""
    return changed_at is not None and now - changed_at > STAFF_PASSWORD_AGE


def reached(way: AssuranceLevel, checked: int) -> AssuranceLevel:
    """Return the level of a sign-in: what the way proves, at most what the person was ever checked for."""
    return AssuranceLevel(min(int(way), checked))


def delegation_latest(start: date) -> date:
    """Return the last day that a delegation given on ``start`` may run to: three years on."""
    year = start.year + DELEGATION_YEARS
    return date(year, start.month, min(start.day, calendar.monthrange(year, start.month)[1]))
