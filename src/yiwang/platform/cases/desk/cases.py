"""The case page: everything on one page, and only the acts that may be done."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from yiwang.kernel import clock
from yiwang.kernel.acts import CATALOGUE, record_read
from yiwang.kernel.problems import NotFound, Problem
from yiwang.kernel.types import Actor, FieldError, Role
from yiwang.platform.cases import acts, changing, deciding, engine, queries, rules
from yiwang.platform.cases.casefile import CaseFile, case_file
from yiwang.platform.cases.desk import doable
from yiwang.platform.cases.desk.lists import back
from yiwang.platform.cases.inbox import LISTED, OFFICE
from yiwang.platform.cases.labels import ACTS, FEE_STATES, STATES
from yiwang.platform.cases.shown import promise
from yiwang.platform.cases.types import FileView, TaskState
from yiwang.platform.catalog.types import StepKind
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.types import FactState
from yiwang.platform.licences import making
from yiwang.platform.sharing.means.managers import COMPARERS
from yiwang.platform.sharing.means.queries import has_scheme
from yiwang.ui import dates, store
from yiwang.ui.entry import staff
from yiwang.ui.middleware import CONTENT_SECURITY_POLICY

WORKERS = (*LISTED, Role.INTAKE, Role.DISPATCHER, Role.SUPERVISOR)
_TO_READ = (FactState.GIVEN, FactState.DEGRADED, FactState.COMMITTED)
"""Facts that no source vouches for: an official reads these first."""
PICTURES = ("image/png", "image/jpeg")
ZOOMS = 4
"""Sizes of a picture in the viewer: as wide as there is room, half again, twice, three times."""


@staff(*WORKERS)
def case(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a case: facts with sources, materials, clock, opinions, history, and the acts that may be done."""
    found = read(request, pk)
    return _page(request, found, done=request.GET.get("done", ""))


