"""A site visit: its day, and what each agency found. A joint one is one page for all of them."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later
from django.views.decorators.http import require_POST

from yiwang.kernel.problems import Invalid, NotFound, Problem
from yiwang.kernel.types import Actor, FieldError, Role
from yiwang.platform.cases import acts
from yiwang.platform.cases.casefile import Visit, read_visit
from yiwang.platform.cases.desk.cases import WORKERS, read
from yiwang.platform.cases.desk.doable import posted_version
from yiwang.platform.cases.labels import STATES
from yiwang.platform.cases.types import TaskState
from yiwang.platform.directory import queries as directory
from yiwang.ui import uploads
from yiwang.ui.entry import staff

PICTURES = uploads.Limits(types=("image/jpeg", "image/png"))


@staff(*WORKERS)
def visit(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the visit of a case, joint or not; record what was found on the spot."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = read(request, pk)
    seen = read_visit(found)
    if seen is None:
        raise NotFound(_("这个办件没有要踏勘的环节。"))
    if request.method != "POST":
        return _page(request, seen, done=request.GET.get("done", ""))
    key = request.POST.get("key", "")
    try:
        _photos(request, pk, seen, actor, key)
        if "outcome" not in request.POST:
            return redirect(f"{reverse('cases:visit', args=[pk])}?done=photos")
        acts.record_visit(
            pk,
            seen.own.step,
            "pass" if request.POST["outcome"] == "pass" else "fail",
            request.POST.get("opinion", ""),
            [request.POST.get("officer1", ""), request.POST.get("officer2", "")],
            version=posted_version(request.POST),
            by=actor,
            key=key,
        )
    except Problem as problem:
        again = read_visit(read(request, pk))
        assert again is not None
        return _page(request, again, problem=problem)
    return redirect(f"{reverse('cases:visit', args=[pk])}?done=recorded")


@require_POST
@staff(Role.INSPECTOR)
def plan(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Set the day on which all agencies come."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    try:
        day, version = _day(request.POST.get("day", "")), posted_version(request.POST)
        acts.plan_visit(pk, day, version, by=actor, key=request.POST.get("key", ""))
    except Problem as problem:
        seen = read_visit(read(request, pk))
        if seen is None:
            raise
        return _page(request, seen, problem=problem)
    return redirect(f"{reverse('cases:visit', args=[pk])}?done=planned")


_DONE = {
    "planned": later("日期已定，一起来的部门都能看到。"),
    "recorded": later("踏勘记录已写进案卷。"),
    "photos": later("照片已存好。"),
}


def _page(request: HttpRequest, seen: Visit, *, problem: Problem | None = None, done: str = "") -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row = seen.file.row
    open_ = seen.own.state is TaskState.READY
    denied = acts.record_visit.denial(row, actor)
    if denied is None and not open_:
        words = _("踏勘已经记录。") if seen.own.done_at else _("还没有轮到踏勘。")
    else:
        words = denied.message if denied else ""
    planning = acts.plan_visit.denial(row, actor) is None and bool(seen.own.joint) and seen.own.done_at is None
    errors = {error.field: str(error.message) for error in problem.errors} if problem else {}
    colleagues = directory.colleagues(seen.own.agency_path) if not words else []
    mine = next((one.number for one in colleagues if one.id == actor.id), "")
    context: dict[str, Any] = {
        "colleagues": colleagues,
        "visit": seen,
        "case": seen.file,
        "view": seen.file.view,
        "lamp": seen.file.lamp,
        "state": STATES[seen.file.view.state],
        "may_record": not words,
        "why": words,
        "planning": planning,
        "typed": request.POST if problem else {"officer1": mine},
        "errors": errors,
        "problem": problem,
        "page_errors": problem is not None,
        "key": request.POST.get("key") or uuid.uuid4().hex,
        "done": _DONE.get(done, ""),
        "section": "inbox",
    }
    return render(request, "cases/visit.html", context, status=problem.status if problem else 200)


def _photos(request: HttpRequest, pk: uuid.UUID, seen: Visit, actor: Actor, key: str) -> None:
    """Take the photographs that came along; they stay even if the record is refused."""
    refused = []
    for number, posted in enumerate(request.FILES.getlist("photo")):
        try:
            taken = uploads.accept(posted, PICTURES)
        except uploads.Refused as problem:
            refused.append(FieldError("photo", problem.message))
            continue
        acts.add_photo(pk, seen.own.step, asdict(taken), by=actor, key=f"{key}:{number}:{taken.digest}")
    if refused:
        raise Invalid(_("有照片没有收下。"), errors=tuple(refused))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(_("请选踏勘日期。"), errors=(FieldError("day", _("请选今天或以后的日期。")),)) from None
