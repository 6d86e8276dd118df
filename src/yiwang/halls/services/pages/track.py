"""After handing in: my space, one application with its clocks, files, the public progress query."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from yiwang.halls.services.doors import applicant
from yiwang.halls.services.pages import after, mine
from yiwang.halls.services.pages.lines import case_chart, case_line, history_lines, name_of
from yiwang.kernel.limits import client_address, count
from yiwang.kernel.paging import BadCursor
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases import rules
from yiwang.platform.cases.labels import APPLICATION_STATES, FEE_STATES, WAYS
from yiwang.platform.cases.shown import joint_lamp
from yiwang.platform.cases.types import ApplicationState, ApplicationView, CaseView, DocumentKind
from yiwang.platform.identity import trail
from yiwang.platform.licences import labels
from yiwang.platform.licences import queries as licences
from yiwang.platform.oversight import queries as oversight
from yiwang.ui import store
from yiwang.ui.entry import public, signed_in
from yiwang.ui.frame import Link
from yiwang.ui.templatetags.ui import said

ENDED = 5
"""How many finished applications stand on the front page of my space."""
QUERIES_A_MINUTE = 20


@signed_in()
def my(request: HttpRequest) -> HttpResponse:
    """Show what waits for me, what is in hand, what I have."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = cases.applications(actor)
    handed_in = [one for one in found if one.state is not ApplicationState.DRAFT]
    ratable = oversight.ratable_cases([case.id for one in handed_in for case in one.cases], actor)
    lines = [application_line(one, ratable) for one in handed_in]
    open_ids = [case.id for one in handed_in for case in one.cases if case.closed_at is None]
    return render(
        request,
        "services/my.html",
        {
            "drafts": [one for one in found if one.state is ApplicationState.DRAFT],
            "running": [one for one in lines if one["open"]],
            "ended": [one for one in lines if not one["open"]][:ENDED],
            "more": sum(1 for one in lines if not one["open"]) > ENDED,
            "corrections": cases.corrections_of(open_ids, only_open=True),
            "owing": [one for one in handed_in if any(case.conditional for case in one.cases)],
            "to_rate": [(case, one) for one in handed_in for case in one.cases if case.id in ratable][:3],
            "licences": [labels.card(one) for one in licences.wallet(actor)[:4]],
            "links": mine.links(),
            "section": "my",
        },
    )


