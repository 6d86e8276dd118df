"""What the pages of this room at the portal share."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from yiwang.kernel.types import Actor
from yiwang.ui.frame import Link


def who(request: HttpRequest) -> Actor:
    """Return who is there."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def crumbs(*more: Link) -> tuple[Link, ...]:
    """Return the way from the first page."""
    return (Link(_("首页"), "/"), *more)
