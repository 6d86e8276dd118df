"""Signing in and out: passwords with lock-out, one-time codes, sessions that can be listed and ended."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.contrib.auth.hashers import check_password as matches
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db.models import F
from django.utils.functional import lazy
from django.utils.translation import gettext as _

from yiwang.kernel import clock, limits
from yiwang.kernel.acts import act, act_on, current
from yiwang.kernel.problems import NotFound
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, Key
from yiwang.platform.identity import factors, rules, tasks
from yiwang.platform.identity.models import Account, Challenge, SignedIn
from yiwang.platform.identity.permissions import CanKeepAccount, CanSignIn
from yiwang.platform.identity.ports import code_senders
from yiwang.platform.identity.secret import Secret

_nobody = lazy(lambda: make_password(secrets.token_hex(16)), str)()
"""A hash that nothing matches: an unknown name takes as long as a wrong password."""


@act("identity.check_password", permission=CanSignIn)
def check_password(candidates: list[uuid.UUID], password: Secret, *, by: Actor, key: Key) -> uuid.UUID | None:
    """Return the account among the candidates whose password this is, or nothing.

    A wrong try counts against each candidate; five lock it for half an hour (GB/T 22239-2019). Whether a name is
    unknown, a password wrong or an account locked looks the same from outside, and takes the same time.
    """
    now = clock.now()
    rows = list(Account.objects.select_for_update().filter(pk__in=candidates, is_active=True).order_by("pk"))
    found = None
    for row in rows:
        right = matches(password.reveal(), row.password)
        if right and not rules.is_locked(row.locked_until, now):
            found = row
    if not rows:
        matches(password.reveal(), str(_nobody))
    if found is not None:
        Account.objects.filter(pk=found.pk).update(failures=0, locked_until=None)
        current().about(found)
        return found.id
    for row in rows:
        if rules.is_locked(row.locked_until, now):
            continue
        row.failures, row.locked_until = rules.after_failure(row.failures, now)
        row.save(update_fields=["failures", "locked_until"])
        current().about(row)
    current().detail["refused"] = "locked" if any(row.locked_until for row in rows) else "wrong"
    return None


@act("identity.send_code", permission=CanSignIn)
def send_code(
    purpose: str,
    phone: Secret,
    account: uuid.UUID | None = None,
    instead: str | None = None,
    saying: str = "",
    *,
    by: Actor,
    key: Key,
) -> tuple[uuid.UUID, str]:
    """Send a one-time code to a telephone. Returns the challenge and what the page may show of it (demo only).

    ``instead``: the telephone's owner gets this sentence and no code, where it is empty nothing at all (it has an account
    already, or has none): the page looks the same and takes the same time, so it tells nobody who has one. ``saying`` is the
    sentence around ``%(code)s`` where the code is told to somebody else, who has to say what it agrees to. Raises TooMany
    (one a minute, ten a day for a telephone and purpose) and Unavailable.
    """
    number = phone.reveal()
    name = blind_index(number, "phone").hex()[:24]
    limits.count(f"code:{purpose}:{name}:minute", 1, 60)
    limits.count(f"code:{purpose}:{name}:day", 10, 86_400)
    code = f"{secrets.randbelow(1_000_000):06d}"
    pk, now = uuid.uuid4(), clock.now()
    Challenge.objects.filter(expires_at__lt=now - rules.LOCK).delete()
    Challenge.objects.create(
        id=pk,
        purpose=purpose,
        account_id=account,
        phone=number,
        code_index=_code_index(pk, code if instead is None else secrets.token_hex(8)),
        sent_at=now,
        expires_at=now + rules.CODE_LIFE,
    )
    text = (
        (saying or _("验证码 %(code)s，5 分钟内有效。工作人员不会向您要验证码。")) % {"code": code}
        if instead is None
        else instead
    )
    current().detail["purpose"] = purpose
    shown = code_senders.selected().show(text)
    if text:
        tasks.send_code_soon(number, text, str(pk))
    return pk, shown if text else ""


@act("identity.check_code", permission=CanSignIn)
def check_code(challenge: uuid.UUID, purpose: str, code: Secret, *, by: Actor, key: Key) -> bool:
    """Tell whether this is the code that was sent. Five wrong tries or five minutes make it worthless."""
    now = clock.now()
    row = (
        Challenge.objects.select_for_update()
        .filter(pk=challenge, purpose=purpose, used_at=None, expires_at__gt=now, tries__lt=rules.CODE_TRIES)
        .first()
    )
    if row is None:
        return False
    right = secrets.compare_digest(bytes(row.code_index), _code_index(row.id, code.reveal()))
    if right:
        row.passed_at = now
        row.save(update_fields=["passed_at"])
    else:
        Challenge.objects.filter(pk=row.pk).update(tries=F("tries") + 1)
    return right


@act("identity.check_totp", permission=CanSignIn)
def check_totp(account: uuid.UUID, code: Secret, *, by: Actor, key: Key) -> bool:
    """Tell whether an authenticator's code is right. Wrong ones count like wrong passwords."""
    now = clock.now()
    row = Account.objects.select_for_update().get(pk=account)
    current().about(row)
    if rules.is_locked(row.locked_until, now):
        return False
    right = factors.check_totp(account, code.reveal())
    if right:
        row.failures = 0
    else:
        row.failures, row.locked_until = rules.after_failure(row.failures, now)
        current().detail["refused"] = "code"
    row.save(update_fields=["failures", "locked_until"])
    return right


