"""The journey's reading side: the navigator and the personal guide."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from yiwang.halls.services.types import Chosen, Gain, Guide
from yiwang.kernel.remembered import remembered
from yiwang.kernel.types import Party
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog import rules
from yiwang.platform.catalog.rules import Applies
from yiwang.platform.catalog.types import LifeEvent
from yiwang.platform.evidence import queries as evidence
from yiwang.platform.evidence.rules import longest_path, working_days
from yiwang.platform.evidence.types import FactState

_NOT_ASKED = (FactState.KNOWN, FactState.LATER, FactState.DEGRADED)


def guide(
    event: LifeEvent, answers: Mapping[str, Any], principal: Party | None, agent: uuid.UUID | None = None
) -> Guide:
    """Make the guide for this case: what applies and why, what is known, what must be given (ARCHITECTURE 5)."""
    elements = catalog.elements()
    questions = rules.visible_questions(event, answers)
    asked = tuple(rules.question_spec(elements, question) for question in questions)
    answered = sum(1 for question in questions if answers.get(question.element) not in (None, "", []))
    open_ = [
        question for question in questions if question.required and answers.get(question.element) in (None, "", [])
    ]
    applied = rules.resolve(event, answers)
    codes = [one.item.basic_code for one in applied if one.applies]
    region = str(answers.get(event.region_question) or "")
    editions = catalog.editions_in(region, codes) if region else {}
    names = {code: edition.definition.known_as for code, edition in editions.items()}
    after = rules.waits_for(event, editions)
    chosen = tuple(
        Chosen(editions[one.item.basic_code], one.reason, tuple(names[code] for code in after[one.item.basic_code]))
        for one in applied
        if one.applies and one.item.basic_code in editions
    )
    resolution = None
    if chosen and not open_:
        resolution = evidence.resolve(principal, [one.edition for one in chosen], answers, waits_for=after, agent=agent)
    materials = tuple(resolution.materials.values()) if resolution else ()
    return Guide(
        event=event,
        complete=not open_,
        answered=answered,
        asked=asked,
        chosen=chosen,
        not_needed=_ruled_out(applied),
        missing=tuple(code for code in codes if region and code not in editions),
        resolution=resolution,
        known=tuple(material for material in materials if material.state in _NOT_ASKED),
        give=tuple(
            material
            for material in materials
            if material.state not in (*_NOT_ASKED, FactState.NEEDLESS) and not material.optional
        ),
    )


def _ruled_out(applied: Iterable[Applies]) -> tuple[str, ...]:
    """Say which items the answers rule out, each with its reason."""
    found = [one for one in applied if one.applies is False and one.reason]
    names = catalog.item_names({one.item.basic_code for one in found})
    told = _("%(name)s：%(reason)s")
    return tuple(told % {"name": names.get(one.item.basic_code, ""), "reason": one.reason} for one in found)


def gains(region: str) -> dict[str, Gain]:
    """Return what every life event saves where it is carried out in full, by code; counted anew every ten minutes."""
    return remembered(
        f"services.gains:{region}", lambda: {one.code: _gain(one, region) for one in catalog.life_events()}, 600
    )


def _gain(event: LifeEvent, region: str) -> Gain:
    editions = catalog.editions_in(region, [item.basic_code for item in event.items])
    days = {code: working_days(edition.definition.promised_limit) for code, edition in editions.items()}
    return Gain(
        agencies=len({edition.agency_path for edition in editions.values()}),
        apart=sum(days.values()),
        together=longest_path(days, rules.waits_for(event, editions)),
        visits=max((edition.definition.channels.visits for edition in editions.values()), default=0),
    )
