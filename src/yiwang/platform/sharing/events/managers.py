"""Which subscriptions an actor may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from yiwang.kernel.types import Actor, ActorKind
from yiwang.platform.sharing.managers import at_agency

if TYPE_CHECKING:
    _QuerySet = models.QuerySet[Any]
else:
    _QuerySet = models.QuerySet


class SubscriptionQuerySet(_QuerySet):
    """A subscription is seen by the stewards of the agency that is told and of the one that publishes."""

    def visible_to(self, actor: Actor) -> SubscriptionQuerySet:
        """Filter to what the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        return self.filter(at_agency(actor) | at_agency(actor, "topic__agency"))
