"""Everything identity leans on, broken on purpose: what the person reads when a service is down."""

from __future__ import annotations

from typing import NoReturn

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.kernel.plugins import Finding, Level
from yiwang.kernel.problems import Unavailable
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


def _down() -> NoReturn:
    raise Unavailable(_("这项服务暂时连不上，请过一会儿再试，或带身份证到任一窗口办。"))


class _Down:
    label = gettext_lazy("停用")

    def check_config(self) -> list[Finding]:
        """Say that it is down."""
        return [Finding(Level.WARNING, gettext_lazy("这一项现在设为停用。"))]


@registry.register("outage")
class OutageSignIn(_Down, SignIn):
    """Only says that sign-in is down and what to do."""

    name = "outage"
    template = "identity/ways/outage.html"

    def sign_in(self, request: HttpRequest) -> Outcome:
        """Let nobody in."""
        return Outcome(message=_("登录服务正在维护，请过一会儿再来。急事请到任一窗口办。"))


@code_senders.register("outage")
class OutageCodes(_Down, CodeSender):
    """No message goes out."""

    def show(self, text: str) -> str:
        """Raise Unavailable."""
        _down()

    def send(self, phone: str, text: str, key: str) -> None:
        """Raise Unavailable."""
        _down()


@authorities.register("outage")
class OutageAuthority(_Down, Authority):
    """The registers do not answer."""

    def confirms_person(self, claim: PersonClaim) -> bool:
        """Raise Unavailable."""
        _down()

    def confirms_organisation(self, claim: OrganisationClaim) -> bool:
        """Raise Unavailable."""
        _down()

    def confirms_electronic_licence(self, uscc: str, token: str) -> bool:
        """Raise Unavailable."""
        _down()


@face_checks.register("outage")
class OutageFace(_Down, FaceCheck):
    """No face can be compared: the page names the other ways."""

    template = "identity/ways/face_outage.html"

    def passes(self, request: HttpRequest, name: str, number: str) -> bool:
        """Raise Unavailable."""
        _down()
