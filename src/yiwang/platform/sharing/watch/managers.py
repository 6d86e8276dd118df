"""Which alerts an actor may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from yiwang.kernel.types import Actor, ActorKind, Role
from yiwang.platform.sharing.managers import WATCHING, at_agency

if TYPE_CHECKING:
    _QuerySet = models.QuerySet[Any]
else:
    _QuerySet = models.QuerySet

ANSWERING = frozenset({Role.DECIDER, Role.DISPATCHER, Role.DATA_STEWARD})
"""Who explains for the officer's agency."""


class ReadingAlertQuerySet(_QuerySet):
    """An alert is seen by those who watch over the officer's agency and by those who answer for it; by its officer never."""

    def visible_to(self, actor: Actor) -> ReadingAlertQuerySet:
        """Filter to what the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        return self.filter(at_agency(actor, roles=WATCHING | ANSWERING)).exclude(officer=actor.id)
