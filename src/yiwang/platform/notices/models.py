"""Tables of the notices room: a message for each recipient, a row for each destination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from yiwang.kernel.ids import uuid7
from yiwang.kernel.sealed import SealedJSONField, SealedTextField
from yiwang.kernel.types import Actor, ActorKind, Party, PartyKind

if TYPE_CHECKING:
    _QuerySet = models.QuerySet[Any]
else:
    _QuerySet = models.QuerySet


class MessageQuerySet(_QuerySet):
    """Messages."""

    def visible_to(self, actor: Actor) -> MessageQuerySet:
        """Filter to the inbox of the party that the actor acts for; officials have no business in it."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        if actor.kind is ActorKind.PERSON and actor.principal is not None:
            mine = self.filter(recipient_kind=actor.principal.kind, recipient_id=actor.principal.id)
            return mine.filter(items__contained_by=sorted(actor.items)).exclude(items=[]) if actor.items else mine
        return self.none()


class Message(models.Model):
    """One message in one inbox."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    cause = models.CharField(max_length=120)
    """The event's id, or what several events of one act share: nobody is told of the same thing twice."""
    kind = models.CharField(max_length=40)
    recipient_kind = models.CharField(max_length=12)
    recipient_id = models.UUIDField()
    about_kind = models.CharField(max_length=12)
    about_id = models.UUIDField()
    language = models.CharField(max_length=10)
    items = ArrayField(models.CharField(max_length=12), default=list)
    """Basic codes of the matter's items."""
    content = SealedJSONField()
    """``title``, ``body`` and ``about``, the principal's name."""
    link = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cause", "recipient_id"], name="message_once")]
        indexes = [
            models.Index(fields=["recipient_id", "-id"], name="message_inbox"),
            models.Index(fields=["recipient_id"], name="message_unread", condition=Q(read_at__isnull=True)),
        ]

    @property
    def principal(self) -> Party:
        """Whose inbox it is in."""
        return Party(PartyKind(self.recipient_kind), self.recipient_id)

    @property
    def item_codes(self) -> frozenset[str]:
        """What a delegation must cover."""
        return frozenset(self.items)


class Delivery(models.Model):
    """A message on its way to one destination outside."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    message = models.ForeignKey(Message, models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=8)
    destination = SealedTextField()
    text = SealedTextField()
    state = models.CharField(max_length=8, default="waiting")
    tries = models.IntegerField(default=0)
    next_try_at = models.DateTimeField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "channel"], name="delivery_once")]
        indexes = [
            models.Index(fields=["next_try_at"], name="delivery_due", condition=Q(state="waiting")),
            models.Index(fields=["channel", "created_at"], name="delivery_age", condition=Q(state="waiting")),
            models.Index(fields=["channel", "-created_at"], name="delivery_lost", condition=Q(state="given_up")),
        ]


class Preference(models.Model):
    """How a person wants to be told; without a row, by every channel and in Chinese."""

    person_id = models.UUIDField(primary_key=True)
    sms = models.BooleanField(default=True)
    mail = models.BooleanField(default=True)
    mail_to = SealedTextField(blank=True, default="")
    """Where mail goes: confirmed from there by its owner."""
    language = models.CharField(max_length=10, default="zh-hans")

    @property
    def principal(self) -> Party:
        """Whose wishes they are."""
        return Party(PartyKind.PERSON, self.person_id)


class PackTemplate(models.Model):
    """A city's own words for one kind of message."""

    kind = models.CharField(max_length=40, primary_key=True)
    document = models.JSONField()
