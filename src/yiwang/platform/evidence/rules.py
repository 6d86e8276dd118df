"""What an application costs a person, apart and together: counted, never written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yiwang.kernel.calendar import Unit
from yiwang.platform.catalog.rules import fields_of, truth
from yiwang.platform.catalog.types import CaseType, Definition, EditionView, Limit, Material, Necessity
from yiwang.platform.evidence.types import Burden, BurdenReport, Fact, FactState, MaterialFact

SETTLED = frozenset({FactState.KNOWN, FactState.DEGRADED, FactState.LATER, FactState.NEEDLESS, FactState.COMMITTED})
"""States in which the person need not give the thing."""


def working_days(limit: Limit) -> int:
    """Return a limit in working days, to compare and to add: 5 of 7 days, 21 of a month."""
    if limit.unit is Unit.WORKDAY:
        return limit.value
    if limit.unit is Unit.MONTH:
        return limit.value * 21
    return -(-limit.value * 5 // 7)


def materials_of(definition: Definition, answers: Mapping[str, Any]) -> list[Material]:
    """Return the materials that an item needs with these answers (those that may apply count)."""
    return [
        material
        for material in definition.materials
        if material.necessity is not Necessity.OPTIONAL and truth(material.when, answers) is not False
    ]


def counter_visits(definition: Definition) -> int:
    """Return how often one comes for an item handled by itself at the counter.

    Once for what is decided on the spot; else to hand in and, unless the result is sent, to fetch it.
    """
    alone = 1 if definition.case_type is CaseType.IMMEDIATE or definition.channels.mail_out else 2
    return max(alone, definition.channels.visits)


def longest_path(days: Mapping[str, int], waits_for: Mapping[str, Sequence[str]]) -> int:
    """Return the days until the last item is done when each starts as soon as those it waits for are done."""
    ends: dict[str, int] = {}

    def end(code: str) -> int:
        if code not in ends:
            ends[code] = 0  # a circle is refused at publishing; this only keeps the count finite
            before = max((end(other) for other in waits_for.get(code, ()) if other in days), default=0)
            ends[code] = before + days[code]
        return ends[code]

    return max((end(code) for code in days), default=0)


def burden(
    editions: Sequence[EditionView],
    answers: Mapping[str, Any],
    waits_for: Mapping[str, Sequence[str]],
    facts: Mapping[str, Fact],
    materials: Mapping[str, MaterialFact],
) -> BurdenReport:
    """Count what it costs apart and together, with the same answers.

    *Apart*: every item alone at its own counter, one after the other, everything on paper.

    - ``fields``: the fields of every item's form that these answers show, each form filled in whole;
    - ``materials``: every paper of every item that is not optional and that these answers need, the application form
      too, and a paper again for each item that wants it;
    - ``visits``: ``counter_visits`` of every item;
    - ``days``: the promised limits added up, in working days (``working_days``): the next is begun when the one before
      is done.

    *Together*: one application here.

    - ``fields``: what no source knows, once (given and still to be given);
    - ``materials``: what must still be handed in, once: no form (it is the one on the screen), nothing that is known,
      promised by commitment, made by another case of this application, or optional. What may be made up later counts,
      and so does a file that was given;
    - ``visits``: the most that one item asks for: one comes once for all;
    - ``days``: the longest way through the cases, each beginning when those whose result it needs are done.
    """
    definitions = [edition.definition for edition in editions]
    days = {definition.basic_code: working_days(definition.promised_limit) for definition in definitions}
    apart = Burden(
        fields=sum(len(fields_of(definition, answers)) for definition in definitions),
        materials=sum(len(materials_of(definition, answers)) for definition in definitions),
        visits=sum(counter_visits(definition) for definition in definitions),
        days=sum(days.values()),
    )
    together = Burden(
        fields=sum(1 for fact in facts.values() if fact.state not in SETTLED),
        materials=sum(1 for material in materials.values() if material.state not in SETTLED and not material.optional),
        visits=max((definition.channels.visits for definition in definitions), default=0),
        days=longest_path(days, waits_for),
    )
    return BurdenReport(apart, together)
