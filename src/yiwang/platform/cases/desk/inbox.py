"""The inbox: what waits for my steps, or for anybody's where I work; many are taken or passed on together."""

from __future__ import annotations

import csv
import io
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from yiwang.kernel import clock, paging
from yiwang.kernel.problems import Problem
from yiwang.kernel.remembered import remembered
from yiwang.kernel.types import Actor
from yiwang.platform.cases import acts
from yiwang.platform.cases.desk.listing import lights, lines, pager
from yiwang.platform.cases.exports import harmless
from yiwang.platform.cases.inbox import LISTED, OFFICE, Filters, Inbox
from yiwang.platform.cases.labels import DOORS, ROLES, STATES
from yiwang.platform.cases.types import CaseState
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.types import StaffView
from yiwang.ui.entry import staff
from yiwang.ui.frame import Link

LISTED_STATES = (CaseState.ACCEPTED, CaseState.CONDITIONAL, CaseState.IN_PROCESS, CaseState.SUSPENDED)
TOGETHER = 100
"""Most cases that are taken or passed on at once."""
EXPORTED = 25
"""Most pages of the list that are written into one file."""


@staff(*OFFICE)
def inbox(request: HttpRequest) -> HttpResponse:
    """List the steps that wait for one of my roles: over the limit first, then nearest to it."""
    return _page(request)


@require_POST
@staff(*LISTED)
def take_together(request: HttpRequest) -> HttpResponse:
    """Take every ticked case into one's own hands; what could not be taken is told by number."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    done, refused = _each(request, lambda pk, key: acts.take(pk, by=actor, key=key))
    said = ngettext("已认领 %(n)d 件", "已认领 %(n)d 件", done) % {"n": done}
    return _page(request, done=done, said=said, refused=refused)


@require_POST
@staff(*OFFICE)
def pass_together(request: HttpRequest) -> HttpResponse:
    """Pass every ticked case on to a colleague, named by number, with the reason."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    number, reason = request.POST.get("to", "").strip().upper(), request.POST.get("reason", "")
    member = directory.staff_by_number([number]).get(number)
    errors = {}
    if member is None:
        errors["to"] = _("没有这个工号的在岗人员，请核对。")
    if not reason.strip():
        errors["reason"] = _("请写明为什么转交。")
    if errors or member is None:
        return _page(request, errors=errors)
    done, refused = _each(request, lambda pk, key: acts.reassign(pk, member.id, reason, by=actor, key=key))
    said = ngettext("已把 %(n)d 件转交给 %(who)s", "已把 %(n)d 件转交给 %(who)s", done) % {
        "n": done,
        "who": member.number,
    }
    return _page(request, done=done, said=said, refused=refused)


@staff(*OFFICE)
def export(request: HttpRequest) -> HttpResponse:
    """Give the filtered list as a table for a spreadsheet, at most some hundred lines."""
    lists, filters, after = Inbox(request.actor), Filters.read(request.GET), ""  # type: ignore[attr-defined]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [_("办件编号"), _("事项"), _("申请人"), _("环节"), _("状态"), _("来路"), _("到期"), _("时限"), _("承办")]
    )
    for _number in range(EXPORTED):
        page = lists.page(filters, after=after)
        for one in lines(page):
            view = one["view"]
            row = [
                view.number, view.name, view.applicant_name, one["step"], str(STATES[view.state]), str(one["door"]),
                one["due_on"].isoformat() if one["due_on"] else "", one["lamp"].words, view.handler,
            ]  # fmt: skip
            writer.writerow(harmless(cell) for cell in row)
        if not page.next:
            break
        after = page.next
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="inbox-{clock.today():%Y%m%d}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


@staff(*OFFICE)
def following(request: HttpRequest, pk: uuid.UUID, way: str) -> HttpResponse:
    """Lead to the case after or before this one in my list; at its end, to the list."""
    lists = Inbox(request.actor)  # type: ignore[attr-defined]
    other = lists.neighbour(pk, before=way == "previous")
    return redirect("cases:case", pk=other) if other else redirect("cases:inbox")


def _each(request: HttpRequest, do: Callable[[uuid.UUID, str], Any]) -> tuple[int, Counter[tuple[str, int]]]:
    """Do an act on every ticked case; returns how many were done, and how often each refusal was met, with its status."""
    key, done = request.POST.get("key", ""), 0
    refused: Counter[tuple[str, int]] = Counter()
    for posted in request.POST.getlist("case")[:TOGETHER]:
        try:
            do(uuid.UUID(posted), f"{key}:{posted}")
            done += 1
        except ValueError:
            refused[_("没有找到这个办件。"), 404] += 1
        except Problem as problem:
            refused[str(problem.detail) or _("没有找到这个办件。"), problem.status] += 1
    return done, refused


def _page(
    request: HttpRequest,
    *,
    done: int = 0,
    said: str = "",
    refused: Mapping[tuple[str, int], int] | None = None,
    errors: Mapping[str, str] | None = None,
) -> HttpResponse:
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
    rows = lines(page)
    context = {
        "rows": rows,
        "pager": pager(query, page),
        "lights": lights(counts, filters.light, query),
        "filters": filters,
        "steps": [Link(str(ROLES[role]), role, role) for role in (ROLES if filters.office else lists.waiting)],
        "items": lists.items(),
        "doors": DOORS.items(),
        "states": [(state.value, STATES[state]) for state in LISTED_STATES],
        "query": query.urlencode(),
        "may_take": actor.has_role(LISTED),
        "done": said if done else "",
        "refused": [
            ngettext("%(n)d 件：%(why)s", "%(n)d 件：%(why)s", n) % {"n": n, "why": why}
            for (why, _status), n in (refused or {}).items()
        ],
        "untouched": request.method == "POST" and not done and not refused and not errors,
        "errors": errors or {},
        "typed": request.POST,
        "ticked": set(request.POST.getlist("case")) if errors else set(),
        "colleagues": _colleagues({one["view"].agency_path for one in rows}),
        "page_errors": bool(errors or refused),
        "key": uuid.uuid4().hex,
        "section": _section(filters),
        "now": clock.now(),
        "agency": actor.label.rpartition(" ")[0],
    }
    nothing = min((status for _why, status in refused), default=200) if refused and not done else 200
    return render(request, "cases/inbox.html", context, status=422 if errors else nothing)


def _colleagues(paths: set[str]) -> list[StaffView]:
    """Return whom steps of these agencies may be passed on to, to be offered: kept for a minute."""
    return remembered(f"cases.colleagues:{sorted(paths)}", lambda: directory.colleagues_of(paths))


def _section(filters: Filters) -> str:
    if filters.office:
        return "nobody" if filters.who == "nobody" else "office"
    return f"inbox-{filters.role}" if filters.role else "inbox"
