"""What the pages of this room at the portal share."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from yiwang.kernel.types import Actor
from yiwang.platform.licences.types import LicenceView
from yiwang.ui import store, uploads
from yiwang.ui.frame import Link


def who(request: HttpRequest) -> Actor:
    """Return who is there."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def crumbs(*more: Link) -> tuple[Link, ...]:
    """Return the way from the first page."""
    return (Link(_("首页"), "/"), *more)


def scan_of(found: LicenceView) -> HttpResponseBase:
    """Show the scan of the paper that a licence was taken over from."""
    with store.open_file(found.scan) as file:
        media_type = uploads.recognise(file, found.name)
    name = uploads.with_ending(f"{found.name} {found.number}", media_type)
    return store.download(found.scan, name=name, media_type=media_type, inline=True)