@staff(*WORKERS)
def history(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show everything that was done on a case, latest first."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    view = queries.get_case(pk, actor)
    lines = queries.history_of(view.application_id, [pk])
    return render(request, "cases/history.html", {"case": view, "history": lines, "section": "inbox"})


@require_POST
@staff(*WORKERS)
def act(request: HttpRequest, pk: uuid.UUID, slug: str) -> HttpResponse:
    """Do an act on a case; a refusal shows the page again with everything that was typed and the reason beside it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    wanted = doable.find(slug)
    if wanted is None:
        raise NotFound(_("没有这项操作。"))
    found = read(request, pk)
    try:
        if wanted.points:
            given: dict[str, Any] = {"points": doable.posted_points(request.POST)}
        else:
            given = doable.arguments(wanted, found, request.POST)
        CATALOGUE[wanted.act](pk, **given, by=actor, key=f"{request.POST.get('key', '')}:{slug}")
    except doable.Unreadable:
        return _page(request, found, slug=slug)
    except Problem as problem:
        return _page(request, found, slug=slug, problem=problem)
    return redirect(f"{reverse('cases:case', args=[pk])}?done={slug}")


@require_POST
@staff(*LISTED)
def keep_opinion(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Keep the opinion while it is typed (script only); answers the words of the save state."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    task = request.POST.get("task", "")
    try:
        acts.keep_opinion(pk, uuid.UUID(task), request.POST.get(doable.OPINION, ""), by=actor, key=uuid.uuid4().hex)
    except ValueError as error:
        raise NotFound(_("没有这个环节。")) from error
    return render(request, "cases/parts/saved.html", {"saved_at": clock.now()})


@require_POST
@staff(Role.DECIDER)
def preview(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what the applicant would read, before it is decided; nothing is changed."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = read(request, pk)
    grant = request.POST.get("grant") != "no"
    text = request.POST.get(doable.OPINION, "").strip()
    context = {
        "case": found,
        "paper": deciding.preview(found.row, grant, text),
        "missing": not text,
        "grant": grant,
        **(_foreseen(found, actor, of_others=True) if grant else {}),
        "item": found.edition.definition,
        "today": clock.today(),
        "section": "inbox",
    }
    return render(request, "cases/preview.html", context)


@staff(Role.DECIDER)
def preview_licence(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the licence that a grant would issue, as a PDF marked as a preview."""
    found = read(request, pk)
    kind = found.edition.definition.result.licence_type
    if not kind:
        raise NotFound(_("这个事项不发证照。"))
    agency = directory.agencies_by_path([found.view.agency_path])[0]
    photo = queries.photograph(found.view.application_id, kind)
    pdf = making.preview(kind, engine.facts_of(found.application), found.view.applicant_name, agency, photo)
    response = HttpResponse(pdf, content_type="application/pdf")
    response.headers["Content-Security-Policy"] = store.POLICY
    response.headers["Content-Disposition"] = "inline"
    return response


def _foreseen(found: CaseFile, by: Actor, *, of_others: bool = False) -> dict[str, Any]:
    """Return what a grant would make of licences that are there; nothing, if the item leaves them as they are.

    Those that somebody else holds are read with ``of_others`` only, which is logged for who holds them.
    """
    result = found.edition.definition.result
    if not (result.changes or result.ends or result.renews):
        return {}
    seen = changing.foreseen(found.row, result, engine.facts_of(found.application), of_others=of_others)
    others = [one.licence for one in seen if found.row.principal not in one.licence.holders]
    for holder in {one.holder for one in others if one.holder}:
        record_read(
            by,
            name="cases.read",
            person=holder.id,
            purpose=_("办理：%(name)s") % {"name": found.view.name},
            case=found.view.id,
            application=found.view.application_id,
        )
    more = not of_others and any(one.holder for one in (*result.changes, *result.ends))
    return {"foresees": True, "foreseen": seen, "more_foreseen": more}


def read(request: HttpRequest, pk: uuid.UUID) -> CaseFile:
    """Read a case with everything about it, and log that it was read; ``show`` names a datum to unmask."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = case_file(pk, actor)
    record_read(
        actor,
        name="cases.read",
        person=found.row.principal_id,
        purpose=_("办理：%(name)s") % {"name": found.view.name},
        case=pk,
        application=found.view.application_id,
        detail={"shown": shown} if (shown := request.GET.get("show", "")) else {},
    )
    return found


def _page(
    request: HttpRequest, found: CaseFile, *, slug: str = "", problem: Problem | None = None, done: str = ""
) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    posted = request.POST if slug else None
    errors = problem.errors if problem else ()
    may = doable.choices(found, actor, failed=slug, data=posted, errors=errors)
    wrong = next((one.form for one in (*may.others, *may.rare) if one.form and one.form.shown_errors), None)
    visiting = next((task for task in found.ready(actor) if task.kind == StepKind.SITE_VISIT), None)
    definition = found.edition.definition
    finished = doable.find(done)
    context = {
        "case": found,
        "view": found.view,
        "lamp": found.lamp,
        "state": STATES[found.view.state],
        "item": definition,
        "may_move": acts.move_edition.denial(found.row, actor) is None,
        "statutory_days": _statutory_days(found),
        "promise": promise(found.view),
        "paused": dates.period(paused, found.view.day_unit) if (paused := found.view.track.count("p")) else "",
        "case_count": len(found.siblings) + 1,
        "siblings": [(one, lamp, STATES[one.state]) for one, lamp in found.siblings],
        "may": may,
        "main": next((one for one in (*may.opinion, *may.others) if not one.doable.kind), None),
        "points": [(one, _points(found, one, posted)) for one in may.points],
        "visiting": visiting,
        "compares": found.view.decided_at is None
        and actor.has_role(COMPARERS, found.row.reach)
        and has_scheme(definition.basic_code),
        **(_foreseen(found, actor) if may.step and may.step.kind == StepKind.DECISION else {}),
        "opinion": _opinion(may, actor, posted),
        "opinion_error": _opinion_error(may, slug, errors),
        "given": [row for row in found.facts if row.state in _TO_READ],
        "sourced": [row for row in found.facts if row.state not in _TO_READ],
        "revealed": request.GET.get("show", ""),
        "viewer": _viewer(request, found),
        "fees": [(one, FEE_STATES[one.state]) for one in found.fees],
        "phrases": _phrases(found, may),
        "waiting": [task for task in found.tasks if task.state is TaskState.READY],
        "problem": problem,
        "problem_links": _links(problem, slug) if problem else [],
        "wrong": wrong if problem is None else None,
        "back": back(actor),
        "walks": actor.has_role(OFFICE),
        "page_errors": bool(slug),
        "key": (posted or {}).get("key") or uuid.uuid4().hex,
        "done": finished.label if finished else ACTS.get(f"cases.{done.replace('-', '_')}", ""),
        "section": "inbox",
    }
    status = problem.status if problem else 422 if slug else 200
    response = render(request, "cases/case.html", context, status=status)
    response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"  # PDFs in the viewer
    return response


def _statutory_days(found: CaseFile) -> int:
    accepted = found.view.accepted_at
    limit = found.edition.definition.statutory_limit
    days = rules.in_days(limit, found.view.unit, clock.legal_date(accepted)) if accepted else 0
    return days and days + found.view.limit_days - found.view.promised_days


def _points(found: CaseFile, shown: doable.Shown, posted: QueryDict | None) -> list[doable.PointField]:
    data = posted if shown.open else None
    return doable.named_points(found.materials, found.facts, data, shown.doable.slug)


def _opinion(may: doable.Choices, actor: Actor, posted: QueryDict | None) -> dict[str, Any]:
    """Return the text of the opinion's field: what was just typed, else the draft that this actor left."""
    draft = may.step if may.step and may.step.draft_by == actor.id else None
    kept = draft.draft if draft else ""
    return {
        "text": posted.get(doable.OPINION, kept) if posted else kept,
        "saved_at": draft.draft_at if draft else None,
        "task": may.step.id if may.step else None,
    }


def _opinion_error(may: doable.Choices, slug: str, errors: tuple[FieldError, ...]) -> str:
    wanted = next((one.doable for one in may.opinion if one.doable.slug == slug), None)
    names = {wanted.text} if wanted else set()
    return next((str(error.message) for error in errors if error.field in names), "")


def _links(problem: Problem, slug: str) -> list[dict[str, str]]:
    wanted = doable.find(slug)
    links = []
    for error in problem.errors:
        target = f"{slug}-{error.field}"
        if wanted and error.field == wanted.text:
            target = "opinion"
        elif wanted and wanted.points:
            target = f"{slug}-1"
        links.append({"target": target, "message": str(error.message)})
    return links


def _viewer(request: HttpRequest, found: CaseFile) -> dict[str, Any]:
    """Return the materials and which of their files is shown: the asked one, else what was handed in last after the
    application, else the first picture, else the first.
    """
    files: list[tuple[str, FileView]] = [(one.name, file) for one in found.materials for file in one.files]
    wanted = request.GET.get("file", "")
    at = next((number for number, one in enumerate(files) if str(one[1].id) == wanted), None)
    if at is None:
        later = [number for number, one in enumerate(files) if one[1].added_at > found.application.submitted_at]
        first = next((number for number, one in enumerate(files) if one[1].media_type in PICTURES), 0)
        at = max(later, key=lambda number: files[number][1].added_at, default=first)
    if not files:
        return {"files": files, "shown": None}
    material, shown = files[at]
    zoom = _between(request.GET.get("zoom", ""), 1, ZOOMS)
    turn = _between(request.GET.get("turn", ""), 0, 3)

    def query(**changes: int) -> str:
        return urlencode({"file": shown.id, "zoom": zoom, "turn": turn} | changes)

    return {
        "files": files,
        "shown": shown,
        "material": material,
        "picture": shown.media_type in PICTURES,
        "previous": files[at - 1][1] if at else None,
        "next": files[at + 1][1] if at + 1 < len(files) else None,
        "zoom": zoom,
        "turn": turn,
        "tools": (
            {"name": "out", "icon": "minus", "label": _("缩小"), "query": query(zoom=zoom - 1) if zoom > 1 else ""},
            {"name": "in", "icon": "plus", "label": _("放大"), "query": query(zoom=zoom + 1) if zoom < ZOOMS else ""},
            {"name": "turn", "icon": "rotate", "label": _("转一下"), "query": query(turn=(turn + 1) % 4)},
        ),
    }


def _between(text: str, low: int, high: int) -> int:
    return min(max(int(text), low), high) if text.isascii() and text.isdigit() and len(text) < 3 else low


def _phrases(found: CaseFile, may: doable.Choices) -> list[str]:
    """Return sentences that an opinion on this item often says, with its own law (script puts them in)."""
    if may.step is None:
        return []
    definition = found.edition.definition
    law = next((f"《{one.law}》{one.article}" for one in definition.legal_basis), "")
    if may.step.kind == StepKind.DECISION:
        said = [_("符合%(law)s规定的条件，准予。") % {"law": law}, _("不符合%(law)s规定的条件，理由：") % {"law": law}]
    else:
        said = [
            _("材料齐全，符合法定形式，内容一致，建议准予。"),
            _("符合%(law)s规定的条件，建议准予。") % {"law": law},
            _("与申报不一致，具体是："),
        ]
    return said
