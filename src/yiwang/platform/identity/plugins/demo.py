"""The demo's sign-in and its stand-ins for the outside. All of it refuses to work outside of demo mode."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.kernel.codes import clean
from yiwang.kernel.plugins import Finding, Level
from yiwang.kernel.problems import Unavailable
from yiwang.kernel.sealed import blind_index, normalised
from yiwang.kernel.types import AssuranceLevel
from yiwang.platform.identity.models import Account, Organisation, Person
from yiwang.platform.identity.ports import (
    Authority,
    CodeSender,
    FaceCheck,
    OrganisationClaim,
    PersonClaim,
    authorities,
    code_senders,
    face_checks,
)
from yiwang.platform.identity.signing_in import Outcome, SignIn, registry


@registry.register("demo")
class DemoSignIn(SignIn):
    """One click, no password."""

    name = "demo"
    label = gettext_lazy("演示登录")
    template = "identity/ways/demo.html"
    field = "demo-people"
    reaches = AssuranceLevel.L3

    def check_config(self) -> list[Finding]:
        """Warn wherever it could let somebody in for real."""
        if settings.YIWANG_DEMO:
            return []
        return [Finding(Level.ERROR, gettext_lazy("演示登录只能在演示模式下使用。"))]

    def sign_in(self, request: HttpRequest) -> Outcome:
        """Sign the chosen person in."""
        account = (
            Account.objects.filter(login=request.POST.get("login", ""), is_active=True).select_related("person").first()
        )
        if not settings.YIWANG_DEMO or account is None:
            return Outcome(message=_("没有这个演示账号。"))
        return Outcome(account, AssuranceLevel.L3)

    def context(self, request: HttpRequest) -> dict[str, Any]:
        """List the demo's people and staff."""
        if not settings.YIWANG_DEMO:
            return {}
        accounts = Account.objects.filter(is_active=True).select_related("person", "staff__agency").order_by("pk")
        people = [account for account in accounts if account.person]
        staff = sorted(
            (account for account in accounts if hasattr(account, "staff")),
            key=lambda account: (account.staff.agency.path, account.staff.number),
        )
        return {"demo_people": people, "demo_staff": staff}


class _DemoOnly:
    def check_config(self) -> list[Finding]:
        """Refuse wherever real people are served."""
        if settings.YIWANG_DEMO:
            return []
        return [Finding(Level.ERROR, gettext_lazy("这是演示用的，正式运行要换成真的服务。"))]


def _refuse_for_real() -> None:
    if not settings.YIWANG_DEMO:
        raise Unavailable(_("这项服务还没有接通，请带身份证到任一窗口办。"))


@code_senders.register("demo")
class DemoCodes(_DemoOnly, CodeSender):
    """Nothing is sent: the page itself shows the message."""

    label = gettext_lazy("演示短信")

    def show(self, text: str) -> str:
        """Return the message for the page. Raises Unavailable outside of demo mode."""
        _refuse_for_real()
        return _("演示短信：%(text)s") % {"text": text}

    def send(self, phone: str, text: str, key: str) -> None:
        """Send nothing: the page showed it."""


@authorities.register("demo")
class DemoAuthority(_DemoOnly, Authority):
    """Knows the invented people and firms that were loaded; believes any well-formed third proof."""

    label = gettext_lazy("演示人口库和法人库")

    def confirms_person(self, claim: PersonClaim) -> bool:
        """Tell whether name and number belong together. Raises Unavailable outside of demo mode."""
        _refuse_for_real()
        known = Person.objects.filter(
            document_type=claim.document_type, number_index=blind_index(claim.number, "citizen_id")
        ).first()
        digits = clean(claim.proof_number)
        return known is not None and normalised(known.name) == normalised(claim.name) and len(digits) >= 6

    def confirms_organisation(self, claim: OrganisationClaim) -> bool:
        """Tell whether code, name and representative belong together. Raises Unavailable outside of demo mode."""
        _refuse_for_real()
        known = Organisation.objects.filter(uscc=claim.uscc, active=True).select_related("legal_representative").first()
        return (
            known is not None
            and normalised(known.name) == normalised(claim.name)
            and known.legal_representative is not None
            and known.legal_representative.number == claim.representative_number
        )

    def confirms_electronic_licence(self, uscc: str, token: str) -> bool:
        """Believe the button of the demo. Raises Unavailable outside of demo mode."""
        _refuse_for_real()
        return token == "demo"  # noqa: S105 (no secret: what the demo's button says)


@face_checks.register("demo")
class DemoFace(_DemoOnly, FaceCheck):
    """A button in place of a camera."""

    label = gettext_lazy("演示人脸核验")
    template = "identity/ways/face_demo.html"

    def passes(self, request: HttpRequest, name: str, number: str) -> bool:
        """Believe the button. Raises Unavailable outside of demo mode."""
        _refuse_for_real()
        return request.POST.get("face") == "demo"
