"""Tables of comparisons: schemes as published, what was compared, and consents on paper, which never change (triggers); and who
was asked to agree on their own page.
"""

from __future__ import annotations

from django.db import models

from yiwang.kernel.ids import uuid7
from yiwang.kernel.sealed import SealedJSONField, SealedTextField
from yiwang.kernel.types import Reach
from yiwang.platform.sharing.means.managers import ComparisonQuerySet, ConsentQuerySet


class SchemeEdition(models.Model):
    """比对方案 as published: a numbered, frozen document. The newest of a code is in force."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    code = models.SlugField(max_length=60)
    number = models.IntegerField()
    digest = models.CharField(max_length=64)
    content = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "number"], name="scheme_edition_once")]


class Comparison(models.Model):
    """核对: one family compared for one case by one edition of a scheme. Compared again, it gets a row of its own."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    at = models.DateTimeField()
    scheme = models.ForeignKey(SchemeEdition, models.PROTECT, related_name="+")
    case_id = models.UUIDField()
    case_number = models.CharField(max_length=50)
    title = models.CharField(max_length=200)
    application_id = models.UUIDField()
    party_id = models.UUIDField()
    item = models.CharField(max_length=12)
    agency_path = models.CharField(max_length=200)
    region = models.CharField(max_length=12)
    level = models.SmallIntegerField()
    by = models.CharField(max_length=120)
    verdict = models.CharField(max_length=8)
    contradictions = models.SmallIntegerField()
    lacking = models.SmallIntegerField()
    """How many datasets could not be compared."""
    attempt = models.SmallIntegerField(default=1)
    again_at = models.DateTimeField(null=True)
    """When it will be compared again, because something was down."""
    earlier = models.OneToOneField("self", models.PROTECT, null=True, related_name="later")
    digest = models.CharField(max_length=64)
    report = SealedJSONField()
    objects = ComparisonQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["case_id", "-at"], name="comparison_of_case"),
        ]

    @property
    def reach(self) -> Reach:
        """Where it lies: with its case."""
        return Reach(self.agency_path, self.region, self.level, self.item)


class ConsentPaper(models.Model):
    """The scan of a paper on which somebody agreed to a comparison: the file is kept as long as the comparison."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    comparison = models.ForeignKey(Comparison, models.PROTECT, related_name="papers")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest", "comparison"], name="consent_paper_once")]


class ConsentRequest(models.Model):
    """Somebody whom an application names is asked to agree to be compared for it, by one edition of a scheme and no other."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=120)
    scheme = models.ForeignKey(SchemeEdition, models.PROTECT, related_name="+")
    case_id = models.UUIDField()
    title = models.CharField(max_length=200)
    applicant = SealedTextField(default="")
    agency_name = models.CharField(max_length=200)
    agency_path = models.CharField(max_length=200)
    region = models.CharField(max_length=12)
    level = models.SmallIntegerField()
    item = models.CharField(max_length=12)
    index = models.BinaryField(max_length=32)
    """The number as the store finds it."""
    number = SealedTextField()
    state = models.CharField(max_length=8, default="asked")
    answered_at = models.DateTimeField(null=True)
    objects = ConsentQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case_id", "scheme", "index"], name="consent_asked_once")]
        indexes = [models.Index(fields=["index", "-id"], name="consent_of_whom")]

    @property
    def reach(self) -> Reach:
        """Where it lies: with its case."""
        return Reach(self.agency_path, self.region, self.level, self.item)
