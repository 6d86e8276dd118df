"""Tables of kept papers. What a page says and what a paper's number is are personal: sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from yiwang.kernel.ids import uuid7
from yiwang.kernel.problems import NotFound
from yiwang.kernel.reach import reached
from yiwang.kernel.sealed import SealedJSONField, SealedTextField
from yiwang.kernel.types import Actor, ActorKind, Party, PartyKind, Reach, Role

if TYPE_CHECKING:
    _QuerySet = models.QuerySet[Any]
else:
    _QuerySet = models.QuerySet


def _of_window(rows: _QuerySet, actor: Actor) -> _QuerySet:
    """Filter to what windows scanned that the actor's grants reach."""
    return rows.filter(reached(actor, {Role.INTAKE}, agency="agency_path", region="region"))


class ScanQuerySet(_QuerySet):
    """Scans that an actor may see: those of windows where they take in."""

    def visible_to(self, actor: Actor) -> ScanQuerySet:
        """Filter to what the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        return _of_window(self, actor) if actor.kind is ActorKind.STAFF else self.none()

    def originals(self, digests: list[str]) -> set[str]:
        """Return which of these files are still being taken apart; afterwards every page stands for itself."""
        running = self.filter(state="running").values_list("files", flat=True)
        return {file["digest"] for files in running for file in files} & set(digests)

    def lock(self, pk: Any, by: Actor) -> Any:
        """Return the scan, locked, if the actor may see it."""
        row = self.visible_to(by).select_for_update().filter(pk=pk).first()
        if row is None:
            raise NotFound(_("没有找到这次扫描。"))
        return row


class PaperQuerySet(_QuerySet):
    """Papers that an actor may see: people their own, windows what they scanned as long as its owner leaves it there."""

    def visible_to(self, actor: Actor) -> PaperQuerySet:
        """Filter to what the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        if actor.kind is ActorKind.PERSON and actor.principal is not None and not actor.items:
            return self.filter(party_kind=actor.principal.kind.value, party_id=actor.principal.id)
        if actor.kind is ActorKind.STAFF:
            return _of_window(self.exclude(state="withdrawn"), actor)
        return self.none()

    def lock(self, pk: Any, by: Actor) -> Any:
        """Return the paper, locked, if the actor may see it."""
        row = self.visible_to(by).select_for_update().filter(pk=pk).first()
        if row is None:
            raise NotFound(_("没有找到这份材料。"))
        return row


class _Owned(models.Model):
    """Whose it is, and which window took it in."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    party_kind = models.CharField(max_length=12)
    party_id = models.UUIDField()
    party_name = models.CharField(max_length=160)
    agency_path = models.CharField(max_length=400)
    region = models.CharField(max_length=12)

    class Meta:
        abstract = True

    @property
    def principal(self) -> Party:
        """Whose papers these are."""
        return Party(PartyKind(self.party_kind), self.party_id)

    @property
    def reach(self) -> Reach:
        """Where it lies: with the agency and the place of the window."""
        return Reach(agency=self.agency_path, region=self.region)


class Scan(_Owned):
    """What was scanned or uploaded at once. ``done`` moves on in the transaction that writes the page."""

    agency_name = models.CharField(max_length=120)
    files = SealedJSONField(default=list)
    """``[{"digest", "media_type", "pages"}]`` in order; a file's own name often has a person's in it."""
    by = models.CharField(max_length=160)
    began_at = models.DateTimeField()
    state = models.CharField(max_length=8, default="running")
    total = models.IntegerField()
    done = models.IntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    """Until then a worker draws the next page; afterwards it has died, and another takes over."""
    ended_at = models.DateTimeField(null=True)
    objects = ScanQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["-began_at", "-id"], name="scan_latest"),
            models.Index(fields=["began_at"], name="scan_running", condition=Q(state="running")),
        ]


class Paper(_Owned):
    """Some pages of a scan, put together as one PDF under a name of the catalogue."""

    scan = models.ForeignKey(Scan, models.PROTECT, related_name="papers")
    identity = models.CharField(max_length=200)
    """The name that materials of all items share (``material:NAME`` in evidence)."""
    name = models.CharField(max_length=200)
    number = SealedTextField(blank=True, default="")
    valid_until = models.DateField(null=True)
    pages = ArrayField(models.IntegerField())
    digest = models.CharField(max_length=64)
    size = models.IntegerField()
    state = models.CharField(max_length=10, default="scanned")
    named_at = models.DateTimeField()
    named_by = models.CharField(max_length=160)
    checked_at = models.DateTimeField(null=True)
    checked_by = models.CharField(max_length=160, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    """Why it was refused."""
    ended_at = models.DateTimeField(null=True)
    """When it was refused or taken back."""
    objects = PaperQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["party_id", "identity", "-checked_at"], name="paper_kept", condition=Q(state="checked")
            ),
            models.Index(fields=["party_id", "-named_at", "-id"], name="paper_owner"),
            models.Index(fields=["digest"], name="paper_digest"),
        ]


class Page(models.Model):
    """One page of a scan, as it came (``source``) and as it is shown (``digest``); both JPEG."""

    scan = models.ForeignKey(Scan, models.PROTECT, related_name="pages")
    number = models.IntegerField()
    source = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    turned = models.SmallIntegerField(default=0)
    """Degrees to the left that a clerk turned it: 0, 90, 180 or 270."""
    straight = models.BooleanField(default=True)
    angle = models.FloatField(default=0)
    """Degrees to the left by which it was straightened."""
    begins = models.BooleanField(default=False)
    """Whether a paper begins here."""
    text = SealedTextField(blank=True, default="")
    unread = models.BooleanField(default=False)
    """OCR did not answer."""
    fault = models.CharField(max_length=200, blank=True)
    paper = models.ForeignKey(Paper, models.PROTECT, null=True, related_name="own_pages")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scan", "number"], name="page_once")]
        indexes = [
            models.Index(fields=["source"], name="page_source", condition=~Q(source="")),
            models.Index(fields=["digest"], name="page_digest", condition=~Q(digest="")),
        ]


class PaperUse(models.Model):
    """An application that a kept paper went into: its owner reads it."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    paper = models.ForeignKey(Paper, models.PROTECT, related_name="uses")
    at = models.DateTimeField()
    title = models.CharField(max_length=200)
    application_id = models.UUIDField()
    user_label = models.CharField(max_length=160)

    class Meta:
        indexes = [models.Index(fields=["paper", "-at"], name="paper_use")]
