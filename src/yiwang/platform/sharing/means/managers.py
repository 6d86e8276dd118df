"""Which comparisons an actor may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from yiwang.kernel.reach import reached
from yiwang.kernel.types import Actor, ActorKind, Role

if TYPE_CHECKING:
    _QuerySet = models.QuerySet[Any]
else:
    _QuerySet = models.QuerySet

COMPARERS = frozenset({Role.REVIEWER, Role.DECIDER})
"""Who compares and reads: whoever reviews the case, and whoever decides it."""


class ComparisonQuerySet(_QuerySet):
    """A comparison is read by those who handle its case, and by its agency's systems if let in for the item."""

    def visible_to(self, actor: Actor) -> ComparisonQuerySet:
        """Filter to what the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        if actor.kind is ActorKind.CLIENT:
            mine = self.filter(agency_path__startswith=actor.agency) if actor.agency else self.none()
            return mine.filter(item__in=actor.items) if actor.items else mine
        return self.filter(reached(actor, COMPARERS, agency="agency_path", region="region", level="level", item="item"))
