"""Applications and cases at the desk: intake, inbox, the case page with the acts that may be done."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from yiwang.kernel.acts import record_read
from yiwang.kernel.problems import Problem
from yiwang.kernel.types import Actor, Role
from yiwang.platform.cases import acts, queries
from yiwang.platform.cases.inbox import Filters, inbox_page, intake_page
from yiwang.platform.cases.labels import STATES
from yiwang.platform.cases.models import Application, Case
from yiwang.platform.cases.types import CaseView, TaskState
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.rules import field_spec
from yiwang.platform.catalog.types import FormField
from yiwang.platform.evidence.types import FactState
from yiwang.ui import store
from yiwang.ui.entry import staff

app_name = "cases"
WORKERS = (Role.REVIEWER, Role.INSPECTOR, Role.DECIDER, Role.ISSUER, Role.DISPATCHER, Role.SUPERVISOR, Role.INTAKE)


@staff(Role.INTAKE)
def intake(request: HttpRequest) -> HttpResponse:
    """List what was handed in and waits for acceptance, oldest first."""
    page = intake_page(request.actor, request.GET.get("after", ""))  # type: ignore[attr-defined]
    return render(request, "cases/intake.html", {"page": page, "section": "intake"})


@staff(Role.INTAKE)
def application(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show an application at the counter: everything at once, accepted in one act."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    view = queries.get_application(pk, actor)
    problem: Problem | None = None
    if request.method == "POST":
        try:
            acts.accept_all(pk, by=actor, key=request.POST.get("key", ""))
        except Problem as caught:
            problem = caught
        else:
            return redirect("cases:application", pk=pk)
    record_read(
        actor,
        name="cases.read_application",
        person=view.principal.id,
        purpose=_("收件核对：%(title)s") % {"title": view.title},
        application=pk,
    )
    row = Application.objects.visible_to(actor).get(pk=pk)
    return render(
        request,
        "cases/application.html",
        {
            "application": view,
            "cases": [(case, STATES[case.state]) for case in view.cases],
            "materials": [one for one in queries.materials_of(pk) if one.state is not FactState.NEEDLESS],
            "facts": fact_rows(view.cases[0], pk) if view.cases else [],
            "denial": acts.accept_all.denial(row, actor),
            "problem": problem,
            "key": uuid.uuid4().hex,
            "section": "intake",
        },
        status=409 if problem else 200,
    )


@staff(*WORKERS)
def inbox(request: HttpRequest) -> HttpResponse:
    """List the cases that wait for one of my roles, nearest to their limit first."""
    filters = Filters.read(request.GET)
    page = inbox_page(request.actor, filters, request.GET.get("after", ""))  # type: ignore[attr-defined]
    return render(request, "cases/inbox.html", {"page": page, "filters": filters, "section": "inbox"})


@staff(*WORKERS)
def case(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a case: facts with sources, materials, clock, history, and only the acts that may be done."""
    return _case_page(request, pk)


def _case_page(
    request: HttpRequest, pk: uuid.UUID, problem: Problem | None = None, typed: dict[str, str] | None = None
) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    view = queries.get_case(pk, actor)
    row = Case.objects.visible_to(actor).select_related("application").get(pk=pk)
    record_read(
        actor,
        name="cases.read",
        person=row.principal_id,
        purpose=_("办理：%(name)s") % {"name": view.name},
        case=pk,
        application=view.application_id,
    )
    tasks = queries.tasks_of([pk])[pk]
    ready = [task for task in tasks if task.state is TaskState.READY]
    edition = catalog.get_edition(view.edition_id)
    siblings = [one for one in queries.case_views(row.application.cases.order_by("position")) if one.id != pk]
    return render(
        request,
        "cases/case.html",
        {
            "case": view,
            "state": STATES[view.state],
            "item": edition.definition,
            "facts": fact_rows(view, view.application_id),
            "materials": [
                one
                for one in queries.materials_of(view.application_id)
                if view.item_code in one.items and one.state is not FactState.NEEDLESS
            ],
            "tasks": tasks,
            "reviews": [task for task in ready if task.kind not in ("decision", "site_visit") and _mine(task, row, actor)],
            "visits": [task for task in ready if task.kind == "site_visit" and _mine(task, row, actor)],
            "deciding": any(task.kind == "decision" for task in ready),
            "can_decide": acts.decide.denial(row, actor),
            "can_correct": acts.request_correction.denial(row, actor),
            "can_take": acts.take.denial(row, actor),
            "corrections": queries.corrections_of([pk]),
            "history": queries.history_of(view.application_id, [pk])[:30],
            "documents": [one for one in queries.documents_of(view.application_id) if one.case_id in (None, pk)],
            "siblings": [(one, STATES[one.state]) for one in siblings],
            "problem": problem,
            "typed": typed or {},
            "page_errors": problem is not None,
            "key": (typed or {}).get("key") or uuid.uuid4().hex,
            "section": "inbox",
        },
        status=problem.status if problem else 200,
    )


