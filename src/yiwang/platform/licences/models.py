"""Tables of licences. A change makes a new version, linked to the one before; nothing is overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from yiwang.kernel.ids import uuid7
from yiwang.kernel.problems import NotFound
from yiwang.kernel.reach import HANDLING, reached
from yiwang.kernel.sealed import SealedJSONField, SealedTextField
from yiwang.kernel.types import Actor, ActorKind, Party, PartyKind, Reach, Role
from yiwang.platform.licences import ports

if TYPE_CHECKING:
    _QuerySet = models.QuerySet[Any]
else:
    _QuerySet = models.QuerySet


class LicenceType(models.Model):
    """证照类型, as a document (``types.LicenceTypeSpec``)."""

    code = models.CharField(max_length=60, primary_key=True)
    type_code = models.CharField(max_length=21, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16)
    group = models.CharField(max_length=24)
    document = models.JSONField()


WRITE = "licences:write"
"""The scope by which an agency's own system sees and works on what that agency issued."""
COMPARERS = frozenset({Role.INTAKE, Role.ISSUER, Role.DECIDER})
"""Who may compare a digitised licence with the original."""
LOOK = "licences:look"
"""The scope by which an agency's system sees what people show to that agency."""


def held(party: Party) -> Q:
    """Return which licences a party holds, alone or with others: two index scans (``licence_holder``, ``licence_joint``)."""
    return Q(holder_id=party.id, holder_kind=party.kind) | (Q(joint__contains=[party.id]) & ~Q(joint=[]))


class LicenceQuerySet(_QuerySet):
    """Licences that an actor may see: holders their own, staff and systems those of agencies they reach."""

    def visible_to(self, actor: Actor) -> LicenceQuerySet:
        """Filter to what the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        if actor.kind in (ActorKind.PERSON, ActorKind.CLIENT) and actor.principal is not None:
            mine = self.filter(held(actor.principal))
            if actor.items:  # a delegate for some items gets what came of them, not everything that the principal holds
                mine = mine.filter(case_id__in=ports.cases_of(actor))
            return mine
        if actor.kind is ActorKind.STAFF:
            return self.filter(reached(actor, HANDLING, agency="issuer_path", region="region"))
        if actor.kind is ActorKind.CLIENT and actor.agency and WRITE in actor.scopes:
            return self.filter(issuer_path__startswith=actor.agency)
        return self.none()

    def lock(self, pk: Any, by: Actor) -> Any:
        """Return the licence, locked, if the actor may see it."""
        row = self.visible_to(by).select_for_update(of=("self",)).filter(pk=pk).first()
        if row is None:
            raise NotFound(_("没有找到这份证照。"))
        return row


class Licence(models.Model):
    """电子证照, one version."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    type = models.ForeignKey(LicenceType, models.PROTECT)
    identifier = models.CharField(max_length=120, unique=True)
    """电子证照标识 (GB/T 36904)."""
    serial = models.CharField(max_length=32)
    version = models.SmallIntegerField(default=1)
    previous = models.OneToOneField("self", models.PROTECT, null=True, related_name="next")
    number = models.CharField(max_length=80)
    holder_kind = models.CharField(max_length=12)
    holder_id = models.UUIDField(null=True)
    holder_name = models.CharField(max_length=160)
    joint = ArrayField(models.UUIDField(), default=list)
    """Those who hold it together with the holder (共同持证), as far as they are known here."""
    joint_names = ArrayField(models.CharField(max_length=160), default=list)
    """The names of all who hold it together with the holder."""
    issuer_code = models.CharField(max_length=18)
    issuer_name = models.CharField(max_length=120)
    issuer_path = models.CharField(max_length=400)
    region = models.CharField(max_length=12)
    issued_on = models.DateField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    status = models.CharField(max_length=12, default="valid")
    status_reason = models.CharField(max_length=400, blank=True)
    trust = models.CharField(max_length=1, default="A")
    fields = SealedJSONField(default=dict)
    holder_index = models.BinaryField(max_length=32, null=True)
    """Blind index of the number of a holder who is not known here yet; they get it when they come."""
    holder_number = SealedTextField(null=True)
    """That number itself; the numbers of those who are known stand with them."""
    joint_numbers = SealedJSONField(null=True)
    """The numbers of those who hold it together with the holder, in the order of their names; empty where none was given."""
    joint_index = ArrayField(models.BinaryField(max_length=32), default=list)
    """Blind indexes of the numbers of those among them who are not known here yet."""
    scan = models.CharField(max_length=64, blank=True)
    """SHA-256 of the scan of the paper that it was taken over from."""
    photo = models.CharField(max_length=64, blank=True, default="", db_default="")
    """SHA-256 of the holder's photograph, as it was given."""
    batch = models.ForeignKey("Batch", models.PROTECT, null=True, related_name="+", db_index=False)
    """The import that brought it in."""
    case_id = models.UUIDField(null=True)
    changed_at = models.DateTimeField()
    renewal_applied_on = models.DateField(null=True)
    """When renewal was applied for, while that is undecided (行政许可法 art. 50)."""
    check_code = models.CharField(max_length=24, unique=True)
    """Random part of the public verification address."""
    digest = models.CharField(max_length=64, blank=True)
    """SHA-256 of the signed PDF in the store; empty until it is made."""
    ofd_digest = models.CharField(max_length=64, blank=True)
    """The same for the OFD; empty too where the issuer has no SM2 key."""
    associated = models.CharField(max_length=120, blank=True)
    """Identifier of the licence that this one goes on from (延续, 变更, 转入), here or elsewhere."""
    objects = LicenceQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["holder_id", "type"], name="licence_holder", condition=Q(status="valid")),
            models.Index(fields=["valid_to"], name="licence_expiry", condition=Q(status="valid")),
            models.Index(fields=["case_id"], name="licence_case", condition=Q(case_id__isnull=False)),
            models.Index(fields=["holder_id", "-issued_on", "-id"], name="licence_wallet"),
            GinIndex(fields=["joint"], name="licence_joint", condition=~Q(joint=[])),
            models.Index(fields=["holder_index"], name="licence_waiting", condition=Q(holder_id=None)),
            GinIndex(fields=["joint_index"], name="licence_joint_waiting", condition=~Q(joint_index=[])),
            models.Index(fields=["digest"], name="licence_digest", condition=~Q(digest="")),
            models.Index(fields=["scan"], name="licence_scan", condition=~Q(scan="")),
            models.Index(fields=["photo"], name="licence_photo", condition=~Q(photo="")),
            models.Index(fields=["id"], name="licence_unchecked", condition=Q(trust="C", status="valid")),
            models.Index(fields=["ofd_digest"], name="licence_ofd_digest", condition=~Q(ofd_digest="")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["type", "issuer_code", "number", "version"], name="licence_number_once"),
            models.UniqueConstraint(fields=["type", "issuer_code", "serial", "version"], name="licence_serial_once"),
        ]

    @property
    def principal(self) -> Party | None:
        """Return the holder, if known here."""
        return Party(PartyKind(self.holder_kind), self.holder_id) if self.holder_id else None

    @property
    def reach(self) -> Reach:
        """Where it lies: with its issuer."""
        return Reach(agency=self.issuer_path, region=self.region)


