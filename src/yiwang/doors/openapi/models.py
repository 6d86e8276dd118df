"""Which machine may come in by this door, and for whom it acts."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from yiwang.kernel.ids import uuid7


class Client(models.Model):
    """A registered system of an agency or of a firm (接口客户端), for one purpose.

    A firm's client acts for the firm. ``agent`` is the person who answers for what the client hands in:
    delegations given to that person may be used by naming them.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    credentials = models.OneToOneField(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL, models.PROTECT, related_name="registration"
    )
    """Its identifier and, hashed, its secret."""
    name = models.CharField(max_length=60)
    purpose = models.CharField(max_length=100)
    """What it was let in for; stands in the record of everything that it does and reads."""
    items = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    """Basic codes of the items that the purpose is limited to; empty does not narrow."""
    agency = models.ForeignKey("directory.Agency", models.PROTECT, null=True, related_name="+")
    organisation = models.ForeignKey("identity.Organisation", models.PROTECT, null=True, related_name="+")
    agent = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    scopes = ArrayField(models.CharField(max_length=40))
    per_minute = models.IntegerField(default=600)
    """How many requests a minute it may make."""
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(agency__isnull=False) ^ Q(organisation__isnull=False), name="client_one_owner"
            )
        ]
