"""Tables of events: topics, their messages in order, who is told, and what was refused."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yiwang.kernel.ids import uuid7
from yiwang.kernel.sealed import SealedJSONField, SealedTextField
from yiwang.kernel.types import Reach
from yiwang.platform.sharing.events.managers import SubscriptionQuerySet
from yiwang.platform.sharing.types import Side


class TopicRow(models.Model):
    """主题. ``definition`` is the document; the columns beside it repeat what lists need."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    code = models.CharField(max_length=80, unique=True)
    agency = models.ForeignKey("directory.Agency", models.PROTECT, related_name="+")
    dataset = models.ForeignKey("sharing.Dataset", models.PROTECT, null=True, related_name="topics")
    name = models.CharField(max_length=200)
    version = models.IntegerField(default=1)
    definition = models.JSONField()
    changed_at = models.DateTimeField()

    @property
    def reach(self) -> Reach:
        """Where the topic lies: at its publisher."""
        return Reach(self.agency.path, self.agency.region_id, self.agency.level)


class TopicMessage(models.Model):
    """An event in its topic's stream. ``seq`` has no gaps and is the order of commits (``kernel.serials``)."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    topic = models.ForeignKey(TopicRow, models.PROTECT, related_name="messages")
    seq = models.BigIntegerField()
    version = models.IntegerField()
    own_id = models.CharField(max_length=120)
    """The publisher's own name of the event; with it an event is published once."""
    digest = models.BinaryField(max_length=32)
    """Blind index of what was published: the same name cannot come back with something else."""
    subject_index = models.BinaryField(max_length=32)
    content = SealedJSONField()
    """``subject`` and ``data``."""
    at = models.DateTimeField()
    """When it happened, as the publisher says."""
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["topic", "seq"], name="topic_message_seq"),
            models.UniqueConstraint(fields=["topic", "own_id"], name="topic_message_once"),
        ]
        indexes = [models.Index(fields=["topic", "published_at"], name="topic_message_when")]


class Subscription(models.Model):
    """订阅: an agency's system that is told of a topic's events. ``cursor`` is the last that it has, but for those held."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    topic = models.ForeignKey(TopicRow, models.PROTECT, related_name="subscriptions")
    agency = models.ForeignKey("directory.Agency", models.PROTECT, related_name="+")
    address = models.CharField(max_length=400)
    secrets = SealedJSONField()
    """Secrets (hexadecimal), the newest first: a delivery is signed with each, so that they can be changed."""
    method = models.CharField(max_length=4)
    purpose = models.CharField(max_length=400)
    state = models.CharField(max_length=12, default="requested")
    begins = models.BigIntegerField(default=0)
    """The stream's last event when its agency approved: what is older is neither sent nor fetched."""
    expires_on = models.DateField(null=True)
    cursor = models.BigIntegerField(default=0)
    failures = models.IntegerField(default=0)
    slow = models.BooleanField(default=False)
    """It took long to answer last time: it is served where it holds nobody up."""
    next_at = models.DateTimeField()
    lease = models.UUIDField(null=True)
    """Who is sending; whoever does not hold it any more moves nothing."""
    leased_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=400, blank=True)
    last_ok_at = models.DateTimeField(null=True)
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=120)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=400, blank=True)
    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["topic", "agency", "address"],
                name="subscription_once",
                condition=~Q(state__in=["refused", "ended"]),
            )
        ]
        indexes = [models.Index(fields=["next_at"], name="subscription_due", condition=Q(state="active"))]

    def reach_of(self, side: Side) -> Reach:
        """Where the subscription lies for one side: the agency that is told, or the one whose topic it is."""
        agency = self.topic.agency if side is Side.PROVIDER else self.agency
        return Reach(agency.path, agency.region_id, agency.level)

    @property
    def reach(self) -> Reach:
        """Where it lies for the side that acts (see ``acts.subscribing``)."""
        return self.reach_of(getattr(self, "side", Side.CONSUMER))


class QuarantinedMessage(models.Model):
    """An event that went out of a subscriber's stream: refused, or behind a refused one of its subject."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="held")
    message = models.ForeignKey(TopicMessage, models.PROTECT, related_name="+")
    seq = models.BigIntegerField()
    subject_index = models.BinaryField(max_length=32)
    state = models.CharField(max_length=10)
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField()
    error = models.CharField(max_length=400, blank=True)
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "message"], name="quarantined_once")]
        indexes = [
            models.Index(
                fields=["subscription", "subject_index", "seq"],
                name="quarantined_open",
                condition=Q(state__in=["due", "waiting", "refused"]),
            )
        ]

    @property
    def reach(self) -> Reach:
        """Where it lies: at the subscriber."""
        return self.subscription.reach


class EventKey(models.Model):
    """A key that the platform signs deliveries with (JWS); the newest signs, the one before it is still published."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    private = SealedTextField()
    """The key as a JWK."""
    made_at = models.DateTimeField()