@signed_in()
def applications(request: HttpRequest) -> HttpResponse:
    """List everything that was ever handed in, latest first."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    try:
        found, following = cases.application_page(actor, after=request.GET.get("after", ""), size=20)
    except BadCursor:
        return redirect("services:applications")
    return render(
        request,
        "services/applications.html",
        {
            "applications": [application_line(one) for one in found if one.state is not ApplicationState.DRAFT],
            "next": f"{reverse('services:applications')}?{urlencode({'after': following})}" if following else "",
            "crumbs": [
                Link(_("首页"), "/"), Link(_("我的"), reverse("services:my")), Link(_("全部办件"), ""),
            ],
            "section": "my",
        },
    )  # fmt: skip


def application_line(view: ApplicationView, ratable: Collection[uuid.UUID] = ()) -> dict[str, Any]:
    """Return what lists show of an application."""
    return {
        "view": view,
        "state": APPLICATION_STATES[view.state],
        "open": view.state is not ApplicationState.WITHDRAWN and any(case.closed_at is None for case in view.cases),
        "cases": [case_line(case, ratable=ratable) for case in view.cases],
        "closed_at": max((case.closed_at for case in view.cases if case.closed_at), default=None),
    }


@signed_in()
def application(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one application: what to do now, every clock, what happened, what came of it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    view = cases.get_application(pk, actor)
    if view.state is ApplicationState.DRAFT:
        return redirect("services:part", pk=pk, code="first")
    ids = [case.id for case in view.cases]
    by_id = {case.id: case for case in view.cases}
    editions = {edition.id: edition for edition in cases.editions_of(view)}
    issued = licences.of_cases(ids)
    names = {case.id: name_of(case, editions.get(case.edition_id)) for case in view.cases}
    ratable = oversight.ratable_cases(ids, actor)
    fees = {one: [(fee, FEE_STATES[fee.state]) for fee in found] for one, found in cases.fees_of(view.cases).items()}
    documents = cases.documents_of(pk)
    corrections = cases.corrections_of(ids, only_open=True)
    history = cases.history_of(pk)
    began = next((one.at for one in history if one.name == "cases.submit"), view.submitted_at)
    happened = [one for one in history if began is None or one.at >= began]
    return render(
        request,
        "services/application.html",
        {
            "application": view,
            "joint_lamp": joint_lamp(view.joint) if view.joint else None,
            "state": APPLICATION_STATES[view.state],
            "counts": _counts(view),
            "chart": case_chart(view.cases, view.region, names),
            "cases": [
                case_line(case, editions.get(case.edition_id), ratable=ratable) | {"fees": fees.get(case.id, ())}
                for case in view.cases
            ],
            "undecided": after.UNDECIDED,
            "fixes": [after.correction_form(request, one, by_id[one.case_id]) for one in corrections],
            "owed": after.owed_of(pk) if any(case.conditional for case in view.cases) else [],
            "history": history_lines(happened, names if len(ids) > 1 else {}, cases.tasks_of(ids)),
            "documents": [(one, by_id[one.case_id].name if one.case_id in by_id else "") for one in documents],
            "receipt_document": next((one for one in documents if one.kind is DocumentKind.RECEIPT), None),
            "notices": {one.case_id: one for one in documents if one.kind is DocumentKind.CORRECTION_NOTICE},
            "licences": [labels.card(issued[one]) for one in ids if one in issued],
            "reads": trail.reads_about(view.principal, pk, ids),
            "way": WAYS[rules.way_of(view.delivery)],
            "deliverable": any(case.closed_at is None for case in view.cases),
            "receipt": request.GET.get("receipt") == "1",
            "crumbs": [Link(_("首页"), "/"), Link(_("我的"), reverse("services:my")), Link(said(view, "title"), "")],
            "section": "my",
            "key": uuid.uuid4().hex,
        },
    )


def _counts(view: ApplicationView) -> dict[str, int]:
    """Return how many cases there are, are done, go on, and wait to be accepted."""
    ended = sum(1 for case in view.cases if case.closed_at is not None)
    waiting = sum(1 for case in view.cases if case.closed_at is None and case.accepted_at is None)
    return {"all": len(view.cases), "ended": ended, "waiting": waiting, "running": len(view.cases) - ended - waiting}


@applicant
def file(request: HttpRequest, pk: uuid.UUID, file: uuid.UUID) -> HttpResponse:
    """Give a file of one's own application back."""
    after.own_application(pk, request.actor)  # type: ignore[attr-defined]
    for files in cases.files_of(pk).values():
        for one in files:
            if one.id == file:
                return store.download(one.digest, name=one.name, media_type=one.media_type)
    raise NotFound(_("没有这个文件。"))


@public
def progress(request: HttpRequest) -> HttpResponse:
    """Answer how a case stands to whoever has its number and query code; says nothing personal.

    Asked too often from one address it answers 429: nobody can try codes through.
    """
    number, code = (request.GET.get(name, "").strip()[:80] for name in ("number", "code"))
    asked = not {"number", "code"}.isdisjoint(request.GET)
    wrong = {name: message for name, message in (
        ("number", "" if number else _("请填申请编号或办件编号")), ("code", "" if code else _("请填查询码")),
    ) if asked and message}  # fmt: skip
    found = None
    if asked and not wrong:
        count(f"progress:{client_address(request)}", QUERIES_A_MINUTE, 60)
        found = cases.find_by_number(number.upper(), code)
        if found is None:
            wrong = {"number": _("编号或查询码不对，请照着收件凭证再填一次。")}
    views = () if found is None else (found,) if isinstance(found, CaseView) else found.cases
    response = render(
        request,
        "services/progress.html",
        {
            "number": number,
            "code": code,
            "wrong": wrong,
            "page_errors": bool(wrong),
            "title": found.name if isinstance(found, CaseView) else said(found, "title") if found else "",
            "found": [case_line(view) for view in views],
            "crumbs": [Link(_("首页"), "/"), Link(_("办件进度查询"), "")],
            "section": "query",
        },
        status=(404 if number and code else 422) if wrong else 200,
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
