"""Signing in with a passkey: nothing is typed, nothing can be phished; the strongest way there is here."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.kernel import limits
from yiwang.kernel.types import AssuranceLevel
from yiwang.platform.identity import factors
from yiwang.platform.identity.signing_in import Outcome, SignIn, registry


@registry.register("passkey")
class PasskeySignIn(SignIn):
    """A discoverable credential with user verification: two factors in one."""

    name = "passkey"
    label = gettext_lazy("通行密钥登录")
    template = "identity/ways/passkey.html"
    field = "passkey"
    reaches = AssuranceLevel.L3
    steps_up = True

    def sign_in(self, request: HttpRequest) -> Outcome:
        """Check the browser's answer to our challenge."""
        limits.count(f"sign-in:address:{limits.client_address(request)}", 30, 600)
        account = factors.check_passkey(request.POST.get("answer", ""))
        if account is None:
            return Outcome(message=_("没有认出这把通行密钥，请再试一次，或换一种方式登录。"))
        return Outcome(account, AssuranceLevel.L3, second_factor=True)

    def context(self, request: HttpRequest) -> dict[str, Any]:
        """Say nothing yet: the challenge is made when the button is pressed."""
        return {}
