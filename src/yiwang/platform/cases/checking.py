"""Automatic checks: a step that needs no eyes where every datum comes from its source; and sources asked again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from pydantic_core import to_jsonable_python

from yiwang.kernel.types import FieldError
from yiwang.platform.cases import earlier
from yiwang.platform.cases.models import Application, ApplicationMaterial, Case, Task
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import EditionView
from yiwang.platform.evidence import queries as evidence
from yiwang.platform.evidence.types import FactState, MaterialFact, Resolution
from yiwang.platform.sharing import acts as sharing
from yiwang.platform.sharing.types import Use
from yiwang.ui import values

_SURE = {FactState.KNOWN, FactState.NEEDLESS, FactState.LATER, FactState.COMMITTED}
"""Materials that nobody has to look at: from a source, needless, the result of a decided case, or promised."""


def by_itself(case: Case, task: Task) -> str | None:
    """Pass an automatic check if every datum that has a source came from it and no material has to be looked at."""
    edition = catalog.get_edition(case.edition_id)
    if case.owing or case.recheck:
        return None
    for element in elements_of(edition):
        fact = case.application.facts.get(element)
        if fact is None or fact["state"] == FactState.KNOWN:
            continue
        if fact.get("value") in (None, "", []):
            continue  # optional, and left empty
        if edition.elements[element].sources:
            return None  # the applicant's word stands against, or in place of, a source
    for material in ApplicationMaterial.objects.filter(
        application_id=case.application_id, items__contains=[case.item_code]
    ):
        optional = FactState(material.state) is FactState.ASK
        if FactState(material.state) not in _SURE and not optional:
            return None
    return "pass"


def elements_of(edition: EditionView) -> list[str]:
    """Return the codes of the data elements that an item's form asks for."""
    return [field.element for section in edition.definition.form for field in section.fields]


def degraded(edition: EditionView, facts: dict[str, Any], materials: Mapping[str, tuple[str, tuple[str, ...]]]) -> bool:
    """Tell whether a datum or a material of an item could not be had because its source was down.

    ``facts`` as stored; ``materials`` gives state and items by identity.
    """
    code = edition.definition.basic_code
    return any(facts.get(element, {}).get("state") == FactState.DEGRADED for element in elements_of(edition)) or any(
        state == FactState.DEGRADED and code in items for state, items in materials.values()
    )


def ask_again(application: Application) -> tuple[int, int]:
    """Ask the sources again for what was degraded and write the answers down. Returns how many came and how many still
    cannot be had. What a source now says is not there counts as to be asked (of the applicant, by a correction).
    """
    editions = list(catalog.get_editions([uuid.UUID(row["edition"]) for row in application.plan]).values())
    resolution = _resolve(application, editions)
    facts = dict(application.facts)
    left, came = 0, []
    for code, fact in facts.items():
        if fact.get("state") != FactState.DEGRADED or code not in resolution.facts:
            continue
        found = resolution.facts[code]
        if found.state is FactState.DEGRADED:
            left += 1
        else:
            facts[code] = to_jsonable_python(found)
            came.append(code)
    for material in application.materials.filter(state=FactState.DEGRADED):
        answer = resolution.materials.get(material.identity)
        if answer is None or answer.state is FactState.DEGRADED:
            left += 1
            continue
        material.state, material.ref, material.source_name = answer.state.value, answer.ref, answer.source_name
        material.trust = trust_of(answer) if answer.state is FactState.KNOWN else ""
        material.save(update_fields=["state", "ref", "source_name", "trust"])
        came.append(material.identity)
    if came:
        application.facts = facts
        application.save(update_fields=["facts"])
        note_checks(application, evidence.uses(resolution, editions, came))
        earlier.take_over(application, resolution)
    return len(came), left


def trust_of(known: MaterialFact) -> str:
    """Return the level of what a source answered: a clerk's comparison with the original is B, a record is A."""
    return "B" if known.source == earlier.NAME else "A"


def note_checks(application: Application, uses: list[Use], cases: Mapping[str, uuid.UUID] | None = None) -> None:
    """Write down which datasets answered for which case: whoever it is about can see it (个人信息保护法 art. 44)."""
    if cases is None:
        cases = dict(application.cases.values_list("item_code", "id"))
    sharing.note_checks(
        uses,
        purpose=_("办理“%(name)s”") % {"name": application.title},
        application=application.id,
        cases=cases,
        party=application.principal.id,
    )


def _resolve(application: Application, editions: list[EditionView]) -> Resolution:
    given = {
        row.identity: FactState(row.state)
        for row in application.materials.exclude(state__in=[FactState.DEGRADED, FactState.ASK])
    }
    answers = dict(application.answers)
    disputed = frozenset(answers.pop("_disputed", ()))
    return evidence.resolve(application.principal, editions, answers, given=given, disputed=disputed)


def wrong_answers(answers: dict[str, Any], resolution: Resolution) -> list[FieldError]:
    """Return every datum of a draft that is missing, or whose value does not fit it."""
    asked = [
        spec for spec in resolution.fields if resolution.facts[spec.name].state in (FactState.ASK, FactState.GIVEN)
    ]
    return values.check(asked, answers)[1]