class Card(models.Model):
    """一卡通: the number of a card, and the licence that the card is. The number itself is sealed in the licence's fields."""

    number_index = models.BinaryField(max_length=32, unique=True)
    licence = models.ForeignKey(Licence, models.PROTECT, related_name="+")


class ShowingQuerySet(_QuerySet):
    """Showings that an actor may see: holders their own, staff those that their agency asked for or was granted."""

    def visible_to(self, actor: Actor) -> ShowingQuerySet:
        """Filter to what the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        if actor.kind is ActorKind.PERSON and actor.principal is not None:
            mine = self.filter(holder_kind=actor.principal.kind, holder_id=actor.principal.id)
            if actor.items:
                mine = mine.filter(licence__case_id__in=ports.cases_of(actor))
            return mine
        if actor.kind is ActorKind.STAFF and actor.agency:
            reach = reached(actor, HANDLING, agency="agency_path", region="region")
            return self.filter(reach, agency_path=actor.agency)
        if actor.kind is ActorKind.CLIENT and actor.agency and LOOK in actor.scopes:
            return self.filter(agency_path=actor.agency)
        return self.none()

    def lock(self, pk: Any, by: Actor) -> Any:
        """Return the showing, locked, if the actor may see it."""
        row = self.visible_to(by).select_for_update(of=("self",)).filter(pk=pk).first()
        if row is None:
            raise NotFound(_("没有找到这次出示。"))
        return row


class Showing(models.Model):
    """出示: a holder lets an agency see one licence, or all they hold, for a purpose and a time.

    The code that is shown is not stored: it follows from the row's id and ``step`` under the index key (``rules.code_of``).
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    way = models.CharField(max_length=8)
    state = models.CharField(max_length=8)
    holder_kind = models.CharField(max_length=12)
    holder_id = models.UUIDField()
    holder_name = models.CharField(max_length=160)
    licence = models.ForeignKey(Licence, models.PROTECT, null=True, related_name="showings")
    """Null for all that the holder holds, at a counter with their card."""
    made_at = models.DateTimeField()
    step = models.SmallIntegerField(default=0)
    """How often the code was renewed."""
    code_index = models.BinaryField(max_length=32, null=True, unique=True)
    """Blind index of the code that is valid now; null once it was taken up."""
    code_until = models.DateTimeField(null=True)
    agency_path = models.CharField(max_length=400, blank=True)
    agency_name = models.CharField(max_length=120, blank=True)
    region = models.CharField(max_length=12, blank=True)
    asked_by = models.CharField(max_length=160, blank=True)
    asked_at = models.DateTimeField(null=True)
    purpose = models.CharField(max_length=60, blank=True)
    consent = models.CharField(max_length=12, blank=True)
    until = models.DateTimeField(null=True)
    """When the agreement ends by itself."""
    objects = ShowingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["holder_id", "-made_at", "-id"], name="showing_holder"),
            models.Index(
                fields=["agency_path", "-made_at", "-id"], name="showing_agency", condition=~Q(agency_path="")
            ),
        ]

    @property
    def principal(self) -> Party:
        """Return who shows."""
        return Party(PartyKind(self.holder_kind), self.holder_id)

    @property
    def reach(self) -> Reach:
        """Where it lies: with the agency that sees it."""
        return Reach(agency=self.agency_path, region=self.region)


