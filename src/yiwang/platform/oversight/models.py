"""Tables of the oversight room."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from yiwang.kernel.ids import uuid7
from yiwang.kernel.problems import NotFound
from yiwang.kernel.reach import reached
from yiwang.kernel.sealed import SealedTextField
from yiwang.kernel.types import Actor, ActorKind, Party, PartyKind, Reach, Role

if TYPE_CHECKING:
    _QuerySet = models.QuerySet[Any]
else:
    _QuerySet = models.QuerySet

WATCHERS = frozenset({Role.REVIEWER, Role.DECIDER, Role.DISPATCHER, Role.SUPERVISOR})
"""Roles that see how the service of their reach is rated."""


class ReachedQuerySet(_QuerySet):
    """Rows that lie somewhere in the tree of agencies, with ``prefix`` leading to the columns that say where."""

    prefix = ""

    def visible_to(self, actor: Actor) -> ReachedQuerySet:
        """Filter to what the actor may see: persons what is theirs, staff what their grants reach."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        if actor.kind in (ActorKind.PERSON, ActorKind.CLIENT) and actor.principal is not None:
            wanted = {"principal_kind": actor.principal.kind, "principal_id": actor.principal.id}
            if actor.items:
                wanted["item_code__in"] = sorted(actor.items)
            return self.filter(**{self.prefix + name: value for name, value in wanted.items()})
        if actor.kind is ActorKind.STAFF:
            columns = {"agency": "agency_path", "region": "region", "level": "level", "item": "item_code"}
            return self.filter(reached(actor, WATCHERS, **{one: self.prefix + name for one, name in columns.items()}))
        return self.none()

    def lock(self, pk: uuid.UUID, by: Actor) -> Any:
        """Return the row, locked, if the actor may see it."""
        joined = self.visible_to(by).filter(pk=pk)
        if self.prefix:
            joined = joined.select_related(self.prefix.removesuffix("__"))
        row = joined.select_for_update(of=("self",)).first()
        if row is None:
            raise NotFound(_("没有找到这条记录。"))
        return row


class BadRatingQuerySet(ReachedQuerySet):
    """Bad ratings lie where the rated service lies."""

    prefix = "rating__service__"


class Service(models.Model):
    """办件服务: what can be rated, n-th of its case. Written before anybody can rate it."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="+")
    number = models.SmallIntegerField()
    kind = models.CharField(max_length=8)
    name = models.CharField(max_length=200)
    item_code = models.CharField(max_length=12)
    agency_path = models.CharField(max_length=400)
    region = models.CharField(max_length=12)
    level = models.SmallIntegerField()
    principal_kind = models.CharField(max_length=12)
    principal_id = models.UUIDField()
    done_at = models.DateTimeField()
    objects = ReachedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="service_once")]
        indexes = [
            models.Index(fields=["done_at"], name="service_done"),
            models.Index(fields=["principal_id", "-done_at"], name="service_principal"),
        ]

    @property
    def principal(self) -> Party:
        """Whose matter it was."""
        return Party(PartyKind(self.principal_kind), self.principal_id)

    @property
    def item_codes(self) -> frozenset[str]:
        """What a delegation must cover."""
        return frozenset({self.item_code})

    @property
    def reach(self) -> Reach:
        """Where it lies, for grants."""
        return Reach(self.agency_path, self.region, self.level, self.item_code)


class Rating(models.Model):
    """评价. The words and who gave them are the rater's: sealed, and shown to nobody who was rated."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    service = models.ForeignKey(Service, models.PROTECT, related_name="ratings")
    attempt = models.SmallIntegerField(default=1)
    level = models.CharField(max_length=20)
    reasons = ArrayField(models.CharField(max_length=3), default=list)
    reason_list = models.CharField(max_length=12)
    """Version of the national list that the reasons belong to."""
    text = SealedTextField(blank=True)
    channel = models.CharField(max_length=12)
    rater_id = models.UUIDField(null=True)
    is_default = models.BooleanField(default=False)
    removed_at = models.DateTimeField(null=True)
    """Taken out of all figures by a review."""
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "attempt"], name="rating_once"),
            models.CheckConstraint(condition=Q(is_default=True) | Q(rater_id__isnull=False), name="rating_by_somebody"),
        ]


class BadRating(models.Model):
    """差评 in hand: verified, put right, told, called back; or reviewed and taken out."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    rating = models.OneToOneField(Rating, models.PROTECT, related_name="handling")
    state = models.CharField(max_length=16)
    received_at = models.DateTimeField()
    verify_due = models.DateField()
    verified_at = models.DateTimeField(null=True)
    finding = models.TextField(blank=True)
    rectify_due = models.DateField(null=True)
    rectified_at = models.DateTimeField(null=True)
    measures = models.TextField(blank=True)
    appeal = models.TextField(blank=True)
    called_back_at = models.DateTimeField(null=True)
    call_back = SealedTextField(blank=True)
    closed_at = models.DateTimeField(null=True)
    objects = BadRatingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["received_at", "id"], name="bad_rating_open", condition=Q(closed_at__isnull=True))
        ]

    @property
    def principal(self) -> Party:
        """Whose matter was rated."""
        return self.rating.service.principal

    @property
    def reach(self) -> Reach:
        """Where the service lies."""
        return self.rating.service.reach


class Alert(models.Model):
    """预警 for supervisors."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    kind = models.CharField(max_length=20)
    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="+")
    earlier_case_id = models.UUIDField(null=True)
    bad_rating = models.ForeignKey(BadRating, models.PROTECT, null=True, related_name="+")
    """The bad rating that is late; a case may have several."""
    name = models.CharField(max_length=200)
    item_code = models.CharField(max_length=12)
    agency_path = models.CharField(max_length=400)
    region = models.CharField(max_length=12)
    level = models.SmallIntegerField()
    raised_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=400, blank=True)
    objects = ReachedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "case", "bad_rating"], name="alert_once", nulls_distinct=False)
        ]
        indexes = [
            models.Index(
                OpClass("agency_path", name="text_pattern_ops"),
                "raised_at",
                name="alert_open",
                condition=Q(settled_at__isnull=True),
            )
        ]

    @property
    def reach(self) -> Reach:
        """Where it lies."""
        return Reach(self.agency_path, self.region, self.level, self.item_code)


class Explanation(models.Model):
    """公开说明 of a case that passed its limit; once for each case."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    case = models.OneToOneField("cases.Case", models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    agency_path = models.CharField(max_length=400)
    due_on = models.DateField()
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-at", "id"], name="explanation_latest")]


class Setting(models.Model):
    """The one row that holds what the city decided (``types.Parameters``)."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    document = models.JSONField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="oversight_setting_one")]
