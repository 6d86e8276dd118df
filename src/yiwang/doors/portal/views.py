"""The portal's own pages: the front page and what belongs to no room."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from yiwang.kernel.types import Actor, ActorKind
from yiwang.platform.cases import queries as cases
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.search import portal as search
from yiwang.ui.entry import public
from yiwang.ui.frame import Link


@public
def home(request: HttpRequest) -> HttpResponse:
    """Show the front page: search first, what waits for me, life events."""
    audience = "organisation" if request.GET.get("for") == "organisation" else "person"
    actor: Actor = request.actor  # type: ignore[attr-defined]
    corrections = []
    if actor.kind is ActorKind.PERSON:
        mine = [case.id for one in cases.applications(actor) for case in one.cases]
        corrections = cases.corrections_of(mine, only_open=True)
    return render(
        request,
        "portal/home.html",
        {
            "events": [event for event in catalog.life_events() if event.audience == audience],
            "audience": audience,
            "tabs": [
                Link(_("个人"), "/", "person", icon="user"),
                Link(_("法人"), "/?for=organisation", "organisation", icon="org"),
            ],
            "corrections": corrections,
            "centres": directory.centres()[:6],
            "popular": search.popular(),
            "section": "home",
            "hide_search": True,
        },
    )
