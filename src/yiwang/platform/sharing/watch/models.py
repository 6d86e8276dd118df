"""Tables of watching: the rules, how far it has looked, what it remembers for a while, and the alerts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yiwang.kernel.ids import uuid7
from yiwang.kernel.sealed import SealedTextField
from yiwang.kernel.types import Reach
from yiwang.platform.sharing.watch.managers import ReadingAlertQuerySet


class WatchRuleRow(models.Model):
    """A rule, as the city's pack has it."""

    code = models.SlugField(max_length=40, primary_key=True)
    definition = models.JSONField()


class WatchCursor(models.Model):
    """The one row that says below which transaction everything has been looked at."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    xid = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="watch_cursor_one")]


class SeenLook(models.Model):
    """A reading that was looked at, kept for as long as the longest window of a rule: who, when, a sign for whom."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=5)
    ref = models.CharField(max_length=40)
    at = models.DateTimeField()
    name = models.CharField(max_length=80)
    officer = models.UUIDField()
    subject = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "ref"], name="seen_look_once")]
        indexes = [
            models.Index(fields=["officer", "at"], name="seen_look_of"),
            models.Index(fields=["at"], name="seen_look_at"),
        ]


class ReadingAlert(models.Model):
    """预警: what one officer did against one rule on one day; while it is open, more of the same comes to it."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    rule = models.CharField(max_length=40)
    rule_name = models.CharField(max_length=200)
    rule_name_en = models.CharField(max_length=200, blank=True)
    officer = models.UUIDField()
    officer_label = models.CharField(max_length=120)
    agency = models.ForeignKey("directory.Agency", models.PROTECT, related_name="+")
    day = models.DateField()
    state = models.CharField(max_length=10, default="open")
    count = models.IntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    raised_at = models.DateTimeField()
    due_on = models.DateField(null=True)
    late = models.BooleanField(default=False)
    question = SealedTextField(default="")
    asked_by = models.CharField(max_length=120, blank=True)
    explanation = SealedTextField(default="")
    explained_by = models.CharField(max_length=120, blank=True)
    finding = SealedTextField(default="")
    closed_by = models.CharField(max_length=120, blank=True)
    closed_at = models.DateTimeField(null=True)
    objects = ReadingAlertQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["officer", "rule", "day"], name="reading_alert_once", condition=Q(closed_at=None)
            )
        ]
        indexes = [
            models.Index(fields=["-raised_at", "-id"], name="reading_alert_open", condition=Q(closed_at=None)),
            models.Index(fields=["agency", "-raised_at", "-id"], name="reading_alert_of"),
        ]

    @property
    def reach(self) -> Reach:
        """Where it lies: at the officer's agency."""
        return Reach(self.agency.path, self.agency.region_id, self.agency.level)


class AlertEvidence(models.Model):
    """A reading or a check that an alert is made of."""

    id = models.BigAutoField(primary_key=True)
    alert = models.ForeignKey(ReadingAlert, models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=5)
    ref = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alert", "kind", "ref"], name="alert_evidence_once")]
        indexes = [models.Index(fields=["alert", "at", "id"], name="alert_evidence_order")]
