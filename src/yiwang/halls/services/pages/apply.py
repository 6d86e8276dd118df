"""The one form: parts, materials, review, hand in. What was typed is never lost."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from yiwang.halls.services import queries
from yiwang.halls.services.doors import address, agent_of, applicant, to
from yiwang.halls.services.pages.draft import (
    TO_FILL,
    Draft,
    find_draft,
    guide_url,
    material_row,
    of_draft,
    parts_of,
    progress_of,
)
from yiwang.kernel.clock import now
from yiwang.kernel.fields import FieldSpec
from yiwang.kernel.problems import Invalid, NeedsSignIn, NotFound, NotNow
from yiwang.kernel.types import Actor, ActorKind, FieldError
from yiwang.platform.cases import acts
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.shown import mask
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog import rules
from yiwang.platform.catalog.rules import MergedSection
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.types import FactState
from yiwang.platform.identity import queries as identity
from yiwang.platform.sharing import queries as sharing
from yiwang.ui import values
from yiwang.ui.forms import SpecForm
from yiwang.ui.reading import show_value
from yiwang.ui.templatetags.ui import said


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
@of_draft
def part(request: HttpRequest, draft: Draft, code: str) -> HttpResponse:
    """Show and save one part of the form."""
    pk = draft.view.id
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
        changed = request.POST.get("dispute") or request.POST.get("undispute")
        answers: dict[str, Any] = dict(form.draft if not form.is_valid() else form.plain)
        typed = _typed(form) if not form.is_valid() else {}
        if changed in draft.resolution.facts:  # what is disputed is mended from the record, not written anew
            answers[changed] = values.plain(draft.resolution.facts[changed].value) if changed in disputed else None
        _save(request, pk, {**typed, **answers, "_disputed": disputed})
        if "leave" in request.POST:
            return to(request, "my")
        if form.is_valid() and not changed:
            following = codes[codes.index(code) + 1 :]
            if following:
                return to(request, "part", pk, following[0])
            return to(request, "materials", pk)
        form.key = uuid.uuid4().hex  # this post is done: the next one from this page is another
        if changed:
            return redirect(f"{address(request, 'part', pk, code)}#f-{changed}")
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
            "parts": parts_of(request, draft, code, wrong=len(form.errors)),
            "previous": codes[index - 1] if index else "",
            "disputed": _doubted(request, draft, section),
            "guide_url": guide_url(request, draft),
            "next_title": said(draft.sections[index + 1], "title") if index + 1 < len(codes) else _("材料"),
            "progress": progress_of(draft),
            "section": "apply",
        },
        status=422 if form.is_bound and form.errors else 200,
    )


@require_POST
@applicant
@of_draft
def autosave(request: HttpRequest, draft: Draft, code: str) -> HttpResponse:
    """Save what can be read while somebody types (script only); answers the words of the save state."""
    pk = draft.view.id
    section = next((one for one in draft.sections if one.code == code), None)
    if section is None:
        raise NotFound(_("表里没有这一部分。"))
    form = _form(request, draft, section)
    _save(request, pk, {**_typed(form), **form.draft})
    return render(request, "ui/form/saved.html", {"saved_at": now(), "form": form})


@applicant
def review(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show everything once more; sign and hand in. What was handed in meanwhile leads to its own page."""
    problem: Invalid | None = None
    unsigned = ""
    if request.method == "POST":
        if request.POST.get("promise") != "yes":
            unsigned = _("请先勾选承诺，再提交。")
            problem = Invalid(_("还差一步"), errors=(FieldError("promise", unsigned),))
        else:
            try:
                acts.submit(pk, by=request.actor, key=request.POST.get("key", ""))  # type: ignore[attr-defined]
            except NeedsSignIn:
                raise
            except Invalid as caught:
                problem = caught
            except NotNow:
                return to(request, "application", pk)
            else:
                return redirect(f"{address(request, 'application', pk)}?receipt=1")
    draft = find_draft(request, pk)
    if draft is None:
        return to(request, "application", pk)
    wrong = {
        _element(draft, error.field): error.message
        for error in reversed(cases.wrong_answers(draft.view, draft.resolution))
    }
    sections: list[dict[str, Any]] = [
        {"section": section, "rows": _known(draft, section, everything=True)} for section in draft.sections
    ]
    for row in (row for section in sections for row in section["rows"]):  # what is empty is told to be so
        row["error"] = wrong.get(row["spec"].name, "") if row["shown"] else ""
    return render(
        request,
        "services/review.html",
        {
            "application": draft.view,
            "sections": sections,
            "materials": [
                material_row(draft, name, {})
                for name, material in draft.resolution.materials.items()
                if material.state is not FactState.NEEDLESS
            ],
            "editions": draft.editions,
            "parts": parts_of(request, draft, "review"),
            "problem": problem,
            "problem_links": _links(request, draft, problem) if problem else [],
            "unsigned": unsigned,
            "guide_url": guide_url(request, draft),
            "page_errors": problem is not None,
            "burden": draft.resolution.burden,
            "key": request.POST.get("key") or uuid.uuid4().hex,
            "progress": progress_of(draft),
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


def _form(request: HttpRequest, draft: Draft, section: MergedSection) -> SpecForm:
    facts = draft.resolution.facts
    specs = directory.with_regions(
        # A source that is down blocks nobody: its data may be typed, and are checked again before the decision.
        replace(spec, required=False) if facts[spec.name].state is FactState.DEGRADED else spec
        for spec in section.fields
        if facts[spec.name].state in TO_FILL
    )
    data: QueryDict | None = request.POST if request.method == "POST" else None
    return SpecForm(specs, data, request.FILES or None, initial=draft.everything, show=_show)


def _save(request: HttpRequest, pk: uuid.UUID, answers: Mapping[str, Any]) -> None:
    """Keep what the page holds now. Never under the page's own key: the same page is sent again with other answers,
    after a mistake or by the browser's way back, and saving the same twice does no harm.
    """
    acts.save_answers(pk, answers, by=request.actor, key=uuid.uuid4().hex)  # type: ignore[attr-defined]


def _typed(form: SpecForm) -> dict[str, Any]:
    """Keep also what cannot be read yet, so that the person sees it again and mends it, and what was emptied."""
    asked = {spec.name for spec in form.specs}
    raw = {name: value for name, value in form.raw.items() if isinstance(value, str) and name in asked}
    return {name: value or None for name, value in raw.items() if name not in form.draft}


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


def _doubted(request: HttpRequest, draft: Draft, section: MergedSection) -> list[tuple[FieldSpec, str]]:
    """Return what the person says is wrong in the records, each with the dataset whose provider they may tell: an agent, or a
    clerk at a counter, may not object in their name.
    """
    kept = draft.view.answers.get("_disputed", ())
    specs = [spec for spec in section.fields if spec.name in kept]
    by: Actor = request.actor  # type: ignore[attr-defined]
    oneself = by.kind is ActorKind.PERSON and by.id is not None and by.principal is not None
    if not specs or not oneself or not identity.may_represent(by.id, by.principal):
        return [(spec, "") for spec in specs]
    elements = {code: one for edition in draft.editions for code, one in edition.elements.items()}
    published = sharing.names()

    def provider(name: str) -> str:
        sources = elements[name].sources if name in elements else ()
        codes = (one.path.partition(".")[0] for one in sources if one.source == "datasets")
        return next((code for code in codes if code in published), "")

    return [(spec, provider(spec.name)) for spec in specs]


def _known(draft: Draft, section: MergedSection, *, everything: bool = False) -> list[dict[str, Any]]:
    """Return the data of a part that are known (all of them for the review), as they are read.

    What the government knows is shown to check, not to copy: personal numbers with their middle hidden.
    """
    rows = []
    for spec in directory.with_regions(section.fields):
        fact = draft.resolution.facts[spec.name]
        if everything or fact.state in (FactState.KNOWN, FactState.DEGRADED):
            shown = show_value(spec, fact.value)
            hidden = spec.sensitive and fact.state is FactState.KNOWN
            rows.append({"spec": spec, "fact": fact, "shown": mask(shown) if hidden else shown})
    return rows


def _element(draft: Draft, field: str) -> str:
    """Return the datum that an error is about: of a table's cell, the table."""
    return field if field in draft.resolution.facts else field.rsplit(".", 2)[0]


def _links(request: HttpRequest, draft: Draft, problem: Invalid) -> list[dict[str, str]]:
    pk = draft.view.id
    home = {spec.name: section.code for section in draft.sections for spec in section.fields}
    links = []
    for error in problem.errors:
        if error.field.startswith("material:"):
            url = address(request, "materials", pk)
        elif error.field == "promise":
            url = "#promise"
        elif (element := _element(draft, error.field)) in home:
            url = f"{address(request, 'part', pk, home[element])}#f-{element}"
        else:
            url = ""
        links.append({"url": url, "message": error.message})
    return links
