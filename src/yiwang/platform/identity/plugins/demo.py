"""Signing in to the demo: choose one of the invented people. Refuses to work outside of demo mode."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.kernel.plugins import Finding, Level
from yiwang.kernel.types import AssuranceLevel
from yiwang.platform.identity.models import Account
from yiwang.platform.identity.signing_in import Outcome, SignIn, registry


@registry.register("demo")
class DemoSignIn(SignIn):
    """One click, no password."""

    name = "demo"
    label = gettext_lazy("演示登录")

    def check_config(self) -> list[Finding]:
        """Warn wherever it could let somebody in for real."""
        if settings.YIWANG_DEMO:
            return []
        return [Finding(Level.ERROR, gettext_lazy("演示登录只能在演示模式下使用。"))]

    def sign_in(self, request: HttpRequest) -> Outcome:
        """Sign the chosen person in at the level they were ever checked at."""
        account = (
            Account.objects.filter(login=request.POST.get("login", ""), is_active=True)
            .select_related("person")
            .first()
        )
        if not settings.YIWANG_DEMO or account is None:
            return Outcome(message=_("没有这个演示账号。"))
        level = AssuranceLevel(account.person.checked_level) if account.person else AssuranceLevel.L3
        return Outcome(account, level)

    def context(self) -> dict[str, Any]:
        """List the demo's people and staff."""
        if not settings.YIWANG_DEMO:
            return {}
        accounts = Account.objects.filter(is_active=True).select_related("person", "staff__agency")
        people = [account for account in accounts if account.person]
        staff = sorted(
            (account for account in accounts if hasattr(account, "staff")),
            key=lambda account: (account.staff.agency.path, account.staff.number),
        )
        return {"demo_people": people, "demo_staff": staff}
