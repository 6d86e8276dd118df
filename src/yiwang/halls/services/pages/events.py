"""The life events as tiles: what each is, how many agencies work at it, what it saves."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yiwang.halls.services import queries
from yiwang.halls.services.doors import address
from yiwang.halls.services.types import Gain
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import LifeEvent
from yiwang.platform.directory import chosen
from yiwang.platform.directory import queries as directory
from yiwang.ui.entry import public
from yiwang.ui.frame import Link


@dataclass(frozen=True, slots=True)
class Tile:
    """A life event as it stands in a list; ``gain`` is a few words each."""

    event: LifeEvent
    gain: tuple[str, ...]


def tiles(audience: str, region: str = "") -> list[Tile]:
    """Return the life events of persons or organisations; what they save is counted where ``region`` lies."""
    gains = queries.gains(region or directory.first_county())
    found = [event for event in catalog.life_events() if event.audience == audience]
    return [Tile(event, words(gains[event.code]) if event.code in gains else ()) for event in found]


def words(gain: Gain) -> tuple[str, ...]:
    """Say what a life event saves; nothing where nobody carries it out."""
    if not gain.agencies:
        return ()
    agencies = ngettext("%(n)d 个部门", "%(n)d 个部门", gain.agencies) % {"n": gain.agencies}
    if gain.apart > gain.together:
        return agencies, _("%(apart)d → %(together)d 个工作日") % {"apart": gain.apart, "together": gain.together}
    return agencies, ngettext("跑 %(n)d 趟", "跑 %(n)d 趟", gain.visits) % {"n": gain.visits}


@public
def events(request: HttpRequest) -> HttpResponse:
    """List the life events, for persons or for organisations."""
    audience = "organisation" if request.GET.get("for") == "organisation" else "person"
    here = address(request, "events")
    place = chosen.place_of(request)
    return render(
        request,
        "services/events.html",
        {
            "events": tiles(audience, place.code if place else ""),
            "audience": audience,
            "tabs": [
                Link(_("个人"), here, "person", icon="user"),
                Link(_("法人"), f"{here}?for=organisation", "organisation", icon="org"),
            ],
            "section": "apply",
        },
    )
