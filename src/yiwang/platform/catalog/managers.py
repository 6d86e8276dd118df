"""Which rows of the catalogue an actor may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from yiwang.kernel.reach import reached
from yiwang.kernel.types import Actor, ActorKind, Role

if TYPE_CHECKING:
    _QuerySet = models.QuerySet[Any]
else:
    _QuerySet = models.QuerySet


EDITORS = frozenset({Role.ITEM_EDITOR, Role.ITEM_PUBLISHER})


class ImplementationQuerySet(_QuerySet):
    """Drafts are seen by staff whose grants reach the agency; what is published, by everybody."""

    def visible_to(self, actor: Actor) -> ImplementationQuerySet:
        """Filter to what the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        published = Q(current__isnull=False)
        if actor.kind is ActorKind.STAFF and actor.grants:
            return self.filter(published | _reached(actor, frozenset(Role)))
        return self.filter(published)

    def editable_by(self, actor: Actor) -> ImplementationQuerySet:
        """Filter to what the actor's editors' grants reach (``RoleGrant.covers`` in the database)."""
        return self.filter(_reached(actor, EDITORS))


def _reached(actor: Actor, roles: frozenset[Role]) -> Q:
    return reached(actor, roles, agency="agency__path", region="region", level="level", item="item_id")
