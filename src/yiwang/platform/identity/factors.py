"""Second factors resting on cryptography: one-time codes of an authenticator (TOTP) and passkeys (WebAuthn).

The mathematics and the table are django-allauth's; pages, acts and sessions are ours.
"""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, validate_totp_code
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from yiwang.kernel.sealed import key_ring
from yiwang.platform.directory.city import city
from yiwang.platform.identity.models import Account

_PLACE = "mfa_authenticator.data"
_SECRET = "totp_secret"  # noqa: S105 (name of a session entry)


class Adapter(DefaultMFAAdapter):
    """What allauth asks the platform: names without anything personal, secrets sealed at rest."""

    def get_totp_issuer(self) -> str:
        """Return the platform's name, for the person's authenticator."""
        return self._get_site_name()

    def _get_site_name(self) -> str:
        found = city()
        return found.title if found else "一网通办"

    def _get_user_identifier(self, user: Account) -> str:
        return user.login if user.is_staff else _("我的账号")

    def get_public_key_credential_user_entity(self, user: Account) -> dict[str, Any]:
        """Name the account to the person's device: the login of staff, nothing personal of a citizen."""
        name = self._get_user_identifier(user)
        return {"id": str(user.pk).encode(), "display_name": name, "name": name}

    def encrypt(self, text: str) -> str:
        """Seal a TOTP secret."""
        return base64.b64encode(key_ring().seal(text.encode(), _PLACE)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a TOTP secret."""
        return key_ring().open(base64.b64decode(encrypted_text), _PLACE).decode()


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor as its owner sees it."""

    id: int
    kind: str
    """``totp`` or ``passkey``."""
    name: str
    created_at: datetime
    used_at: datetime | None


def of_account(account: uuid.UUID) -> list[Factor]:
    """Return an account's factors, oldest first."""
    return [
        Factor(
            row.pk,
            "totp" if row.type == Authenticator.Type.TOTP else "passkey",
            row.data.get("name") or _("动态口令"),
            row.created_at,
            row.last_used_at,
        )
        for row in Authenticator.objects.filter(user_id=account).order_by("pk")
    ]


def has(account: uuid.UUID, kind: str = "") -> bool:
    """Tell whether the account has a factor (of this kind)."""
    rows = Authenticator.objects.filter(user_id=account)
    if kind:
        rows = rows.filter(type=Authenticator.Type.TOTP if kind == "totp" else Authenticator.Type.WEBAUTHN)
    return rows.exists()


def begin_totp(request: HttpRequest) -> tuple[str, str]:
    """Return a new secret (kept in the session, sealed, until it is confirmed) and its address for a QR code."""
    kept = request.session.get(_SECRET)
    secret = Adapter().decrypt(kept) if kept else generate_totp_secret()
    request.session[_SECRET] = kept or Adapter().encrypt(secret)
    return secret, Adapter().build_totp_url(request.user, secret)


def confirm_totp(request: HttpRequest, code: str) -> str:
    """Return the secret if the code is right for it, else nothing."""
    kept = request.session.get(_SECRET)
    secret = Adapter().decrypt(kept) if kept else ""
    if not secret or not validate_totp_code(secret, code):
        return ""
    del request.session[_SECRET]
    return secret


def add_totp(account: Account, secret: str) -> None:
    """Keep a confirmed secret; there is one of an account."""
    Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).delete()
    TOTP.activate(account, secret)


def check_totp(account: uuid.UUID, code: str) -> bool:
    """Tell whether a code is right, and was not used before."""
    row = Authenticator.objects.filter(user_id=account, type=Authenticator.Type.TOTP).first()
    if row is None or not code.isdigit() or not TOTP(row).validate_code(code):
        return False
    row.record_usage()
    return True


def _webauthn() -> Any:
    """Return what knows WebAuthn: imported where somebody uses a passkey, because it brings the list of public suffixes."""
    from allauth.mfa.webauthn.internal import auth

    return auth


def begin_passkey(request: HttpRequest) -> dict[str, Any]:
    """Return what the browser needs to make a passkey (the challenge stays in the session)."""
    return dict(_webauthn().begin_registration(request.user, passwordless=True)["publicKey"])


def confirm_passkey(posted: str) -> dict[str, Any] | None:
    """Return the credential that the browser made if it answers our challenge, else nothing."""
    try:
        credential = json.loads(posted)
        _webauthn().parse_registration_response(credential)
        _webauthn().complete_registration(credential)
    except (ValueError, KeyError, TypeError, ValidationError):
        return None
    return dict(credential)


def add_passkey(account: Account, name: str, credential: dict[str, Any]) -> None:
    """Keep a passkey."""
    _webauthn().WebAuthn.add(account, name, credential)


def begin_check(account: Account | None = None) -> dict[str, Any]:
    """Return what the browser needs to answer with a passkey: of this account, or of any that it holds."""
    return dict(_webauthn().begin_authentication(account)["publicKey"])


def check_passkey(posted: str, account: Account | None = None) -> Account | None:
    """Return the account whose passkey answered our challenge, or nothing."""
    try:
        answer = json.loads(posted)
        _webauthn().parse_authentication_response(answer)
        owner = account or Account.objects.filter(pk=_handle(answer), is_active=True).first()
        if owner is None:
            return None
        _webauthn().complete_authentication(owner, answer).record_usage()
    except (ValueError, KeyError, TypeError, ValidationError):
        return None
    return owner


def _handle(answer: dict[str, Any]) -> uuid.UUID:
    handle = str(answer["response"]["userHandle"])
    return uuid.UUID(base64.urlsafe_b64decode(handle + "=" * (-len(handle) % 4)).decode())


def remove(account: uuid.UUID, factor: int | None = None) -> int:
    """Remove one factor, or all; returns how many."""
    rows = Authenticator.objects.filter(user_id=account)
    return (rows.filter(pk=factor) if factor is not None else rows).delete()[0]
