"""Lists of the desk: what waits for acceptance, for my role, for a supervisor; what a search finds."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from yiwang.kernel import clock, paging
from yiwang.kernel.problems import Problem
from yiwang.kernel.types import Actor, Role
from yiwang.platform.cases import acts
from yiwang.platform.cases.inbox import LISTED, Filters, Inbox, InboxPage, intake_page, search
from yiwang.platform.cases.labels import DOORS, ROLES, STATES
from yiwang.platform.cases.shown import Lamp, lamp_of, work_lamp
from yiwang.platform.cases.types import CaseState, CaseView
from yiwang.ui.entry import staff
from yiwang.ui.frame import Link

LIGHTS = (
    ("red", "stop", later("超时")),
    ("orange", "warn", later("1 天内到期")),
    ("yellow", "half", later("过半")),
    ("green", "ok", later("充裕")),
    ("paused", "pause", later("暂停")),
)
LISTED_STATES = (CaseState.ACCEPTED, CaseState.CONDITIONAL, CaseState.IN_PROCESS, CaseState.SUSPENDED)


@staff(Role.INTAKE)
def intake(request: HttpRequest) -> HttpResponse:
    """List what was handed in and waits for acceptance: the next to count as accepted first."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    try:
        page = intake_page(actor, **_cursors(request))
    except paging.BadCursor:
        return redirect("cases:intake")
    rows = [
        {"view": row, "lamp": _tell_lamp(row.days_left), "door": DOORS.get(row.door, row.door)} for row in page.rows
    ]
    context = {"rows": rows, "pager": _pager(request.GET, page), "section": "intake", "now": clock.now()}
    return render(request, "cases/intake.html", context)


@staff(*LISTED)
def inbox(request: HttpRequest) -> HttpResponse:
    """List the steps that wait for one of my roles: over the limit first, then nearest to it."""
    return _inbox(request)


@require_POST
@staff(*LISTED)
def take_together(request: HttpRequest) -> HttpResponse:
    """Take every ticked case into one's own hands; what could not be taken is told by number."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    key = request.POST.get("key", "")
    refused: dict[str, int] = {}
    taken = 0
    for posted in request.POST.getlist("case")[:100]:
        try:
            acts.take(uuid.UUID(posted), by=actor, key=f"{key}:{posted}")
            taken += 1
        except (Problem, ValueError) as problem:
            said = str(getattr(problem, "detail", "")) or _("没有找到这个办件。")
            refused[said] = refused.get(said, 0) + 1
    return _inbox(request, taken=taken, refused=refused)


@staff()
def find(request: HttpRequest) -> HttpResponse:
    """Find cases, open or closed, by number or applicant."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    words = request.GET.get("q", "").strip()[:80]
    rows = [{"view": view, "lamp": lamp_of(view), "state": STATES[view.state]} for view in search(actor, words)]
    return render(request, "cases/find.html", {"q": words, "rows": rows, "section": "find"})


@staff(Role.SUPERVISOR)
def supervision(request: HttpRequest) -> HttpResponse:
    """Show a supervisor the lights, the agencies that are late and the steps near or over their limit."""
    lists = Inbox(request.actor)  # type: ignore[attr-defined]
    light = request.GET.get("light", "") if request.GET.get("light", "") in ("red", "orange") else ""
    agency = request.GET.get("agency", "")
    try:
        page = lists.supervised_page(light, agency, **_cursors(request))
    except paging.BadCursor:
        return redirect("cases:supervision")
    late = lists.late_by_agency()
    context = {
        "rows": _lines(page),
        "pager": _pager(request.GET, page),
        "lights": _lights(lists.supervised_counts(), light, request.GET, only=("red", "orange")),
        "late": [{"row": one, "url": f"?agency={one.path}", "current": one.path == agency} for one in late],
        "agency": next((one for one in late if one.path == agency), None),
        "section": "supervision",
        "now": clock.now(),
    }
    return render(request, "cases/supervision.html", context)


