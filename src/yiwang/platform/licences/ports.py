"""What licences ask of the rooms above them, which they may not import: those rooms register the answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable

from yiwang.kernel.types import Actor

CasesOf = Callable[[Actor], Iterable[uuid.UUID]]
ItemOf = Callable[[uuid.UUID], tuple[str, str] | None]
ApplicationsOf = Callable[[Actor, Collection[uuid.UUID]], dict[uuid.UUID, uuid.UUID]]
_item_of: list[ItemOf] = []
_cases_of: list[CasesOf] = []
_applications_of: list[ApplicationsOf] = []


def register_cases(of: CasesOf) -> None:
    """Say which cases an actor may see; ``of`` may return a query that is not carried out yet."""
    if _cases_of:
        raise ValueError("who may see which cases is said twice")
    _cases_of.append(of)


def register_items(of: ItemOf) -> None:
    """Say of which service item a case is: its name and code, or nothing."""
    if _item_of:
        raise ValueError("of which item a case is, is said twice")
    _item_of.append(of)


def register_applications(of: ApplicationsOf) -> None:
    """Say to which application each case or application belongs, of those that are the actor's principal's."""
    if _applications_of:
        raise ValueError("to which application a case belongs, is said twice")
    _applications_of.append(of)


def item_of(case: uuid.UUID) -> tuple[str, str] | None:
    """Return the name and code of the service item of a case, if it is known."""
    return _item_of[0](case) if _item_of else None


def cases_of(actor: Actor) -> Iterable[uuid.UUID]:
    """Return the ids of the cases that the actor may see; without cases there are none."""
    return _cases_of[0](actor) if _cases_of else ()


def applications_of(actor: Actor, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Return the application of each of these cases and applications, of those that are the actor's principal's."""
    return _applications_of[0](actor, ids) if _applications_of else {}