def use_challenge(pk: uuid.UUID, purpose: str) -> Challenge:
    """Take a challenge that was passed, once, inside the act that rests on it. Raises NotFound."""
    row = (
        Challenge.objects.select_for_update()
        .filter(pk=pk, purpose=purpose, used_at=None, passed_at__isnull=False)
        .filter(passed_at__gt=clock.now() - rules.LOCK)
        .first()
    )
    if row is None:
        raise NotFound(_("验证码已经失效，请重新获取。"))
    row.used_at = clock.now()
    row.save(update_fields=["used_at"])
    return row


def _code_index(pk: uuid.UUID, code: str) -> bytes:
    return blind_index(f"{pk}{code}", "code")


def own_account(pk: uuid.UUID, by: Actor) -> Account:
    """Return one's own account, locked. Raises NotFound for anybody else's."""
    row = Account.objects.select_for_update().filter(pk=pk, is_active=True).first()
    if row is None or by.id is None or by.id not in (row.person_id, _staff_id(row)):
        raise NotFound(_("没有找到这个账号。"))
    return row


def _staff_id(row: Account) -> Any:
    member = getattr(row, "staff", None) if row.is_staff else None
    return member.id if member else None


@act_on("identity.sign_in", own_account, permission=CanKeepAccount)
def record_session(
    account: Account,
    session_key: Secret,
    *,
    way: str,
    level: int,
    second_factor: bool,
    device: str,
    address: Secret,
    by: Actor,
    key: Key,
) -> None:
    """Note that a session began (or went on under a new key after a step-up)."""
    SignedIn.objects.create(
        account=account,
        session_key=session_key.reveal(),
        way=way,
        level=level,
        second_factor=second_factor,
        device=device[:60],
        address=address.reveal(),
        began_at=clock.now(),
    )
    current().detail.update(way=way, level=level, second_factor=second_factor)


@act_on("identity.sign_out", own_account, permission=CanKeepAccount)
def sign_out(account: Account, session_key: Secret, *, by: Actor, key: Key) -> None:
    """Note that a session was ended by its owner."""
    _end(SignedIn.objects.filter(account=account, session_key=session_key.reveal()))


@act_on("identity.end_session", own_account, permission=CanKeepAccount)
def end_session(account: Account, session: uuid.UUID, *, by: Actor, key: Key) -> None:
    """Sign one's account out somewhere else, at once."""
    _end(SignedIn.objects.filter(account=account, pk=session))


@act_on("identity.end_all_sessions", own_account, permission=CanKeepAccount)
def end_all_sessions(account: Account, but: Secret, *, by: Actor, key: Key) -> int:
    """Sign one's account out everywhere, except in the session ``but``. Returns how many sessions ended."""
    return end_sessions(account, but=but.reveal())


def end_sessions(account: Account, but: str = "") -> int:
    """End an account's sessions inside an act: the next request of each finds nobody signed in."""
    return _end(SignedIn.objects.filter(account=account).exclude(session_key=but))


def _end(rows: Any) -> int:
    open_rows = rows.filter(ended_at=None)
    Session.objects.filter(session_key__in=list(open_rows.values_list("session_key", flat=True))).delete()
    return int(open_rows.update(ended_at=clock.now()))
