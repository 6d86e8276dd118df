"""Ways to sign in: plugins. The city chooses which stand on the page (``YIWANG_PLUGINS["identity.sign_in"]``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from yiwang.kernel.plugins import Plugin, Registry
from yiwang.kernel.types import AssuranceLevel
from yiwang.platform.identity.models import Account


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: an account and the level that the way proves, or a sentence for the person.

    ``needs_second``: the account is right so far, a second step must follow before a session begins.
    """

    account: Account | None = None
    level: AssuranceLevel = AssuranceLevel.NONE
    message: str = ""
    second_factor: bool = False
    needs_second: bool = False


class SignIn(Plugin):
    """A way to sign in."""

    name = ""
    template = ""
    """What stands on the sign-in page."""
    reaches = AssuranceLevel.L1
    """What it can prove at most; shown when a page needs more."""
    field = ""
    """The id of what on the page is to be mended when it was refused."""
    steps_up = False
    """Whether somebody who is signed in can prove more by it."""

    def sign_in(self, request: HttpRequest) -> Outcome:
        """Check what was posted."""
        return Outcome()

    def context(self, request: HttpRequest) -> dict[str, Any]:
        """Give the sign-in page what it needs to show this way."""
        return {}


registry: Registry[SignIn] = Registry("identity.sign_in")


def methods() -> dict[str, SignIn]:
    """Return the ways that stand on the page, in order (a comma list in the configuration)."""
    default = "demo,password,passkey" if settings.YIWANG_DEMO else "password,passkey"
    names = settings.YIWANG_PLUGINS.get("identity.sign_in", default)
    return {name: registry.get(name) for name in names.split(",") if name}
