"""变更、注销: what a grant makes of licences that are there already (STANDARDS 6.4; 行政许可法 art. 70)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from yiwang.platform.cases import queries
from yiwang.platform.cases.models import Case
from yiwang.platform.cases.types import Effect, Foreseen
from yiwang.platform.catalog.types import Concerned, Result
from yiwang.platform.licences import acts as licences
from yiwang.platform.licences import queries as held
from yiwang.platform.licences.types import LicenceView


def change(case: Case, result: Result, values: dict[str, Any]) -> uuid.UUID | None:
    """Make the new versions of what the grant changes. Returns that of the result's own type, if one is held.

    What is not held here (it was given before there was a register) is not changed: the result alone says it.
    """
    own = None
    for one in result.changes:
        for licence, done in _each(case, one, values, held.CHANGEABLE):
            photo = queries.photograph(case.application_id, one.licence_type)
            new = licences.change_inside(licence.id, values=values, photo=photo, case_id=case.id)
            done.add(new)
            own = new if one.licence_type == result.licence_type else own
    return own


def end(case: Case, result: Result, values: dict[str, Any]) -> str:
    """Cancel what the grant ends. Returns the identifier of the licence that the result takes the place of, or nothing."""
    replaced = ""
    for one in result.ends:
        same = one.licence_type == result.licence_type
        reason = f"已准予“{case.name}”，" + ("换发新证，原证作废。" if same else "依法注销。")
        for licence, _done in _each(case, one, values, held.ENDABLE):
            licences.cancel_inside(licence.id, reason=reason)
            replaced = licence.identifier if same else replaced
    return replaced


def foreseen(case: Case, result: Result, values: dict[str, Any], *, of_others: bool = False) -> tuple[Foreseen, ...]:
    """Return what a grant would make now of licences that are there, for who is to decide (one query).

    ``of_others``: of those too that somebody else holds (two further queries for each).
    """
    changes, ends = (
        [
            wanted
            for one in concerned
            if (of_others or not one.holder) and (wanted := _wanted(case, one, values, states))
        ]
        for concerned, states in ((result.changes, held.CHANGEABLE), (result.ends, held.ENDABLE))
    )
    found, renewed = held.foreseen([*changes, *ends], values, case.renews_id)
    seen = [Foreseen(Effect.CHANGED, one.old, one.new, one.lines) for each in found[: len(changes)] for one in each]
    for wanted, each in zip(ends, found[len(changes) :], strict=True):
        effect = Effect.REPLACED if wanted.type_code == result.licence_type else Effect.ENDED
        seen += [Foreseen(effect, one.old) for one in each]
    if renewed:
        seen.append(Foreseen(Effect.RENEWED, renewed.old, renewed.new, renewed.lines))
    return tuple(seen)


def _each(
    case: Case, one: Concerned, values: dict[str, Any], states: Any
) -> Iterator[tuple[LicenceView, set[uuid.UUID]]]:
    """Give the licences that are meant, each locked; with them the set of those that are done with.

    Another decision may change or end one while this one waits for it: what there is then is looked for anew.
    """
    done: set[uuid.UUID] = set()
    while found := [licence for licence in _concerned(case, one, values, states) if licence.id not in done]:
        for licence in found:
            done.add(licence.id)
            if licences.lock_inside(licence.id, states):
                yield licence, done


def _concerned(case: Case, one: Concerned, values: dict[str, Any], states: Any) -> list[LicenceView]:
    """Return the licences that are meant."""
    wanted = _wanted(case, one, values, states)
    return held.in_force(wanted)[0] if wanted else []


def _wanted(case: Case, one: Concerned, values: dict[str, Any], states: Any) -> held.Wanted | None:
    """Return which licences are meant. Where the application does not say what they are to say, none is: nobody guesses."""
    if one.by and one.by not in values:
        return None
    holder = held.holder_by_number(one.licence_type, str(values.get(one.holder, ""))) if one.holder else case.principal
    if holder is None:
        return None
    return held.Wanted(one.licence_type, holder, states, values[one.by] if one.by else None)
