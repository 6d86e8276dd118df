"""Which applications and cases an actor may see: the one filter that lists, details, search and downloads share."""

from __future__ import annotations

import uuid
from functools import lru_cache, reduce
from operator import or_
from typing import TYPE_CHECKING, Any, cast

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.problems import NotFound
from yiwang.kernel.reach import HANDLING, reached
from yiwang.kernel.types import Actor, ActorKind, Party, Role, RoleGrant
from yiwang.platform.cases.held import cases_of

if TYPE_CHECKING:
    _QuerySet = models.QuerySet[Any]
else:
    _QuerySet = models.QuerySet


class CaseQuerySet(_QuerySet):
    """Cases."""

    def visible_to(self, actor: Actor) -> CaseQuerySet:
        """Filter to the cases that the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        if actor.kind in (ActorKind.PERSON, ActorKind.CLIENT) and actor.principal is not None:
            mine = self.filter(principal_kind=actor.principal.kind, principal_id=actor.principal.id)
            return mine.filter(item_code__in=sorted(actor.items)) if actor.items else mine
        if actor.kind is ActorKind.STAFF:
            reach = reached(
                actor,
                HANDLING,
                agency="agency_path",
                helpers="helpers",
                region="region",
                level="level",
                item="item_code",
            )
            return self.filter(reach)
        return self.none()

    def lock(self, pk: uuid.UUID, by: Actor) -> Any:
        """Return the case, locked with its application and all cases of that, if the actor may see it.

        The application is locked first: locks are always taken in the order application, case, task.
        """
        application = _lock(by, by_case=True).first(pk=pk)
        if application is None:
            raise NotFound(_("没有找到这个办件。"))
        return next(case for case in cases_of(application) if case.pk == pk)


class ApplicationQuerySet(_QuerySet):
    """Applications."""

    def visible_to(self, actor: Actor) -> ApplicationQuerySet:
        """Filter to the applications that the actor may see; officials never see drafts."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        if actor.kind in (ActorKind.PERSON, ActorKind.CLIENT) and actor.principal is not None:
            found = self.filter(principal_kind=actor.principal.kind, principal_id=actor.principal.id)
            if actor.items:  # a delegate for some items sees those, and the drafts that they began themselves
                cases = self.model._meta.get_field("cases").related_model.objects.visible_to(actor)
                found = found.filter(Q(pk__in=cases.values("application_id")) | Q(agent_id=actor.id, state="draft"))
            return found
        if actor.kind is ActorKind.STAFF:
            intake = [
                Q(region__startswith=grant.region)
                for grant in actor.grants
                if grant.role in (Role.INTAKE, Role.SUPERVISOR) and not grant.agency
            ]
            cases = self.model._meta.get_field("cases").related_model.objects.visible_to(actor)
            seen = Q(pk__in=cases.values("application_id"))
            mine = Q(pk__in=[])
            if actor.principal is not None:  # a clerk has the draft before them only while its owner is being served
                principal = {"principal_kind": actor.principal.kind, "principal_id": actor.principal.id}
                mine = Q(state="draft", agent_id=actor.id, **principal)
            return self.filter((reduce(or_, intake, seen) & ~Q(state="draft")) | mine)
        return self.none()

    def waiting_for(self, actor: Actor) -> ApplicationQuerySet:
        """Filter to what was handed in and waits for acceptance where the actor takes in: at an agency's own window, what it has
        a part in.
        """
        grants = [grant for grant in actor.grants if grant.role is Role.INTAKE]
        if not grants:
            return self.none()
        cases = self.model._meta.get_field("cases").related_model.objects.visible_to(actor)
        own = Q(pk__in=cases.values("application_id"))
        where = (Q(region__startswith=grant.region) & (own if grant.agency else Q()) for grant in grants)
        return self.filter(reduce(or_, where), state="submitted")

    def lock(self, pk: uuid.UUID, by: Actor) -> Any:
        """Return the application with its cases, locked, if the actor may see it."""
        if by.kind is ActorKind.PERSON and by.principal is not None and not by.items:
            row = _OWN.first(pk=pk, kind=by.principal.kind.value, principal=by.principal.id)
        else:
            row = _lock(by, by_case=False).first(pk=pk)
        if row is None:
            raise NotFound(_("没有找到这份申请。"))
        if row.state != "draft":  # which has no cases yet
            cases_of(row)
        return row


def _own() -> models.QuerySet[Any]:
    principal: Any = Party(cast(Any, Slot("kind")), cast(Any, Slot("principal")))
    return _locked(Actor(kind=ActorKind.PERSON, principal=principal), by_case=False)


_OWN = Compiled(_own)
"""An application of whoever asks: what most people lock, put into SQL once."""


def _lock(by: Actor, *, by_case: bool) -> Compiled:
    if by.kind is ActorKind.STAFF and by.principal is None:  # then their grants are all that counts
        return _lock_of_staff(by.grants, by_case)
    return Compiled(lambda: _locked(by, by_case=by_case))


@lru_cache(maxsize=512)
def _lock_of_staff(grants: tuple[RoleGrant, ...], by_case: bool) -> Compiled:
    return Compiled(lambda: _locked(Actor(kind=ActorKind.STAFF, grants=grants), by_case=by_case))


def _locked(by: Actor, *, by_case: bool) -> models.QuerySet[Any]:
    """Return the application with this key, or the one of the case with this key, to be locked."""
    from yiwang.platform.cases.models import Application, Case  # whose managers these are

    if not by_case:
        seen: models.QuerySet[Any] = Application.objects.visible_to(by)
        return seen.select_for_update().filter(pk=Slot("pk"))
    case = Case.objects.visible_to(by).filter(pk=Slot("pk")).values("application_id")
    return Application.objects.select_for_update().filter(pk=models.Subquery(case))
