"""Tables of the shared store: datasets with their frozen editions, and the records that agencies brought in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yiwang.kernel.ids import uuid7
from yiwang.kernel.sealed import SealedJSONField
from yiwang.kernel.types import Reach
from yiwang.platform.sharing.managers import DatasetQuerySet


class Dataset(models.Model):
    """数据集. ``draft`` is what stewards change; the columns below ``current`` repeat the published edition for lists."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    code = models.SlugField(max_length=60, unique=True)
    agency = models.ForeignKey("directory.Agency", models.PROTECT, related_name="+")
    draft = models.JSONField()
    draft_digest = models.CharField(max_length=64)
    drafted_by = models.UUIDField(null=True)
    """Who of the staff wrote the draft as it is: somebody else has to publish it. Empty for packs."""
    state = models.CharField(max_length=12, default="draft")
    source = models.CharField(max_length=40, blank=True)
    changed_at = models.DateTimeField()
    available = models.BooleanField(default=True)
    """Whether the provider answers at present."""
    current = models.ForeignKey("DatasetEdition", models.PROTECT, null=True, related_name="+")
    resource_code = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=200, blank=True)
    basis = models.CharField(max_length=600, blank=True)
    classification = models.CharField(max_length=20, blank=True)
    domain = models.CharField(max_length=12, blank=True)
    sharing = models.SmallIntegerField(default=3)
    objects = DatasetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["resource_code"], name="dataset_resource_code_once", condition=~Q(resource_code="")
            )
        ]
        indexes = [
            models.Index(
                fields=["classification", "resource_code"], name="dataset_published", condition=Q(current__isnull=False)
            ),
            models.Index(fields=["agency", "state"], name="dataset_agency"),
        ]

    @property
    def reach(self) -> Reach:
        """Where the dataset lies, for grants."""
        return Reach(self.agency.path, self.agency.region_id, self.agency.level)


class DatasetEdition(models.Model):
    """A dataset as published: a numbered, frozen document. Triggers refuse UPDATE and DELETE."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="editions")
    number = models.IntegerField()
    digest = models.CharField(max_length=64)
    content = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dataset", "number"], name="dataset_edition_once")]


class Record(models.Model):
    """What a dataset says of a subject, from when to when. ``own`` tells a subject's records of one dataset apart."""

    id = models.BigAutoField(primary_key=True)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="records")
    subject_index = models.BinaryField(max_length=32)
    own = models.BinaryField(max_length=32, default=b"")
    """Blind index of the values of the dataset's own key; empty where there is one record a subject."""
    digest = models.BinaryField(max_length=32)
    """Blind index of the values: the same values brought in again change nothing."""
    values = SealedJSONField()
    at = models.DateTimeField()
    """When the agency says that this was so."""
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_index", "dataset", "own"], name="record_current_once", condition=Q(valid_to=None)
            )
        ]


from yiwang.platform.sharing.editing.models import DatasetDraft  # noqa: E402

__all__ = ["Dataset", "DatasetDraft", "DatasetEdition", "Record"]
