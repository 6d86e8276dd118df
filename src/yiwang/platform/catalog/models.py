"""Tables of the catalogue: drafts that editors change, editions that nobody changes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yiwang.kernel import clock
from yiwang.kernel.ids import uuid7
from yiwang.kernel.types import Reach
from yiwang.platform.catalog.managers import ImplementationQuerySet


class CodeEntry(models.Model):
    """A row of a code table that a city or province decides (item types, themes, guiding departments)."""

    table = models.CharField(max_length=40)
    code = models.CharField(max_length=18)
    label = models.CharField(max_length=80)
    label_en = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["table", "code"], name="code_entry_once")]


class VagueWordRow(models.Model):
    """A wording that guides should not have: what the pack adds to the linter's own list (``linting.VagueWord``)."""

    word = models.CharField(max_length=60, primary_key=True)
    document = models.JSONField()


class DataElementRow(models.Model):
    """数据元. ``document`` is the published one (``types.DataElement``), ``draft`` what stewards change."""

    code = models.CharField(max_length=60, primary_key=True)
    document = models.JSONField(null=True)
    draft = models.JSONField(default=dict)
    draft_digest = models.CharField(max_length=64, blank=True)
    drafted_by = models.UUIDField(null=True)
    state = models.CharField(max_length=12, default="published")
    changed_at = models.DateTimeField(default=clock.now)


class DataElementEdition(models.Model):
    """A data element as published: frozen like an item's edition."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    element = models.ForeignKey(DataElementRow, models.PROTECT, related_name="editions")
    number = models.IntegerField()
    digest = models.CharField(max_length=64)
    content = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["element", "number"], name="element_edition_once")]


class ServiceItem(models.Model):
    """政务服务事项: the basic catalogue entry that every implementation belongs to."""

    basic_code = models.CharField(max_length=12, primary_key=True)
    name = models.CharField(max_length=1000)
    item_type = models.CharField(max_length=2)


class Implementation(models.Model):
    """实施事项: one item as one agency carries it out. ``draft`` is what editors change; portals never read it."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    item = models.ForeignKey(ServiceItem, models.PROTECT, related_name="implementations")
    agency = models.ForeignKey("directory.Agency", models.PROTECT, related_name="+")
    task_code = models.CharField(max_length=36)
    handle_code = models.CharField(max_length=40, blank=True)
    region = models.CharField(max_length=12)
    level = models.SmallIntegerField()
    draft = models.JSONField()
    draft_digest = models.CharField(max_length=64)
    drafted_by = models.UUIDField(null=True)
    """Who of the staff wrote the draft as it is: somebody else has to publish it. Empty for packs and files."""
    state = models.CharField(max_length=12, default="draft")
    """``draft``, ``review``, ``published``, ``suspended`` or ``cancelled``."""
    source = models.CharField(max_length=40, blank=True)
    pseudo_body = models.BooleanField(default=False)
    sample_only = models.BooleanField(default=False)
    current = models.ForeignKey("Edition", models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()
    objects = ImplementationQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task_code", "handle_code"], name="implementation_code_once")]
        indexes = [
            models.Index(fields=["item", "region"], name="implementation_region", condition=Q(current__isnull=False)),
            models.Index(fields=["agency", "state"], name="implementation_agency"),
        ]

    @property
    def reach(self) -> Reach:
        """Where the item lies, for grants."""
        return Reach(self.agency.path, self.region, self.level, self.item_id)


class Edition(models.Model):
    """发布版本: a numbered, frozen document. Triggers refuse UPDATE and DELETE."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    implementation = models.ForeignKey(Implementation, models.PROTECT, related_name="editions")
    number = models.IntegerField()
    digest = models.CharField(max_length=64)
    content = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["implementation", "number"], name="edition_number_once")]


class LifeEventRow(models.Model):
    """一件事. ``current`` is its published edition."""

    code = models.CharField(max_length=40, primary_key=True)
    draft = models.JSONField()
    order = models.IntegerField(default=0)
    current = models.ForeignKey("LifeEventEdition", models.PROTECT, null=True, related_name="+")


class LifeEventEdition(models.Model):
    """A life event as published: frozen like an item's edition."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    life_event = models.ForeignKey(LifeEventRow, models.PROTECT, related_name="editions")
    number = models.IntegerField()
    digest = models.CharField(max_length=64)
    content = models.JSONField()
    published_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["life_event", "number"], name="life_event_number_once")]


class SampleFile(models.Model):
    """A sample, blank form or picture of a flow that drafts refer to by name; the bytes lie in the store.

    An edition keeps the digests that the names had when it was published.
    """

    name = models.CharField(max_length=200, primary_key=True)
    digest = models.CharField(max_length=64)
    media_type = models.CharField(max_length=80)
    size = models.IntegerField()


from yiwang.platform.catalog.editing.models import ElementDraft, ItemDraft, PublisherReview  # noqa: E402

__all__ = [
    "CodeEntry",
    "DataElementEdition",
    "DataElementRow",
    "Edition",
    "ElementDraft",
    "Implementation",
    "ItemDraft",
    "LifeEventEdition",
    "LifeEventRow",
    "PublisherReview",
    "SampleFile",
    "ServiceItem",
    "VagueWordRow",
]
