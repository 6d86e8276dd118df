"""Lists of the desk besides the inbox: what waits for acceptance, what I have in hand, what is late, what a search finds."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later

from yiwang.kernel import clock, paging
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor, Role
from yiwang.platform.cases import mine
from yiwang.platform.cases.desk.listing import cursors, lights, lines, pager
from yiwang.platform.cases.finding import FOUND, search
from yiwang.platform.cases.inbox import LISTED, OFFICE, Inbox
from yiwang.platform.cases.intake import intake_page
from yiwang.platform.cases.labels import DOORS, STATES
from yiwang.platform.cases.mine import Waits
from yiwang.platform.cases.shown import lamp_of, tell_lamp, work_lamp
from yiwang.ui.entry import staff
from yiwang.ui.frame import Link

IN_HAND = {
    Waits.APPLICANT: later("等申请人补正"),
    Waits.OTHERS: later("等别的岗位或部门"),
    Waits.CLOSED: later("今天办结"),
}


def back(actor: Actor, *, counter: bool = False) -> Link:
    """Return the list to go back to: of those that this actor may open, the counter's first where ``counter`` says so."""
    intake_link = Link(_("待受理"), reverse("cases:intake"), "intake")
    if counter and actor.has_role((Role.INTAKE,)):
        return intake_link
    if actor.has_role(OFFICE):
        return Link(_("待办"), reverse("cases:inbox"), "inbox")
    if actor.has_role((Role.SUPERVISOR,)):
        return Link(_("督查"), reverse("cases:supervision"), "supervision")
    return intake_link


@staff(Role.INTAKE)
def intake(request: HttpRequest) -> HttpResponse:
    """List what was handed in and waits for acceptance: the next to count as accepted first."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    try:
        page = intake_page(actor, **cursors(request))
    except paging.BadCursor:
        return redirect("cases:intake")
    rows = [{"view": row, "lamp": tell_lamp(row.days_left), "door": DOORS.get(row.door, row.door)} for row in page.rows]
    context = {"rows": rows, "pager": pager(request.GET, page), "section": "intake", "now": clock.now()}
    return render(request, "cases/intake.html", context)


@staff(*LISTED)
def in_hand(request: HttpRequest, which: str) -> HttpResponse:
    """List the cases that I have in hand and that wait for the applicant, for others, or were closed today."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if which not in set(Waits):
        raise NotFound(_("没有这个列表。"))
    try:
        page = mine.page(actor, which, **cursors(request))
    except paging.BadCursor:
        return redirect("cases:in_hand", which=which)
    context = {
        "title": IN_HAND[Waits(which)],
        "rows": [{"view": view, "lamp": work_lamp(view), "state": STATES[view.state]} for view in page.items],
        "pager": pager(request.GET, page),
        "section": f"mine-{which}",
    }
    return render(request, "cases/in_hand.html", context)


@staff()
def find(request: HttpRequest) -> HttpResponse:
    """Find cases, open or closed, by number, query code, credit code or applicant."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    words = request.GET.get("q", "").strip()[:80]
    rows = [{"view": view, "lamp": lamp_of(view), "state": STATES[view.state]} for view in search(actor, words)]
    context = {"q": words, "rows": rows, "full": len(rows) >= FOUND, "most": FOUND, "section": "find"}
    return render(request, "cases/find.html", context)


AGENCIES = 20
"""Agencies that a supervisor sees first, those with most over their limit."""


@staff(Role.SUPERVISOR)
def supervision(request: HttpRequest) -> HttpResponse:
    """Show a supervisor the lights, the agencies that are late and the steps near or over their limit."""
    lists = request.inbox = Inbox(request.actor)  # type: ignore[attr-defined]
    light = request.GET.get("light", "") if request.GET.get("light", "") in ("red", "orange") else ""
    agency = request.GET.get("agency", "")
    try:
        page = lists.supervised_page(light, agency, **cursors(request))
    except paging.BadCursor:
        return redirect("cases:supervision")
    late = lists.late_by_agency()
    whole = request.GET.get("agencies") == "all"
    shown = [one for number, one in enumerate(late.agencies) if whole or number < AGENCIES or one.path == agency]
    context = {
        "rows": lines(page),
        "pager": pager(request.GET, page),
        "lights": lights(lists.supervised_counts(), light, request.GET, only=("red", "orange")),
        "late": [{"row": one, "url": f"?agency={one.path}", "current": one.path == agency} for one in shown],
        "late_at": late.at,
        "more": len(late.agencies) if len(shown) < len(late.agencies) else 0,
        "agency": next((one for one in shown if one.path == agency), None),
        "section": "supervision",
        "now": clock.now(),
    }
    return render(request, "cases/supervision.html", context)