class BatchQuerySet(_QuerySet):
    """Imports that an actor may see: those of one's own agency, for who keeps its data."""

    def visible_to(self, actor: Actor) -> BatchQuerySet:
        """Filter to what the actor may see."""
        if actor.kind is ActorKind.SYSTEM:
            return self
        if actor.kind is ActorKind.STAFF and actor.agency:
            return self.filter(reached(actor, {Role.DATA_STEWARD}, agency="agency_path", region="region"))
        if actor.kind is ActorKind.CLIENT and actor.agency and WRITE in actor.scopes:
            return self.filter(agency_path__startswith=actor.agency)
        return self.none()

    def comparable_by(self, actor: Actor) -> BatchQuerySet:
        """Filter to those whose licences the actor may compare with the originals."""
        return self.filter(reached(actor, COMPARERS, agency="agency_path", region="region"))

    def archives(self, digests: list[str]) -> Any:
        """Return which of these archives are still needed: being taken over, or with rows to be mended, which are read there."""
        needed = self.filter(Q(state="running") | Q(refused__gt=0), archive__in=digests)
        return needed.values_list("archive", flat=True)


class Batch(models.Model):
    """存量证照数字化: one table with its scans, taken over row by row in the order of its lines.

    ``done`` moves on in the transaction that enters the rows, so whoever goes on after a crash begins where it stopped.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    type = models.ForeignKey(LicenceType, models.PROTECT)
    agency_path = models.CharField(max_length=400)
    agency_name = models.CharField(max_length=120)
    region = models.CharField(max_length=12)
    archive = models.CharField(max_length=64)
    """SHA-256 of the ZIP in the store."""
    by = models.CharField(max_length=160)
    state = models.CharField(max_length=8, default="running")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    total = models.IntegerField()
    done = models.IntegerField(default=0)
    entered = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    error = models.CharField(max_length=400, blank=True)
    objects = BatchQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["-began_at", "-id"], name="batch_latest"),
            models.Index(fields=["began_at"], name="batch_running", condition=Q(state="running")),
        ]


class RowFault(models.Model):
    """A row that was not taken over, and why. What it held is read from the archive again when the report is fetched."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="faults")
    line = models.IntegerField()
    column = models.CharField(max_length=60)
    reason = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["batch", "line"], name="row_fault")]


class LicenceUse(models.Model):
    """Every time a licence was used: for what, by whom, in which case."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    licence = models.ForeignKey(Licence, models.PROTECT, related_name="uses")
    at = models.DateTimeField()
    purpose = models.CharField(max_length=200)
    user_label = models.CharField(max_length=160)
    case_id = models.UUIDField(null=True)
    application_id = models.UUIDField(null=True)
    copy_id = models.UUIDField(null=True)
    """The annotated copy that was made for the use, where one was."""
    showing_id = models.UUIDField(null=True)
    """The showing that it belongs to, where it was shown."""
    operation = models.CharField(max_length=16, blank=True)
    """The operation on the licence (STANDARDS 6.4); empty where it was only used."""

    class Meta:
        indexes = [models.Index(fields=["licence", "-at"], name="licence_use")]


class LicenceCopy(models.Model):
    """加注件: a copy for one purpose, with a term of its own. Its id is the copy id of the use log."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    licence = models.ForeignKey(Licence, models.PROTECT, related_name="copies")
    cause = models.CharField(max_length=120)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=160)
    expires_on = models.DateField()
    case_id = models.UUIDField(null=True)
    showing = models.ForeignKey(Showing, models.PROTECT, null=True, related_name="copies")
    """The showing that it was taken in: it may be fetched as long as that is agreed to."""
    digest = models.CharField(max_length=64, db_index=True)
    ofd_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["licence", "-made_at"], name="licence_copy"),
            models.Index(fields=["ofd_digest"], name="licence_copy_ofd", condition=~Q(ofd_digest="")),
        ]
