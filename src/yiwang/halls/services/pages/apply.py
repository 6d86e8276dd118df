"""The one form: parts, materials, review, hand in. What was typed is never lost."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from yiwang.halls.services import queries
from yiwang.halls.services.doors import address, agent_of, applicant, to
from yiwang.kernel.clock import now
from yiwang.kernel.problems import Invalid, NeedsSignIn, NotFound
from yiwang.kernel.types import Actor
from yiwang.platform.cases import acts
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.shown import show_value
from yiwang.platform.cases.types import ApplicationState, ApplicationView
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog import rules
from yiwang.platform.catalog.rules import MergedSection
from yiwang.platform.catalog.types import EditionView
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.types import FactState, MaterialFact, Resolution
from yiwang.ui import uploads
from yiwang.ui.forms import SpecForm
from yiwang.ui.shown import FormPart

_TO_FILL = (FactState.ASK, FactState.GIVEN, FactState.DEGRADED)


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as the pages need it."""

    view: ApplicationView
    editions: list[EditionView]
    resolution: Resolution
    sections: tuple[MergedSection, ...]

    @property
    def everything(self) -> dict[str, Any]:
        """Return all data known so far."""
        known = {code: fact.value for code, fact in self.resolution.facts.items() if fact.value is not None}
        return known | self.view.answers


@applicant
def start_event(request: HttpRequest, code: str) -> HttpResponse:
    """Begin an application for a life event with the answers in the address."""
    event = catalog.get_life_event(code)
    elements = catalog.elements()
    specs = directory.with_regions(rules.question_spec(elements, question) for question in event.questions)
    form = SpecForm(specs, request.GET, show=_show, prefix="q")
    actor: Actor = request.actor  # type: ignore[attr-defined]
    guide = queries.guide(event, form.draft, actor.principal, agent_of(request))
    if not guide.complete or not guide.chosen:
        return redirect(f"{address(request, 'navigator', code)}?{request.GET.urlencode()}")
    if request.method != "POST":
        return render(
            request,
            "services/start.html",
            {
                "event": event,
                "guide": guide,
                "query": request.GET.urlencode(),
                "key": uuid.uuid4().hex,
                "section": "apply",
            },
        )
    pk = acts.start_draft(
        [one.edition.id for one in guide.chosen],
        form.draft,
        str(form.draft.get(event.region_question, "")),
        code,
        by=actor,
        key=request.POST.get("key", ""),
    )
    return to(request, "part", pk, "first")


@applicant
def start_item(request: HttpRequest, task_code: str) -> HttpResponse:
    """Begin an application for one item."""
    edition = catalog.current_edition(task_code)
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if request.method != "POST":
        return render(
            request,
            "services/start_item.html",
            {"edition": edition, "key": uuid.uuid4().hex, "section": "apply"},
        )
    pk = acts.start_draft([edition.id], {}, edition.region, "", by=actor, key=request.POST.get("key", ""))
    return to(request, "part", pk, "first")


@applicant
def part(request: HttpRequest, pk: uuid.UUID, code: str) -> HttpResponse:
    """Show and save one part of the form."""
    draft = _draft(request, pk)
    if not draft.sections:
        return to(request, "materials", pk)
    codes = [section.code for section in draft.sections]
    if code == "first":
        return to(request, "part", pk, codes[0])
    if code not in codes:
        raise NotFound(_("表里没有这一部分。"))
    section = draft.sections[codes.index(code)]
    form = _form(request, draft, section)
    if request.method == "POST":
        disputed = _disputed(request, draft)
        answers: dict[str, Any] = dict(form.draft if not form.is_valid() else form.plain)
        typed = _typed(form) if not form.is_valid() else {}
        _save(request, pk, {**typed, **answers, "_disputed": disputed})
        if "leave" in request.POST:
            return to(request, "my")
        if form.is_valid() and not request.POST.get("dispute"):
            following = codes[codes.index(code) + 1 :]
            if following:
                return to(request, "part", pk, following[0])
            return to(request, "materials", pk)
        if request.POST.get("dispute"):
            return redirect(f"{address(request, 'part', pk, code)}#f-{request.POST['dispute']}")
    index = codes.index(code)
    return render(
        request,
        "services/part.html",
        {
            "draft": draft,
            "application": draft.view,
            "part": section,
            "number": index + 1,
            "total": len(codes) + 2,
            "form": form,
            "known": _known(draft, section),
            "parts": _parts(request, draft, code, wrong=len(form.errors)),
            "previous": codes[index - 1] if index else "",
            "next_title": draft.sections[index + 1].title if index + 1 < len(codes) else _("材料"),
            "progress": _progress(draft),
            "section": "apply",
        },
        status=422 if form.is_bound and form.errors else 200,
    )


