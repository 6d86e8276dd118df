"""A draft as the pages of the one form need it: its parts, how far it is, what is known."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from yiwang.halls.services.doors import address, to
from yiwang.kernel.types import Actor
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.types import ApplicationState, ApplicationView
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.rules import MergedSection
from yiwang.platform.catalog.types import EditionView
from yiwang.platform.evidence.types import FactState, MaterialFact, Resolution
from yiwang.ui.shown import FormPart
from yiwang.ui.templatetags.ui import said

TO_FILL = (FactState.ASK, FactState.GIVEN, FactState.DEGRADED)


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as the pages need it."""

    view: ApplicationView
    editions: list[EditionView]
    resolution: Resolution

    @property
    def sections(self) -> tuple[MergedSection, ...]:
        """Return the form in its parts."""
        return self.resolution.form

    @property
    def everything(self) -> dict[str, Any]:
        """Return all data known so far."""
        known = {code: fact.value for code, fact in self.resolution.facts.items() if fact.value is not None}
        return known | self.view.answers


def of_draft(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a view the draft itself. What was handed in meanwhile (a second click, another tab) leads to its own page."""

    @functools.wraps(view)
    def inner(request: HttpRequest, pk: uuid.UUID, **more: Any) -> HttpResponse:
        draft = find_draft(request, pk)
        if draft is None:
            return to(request, "application", pk)
        return view(request, draft, **more)

    return inner


def find_draft(request: HttpRequest, pk: uuid.UUID) -> Draft | None:
    """Return a draft with how everything of it stands; nothing if it was handed in. Raises ``NotFound``."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if cases.get_application(pk, actor).state is not ApplicationState.DRAFT:
        return None
    view, editions, resolution = cases.draft_state(pk, actor)
    return Draft(view, editions, resolution)


def guide_url(request: HttpRequest, draft: Draft) -> str:
    """Return the address of the guide that this draft was begun from, with its answers."""
    if not draft.view.life_event:
        return address(request, "item", draft.editions[0].definition.task_code)
    event = catalog.get_life_event(draft.view.life_event)
    given = {f"q-{question.element}": draft.view.answers.get(question.element) for question in event.questions}
    words = {name: _written(value) for name, value in given.items() if value not in (None, "", [])}
    return f"{address(request, 'navigator', event.code)}?{urlencode(words, doseq=True)}"


def _written(value: Any) -> Any:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value


def parts_of(request: HttpRequest, draft: Draft, current: str, *, wrong: int = 0) -> list[FormPart]:
    """Return the parts of the form for its table of contents, each with how far it is."""
    pk = draft.view.id
    parts = []
    for section in draft.sections:
        asked = [spec for spec in section.fields if draft.resolution.facts[spec.name].state in TO_FILL]
        filled = [spec for spec in asked if draft.resolution.facts[spec.name].state is FactState.GIVEN]
        missing = [spec for spec in asked if spec.required and draft.resolution.facts[spec.name].state is FactState.ASK]
        note = _("全部已知")
        if asked:
            note = _("%(done)d / %(all)d 项") % {"done": len(filled), "all": len(asked)}
        here = section.code == current
        parts.append(
            FormPart(
                said(section, "title"),
                address(request, "part", pk, section.code),
                _("%(n)d 处要改") % {"n": wrong} if here and wrong else note,
                current=here,
                done=not missing,
                wrong=bool(here and wrong),
            )
        )
    give = [one for one in draft.resolution.materials.values() if to_give(one)]
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


def to_give(material: MaterialFact) -> bool:
    """Say whether a material is the applicant's to give, in whatever way."""
    return material.state in (FactState.ASK, FactState.GIVEN, FactState.COMMITTED, FactState.DEFERRED)


def progress_of(draft: Draft) -> dict[str, int]:
    """Count the data of a draft: all, known, to be filled, filled; and the items that share them."""
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


def material_row(draft: Draft, name: str, errors: Mapping[str, str]) -> dict[str, Any]:
    """Return what the pages show of a material."""
    fact = draft.resolution.materials[name]
    material = next(
        (one for edition in draft.editions for one in edition.definition.materials if one.identity == name),
        None,
    )
    owner = next(
        (edition.definition.task_code for edition in draft.editions if material in edition.definition.materials), ""
    )
    users = [edition.definition.known_as for edition in draft.editions if edition.definition.basic_code in fact.items]
    return {
        "fact": fact,
        "material": material,
        "used_for": users,
        "ask": to_give(fact),
        "error": errors.get(name, ""),
        "sample": reverse("services:sample", args=[owner, material.code]) if material and material.sample else "",
        "blank": f"{reverse('services:sample', args=[owner, material.code])}?blank=1"
        if material and material.blank
        else "",
        "state": fact.state.value,
    }
