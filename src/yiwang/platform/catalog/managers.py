"""Which rows of the catalogue an actor may see."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from yiwang.kernel.types import Actor, ActorKind, Role

if TYPE_CHECKING:
    _QuerySet = models.QuerySet[Any]
else:
    _QuerySet = models.QuerySet


class ImplementationQuerySet(_QuerySet):
    """Drafts are seen by staff whose grants reach the agency; what is published, by everybody."""

    def visible_to(self, actor: Actor) -> ImplementationQuerySet:
        """Filter to what the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        published = Q(current__isnull=False)
        if actor.kind is ActorKind.STAFF and actor.grants:
            mine = [Q(agency__path__startswith=grant.agency, region__startswith=grant.region) for grant in actor.grants]
            return self.filter(published | reduce(or_, mine))
        return self.filter(published)

    def editable_by(self, actor: Actor) -> ImplementationQuerySet:
        """Filter to what the actor's editors' grants reach (``RoleGrant.covers`` in the database)."""
        reach = [
            Q(agency__path__startswith=grant.agency, region__startswith=grant.region)
            & (Q(level=grant.level) if grant.level else Q())
            & (Q(item_id__in=grant.items) if grant.items else Q())
            for grant in actor.grants
            if grant.role in {Role.ITEM_EDITOR, Role.ITEM_PUBLISHER}
        ]
        return self.filter(reduce(or_, reach)) if reach else self.none()
