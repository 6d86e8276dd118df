"""Signing in by name and password, then a code: of an authenticator or passkey if there is one, else by SMS."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.kernel import limits
from yiwang.kernel.codes import CodeError, clean, parse_mobile
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import AssuranceLevel
from yiwang.platform.identity import acts
from yiwang.platform.identity.models import Account
from yiwang.platform.identity.secret import Secret
from yiwang.platform.identity.signing_in import Outcome, SignIn, registry

_SAME_PHONE = 5
"""Accounts tried at most for one telephone: a family may share it."""


@registry.register("password")
class PasswordSignIn(SignIn):
    """Telephone, document number or login, and a password; the second step follows on a page of its own."""

    name = "password"
    label = gettext_lazy("密码登录")
    template = "identity/ways/password.html"
    field = "login"
    reaches = AssuranceLevel.L2

    def sign_in(self, request: HttpRequest) -> Outcome:
        """Check name and password. Every refusal is the same sentence: it tells nothing about who has an account."""
        typed, password = request.POST.get("login", "").strip(), request.POST.get("password", "")
        refused = _("账号或密码不对，或已被锁定。连续错 5 次，账号会锁 30 分钟。")
        if not typed or not password or len(typed) > 80 or len(password) > 200:
            return Outcome(message=refused)
        limits.count(f"sign-in:address:{limits.client_address(request)}", 30, 600)
        limits.count(f"sign-in:name:{blind_index(typed, 'sign-in').hex()[:24]}", 10, 600)
        found = acts.check_password(
            candidates(typed),
            Secret(password),
            by=request.actor,
            key=str(uuid.uuid4()),  # type: ignore[attr-defined]
        )
        if found is None:
            return Outcome(message=refused)
        account = Account.objects.select_related("person").get(pk=found)
        return Outcome(account, AssuranceLevel.L2, needs_second=True)


def candidates(typed: str) -> list[uuid.UUID]:
    """Return the accounts that somebody may mean by what was typed."""
    found = list(Account.objects.filter(login=typed, is_active=True).values_list("pk", flat=True)[:1])
    try:
        mobile = parse_mobile(typed)
    except CodeError:
        number = blind_index(clean(typed), "citizen_id")
        people = Account.objects.filter(person__number_index=number)
    else:
        people = Account.objects.filter(person__phone_index=blind_index(mobile, "phone"))
    return found or list(people.filter(is_active=True).values_list("pk", flat=True)[:_SAME_PHONE])
