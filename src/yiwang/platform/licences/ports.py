"""What licences ask of the rooms above them, which they may not import: those rooms register the answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable

from yiwang.kernel.types import Actor

CasesOf = Callable[[Actor], Iterable[uuid.UUID]]
_cases_of: list[CasesOf] = []


def register_cases(of: CasesOf) -> None:
    """Say which cases an actor may see; ``of`` may return a query that is not carried out yet."""
    if _cases_of:
        raise ValueError("who may see which cases is said twice")
    _cases_of.append(of)


def cases_of(actor: Actor) -> Iterable[uuid.UUID]:
    """Return the ids of the cases that the actor may see; without cases there are none."""
    return _cases_of[0](actor) if _cases_of else ()