@require_POST
@staff(*WORKERS)
def act(request: HttpRequest, pk: uuid.UUID, name: str) -> HttpResponse:
    """Do one of the acts on a case; a refusal shows the page again with everything that was typed."""
    data = {key: value for key, value in request.POST.items() if isinstance(value, str)}
    actor: Actor = request.actor  # type: ignore[attr-defined]
    key = data.get("key", "")
    version = int(data["version"]) if data.get("version", "").isdigit() else None
    try:
        if name == "take":
            acts.take(pk, by=actor, key=key)
        elif name == "step":
            acts.complete_step(
                pk, data.get("step", ""), data.get("outcome", "pass"), data.get("opinion", ""), version, by=actor, key=key
            )
        elif name == "plan-visit":
            acts.plan_visit(pk, _day(data.get("day", "")), by=actor, key=key)
        elif name == "visit":
            acts.record_visit(
                pk,
                data.get("step", ""),
                data.get("outcome", "pass"),
                data.get("opinion", ""),
                [data.get("officer1", ""), data.get("officer2", "")],
                by=actor,
                key=key,
            )
        elif name == "correct":
            acts.request_correction(pk, _points(request), by=actor, key=key)
        elif name == "decide":
            acts.decide(pk, data.get("grant") == "yes", data.get("text", ""), version, by=actor, key=key)
        else:
            return redirect("cases:case", pk=pk)
    except Problem as problem:
        return _case_page(request, pk, problem, data)
    return redirect(f"{reverse('cases:case', args=[pk])}?done={name}")


@staff(*WORKERS)
def file(request: HttpRequest, pk: uuid.UUID, file: uuid.UUID) -> HttpResponse:
    """Give a file of an application to an official who may see one of its cases; the read is logged."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    view = queries.get_application(pk, actor)
    for files in queries.files_of(pk).values():
        for one in files:
            if one.id == file:
                record_read(
                    actor,
                    name="cases.read_file",
                    person=view.principal.id,
                    purpose=_("查看材料：%(name)s") % {"name": one.material},
                    application=pk,
                    detail={"file": str(file)},
                )
                return store.download(one.digest, name=one.name, media_type=one.media_type, inline=True)
    return redirect("cases:application", pk=pk)


def fact_rows(view: CaseView, application_id: uuid.UUID) -> list[dict[str, Any]]:
    """Return the data of the item's form with their sources, as an official reads them."""
    from yiwang.platform.cases.shown import show_value

    facts = queries.facts_of(application_id)
    edition = catalog.get_edition(view.edition_id)
    rows = []
    for section in edition.definition.form:
        for asked in section.fields:
            fact = facts.get(asked.element)
            if fact is None:
                continue
            spec = field_spec(edition.elements, FormField(asked.element))
            rows.append({"label": spec.label, "value": show_value(spec, fact.get("value")), "fact": fact})
    return rows


def _mine(task: Any, row: Case, actor: Actor) -> bool:
    return actor.has_role({Role(task.role)}, row.reach)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min


def _points(request: HttpRequest) -> list[dict[str, str]]:
    targets = request.POST.getlist("target")
    labels = request.POST.getlist("label")
    messages = request.POST.getlist("message")
    return [
        {"target": target, "label": label, "message": message}
        for target, label, message in zip(targets, labels, messages, strict=False)
        if message.strip()
    ]


urlpatterns = [
    path("intake/", intake, name="intake"),
    path("applications/<uuid:pk>/", application, name="application"),
    path("applications/<uuid:pk>/files/<uuid:file>/", file, name="file"),
    path("inbox/", inbox, name="inbox"),
    path("cases/<uuid:pk>/", case, name="case"),
    path("cases/<uuid:pk>/<slug:name>/", act, name="act"),
]
