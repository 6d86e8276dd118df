"""An application at the counter: everything at once; accept, correct or refuse the whole or single cases of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later
from django.views.decorators.http import require_POST

from yiwang.kernel import clock
from yiwang.kernel.acts import CATALOGUE, record_read
from yiwang.kernel.problems import Invalid, NotFound, Problem
from yiwang.kernel.types import Actor, FieldError, Role
from yiwang.platform.cases import acts, rules
from yiwang.platform.cases.casefile import ApplicationFileView, application_file
from yiwang.platform.cases.desk import doable
from yiwang.platform.cases.desk.lists import back
from yiwang.platform.cases.labels import APPLICATION_STATES, DOORS, STATES
from yiwang.platform.cases.shown import joint_lamp, lamp_of
from yiwang.platform.cases.types import ApplicationState
from yiwang.platform.evidence.types import FactState
from yiwang.ui import dates
from yiwang.ui.entry import staff
from yiwang.ui.forms import SpecForm

REFUSE = "cases.refuse_acceptance"
EXTEND = "cases.extend_joint"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an act on one of the chosen cases: its name, and what was refused (empty if it was done)."""

    name: str
    refused: str


@staff(Role.INTAKE, Role.SUPERVISOR, Role.DISPATCHER)
def application(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show an application at the counter."""
    return _page(request, _read(request, pk), done=request.GET.get("done", ""))


@require_POST
@staff(Role.INTAKE, Role.SUPERVISOR, Role.DISPATCHER)
def act(request: HttpRequest, pk: uuid.UUID, slug: str) -> HttpResponse:
    """Accept, correct or refuse the chosen cases, compare with originals, or lengthen the joint limit; a refusal keeps
    what was typed.
    """
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = _read(request, pk)
    key = request.POST.get("key", "")
    try:
        if slug == "originals":
            _compare(found, request.POST, actor, key)
        elif slug == "accept":
            _each(_accept(found, request.POST, actor, key))
        elif slug == "correct":
            _each(_correct(found, request.POST, actor, key))
        elif slug == "refuse":
            form = _form(REFUSE, slug, request.POST)
            if not form.is_valid():
                return _page(request, found, slug=slug)
            _each(_refuse(found, request.POST, form, actor, key))
        elif slug == "extend":
            form = _form(EXTEND, slug, request.POST)
            if not form.is_valid():
                return _page(request, found, slug=slug)
            version = doable.posted_version(request.POST)
            acts.extend_joint(pk, **form.values, version=version, by=actor, key=key)
        else:
            raise NotFound(_("没有这项操作。"))
    except Problem as problem:
        if isinstance(problem, NotFound):
            raise
        return _page(request, _read(request, pk), slug=slug, problem=problem)
    return redirect(f"{reverse('cases:application', args=[pk])}?done={slug}")


@staff(Role.INTAKE)
def receipt(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the receipt of an application, to be printed and handed over."""
    found = _read(request, pk)
    if found.view.state is ApplicationState.DRAFT:
        raise NotFound(_("这份申请还没有提交。"))
    actor: Actor = request.actor  # type: ignore[attr-defined]
    query = urlencode({"number": found.view.number, "code": found.view.query_code})
    context = {
        "file": found,
        "application": found.view,
        "given": [one for one in found.materials if one.state is FactState.GIVEN],
        "known": [one for one in found.materials if one.state is FactState.KNOWN],
        "later": [one for one in found.materials if one.state in (FactState.DEFERRED, FactState.COMMITTED)],
        "query": f"{settings.BASE_URL}/progress/?{query}",
        "clerk": actor.label,
        "now": clock.now(),
        "section": "intake",
    }
    return render(request, "cases/receipt.html", context)


def _read(request: HttpRequest, pk: uuid.UUID) -> ApplicationFileView:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = application_file(pk, actor)
    record_read(
        actor,
        name="cases.read_application",
        person=found.view.principal.id,
        purpose=_("收件核对：%(title)s") % {"title": found.view.title},
        application=pk,
        detail={"shown": shown} if (shown := request.GET.get("show", "")) else {},
    )
    return found


def _page(
    request: HttpRequest,
    found: ApplicationFileView,
    *,
    slug: str = "",
    problem: Problem | None = None,
    done: str = "",
) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    posted = request.POST if slug else None
    waiting = [case for case in found.view.cases if case.state in rules.BEFORE_ACCEPTANCE]
    chosen = set(posted.getlist("case")) if posted else {str(case.id) for case in waiting}
    correctable = [case for case in waiting if acts.request_correction.denial(found.rows[case.id], actor) is None]
    denial = acts.accept_all.denial(found.row, actor)
    refusal = _form(REFUSE, "refuse", posted if slug == "refuse" else None) if waiting else None
    extension = _extension(found, actor, posted if slug == "extend" else None, problem)
    list_link = back(actor, counter=True)
    context = {
        "file": found,
        "back": list_link,
        "application": found.view,
        "state": APPLICATION_STATES[found.view.state],
        "door": DOORS.get(found.row.door, found.row.door),
        "cases": [
            {
                "view": case,
                "lamp": lamp_of(case),
                "state": STATES[case.state],
                "waiting": case in waiting,
                "chosen": str(case.id) in chosen,
            }
            for case in found.view.cases
        ],
        "denial": denial,
        "why": denial.message if denial and (waiting or denial.code != "not-allowed") else "",
        "given": [row for row in found.facts if row.state == FactState.GIVEN],
        "sourced": [row for row in found.facts if row.state != FactState.GIVEN],
        "revealed": request.GET.get("show", ""),
        "conditional": [one for one in found.materials if one.state is FactState.DEFERRED and not one.made_up_at],
        "checkable": [one for one in found.materials if one.state is FactState.GIVEN],
        "originals": acts.check_original.denial(found.row, actor) is None,
        "points": _point_fields(found, posted if slug == "correct" else None) if correctable else [],
        "refusal": refusal,
        "joint_lamp": joint_lamp(found.view.joint) if found.view.joint else None,
        "extension": extension,
        "wrong": next((one for one in (refusal, extension) if one is not None and one.shown_errors), None),
        "receipt": actor.has_role((Role.INTAKE,)),
        "slug": slug,
        "problem": problem,
        "page_errors": bool(slug),
        "key": (posted or {}).get("key") or uuid.uuid4().hex,
        "done": _accepted(found) if done == "accept" else _DONE.get(done, ""),
        "section": list_link.name,
    }
    return render(
        request, "cases/application.html", context, status=problem.status if problem else 422 if slug else 200
    )


def _accepted(found: ApplicationFileView) -> str:
    units = [one.unit for one in found.view.cases if one.accepted_at]
    return _("已受理，时限从%(day)s开始算。") % {"day": dates.first_day(*units)}


_DONE = {
    "correct": later("补正告知已发出。"),
    "refuse": later("不予受理决定已作出。"),
    "originals": later("核对结果已记下。"),
    "extend": later("并联办理的期限已延长，延期告知书已发出。"),
}


def _chosen(found: ApplicationFileView, data: QueryDict) -> list[Any]:
    wanted = set(data.getlist("case"))
    chosen = [case for case in found.view.cases if str(case.id) in wanted]
    if not chosen:
        raise Invalid(_("请先勾选办件。"), errors=(FieldError("case", _("至少勾选一件。")),))
    return chosen


def _accept(found: ApplicationFileView, data: QueryDict, actor: Actor, key: str) -> list[Outcome]:
    chosen = _chosen(found, data)
    waiting = [case for case in found.view.cases if case.state in rules.BEFORE_ACCEPTANCE]
    seen = _seen(found, data)
    if len(chosen) >= len(waiting):
        acts.accept_all(found.view.id, seen=seen, by=actor, key=key)
        return []
    return [
        _tried(case.name, lambda case=case: acts.accept(case.id, seen.get(case.id), by=actor, key=f"{key}:{case.id}"))
        for case in chosen
    ]


def _correct(found: ApplicationFileView, data: QueryDict, actor: Actor, key: str) -> list[Outcome]:
    points = doable.posted_points(data)
    if not points:
        raise Invalid(_("请写清每一处要补正什么、怎么补。"), errors=(FieldError("points", _("至少写一条。")),))
    seen = _seen(found, data)
    outcomes = []
    for case in _chosen(found, data):
        own = [point for point in points if found.concerns(point["target"], case)]
        if own:
            outcomes.append(
                _tried(
                    case.name,
                    lambda case=case, own=own: acts.request_correction(
                        case.id, own, seen.get(case.id), by=actor, key=f"{key}:{case.id}"
                    ),
                )
            )
    if not outcomes:
        message = _("写的这几处不属于勾选的办件，请勾选要补正的办件。")
        raise Invalid(message, errors=(FieldError("case", message),))
    return outcomes


def _refuse(found: ApplicationFileView, data: QueryDict, form: SpecForm, actor: Actor, key: str) -> list[Outcome]:
    refuse, seen = CATALOGUE[REFUSE], _seen(found, data)
    return [
        _tried(
            case.name,
            lambda case=case: refuse(
                case.id, **form.values, version=seen.get(case.id), by=actor, key=f"{key}:{case.id}"
            ),
        )
        for case in _chosen(found, data)
    ]


def _compare(found: ApplicationFileView, data: QueryDict, actor: Actor, key: str) -> None:
    ticked = set(data.getlist("original"))
    for one in found.materials:
        if one.state is FactState.GIVEN and (one.identity in ticked) is not bool(one.checked_by):
            acts.check_original(
                found.view.id, one.identity, one.identity in ticked, by=actor, key=f"{key}:{one.identity}"
            )


def _seen(found: ApplicationFileView, data: QueryDict) -> dict[uuid.UUID, int]:
    """Return the versions of the cases as the page showed them."""
    shown = dict(text.split(":", 1) for text in data.getlist("seen") if ":" in text)
    return {case.id: int(shown[pk]) for case in found.view.cases if shown.get(pk := str(case.id), "").isdigit()}


def _tried(name: str, do: Any) -> Outcome:
    try:
        do()
    except Problem as problem:
        return Outcome(name, str(problem.detail))
    return Outcome(name, "")


def _each(outcomes: list[Outcome]) -> None:
    """Tell what was refused; what was done stays done, each case being a matter of its own."""
    refused = [one for one in outcomes if one.refused]
    if refused:
        errors = tuple(FieldError("case", f"{one.name}：{one.refused}") for one in refused)
        raise Invalid(_("有 %(n)d 件没有办成。") % {"n": len(refused)}, errors=errors)


def _form(name: str, slug: str, data: QueryDict | None) -> SpecForm:
    row = doable.Doable(name, "")
    return SpecForm(doable.made(row, CATALOGUE[name]), data, prefix=slug)


def _extension(
    found: ApplicationFileView, actor: Actor, data: QueryDict | None, problem: Problem | None
) -> SpecForm | None:
    """Return the form that lengthens the joint limit; nothing for who may not, or when it cannot be."""
    if acts.extend_joint.denial(found.row, actor) is not None:
        return None
    form = _form(EXTEND, "extend", data)
    if data is not None and problem is not None:
        form.add_errors(problem.errors, str(problem.detail))
    return form


def _point_fields(found: ApplicationFileView, data: QueryDict | None) -> list[doable.PointField]:
    return doable.named_points(found.materials, found.facts, data)
