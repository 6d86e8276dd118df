"""What licences ask of the rooms above them, which they may not import: those rooms register the answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable

from yiwang.kernel.types import Actor

CasesOf = Callable[[Actor], Iterable[uuid.UUID]]
ItemOf = Callable[[uuid.UUID], tuple[str, str] | None]
_item_of: list[ItemOf] = []
_cases_of: list[CasesOf] = []


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


def item_of(case: uuid.UUID) -> tuple[str, str] | None:
    """Return the name and code of the service item of a case, if it is known."""
    return _item_of[0](case) if _item_of else None


def cases_of(actor: Actor) -> Iterable[uuid.UUID]:
    """Return the ids of the cases that the actor may see; without cases there are none."""
    return _cases_of[0](actor) if _cases_of else ()
