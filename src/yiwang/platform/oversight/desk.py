"""Oversight at the desk: bad ratings in hand, cases near or over their limit, alerts."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from yiwang.kernel import clock, holidays
from yiwang.kernel.acts import record_read
from yiwang.kernel.calendar import Holidays
from yiwang.kernel.problems import NotFound, Problem
from yiwang.kernel.types import Actor, Role
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.shown import joint_lamp, lamp_of, tell_lamp
from yiwang.platform.oversight import acts, queries
from yiwang.platform.oversight.labels import ALERTS, LEVELS, NEAR, STATES
from yiwang.platform.oversight.models import BadRating
from yiwang.platform.oversight.permissions import CanExplain
from yiwang.platform.oversight.types import Near
from yiwang.ui.addresses import address
from yiwang.ui.entry import staff
from yiwang.ui.frame import Link

app_name = "oversight_desk"
WATCH = (Role.REVIEWER, Role.DECIDER, Role.DISPATCHER, Role.SUPERVISOR)


@staff(*WATCH)
def bad_ratings(request: HttpRequest) -> HttpResponse:
    """List the bad ratings of my reach, oldest first."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    closed = request.GET.get("show") == "closed"
    found, page = queries.bad_ratings(actor, closed=closed, after=request.GET.get("after", ""))
    here = address("oversight_desk:bad_ratings")
    return render(
        request,
        "oversight/bad_ratings.html",
        {
            "rows": [(one, LEVELS[one.level], STATES[one.state]) for one in found],
            "tabs": [Link(_("在办"), here, "open"), Link(_("已办结"), f"{here}?show=closed", "closed")],
            "tab": "closed" if closed else "open",
            "next": f"{here}?{'show=closed&' if closed else ''}after={page.next}" if page.next else "",
            "section": "bad_ratings",
        },
    )


