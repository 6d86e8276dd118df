"""Accounts of staff, kept by the security administrator: opened, closed, unlocked, given a new first password."""

from __future__ import annotations

import re
import uuid

from django.utils.translation import gettext as _

from yiwang.kernel.acts import act, act_on, current
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound
from yiwang.kernel.types import Actor, FieldError, Key
from yiwang.platform.directory import acts as directory
from yiwang.platform.identity import factors
from yiwang.platform.identity.acts.counter import first_password
from yiwang.platform.identity.acts.signing import end_sessions
from yiwang.platform.identity.models import Account
from yiwang.platform.identity.permissions import CanSecure
from yiwang.platform.identity.secret import Secret


@act("identity.open_staff_account", permission=CanSecure)
def open_staff_account(staff: uuid.UUID, login: str, *, by: Actor, key: Key) -> Secret:
    """Open an account for a member of staff. Returns the first password, which is shown once.

    It must be changed at the first sign-in, and a second factor registered. Raises Invalid if the login is taken or
    could be taken for somebody else's telephone or number.
    """
    if staff == by.id:
        raise NotAllowed(_("自己的账号请另一位安全管理员来改。"))
    if not re.fullmatch(r"[a-z][a-z0-9._-]{2,39}", login):
        message = _("用小写字母开头，3 到 40 位字母、数字或 . _ -")
        raise Invalid(_("请换一个登录名。"), errors=(FieldError("login", message),))
    if Account.objects.filter(login=login).exists():
        raise Invalid(_("请换一个登录名。"), errors=(FieldError("login", _("这个登录名已有人用")),))
    password = first_password()
    account = Account(login=login, is_staff=True, must_change_password=True)
    account.set_password(password)
    account.save()
    directory.attach_account(staff, account.id, by)
    current().about(account)
    return Secret(password)


def _account(pk: uuid.UUID, by: Actor) -> Account:
    row = Account.objects.select_for_update().filter(pk=pk, is_staff=True).first()
    if row is None or not hasattr(row, "staff"):
        raise NotFound(_("没有找到这个账号。"))
    CanSecure.check(by, row.staff.agency)
    if row.staff.id == by.id:
        raise NotAllowed(_("自己的账号请另一位安全管理员来改。"))
    return row


@act_on("identity.reset_staff_password", _account, permission=CanSecure)
def reset_staff_password(account: Account, *, by: Actor, key: Key) -> Secret:
    """Give a new first password (shown once) and end every session. Returns it."""
    password = first_password()
    account.set_password(password)
    account.must_change_password = True
    account.failures, account.locked_until = 0, None
    account.save()
    end_sessions(account)
    return Secret(password)


@act_on("identity.reset_staff_factors", _account, permission=CanSecure)
def reset_staff_factors(account: Account, *, by: Actor, key: Key) -> int:
    """Remove every second factor of somebody who lost theirs, with a new first password to follow. Returns how many."""
    end_sessions(account)
    return factors.remove(account.id)


@act_on("identity.unlock_account", _account, permission=CanSecure)
def unlock_account(account: Account, *, by: Actor, key: Key) -> None:
    """Unlock an account before its half hour is over."""
    account.failures, account.locked_until = 0, None
    account.save(update_fields=["failures", "locked_until"])


@act_on("identity.end_sessions_of_staff", _account, permission=CanSecure)
def end_sessions_of_staff(account: Account, *, by: Actor, key: Key) -> int:
    """Sign somebody out everywhere, at once. Returns how many sessions ended."""
    return end_sessions(account)


@act_on("identity.set_staff_active", _account, permission=CanSecure)
def set_staff_active(account: Account, active: bool, *, by: Actor, key: Key) -> None:
    """Close an account (somebody left: their sessions end) or open it again."""
    account.is_active = active
    account.save(update_fields=["is_active"])
    if not active:
        end_sessions(account)
    current().detail["active"] = active
