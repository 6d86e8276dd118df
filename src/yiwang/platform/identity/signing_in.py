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
    """What came of an attempt: an account and the level reached, or a sentence for the person."""

    account: Account | None = None
    level: AssuranceLevel = AssuranceLevel.NONE
    message: str = ""


class SignIn(Plugin):
    """A way to sign in."""

    name = ""

    def sign_in(self, request: HttpRequest) -> Outcome:
        """Check what was posted."""
        return Outcome()

    def context(self) -> dict[str, Any]:
        """Give the sign-in page what it needs to show this way."""
        return {}


registry: Registry[SignIn] = Registry("identity.sign_in")


def methods() -> dict[str, SignIn]:
    """Return the ways that stand on the page, in order (a comma list in the configuration)."""
    names = settings.YIWANG_PLUGINS.get("identity.sign_in", "demo" if settings.YIWANG_DEMO else "password")
    return {name: registry.get(name) for name in names.split(",") if name}
