"""Tables of the directory."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.db import models

from yiwang.kernel.ids import uuid7
from yiwang.kernel.types import Reach


class Region(models.Model):
    """行政区划. Codes are never reused; a region that was abolished stays, with its end."""

    code = models.CharField(max_length=12, primary_key=True)
    name = models.CharField(max_length=60)
    level = models.SmallIntegerField()
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    full_name = models.CharField(max_length=200)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    external = models.BooleanField(default=False)


class Agency(models.Model):
    """部门. ``path`` holds the codes from the root, ``/339900/339901-amr/``: a subtree is a prefix."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    short_name = models.CharField(max_length=40)
    name_en = models.CharField(max_length=160, blank=True)
    uscc = models.CharField(max_length=18, unique=True)
    function = models.CharField(max_length=40)
    region = models.ForeignKey(Region, models.PROTECT)
    level = models.SmallIntegerField()
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    path = models.CharField(max_length=400)
    phone = models.CharField(max_length=40, blank=True)
    complaint_phone = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=200, blank=True)
    active = models.BooleanField(default=True)
    external = models.BooleanField(default=False)
    """An agency of another city, known only by items that were published there."""

    class Meta:
        indexes = [
            models.Index(OpClass("path", name="text_pattern_ops"), name="agency_path"),
            models.Index(fields=["function", "region"], name="agency_function"),
        ]

    @property
    def reach(self) -> Reach:
        """Where it lies, for grants."""
        return Reach(self.path, self.region_id, self.level)


class ServiceCentre(models.Model):
    """政务服务中心, 便民服务中心 or a village point."""

    code = models.CharField(max_length=40, primary_key=True)
    name = models.CharField(max_length=120)
    region = models.ForeignKey(Region, models.PROTECT)
    address = models.CharField(max_length=200)
    hours = models.CharField(max_length=200)
    phone = models.CharField(max_length=40, blank=True)
    traffic = models.CharField(max_length=300, blank=True)
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)


class Counter(models.Model):
    """窗口."""

    centre = models.ForeignKey(ServiceCentre, models.PROTECT, related_name="counters")
    number = models.CharField(max_length=10)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=12)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["centre", "number"], name="counter_number")]


class StaffMember(models.Model):
    """Somebody who works for an agency. What citizens read is the number, never the name."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    account = models.OneToOneField("identity.Account", models.PROTECT, null=True, related_name="staff")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="staff")
    centre = models.ForeignKey(ServiceCentre, models.PROTECT, null=True)
    counter = models.ForeignKey(Counter, models.PROTECT, null=True)
    number = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=60)
    active = models.BooleanField(default=True)
    absent_from = models.DateField(null=True)
    absent_until = models.DateField(null=True)
    deputy = models.ForeignKey("self", models.SET_NULL, null=True)
    own_index = models.BinaryField(max_length=32, null=True)
    """Blind index of their own number (as ``identity.Person`` has it), where it was entered: whether somebody reads about
    themselves can be seen by it, and nothing else.
    """


class StaffRole(models.Model):
    """A role held by a member of staff, and where it reaches (empty does not narrow)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    staff = models.ForeignKey(StaffMember, models.CASCADE, related_name="roles")
    role = models.CharField(max_length=24)
    agency_path = models.CharField(max_length=400, blank=True)
    region = models.CharField(max_length=12, blank=True)
    level = models.SmallIntegerField(default=0)
    items = ArrayField(models.CharField(max_length=12), default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff", "role", "agency_path", "region", "level"], name="staff_role_once"),
            # System, security and audit are three persons (GB/T 22239-2019): the database itself refuses the second.
            models.UniqueConstraint(
                fields=["staff"],
                condition=models.Q(role__in=["system_admin", "security_admin", "audit_admin"]),
                name="staff_one_administration",
            ),
        ]


class City(models.Model):
    """The one row that says whose platform this is: what the pack's ``pack.yaml`` holds."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    document = models.JSONField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="city_one")]
