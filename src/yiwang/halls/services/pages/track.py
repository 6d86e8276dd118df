"""After handing in: my space, one application with its clocks, corrections, files, the public progress query."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from yiwang.halls.services.doors import applicant, to
from yiwang.halls.services.pages import mine
from yiwang.kernel.clock import Light
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.kernel.types import Actor
from yiwang.platform.cases import acts
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.labels import APPLICATION_STATES, RESULTS, STATES
from yiwang.platform.cases.types import ApplicationState, CaseState, CaseView, CorrectionView
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.rules import field_spec
from yiwang.platform.catalog.types import FormField
from yiwang.platform.licences import queries as licences
from yiwang.ui import store, uploads
from yiwang.ui.entry import public, signed_in
from yiwang.ui.forms import SpecForm

_LAMPS = {
    Light.GREEN: "green",
    Light.YELLOW: "yellow",
    Light.ORANGE: "orange",
    Light.RED: "red",
    Light.PAUSED: "paused",
}


@signed_in()
def my(request: HttpRequest) -> HttpResponse:
    """Show what waits for me, what is in hand, what I have."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = cases.applications(actor)
    open_ids = [case.id for application in found for case in application.cases]
    corrections = cases.corrections_of(open_ids, only_open=True)
    return render(
        request,
        "services/my.html",
        {
            "drafts": [one for one in found if one.state is ApplicationState.DRAFT],
            "applications": [
                {"view": one, "state": APPLICATION_STATES[one.state], "cases": [case_line(case) for case in one.cases]}
                for one in found
                if one.state is not ApplicationState.DRAFT
            ],
            "corrections": corrections,
            "licences": licences.wallet(actor)[:6],
            "links": mine.links(),
            "section": "my",
        },
    )


@signed_in()
def application(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one application: what to do now, every clock, what happened, what came of it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    view = cases.get_application(pk, actor)
    if view.state is ApplicationState.DRAFT:
        return redirect("services:part", pk=pk, code="first")
    ids = [case.id for case in view.cases]
    corrections = cases.corrections_of(ids, only_open=True)
    issued = licences.of_cases(ids)
    return render(
        request,
        "services/application.html",
        {
            "application": view,
            "state": APPLICATION_STATES[view.state],
            "cases": [case_line(case) for case in view.cases],
            "corrections": [{"view": one, "form": _correction_form(request, one, None)} for one in corrections],
            "history": [one for one in cases.history_of(pk) if view.submitted_at and one.at >= view.submitted_at],
            "documents": cases.documents_of(pk),
            "licences": [issued[one] for one in ids if one in issued],
            "receipt": request.GET.get("receipt") == "1",
            "section": "my",
            "key": uuid.uuid4().hex,
        },
    )


@applicant
def correction(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer a correction: give the files and data that were asked for."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    case = cases.get_case(pk, actor)
    _own(case.application_id, actor)
    found = cases.corrections_of([pk], only_open=True)
    if not found:
        return to(request, "application", case.application_id)
    asked = found[0]
    form = _correction_form(request, asked, request.POST if request.method == "POST" else None)
    problem: Invalid | None = None
    refused: list[str] = []
    if request.method == "POST":
        key = request.POST.get("key", "")
        refused = _take_files(request, case, asked, key)
        if form.is_valid() and not refused:
            try:
                acts.answer_correction(pk, form.plain, request.POST.get("note", ""), by=actor, key=key)
            except Invalid as caught:
                problem = caught
            else:
                return to(request, "application", case.application_id)
    return render(
        request,
        "services/correction.html",
        {
            "case": case_line(case),
            "correction": asked,
            "form": form,
            "files": cases.files_of(case.application_id),
            "problem": problem,
            "refused": refused,
            "page_errors": bool(problem or refused),
            "note": request.POST.get("note", ""),
            "key": uuid.uuid4().hex if request.method != "POST" else request.POST.get("key") or uuid.uuid4().hex,
            "section": "my",
        },
        status=422 if problem or refused or form.errors else 200,
    )


@applicant
def file(request: HttpRequest, pk: uuid.UUID, file: uuid.UUID) -> HttpResponse:
    """Give a file of one's own application back."""
    _own(pk, request.actor)  # type: ignore[attr-defined]
    for files in cases.files_of(pk).values():
        for one in files:
            if one.id == file:
                return store.download(one.digest, name=one.name, media_type=one.media_type)
    raise NotFound(_("没有这个文件。"))


@public
def progress(request: HttpRequest) -> HttpResponse:
    """Answer how a case stands to whoever has its number and query code; says nothing personal."""
    number, code = request.GET.get("number", "").strip(), request.GET.get("code", "").strip()
    found = cases.find_by_number(number, code) if number and code else None
    lines = []
    if found is not None:
        views = (found,) if isinstance(found, CaseView) else found.cases
        lines = [case_line(view) for view in views]
    return render(
        request,
        "services/progress.html",
        {
            "number": number,
            "code": code,
            "asked": bool(number or code),
            "found": lines,
            "section": "query",
        },
        status=404 if (number or code) and not lines else 200,
    )


def case_line(view: CaseView) -> dict[str, Any]:
    """Return what a line about a case shows: lamp, words, beads."""
    ended = view.closed_at is not None
    if view.state is CaseState.SUPPLEMENT:
        lamp, words = "paused", _("等您补正")
    elif ended or view.decided_at is not None:
        lamp, words = "done", str(RESULTS[view.result]) if view.result else _("已办结")
    elif view.light is None:
        lamp, words = "paused", str(STATES[view.state])
    else:
        lamp, words = _LAMPS[view.light], _light_words(view)
    return {
        "view": view,
        "state": STATES[view.state],
        "result": RESULTS[view.result] if view.result else "",
        "lamp": lamp,
        "words": words,
        "bead_light": lamp if lamp != "done" else "done",
    }


def _light_words(view: CaseView) -> str:
    if view.light is Light.PAUSED:
        return _("暂停计时")
    left = view.days_left or 0
    if left < 0:
        return _("超 %(n)d 个工作日") % {"n": -left}
    return _("剩 %(n)d 个工作日") % {"n": left}


def _own(application: uuid.UUID, actor: Actor) -> None:
    """Raise unless the application is that of whom the actor acts for: a clerk serves one client at a time."""
    if cases.get_application(application, actor).principal != actor.principal:
        raise NotFound(_("没有找到这份申请。"))


def _correction_form(request: HttpRequest, asked: CorrectionView, data: Any) -> SpecForm:
    elements = catalog.elements()
    fields = [point.target.removeprefix("field:") for point in asked.points if point.target.startswith("field:")]
    specs = [field_spec(elements, FormField(code)) for code in fields if code in elements]
    return SpecForm(specs, data, prefix="c")


def _take_files(request: HttpRequest, case: CaseView, asked: CorrectionView, key: str) -> list[str]:
    refused = []
    for index, point in enumerate(asked.points, 1):
        name = point.target.removeprefix("material:")
        for number, posted in enumerate(request.FILES.getlist(f"file-{index}")):
            try:
                taken = uploads.accept(posted)
            except uploads.Refused as problem:
                refused.append(str(problem.message))
                continue
            acts.add_file(
                case.application_id,
                name,
                asdict(taken),
                by=request.actor,  # type: ignore[attr-defined]
                key=f"{key}:{index}:{number}:{taken.digest}",
            )
    return refused
