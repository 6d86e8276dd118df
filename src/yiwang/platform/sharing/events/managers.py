"""Which subscriptions an actor may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from yiwang.kernel.reach import reached
from yiwang.kernel.types import Actor, ActorKind
from yiwang.platform.sharing.managers import STEWARDS

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
        return self.filter(_reached(actor, "agency__") | _reached(actor, "topic__agency__"))


def _reached(actor: Actor, agency: str) -> Q:
    names = {"agency": f"{agency}path", "region": f"{agency}region_id", "level": f"{agency}level"}
    return reached(actor, STEWARDS, **names)
