"""What every act leaves behind, in the same transaction as the change itself."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q


class IdempotencyKey(models.Model):
    """A key that has been used: the act's answer is given again instead of acting again."""

    scope = models.CharField(max_length=120)
    """Act and actor: a key says nothing outside of them."""
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    result = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="idempotency_once")]
        indexes = [models.Index(fields=["at"], name="idempotency_at")]


class AuditEntry(models.Model):
    """One thing that was done, read or refused. Append only: triggers refuse UPDATE, DELETE and TRUNCATE.

    Personal numbers never stand here; ``detail`` holds codes, ids and counts.
    """

    seq = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    xid = models.BigIntegerField()
    """The transaction that wrote it: blocks are windows over transactions, so none is ever late for its block."""
    kind = models.CharField(max_length=8)
    """``act``, ``read`` or ``denied``."""
    name = models.CharField(max_length=80)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=120, blank=True)
    actor_agency = models.CharField(max_length=400, blank=True)
    principal_kind = models.CharField(max_length=12, blank=True)
    principal_id = models.UUIDField(null=True)
    delegation_id = models.UUIDField(null=True)
    door = models.CharField(max_length=12)
    request_id = models.CharField(max_length=64, blank=True)
    subject_kind = models.CharField(max_length=40, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    application_id = models.UUIDField(null=True)
    case_id = models.UUIDField(null=True)
    person_id = models.UUIDField(null=True)
    """The person (or organisation) whose data was touched: who looked at my data is a query by this column."""
    purpose = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["case_id", "seq"], name="audit_case", condition=Q(case_id__isnull=False)),
            models.Index(
                fields=["application_id", "seq"],
                name="audit_application",
                condition=Q(application_id__isnull=False),
            ),
            models.Index(fields=["person_id", "seq"], name="audit_person_read", condition=Q(kind="read")),
            models.Index(
                fields=["principal_id", "seq"],
                name="audit_acted_for",
                condition=Q(kind="act", principal_id__isnull=False),
            ),
            models.Index(fields=["xid"], name="audit_xid"),
            BrinIndex(fields=["at"], name="audit_at"),
        ]


class AuditBlock(models.Model):
    """A sealed window of audit entries: those written by transactions in [xid_from, xid_to), after ``seq_floor``."""

    number = models.BigIntegerField(primary_key=True)
    seq_floor = models.BigIntegerField()
    xid_from = models.BigIntegerField()
    xid_to = models.BigIntegerField()
    entries = models.IntegerField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    """SM3 over the previous digest, the window and every entry in order."""
    seal = models.CharField(max_length=64)
    """HMAC of the digest under the audit key: who can write the database still cannot make a new chain."""
    sealed_at = models.DateTimeField()


class Event(models.Model):
    """Something that happened, for whoever subscribes. Written with the act, read in order of transactions."""

    seq = models.BigAutoField(primary_key=True)
    id = models.UUIDField(unique=True)
    xid = models.BigIntegerField()
    at = models.DateTimeField()
    name = models.CharField(max_length=80)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    payload = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["xid", "seq"], name="event_xid")]


class EventCursor(models.Model):
    """How far a subscriber has read."""

    subscriber = models.CharField(max_length=80, primary_key=True)
    xid = models.BigIntegerField(default=0)
    """All events of transactions below this have been delivered."""
    xid_to = models.BigIntegerField(default=0)
    """End of the window in hand, 0 if none."""
    seq = models.BigIntegerField(default=0)
    """Last event delivered of the window in hand."""
    floor = models.BigIntegerField(default=0)
    """Events up to this were written before a restore into a new cluster, whose transaction numbers began again."""
    failures = models.IntegerField(default=0)
    error = models.TextField(blank=True)
    retry_at = models.DateTimeField(null=True)


class Timer(models.Model):
    """An act that falls due by itself (deemed acceptance, expiry …): exact even when the worker was down."""

    kind = models.CharField(max_length=80)
    subject_id = models.UUIDField()
    due_at = models.DateTimeField()
    """The legal instant. The act is done with this as its time, however late the worker is."""
    fired_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    error = models.TextField(blank=True)
    retry_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject_id"], name="timer_once")]
        indexes = [models.Index(fields=["due_at"], name="timer_due", condition=Q(fired_at__isnull=True))]
