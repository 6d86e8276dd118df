"""Tables of identity. Numbers and telephones are sealed; they are found by blind index."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from yiwang.kernel.ids import uuid7
from yiwang.kernel.sealed import SealedTextField
from yiwang.kernel.types import Party, PartyKind


class Person(models.Model):
    """自然人."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    name = models.CharField(max_length=60)
    document_type = models.CharField(max_length=20, default="citizen_id")
    number = SealedTextField()
    number_index = models.BinaryField(max_length=32, null=True)
    """Null for somebody who registered by telephone and was not checked yet: ``number`` is empty then."""
    phone = SealedTextField(blank=True)
    phone_index = models.BinaryField(max_length=32, null=True)
    sex = models.CharField(max_length=1, blank=True)
    born_on = models.DateField(null=True)
    region = models.CharField(max_length=12, blank=True)
    address = SealedTextField(blank=True)
    died_on = models.DateField(null=True)
    checked_level = models.SmallIntegerField(default=0)
    """How surely the person was ever checked: what a sign-in can reach at most."""
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    """The record that the authority's check showed to be the same person."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document_type", "number_index"], name="person_number_once")]
        indexes = [models.Index(fields=["phone_index"], name="person_phone")]


class Organisation(models.Model):
    """法人和其他组织."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    name = models.CharField(max_length=160)
    uscc = models.CharField(max_length=18, unique=True)
    kind = models.CharField(max_length=24)
    legal_representative = models.ForeignKey(Person, models.PROTECT, null=True, related_name="represents")
    region = models.CharField(max_length=12, blank=True)
    address = models.CharField(max_length=200, blank=True)
    established_on = models.DateField(null=True)
    active = models.BooleanField(default=True)
    checked_level = models.SmallIntegerField(default=3)
    """L2: code and legal representative checked; L3: by its electronic business licence or at a counter."""

    class Meta:
        indexes = [models.Index(fields=["name"], name="organisation_name")]


if TYPE_CHECKING:
    _Manager = BaseUserManager["Account"]
else:
    _Manager = BaseUserManager


class AccountManager(_Manager):
    """Makes accounts; a person's account is named by an opaque login, never by a number."""

    def create_account(self, login: str, password: str | None = None, **more: object) -> Account:
        """Create and return an account."""
        account = self.model(login=login, **more)
        account.set_password(password)
        account.save(using=self._db)
        return account


class Account(AbstractBaseUser, PermissionsMixin):
    """What signs in: belongs to a person, or to a member of staff (then ``staff`` is set from the directory)."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    login = models.CharField(max_length=80, unique=True)
    person = models.OneToOneField(Person, models.PROTECT, null=True, related_name="account")
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    password_changed_at = models.DateTimeField(null=True)
    agreed_at = models.DateTimeField(null=True)
    """When the service agreement was agreed to; null for staff."""
    failures = models.SmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "login"
    email = ""
    """Wagtail would write there of its reviews; where mail goes, the notices room knows."""
    objects = AccountManager()


class SignedIn(models.Model):
    """会话: where an account is signed in, for its owner's list and for forced logout."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    account = models.ForeignKey(Account, models.CASCADE, related_name="sessions")
    session_key = models.CharField(max_length=40, unique=True)
    way = models.CharField(max_length=20)
    level = models.SmallIntegerField()
    second_factor = models.BooleanField(default=False)
    device = models.CharField(max_length=60, blank=True)
    address = SealedTextField(blank=True)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "-began_at"], name="signed_in_open", condition=Q(ended_at__isnull=True))
        ]


class Challenge(models.Model):
    """A one-time code that was sent to a telephone; the code itself is not kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    purpose = models.CharField(max_length=12)
    account = models.ForeignKey(Account, models.CASCADE, null=True, related_name="+")
    phone = SealedTextField()
    code_index = models.BinaryField(max_length=32)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.SmallIntegerField(default=0)
    passed_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="challenge_expiry")]


class Delegation(models.Model):
    """委托 of a person or organisation to a person; scope, items and end are part of it, taking it back is an act."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    grantor_person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="delegations_given")
    grantor_organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="delegations_given")
    delegate = models.ForeignKey(Person, models.PROTECT, related_name="delegations_held")
    items = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    may_sign = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    recorded_by = models.CharField(max_length=120, blank=True)
    """The counter that was shown it on paper; empty where it was given online."""
    papers = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    """Digests of the scanned papers in the store."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(grantor_person__isnull=False) ^ Q(grantor_organisation__isnull=False),
                name="delegation_one_grantor",
            )
        ]
        indexes = [
            models.Index(
                fields=["delegate", "expires_at"], name="delegation_held", condition=Q(revoked_at__isnull=True)
            )
        ]

    @property
    def principal(self) -> Party:
        """Who gave it."""
        if self.grantor_person_id:
            return Party(PartyKind.PERSON, self.grantor_person_id)
        return Party(PartyKind.ORGANISATION, self.grantor_organisation_id)
