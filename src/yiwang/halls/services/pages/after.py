"""What a person may do with what was handed in: correct, make up what was put off, choose delivery, withdraw."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from yiwang.halls.services.doors import applicant, to
from yiwang.kernel.calendar import Unit
from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.kernel.types import Actor
from yiwang.platform.cases import acts, rules
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.labels import WAYS
from yiwang.platform.cases.types import ApplicationView, CaseState, CaseView, CorrectionView, FileView, MaterialView
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.rules import field_spec
from yiwang.platform.catalog.types import FormField
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.types import FactState
from yiwang.ui import uploads
from yiwang.ui.forms import FieldView, SpecForm

UNDECIDED = frozenset(rules.OPEN)


@dataclass(frozen=True, slots=True)
class AskedPoint:
    """One thing to mend as the page shows it: a field, or files for a material."""

    id: str
    label: str
    message: str
    field: FieldView | None = None
    files: Sequence[FileView] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class CorrectionForm:
    """A correction with what was answered so far and what is still wrong."""

    view: CorrectionView
    case: CaseView
    points: tuple[AskedPoint, ...]
    key: str
    note: str = ""
    problem: str = ""

    @property
    def unit(self) -> Unit:
        """Return what the limit of the case is counted in, before its clock starts too."""
        return catalog.get_edition(self.case.edition_id).definition.promised_limit.unit

    @property
    def errors(self) -> list[AskedPoint]:
        """Return the points that are still wrong."""
        return [point for point in self.points if point.error]


@applicant
def correction(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer a correction: give the files and data that were asked for; nothing given is lost by a mistake."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    case = own_case(pk, actor)
    found = cases.corrections_of([pk], only_open=True)
    if not found:
        return to(request, "application", case.application_id)
    told: dict[str, str] = {}
    problem = ""
    if request.method == "POST":
        key = request.POST.get("key", "")
        step = request.POST.get("_step", "")
        if step.startswith("remove:"):
            acts.remove_file(case.application_id, _uuid(step), by=actor, key=f"{key}:{step}")
        else:
            told = _take_files(request, case, found[0], key)
            form = _form(found[0], request.POST)
            told |= {f"field:{name}": message for name, message in form.errors.items()}
            if not told:
                answer = acts.resubmit if case.state is CaseState.RETURNED else acts.answer_correction
                try:
                    answer(pk, form.plain, request.POST.get("note", ""), by=actor, key=key)
                except Invalid as caught:
                    problem = str(caught.detail)
                    told = {error.field: str(error.message) for error in caught.errors}
                else:
                    return to(request, "application", case.application_id)
    shown = correction_form(request, found[0], case, told, problem)
    return render(
        request,
        "services/correction.html",
        {"fix": shown, "case": case, "page_errors": bool(told or problem), "section": "my"},
        status=422 if told or problem else 200,
    )


def correction_form(
    request: HttpRequest,
    asked: CorrectionView,
    case: CaseView,
    told: dict[str, str] | None = None,
    problem: str = "",
) -> CorrectionForm:
    """Prepare a correction for its page; ``told`` says by target what is wrong."""
    told = told or {}
    posted = request.POST if request.method == "POST" else None
    views = {view.spec.name: view for view in _form(asked, posted).fields}
    files = cases.files_of(case.application_id)
    points = []
    for index, point in enumerate(asked.points, 1):
        kind, _colon, name = point.target.partition(":")
        error = told.get(point.target, "")
        view = views.get(name) if kind == "field" else None
        given = files.get(name, []) if kind == "material" else []
        points.append(
            AskedPoint(
                id=view.target if view else f"file-{index}",
                label=point.label,
                message=point.message,
                field=replace(view, error=error) if view else None,
                files=[file for file in given if file.added_at >= asked.asked_at],
                error=error,
            )
        )
    return CorrectionForm(asked, case, tuple(points), uuid.uuid4().hex, request.POST.get("note", ""), problem)


@applicant
def make_up(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give the materials that were put off at acceptance (容缺后补)."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    view = own_application(pk, actor)
    owed = owed_of(pk)
    if not owed:
        return to(request, "application", pk)
    told: dict[str, str] = {}
    if request.method == "POST":
        given = 0
        for index, material in enumerate(owed, 1):
            taken, refused = uploads.received(request, f"file-{index}")
            if refused:
                told[material.identity] = _("；").join(refused)
            for file in taken:
                key = f"{request.POST.get('key', '')}:{index}:{file.digest}"
                acts.add_file(pk, material.identity, asdict(file), by=actor, key=key)
                given += 1
        if not given and not told:
            told[owed[0].identity] = _("请先选文件，再提交。")
        if not told:
            return to(request, "application", pk)
        owed = owed_of(pk)
    rows = [{"material": one, "error": told.get(one.identity, "")} for one in owed]
    return render(
        request,
        "services/make_up.html",
        {
            "application": view,
            "rows": rows,
            "due_on": min((case.conditional_due_on for case in view.cases if case.conditional_due_on), default=None),
            "page_errors": bool(told),
            "key": uuid.uuid4().hex,
            "section": "my",
        },
        status=422 if told else 200,
    )


@applicant
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask, then take one case back before its decision."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    case = own_case(pk, actor)
    if request.method == "POST" and case.state in UNDECIDED:
        acts.withdraw(pk, request.POST.get("reason", ""), by=actor, key=request.POST.get("key", ""))
    if case.state not in UNDECIDED or request.method == "POST":
        return to(request, "application", case.application_id)
    others = [one.name for one in cases.get_application(case.application_id, actor).cases if one.id != pk]
    return render(
        request,
        "services/withdraw.html",
        {"case": case, "others": others, "key": uuid.uuid4().hex, "section": "my"},
    )


@applicant
def delivery(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Choose how to get the results: electronically, at the window, or by mail."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    view = own_application(pk, actor)
    form = SpecForm(
        _delivery_specs(),
        request.POST if request.method == "POST" else None,
        initial={"way": "electronic"} | view.delivery,
    )
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                acts.choose_delivery(
                    pk, **{name: value or "" for name, value in form.plain.items()}, by=actor, key=form.key
                )
            except Invalid as problem:
                form.add_errors(problem.errors, str(problem.detail))
            else:
                return to(request, "application", pk)
    return render(
        request, "services/delivery.html", {"application": view, "form": form, "section": "my"}, status=status
    )


def _delivery_specs() -> list[FieldSpec]:
    ways = tuple(Option(way.value, str(label)) for way, label in WAYS.items())
    mail = {"required": False, "sensitive": True, "hint": _("选邮寄才填")}
    return [
        FieldSpec("way", _("怎样拿到结果？"), FieldKind.CHOICE, options=ways),
        FieldSpec("name", _("收件人"), FieldKind.TEXT, max_length=60, **mail),  # type: ignore[arg-type]
        FieldSpec("phone", _("收件人电话"), FieldKind.PHONE, **mail),  # type: ignore[arg-type]
        FieldSpec("address", _("寄到哪里"), FieldKind.TEXT, max_length=200, **mail),  # type: ignore[arg-type]
    ]


def owed_of(application: uuid.UUID) -> list[MaterialView]:
    """Return the materials that were put off and are not here yet."""
    return [
        one for one in cases.materials_of(application) if one.state is FactState.DEFERRED and one.made_up_at is None
    ]


def own_application(pk: uuid.UUID, actor: Actor) -> ApplicationView:
    """Return an application of whom the actor acts for: a clerk serves one client at a time. Raises ``NotFound``."""
    view = cases.get_application(pk, actor)
    if view.principal != actor.principal:
        raise NotFound(_("没有找到这份申请。"))
    return view


def own_case(pk: uuid.UUID, actor: Actor) -> CaseView:
    """Return a case of whom the actor acts for. Raises ``NotFound``."""
    case = cases.get_case(pk, actor)
    own_application(case.application_id, actor)
    return case


def _form(asked: CorrectionView, data: Any) -> SpecForm:
    elements = catalog.elements()
    fields = [point.target.removeprefix("field:") for point in asked.points if point.target.startswith("field:")]
    specs = directory.with_regions(field_spec(elements, FormField(code)) for code in fields if code in elements)
    return SpecForm(specs, data, prefix="c")


def _take_files(request: HttpRequest, case: CaseView, asked: CorrectionView, key: str) -> dict[str, str]:
    told: dict[str, str] = {}
    for index, point in enumerate(asked.points, 1):
        taken, refused = uploads.received(request, f"file-{index}")
        if refused:
            told[point.target] = _("；").join(refused)
        for file in taken:
            acts.add_file(
                case.application_id,
                point.target.removeprefix("material:"),
                asdict(file),
                by=request.actor,  # type: ignore[attr-defined]
                key=f"{key}:{index}:{file.digest}",
            )
    return told


def _uuid(step: str) -> uuid.UUID:
    try:
        return uuid.UUID(step.partition(":")[2])
    except ValueError:
        raise NotFound(_("没有这个文件。")) from None