@staff(*LISTED)
def following(request: HttpRequest, pk: uuid.UUID, way: str) -> HttpResponse:
    """Lead to the case after or before this one in my list; at its end, to the list."""
    lists = Inbox(request.actor)  # type: ignore[attr-defined]
    other = lists.neighbour(pk, before=way == "previous")
    return redirect("cases:case", pk=other) if other else redirect("cases:inbox")


def _inbox(request: HttpRequest, taken: int = 0, refused: Mapping[str, int] | None = None) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    query = QueryDict(request.POST.get("query", "")) if request.method == "POST" else request.GET
    if query.get("q"):
        return redirect(f"{reverse('cases:find')}?{urlencode({'q': query['q']})}")
    filters = Filters.read(query)
    lists = Inbox(actor)
    try:
        page = lists.page(filters, after=query.get("after", ""), before=query.get("before", ""))
    except paging.BadCursor:
        return redirect("cases:inbox")
    counts = lists.counts(filters)
    request.inbox, request.inbox_counts = lists, counts  # type: ignore[attr-defined]
    context = {
        "rows": _lines(page, actor),
        "pager": _pager(query, page),
        "lights": _lights(counts, filters.light, query),
        "filters": filters,
        "steps": [Link(str(ROLES[role]), role, role) for role in lists.waiting],
        "items": lists.items(),
        "states": [(state.value, STATES[state]) for state in LISTED_STATES],
        "counts": counts,
        "query": query.urlencode(),
        "taken": taken,
        "said": [
            ngettext("%(n)d 件：%(why)s", "%(n)d 件：%(why)s", n) % {"n": n, "why": why}
            for why, n in (refused or {}).items()
        ],
        "key": uuid.uuid4().hex,
        "section": f"inbox-{filters.role}" if filters.role else "inbox",
        "now": clock.now(),
        "agency": actor.label.rpartition(" ")[0],
        "posted": request.method == "POST",
    }
    return render(request, "cases/inbox.html", context, status=409 if refused and not taken else 200)


def _lines(page: InboxPage, actor: Actor | None = None) -> list[dict[str, Any]]:
    return [
        {
            "row": row,
            "view": row.case,
            "lamp": work_lamp(row.case),
            "due_on": row.case.deliver_by if row.case.deliver_left is not None else row.case.due_on,
            "door": DOORS.get(row.door, row.door),
            "hint": _hint(row.case),
            "step": row.step,
        }
        for row in page.rows
    ]


def _hint(view: CaseView) -> str:
    if view.recheck:
        return _("有数据源要重查")
    if view.conditional:
        return _("容缺，材料未补齐")
    if view.state is CaseState.SUSPENDED:
        return _("暂停计时")
    return ""


def _lights(
    counts: Mapping[str, paging.Count], chosen: str, query: QueryDict, only: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    lights = []
    for name, icon, label in LIGHTS:
        if only and name not in only:
            lights.append({"name": name, "icon": icon, "label": label, "count": counts[name], "url": ""})
            continue
        lights.append(
            {
                "name": name,
                "icon": icon,
                "label": label,
                "count": counts[name],
                "url": _with(query, light=name),
                "current": chosen == name,
            }
        )
    everything = {"name": "brand", "icon": "layers", "label": _("全部"), "count": counts["all"]}
    lights.append({**everything, "url": _with(query, light=""), "current": not chosen})
    return lights


def _with(query: QueryDict, **changes: str) -> str:
    """Return the address of this list with other filters, from its first page."""
    changed = query.copy()
    for name in ("after", "before"):
        changed.pop(name, None)
    for name, value in changes.items():
        changed[name] = value
        if not value:
            del changed[name]
    return f"?{changed.urlencode()}"


def _pager(query: QueryDict, page: Any) -> dict[str, str]:
    return {
        "previous": _with(query, before=page.previous) if page.previous else "",
        "next": _with(query, after=page.next) if page.next else "",
    }


def _cursors(request: HttpRequest) -> dict[str, str]:
    return {"after": request.GET.get("after", ""), "before": request.GET.get("before", "")}


def _tell_lamp(left: int) -> Lamp:
    if left < 0:
        return Lamp("red", _("已过告知期限"))
    light = "orange" if left <= 1 else "yellow" if left <= 2 else "green"
    return Lamp(light, _("剩 %(n)d 天告知") % {"n": left})
