"""Which comparisons, and which requests to agree to one, an actor may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from yiwang.kernel.reach import reached
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, ActorKind, Role
from yiwang.platform.identity import queries as identity
from yiwang.platform.sharing.indexes import SUBJECT

if TYPE_CHECKING:
    _QuerySet = models.QuerySet[Any]
else:
    _QuerySet = models.QuerySet

COMPARERS = frozenset({Role.REVIEWER, Role.DECIDER})
"""Who compares and reads: whoever reviews the case, and whoever decides it."""


def _handled(rows: Any, actor: Actor) -> Any:
    """Filter to rows of cases that the actor handles, or, of an agency's system, its agency and the items it is let in for."""
    if actor.kind is ActorKind.CLIENT:
        mine = rows.filter(agency_path__startswith=actor.agency) if actor.agency else rows.none()
        return mine.filter(item__in=actor.items) if actor.items else mine
    return rows.filter(reached(actor, COMPARERS, agency="agency_path", region="region", level="level", item="item"))


class ComparisonQuerySet(_QuerySet):
    """A comparison is read by those who handle its case, and by its agency's systems if let in for the item."""

    def visible_to(self, actor: Actor) -> ComparisonQuerySet:
        """Filter to what the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        return _handled(self, actor)


class ConsentQuerySet(_QuerySet):
    """A request is seen by whom it asks, and like a comparison."""

    def visible_to(self, actor: Actor) -> ConsentQuerySet:
        """Filter to what the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        if actor.kind is ActorKind.PERSON:  # whomever they act for
            numbers = identity.numbers_by_person([actor.id]) if actor.id else {}
            return self.filter(index__in=[blind_index(one, SUBJECT) for one in numbers.values()])
        return _handled(self, actor)