@require_POST
@applicant
def autosave(request: HttpRequest, pk: uuid.UUID, code: str) -> HttpResponse:
    """Save what can be read while somebody types (script only); answers the words of the save state."""
    draft = _draft(request, pk)
    section = next((one for one in draft.sections if one.code == code), None)
    if section is None:
        raise NotFound(_("表里没有这一部分。"))
    form = _form(request, draft, section)
    _save(request, pk, {**_typed(form), **form.draft})
    return render(request, "ui/form/saved.html", {"saved_at": now(), "form": form})


@applicant
def materials(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show and take the materials: files, commitments, what is made up later."""
    draft = _draft(request, pk)
    actor: Actor = request.actor  # type: ignore[attr-defined]
    errors: dict[str, str] = {}
    if request.method == "POST":
        errors = _take_materials(request, draft, actor)
        if not errors and "leave" in request.POST:
            return to(request, "my")
        if not errors and "_step" not in request.POST:
            return to(request, "review", pk)
        draft = _draft(request, pk)
    rows = [_material_row(draft, name, errors) for name in draft.resolution.materials]
    return render(
        request,
        "services/materials.html",
        {
            "application": draft.view,
            "rows": [row for row in rows if row["ask"]],
            "known": [row for row in rows if not row["ask"]],
            "files": cases.files_of(pk),
            "parts": _parts(request, draft, "materials", wrong=len(errors)),
            "errors": [{"target": f"m-{index}", "message": message} for index, message in _indexed(rows, errors)],
            "page_errors": bool(errors),
            "barred": draft.resolution.barred,
            "commitments": _commitments(draft.editions),
            "key": uuid.uuid4().hex,
            "progress": _progress(draft),
            "section": "apply",
        },
        status=422 if errors else 200,
    )


@applicant
def review(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show everything once more; sign and hand in."""
    draft = _draft(request, pk)
    problem: Invalid | None = None
    if request.method == "POST":
        if request.POST.get("promise") != "yes":
            problem = Invalid(_("请先勾选承诺，再提交。"))
        else:
            try:
                acts.submit(pk, by=request.actor, key=request.POST.get("key", ""))  # type: ignore[attr-defined]
            except NeedsSignIn:
                raise
            except Invalid as caught:
                problem = caught
            else:
                return redirect(f"{address(request, 'application', pk)}?receipt=1")
    return render(
        request,
        "services/review.html",
        {
            "application": draft.view,
            "sections": [
                {"section": section, "rows": _known(draft, section, everything=True)} for section in draft.sections
            ],
            "materials": [
                _material_row(draft, name, {})
                for name, material in draft.resolution.materials.items()
                if material.state is not FactState.NEEDLESS
            ],
            "editions": draft.editions,
            "parts": _parts(request, draft, "review"),
            "problem": problem,
            "problem_links": _links(request, draft, problem) if problem else [],
            "page_errors": problem is not None,
            "burden": draft.resolution.burden,
            "key": request.POST.get("key") or uuid.uuid4().hex,
            "progress": _progress(draft),
            "section": "apply",
        },
        status=422 if problem else 200,
    )


@applicant
def discard(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask, then throw the draft away."""
    view = cases.get_application(pk, request.actor)  # type: ignore[attr-defined]
    if request.method == "POST":
        acts.discard(pk, by=request.actor, key=request.POST.get("key", ""))  # type: ignore[attr-defined]
        return to(request, "my")
    return render(request, "services/discard.html", {"application": view, "key": uuid.uuid4().hex, "section": "my"})


def _draft(request: HttpRequest, pk: uuid.UUID) -> Draft:
    view, editions, resolution = cases.draft_state(pk, request.actor)  # type: ignore[attr-defined]
    if view.state is not ApplicationState.DRAFT:
        raise NotFound(_("这份申请已经提交，请到“我的”里看进度。"))
    known = {code: fact.value for code, fact in resolution.facts.items() if fact.value is not None}
    sections = rules.merged_form(editions, known | view.answers)
    return Draft(view, editions, resolution, sections)


def _form(request: HttpRequest, draft: Draft, section: MergedSection) -> SpecForm:
    facts = draft.resolution.facts
    specs = directory.with_regions(
        # A source that is down blocks nobody: its data may be typed, and are checked again before the decision.
        replace(spec, required=False) if facts[spec.name].state is FactState.DEGRADED else spec
        for spec in section.fields
        if facts[spec.name].state in _TO_FILL
    )
    data: QueryDict | None = request.POST if request.method == "POST" else None
    return SpecForm(specs, data, request.FILES or None, initial=draft.everything, show=_show)


def _save(request: HttpRequest, pk: uuid.UUID, answers: Mapping[str, Any]) -> None:
    """Keep what the page holds now. Never under the page's own key: the same page is sent again with other answers,
    after a mistake or by the browser's way back, and saving the same twice does no harm.
    """
    acts.save_answers(pk, answers, by=request.actor, key=uuid.uuid4().hex)  # type: ignore[attr-defined]


def _typed(form: SpecForm) -> dict[str, Any]:
    """Keep also what cannot be read yet: the person sees it again and mends it."""
    return {name: raw for name, raw in form.raw.items() if isinstance(raw, str) and raw and name not in form.draft}


def _show(expression: str, data: Mapping[str, Any]) -> bool:
    return rules.truth(expression, data) is True


def _disputed(request: HttpRequest, draft: Draft) -> list[str]:
    kept = list(draft.view.answers.get("_disputed", ()))
    wanted = request.POST.get("dispute", "")
    if wanted and wanted in draft.resolution.facts and wanted not in kept:
        kept.append(wanted)
    if (back := request.POST.get("undispute", "")) in kept:
        kept.remove(back)
    return kept


def _known(draft: Draft, section: MergedSection, *, everything: bool = False) -> list[dict[str, Any]]:
    rows = []
    for spec in directory.with_regions(section.fields):
        fact = draft.resolution.facts[spec.name]
        if everything or fact.state in (FactState.KNOWN, FactState.DEGRADED):
            rows.append({"spec": spec, "fact": fact, "shown": show_value(spec, fact.value)})
    return rows


def _parts(request: HttpRequest, draft: Draft, current: str, *, wrong: int = 0) -> list[FormPart]:
    pk = draft.view.id
    parts = []
    for section in draft.sections:
        asked = [spec for spec in section.fields if draft.resolution.facts[spec.name].state in _TO_FILL]
        filled = [spec for spec in asked if draft.resolution.facts[spec.name].state is FactState.GIVEN]
        missing = [spec for spec in asked if spec.required and draft.resolution.facts[spec.name].state is FactState.ASK]
        note = _("全部已知")
        if asked:
            note = _("%(done)d / %(all)d 项") % {"done": len(filled), "all": len(asked)}
        here = section.code == current
        parts.append(
            FormPart(
                section.title,
                address(request, "part", pk, section.code),
                _("%(n)d 处要改") % {"n": wrong} if here and wrong else note,
                current=here,
                done=not missing,
                wrong=bool(here and wrong),
            )
        )
    give = [one for one in draft.resolution.materials.values() if _to_give(one)]
    done = [one for one in give if one.state is not FactState.ASK]
    here = current == "materials"
    parts.append(
        FormPart(
            _("材料"),
            address(request, "materials", pk),
            _("%(n)d 处要改") % {"n": wrong}
            if here and wrong
            else _("%(done)d / %(all)d 份") % {"done": len(done), "all": len(give)},
            current=here,
            done=all(one.optional for one in give if one.state is FactState.ASK),
            wrong=bool(here and wrong),
        )
    )
    parts.append(FormPart(_("核对并提交"), address(request, "review", pk), current=current == "review"))
    return parts


def _to_give(material: MaterialFact) -> bool:
    return material.state in (FactState.ASK, FactState.GIVEN, FactState.COMMITTED, FactState.DEFERRED)


def _progress(draft: Draft) -> dict[str, int]:
    facts = draft.resolution.facts.values()
    known = sum(1 for fact in facts if fact.state is FactState.KNOWN)
    filled = sum(1 for fact in facts if fact.state is FactState.GIVEN)
    return {
        "all": len(facts),
        "known": known,
        "ask": len(facts) - known,
        "filled": filled,
        "agencies": len(draft.editions),
    }


def _material_row(draft: Draft, name: str, errors: Mapping[str, str]) -> dict[str, Any]:
    fact = draft.resolution.materials[name]
    material = next(
        (one for edition in draft.editions for one in edition.definition.materials if one.identity == name),
        None,
    )
    users = [edition.definition.known_as for edition in draft.editions if edition.definition.basic_code in fact.items]
    return {
        "fact": fact,
        "material": material,
        "used_for": users,
        "ask": _to_give(fact),
        "error": errors.get(name, ""),
        "state": fact.state.value,
    }


def _indexed(rows: list[dict[str, Any]], errors: Mapping[str, str]) -> list[tuple[int, str]]:
    asked = [row for row in rows if row["ask"]]
    return [
        (index, errors[row["fact"].material]) for index, row in enumerate(asked, 1) if row["fact"].material in errors
    ]


def _commitments(editions: list[EditionView]) -> list[Any]:
    return [one for edition in editions for one in edition.definition.commitments]


def _take_materials(request: HttpRequest, draft: Draft, actor: Actor) -> dict[str, str]:
    errors: dict[str, str] = {}
    step = request.POST.get("_step", "")
    pk = draft.view.id
    key = request.POST.get("key", "")
    if step.startswith("remove:"):
        acts.remove_file(pk, uuid.UUID(step.removeprefix("remove:")), by=actor, key=f"{key}:{step}")
        return {}
    asked = [name for name, fact in draft.resolution.materials.items() if _to_give(fact)]
    for index, name in enumerate(asked, 1):
        fact = draft.resolution.materials[name]
        way = request.POST.get(f"way-{index}", "")
        files = request.FILES.getlist(f"file-{index}")
        for number, posted in enumerate(files):
            try:
                taken = uploads.accept(posted)
            except uploads.Refused as refused:
                errors[name] = str(refused.message)
                continue
            acts.add_file(pk, name, asdict(taken), by=actor, key=f"{key}:{index}:{number}:{taken.digest}")
        if files:
            continue
        if way in ("committed", "deferred") and way != fact.state.value:
            acts.set_material(pk, name, fact.name, way, by=actor, key=uuid.uuid4().hex)
        elif way == "file" and fact.state in (FactState.COMMITTED, FactState.DEFERRED):
            acts.set_material(pk, name, fact.name, "ask", by=actor, key=uuid.uuid4().hex)
    return errors


def _links(request: HttpRequest, draft: Draft, problem: Invalid) -> list[dict[str, str]]:
    pk = draft.view.id
    home = {spec.name: section.code for section in draft.sections for spec in section.fields}
    links = []
    for error in problem.errors:
        if error.field.startswith("material:"):
            url = address(request, "materials", pk)
        elif error.field in home:
            url = f"{address(request, 'part', pk, home[error.field])}#f-{error.field}"
        else:
            url = ""
        links.append({"url": url, "message": error.message})
    return links