@staff(*WATCH)
def bad_rating(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one bad rating and only what may be done with it now."""
    return _bad_rating_page(request, pk)


def _bad_rating_page(
    request: HttpRequest, pk: uuid.UUID, problem: Problem | None = None, contact: Any = None
) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    view = queries.get_bad_rating(pk, actor)
    row = BadRating.objects.visible_to(actor).select_related("rating__service").get(pk=pk)
    can = {name: act.denial(row, actor) is None for name, act in _ACTS.items()}
    return render(
        request,
        "oversight/bad_rating.html",
        {
            "one": view,
            "level": LEVELS[view.level],
            "state": STATES[view.state],
            "second": LEVELS[view.second] if view.second else "",
            "case": cases.get_case(view.case_id, actor),
            "can": can,
            "anything": any(can.values()),
            "contact": contact,
            "problem": problem,
            "page_errors": problem is not None,
            "typed": request.POST,
            "key": request.POST.get("key") or uuid.uuid4().hex,
            "section": "bad_ratings",
        },
        status=problem.status if problem else 200,
    )


_ACTS = {
    "take_up": acts.take_up,
    "verify": acts.verify,
    "rectify": acts.rectify,
    "review": acts.review,
    "call_back": acts.call_back,
}


@require_POST
@staff(*WATCH)
def act(request: HttpRequest, pk: uuid.UUID, name: str) -> HttpResponse:
    """Do one of the acts; a refusal shows the page again with everything that was typed."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    text, key = request.POST.get("text", ""), request.POST.get("key", "")
    yes = request.POST.get("choice") == "yes"
    try:
        if name == "take_up":
            acts.take_up(pk, by=actor, key=key)
        elif name == "verify":
            acts.verify(pk, yes, text, by=actor, key=key)
        elif name == "rectify":
            acts.rectify(pk, text, by=actor, key=key)
        elif name == "review":
            acts.review(pk, yes, text, by=actor, key=key)
        elif name == "call_back":
            acts.call_back(pk, text, by=actor, key=key)
        else:
            raise NotFound(_("没有这项操作。"))
    except NotFound:
        raise
    except Problem as problem:
        return _bad_rating_page(request, pk, problem)
    return redirect("oversight_desk:bad_rating", pk=pk)


@require_POST
@staff(Role.SUPERVISOR)
def contact(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a supervisor whom to call back; the reading is logged for the rater to see."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = queries.rater_contact(pk, actor)
    view = queries.get_bad_rating(pk, actor)
    record_read(
        actor,
        name="oversight.read_contact",
        person=found.person,
        purpose=_("差评回访：%(name)s") % {"name": view.name},
        case=view.case_id,
    )
    return _bad_rating_page(request, pk, contact=found)


@staff(Role.SUPERVISOR, Role.DECIDER, Role.DISPATCHER)
def limits(request: HttpRequest) -> HttpResponse:
    """List undecided cases that passed their limit or come near it, and open alerts."""
    return _limits_page(request)


def _left(day: date, days: Holidays) -> int:
    """Return the working days left until a day, below zero when it has passed."""
    today = clock.today()
    left = days.workdays_between(today, day)
    return left if today <= day else min(left, -1)


def _limits_page(
    request: HttpRequest, problem: Problem | None = None, field: str = "", refused: uuid.UUID | None = None
) -> HttpResponse:
    """Show the board; ``field`` and ``refused`` say beside what the problem stands."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    chosen = request.GET.get("show", "")
    how = Near(chosen) if chosen in set(Near) else Near.OVER
    calendar = holidays.table()
    days, span = calendar.holidays("", provisional=True), queries.span(how, calendar)
    found, cursor, tell = queries.near(actor, span, calendar, request.GET.get("after", ""))
    told = queries.explained([one.id for one in found]) if how is Near.OVER else set()
    here = address("oversight_desk:limits")
    return render(
        request,
        "oversight/limits.html",
        {
            "rows": [(one, lamp_of(one), one.id in told) for one in found],
            "tell": [(one, tell_lamp(_left(one.tell_by, days))) for one in tell if one.tell_by],
            "joint": [(one, joint_lamp(one.joint)) for one in queries.joint_near(actor, span, calendar) if one.joint],
            "tabs": [Link(str(words), f"{here}?show={name.value}", name.value) for name, words in NEAR.items()],
            "tab": how.value,
            "over": how is Near.OVER,
            "next": f"{here}?show={how.value}&after={cursor}" if cursor else "",
            "alerts": [(one, ALERTS[one.kind]) for one in queries.alerts(actor)] if _supervises(actor) else [],
            "may_explain": actor.has_role(CanExplain.roles),
            "may_settle": _supervises(actor),
            "problem": problem,
            "target": f"{field}-{refused}" if refused else "",
            "refused": refused,
            "wrong": problem.errors[0].message if problem and problem.errors else "",
            "typed": request.POST.get("text") or request.POST.get("note", ""),
            "page_errors": problem is not None,
            "key": uuid.uuid4().hex,
            "section": "limits",
        },
        status=problem.status if problem else 200,
    )


def _supervises(actor: Actor) -> bool:
    return actor.has_role({Role.SUPERVISOR})


@require_POST
@staff(Role.SUPERVISOR, Role.DECIDER, Role.DISPATCHER)
def explain(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Publish why a case is late."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    try:
        acts.explain(pk, request.POST.get("text", ""), by=actor, key=request.POST.get("key", ""))
    except NotFound:
        raise
    except Problem as problem:
        return _limits_page(request, problem, "e", pk)
    return redirect("oversight_desk:limits")


@require_POST
@staff(Role.SUPERVISOR)
def settle(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Note what came of an alert."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    try:
        acts.settle(pk, request.POST.get("note", ""), by=actor, key=request.POST.get("key", ""))
    except NotFound:
        raise
    except Problem as problem:
        return _limits_page(request, problem, "n", pk)
    return redirect("oversight_desk:limits")


urlpatterns = [
    path("bad-ratings/", bad_ratings, name="bad_ratings"),
    path("bad-ratings/<uuid:pk>/", bad_rating, name="bad_rating"),
    path("bad-ratings/<uuid:pk>/contact/", contact, name="contact"),
    path("bad-ratings/<uuid:pk>/<slug:name>/", act, name="act"),
    path("limits/", limits, name="limits"),
    path("limits/<uuid:pk>/explain/", explain, name="explain"),
    path("limits/alerts/<uuid:pk>/settle/", settle, name="settle"),
]
