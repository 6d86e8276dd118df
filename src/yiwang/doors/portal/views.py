"""The portal's own pages: the front page, ways to find something, where somebody is."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from yiwang.halls.services.pages import events
from yiwang.kernel.types import Actor, ActorKind
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.types import ApplicationState
from yiwang.platform.directory import chosen
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.types import RegionLevel, RegionView
from yiwang.platform.identity import queries as identity
from yiwang.platform.oversight import queries as oversight
from yiwang.platform.search import facets
from yiwang.platform.search import portal as search
from yiwang.ui.entry import public
from yiwang.ui.frame import Group, Link

YEAR = 365 * 24 * 3600
THEMES, AGENCIES, EVENTS, CENTRES, TO_RATE = 18, 15, 12, 4, 2
"""How many of each stand on the front page."""


@public
def home(request: HttpRequest) -> HttpResponse:
    """Show the front page: search first, what waits for me, life events, themes, agencies, places, promises kept."""
    audience = "organisation" if request.GET.get("for") == "organisation" else "person"
    place = chosen.place_of(request)
    found = events.tiles(audience, place.code if place else "")
    themes, agencies = by_theme(audience), by_agency()
    return render(
        request,
        "portal/home.html",
        {
            "events": found[:EVENTS],
            "event_count": len(found),
            "audience": audience,
            "tabs": [
                Link(_("个人"), "/", "person", icon="user"),
                Link(_("法人"), "/?for=organisation", "organisation", icon="org"),
            ],
            "themes": themes[:THEMES],
            "theme_count": len(themes),
            "agencies": agencies[:AGENCIES],
            "agency_count": len(agencies),
            "near": directory.centres_near(place.code if place else "", CENTRES),
            "place": place,
            "figures": oversight.public_figures().total.figures,
            "popular": search.popular(),
            "section": "home",
            "hide_search": True,
        }
        | _mine(request),
    )


def _mine(request: HttpRequest) -> dict[str, Any]:
    """Return what waits for whoever is signed in; nothing for anybody else, and no query."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.kind is not ActorKind.PERSON or actor.id is None:
        return {}
    found = [one for one in cases.applications(actor) if one.state is not ApplicationState.DRAFT]
    mine = [case for one in found for case in one.cases]
    ratable = oversight.ratable_cases([case.id for case in mine], actor)
    corrections = cases.corrections_of([case.id for case in mine if case.closed_at is None], only_open=True)
    owing = [one for one in found if any(case.conditional for case in one.cases)]
    to_rate = [(case, one) for one in found for case in one.cases if case.id in ratable][:TO_RATE]
    return {
        "me": identity.get_person(actor.id).name,
        "corrections": corrections,
        "owing": owing,
        "to_rate": to_rate,
        "waiting": len(corrections) + len(owing),
        "running": sum(1 for case in mine if case.closed_at is None),
        "seen": bool(found),
    }


def by_theme(audience: str) -> list[Link]:
    """Return the themes under which something is published for persons or organisations, fullest first."""
    names, letter = facets.labels()["theme"], facets.AUDIENCES[audience]
    counts = Counter({code: number for code, number in facets.counts()[0].items() if code[:1] == letter})
    return [
        Link(names[code], _found(who=audience, theme=code), code, count=number)
        for code, number in counts.most_common()
        if code in names
    ]


def by_agency() -> list[Link]:
    """Return what agencies do with how many items each kind has, fullest first; one line for all its counties."""
    functions, names = directory.functions(), facets.labels()["function"]
    counts: Counter[str] = Counter()
    for agency, number in facets.counts()[1].items():
        if agency in functions:
            counts[functions[agency]] = max(counts[functions[agency]], number)
    return [Link(names[one], _found(function=one), one, count=number) for one, number in counts.most_common()]


def _found(**narrow: str) -> str:
    return f"{reverse('portal:search')}?{urlencode(narrow)}"


@public
def themes(request: HttpRequest) -> HttpResponse:
    """List every theme, for persons and for organisations."""
    groups = (Group(_("个人办事"), tuple(by_theme("person"))), Group(_("法人办事"), tuple(by_theme("organisation"))))
    return _lists(request, _("按主题找"), groups)


@public
def agencies(request: HttpRequest) -> HttpResponse:
    """List the agencies of the city, and of every county."""
    counts, functions = facets.counts()[1], directory.functions()
    bodies: dict[str, list[Link]] = {}
    for agency in directory.agencies():
        if counts.get(agency.code):
            where = agency.region[:6]
            line = Link(agency.name, _found(function=functions[agency.code], where=where), count=counts[agency.code])
            bodies.setdefault(where, []).append(line)
    counties = directory.regions_at(RegionLevel.CITY) + directory.regions_at(RegionLevel.COUNTY)
    groups = tuple(Group(one.name, tuple(bodies[one.code])) for one in counties if one.code in bodies)
    return _lists(request, _("按部门找"), groups)


def _lists(request: HttpRequest, title: str, groups: tuple[Group, ...]) -> HttpResponse:
    return render(
        request,
        "portal/lists.html",
        {"title": title, "groups": groups, "crumbs": (Link(_("首页"), "/"), Link(title, "")), "section": "apply"},
    )


@public
def centres(request: HttpRequest) -> HttpResponse:
    """List the service centres, those near the chosen place first."""
    place = chosen.place_of(request)
    near = directory.centres_near(place.code if place else "", 1000)
    return render(
        request,
        "portal/centres.html",
        {
            "near": near,
            "place": place,
            "crumbs": (Link(_("首页"), "/"), Link(_("到哪里办"), "")),
            "section": "apply",
        },
    )


@public
def place(request: HttpRequest) -> HttpResponse:
    """Ask where somebody is, and go back to where they came from; kept by their browser, nowhere else."""
    following = request.POST.get("next") or request.GET.get("next") or "/"
    if not url_has_allowed_host_and_scheme(following, {request.get_host()}, require_https=request.is_secure()):
        following = "/"
    if request.method == "POST":
        wanted = request.POST.get("place", "")
        response = redirect(following)
        if not wanted:
            response.delete_cookie(chosen.COOKIE)
            return response
        if chosen.find_place(wanted):
            response.set_cookie(
                chosen.COOKIE, wanted, max_age=YEAR, samesite="Lax", secure=request.is_secure(), httponly=True
            )
            return response
    now = chosen.place_of(request)
    return render(
        request,
        "portal/place.html",
        {
            "counties": _towns(),
            "now": now.code if now else "",
            "next": following,
            "error": _("请从单子里选一个地方。") if request.method == "POST" else "",
            "page_errors": request.method == "POST",
            "crumbs": (Link(_("首页"), "/"), Link(_("您在哪里"), "")),
        },
        status=422 if request.method == "POST" else 200,
    )


def _towns() -> list[tuple[RegionView, list[RegionView]]]:
    towns: dict[str, list[RegionView]] = {}
    for town in directory.regions_at(RegionLevel.TOWN):
        towns.setdefault(town.parent, []).append(town)
    return [(county, towns.get(county.code, [])) for county in directory.regions_at(RegionLevel.COUNTY)]
