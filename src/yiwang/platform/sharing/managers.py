"""Which datasets an actor may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from yiwang.kernel.reach import reached
from yiwang.kernel.types import Actor, ActorKind, Role
from yiwang.platform.sharing.types import SharingType

if TYPE_CHECKING:
    _QuerySet = models.QuerySet[Any]
else:
    _QuerySet = models.QuerySet

STEWARDS = frozenset({Role.DATA_STEWARD, Role.DATA_OFFICE})
WATCHING = frozenset({Role.DATA_OFFICE, Role.SUPERVISOR})
"""Who sees the figures of every agency: figures say nothing of a person."""


def at_agency(actor: Actor, agency: str = "agency", roles: frozenset[Role] = STEWARDS) -> Q:
    """Filter to what lies at an agency (the way to it from the row) that the actor's grants in these roles reach."""
    return reached(actor, roles, agency=f"{agency}__path", region=f"{agency}__region__code", level=f"{agency}__level")


class DatasetQuerySet(_QuerySet):
    """What is published and shared with anybody is known to everybody; what is not shared, to officials; drafts, to the
    stewards whose grants reach the agency.
    """

    def visible_to(self, actor: Actor) -> DatasetQuerySet:
        """Filter to what the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        published = Q(current__isnull=False)
        if actor.kind is ActorKind.STAFF and actor.grants:
            return self.filter(published | at_agency(actor))
        return self.filter(published & ~Q(sharing=SharingType.NONE))

    def measured_for(self, actor: Actor) -> DatasetQuerySet:
        """Filter to the published datasets whose quality the actor answers for (stewards) or watches (all of them)."""
        published = self.filter(current__isnull=False)
        if actor.kind is ActorKind.SYSTEM or actor.has_role(WATCHING):
            return published
        return published.filter(at_agency(actor))

    def editable_by(self, actor: Actor) -> DatasetQuerySet:
        """Filter to what the actor's stewards' grants reach."""
        return self.filter(at_agency(actor))


class GrantQuerySet(_QuerySet):
    """A grant is seen by the stewards of the agency that asks and of the one that provides."""

    def visible_to(self, actor: Actor) -> GrantQuerySet:
        """Filter to what the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        return self.filter(at_agency(actor) | at_agency(actor, "dataset__agency"))

    def asked_by(self, actor: Actor) -> GrantQuerySet:
        """Filter to those of the agencies for which the actor asks."""
        return self.filter(at_agency(actor))


class ObjectionQuerySet(_QuerySet):
    """An objection is seen by whoever raised it and by the stewards of the agency that has to answer."""

    def visible_to(self, actor: Actor) -> ObjectionQuerySet:
        """Filter to what the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        if actor.kind is ActorKind.PERSON and actor.principal is not None:
            return self.filter(party_id=actor.principal.id)
        return self.filter(at_agency(actor))

    def asked_by(self, actor: Actor) -> ObjectionQuerySet:
        """Filter to those that agencies raised for which the actor is a steward."""
        return self.filter(at_agency(actor, "asker"))


class BadRowQuerySet(_QuerySet):
    """Rows to mend are seen by who has to mend them: the provider's systems and its stewards."""

    def visible_to(self, actor: Actor) -> BadRowQuerySet:
        """Filter to what the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        if actor.kind is ActorKind.CLIENT and actor.agency:
            return self.filter(dataset__agency__path__startswith=actor.agency)
        return self.filter(at_agency(actor, "dataset__agency"))
