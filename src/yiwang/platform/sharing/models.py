"""Tables of the shared store: datasets with their frozen editions, and the records that agencies brought in."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from yiwang.kernel.horizon import CurrentTransaction
from yiwang.kernel.ids import uuid7
from yiwang.kernel.sealed import SealedJSONField, SealedTextField
from yiwang.kernel.types import Reach
from yiwang.platform.sharing.managers import BadRowQuerySet, DatasetQuerySet, GrantQuerySet, ObjectionQuerySet
from yiwang.platform.sharing.types import Side

QUALITY = "quality"
"""Connector of the runs in which nightly measuring puts what it finds."""


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
    refreshed_at = models.DateTimeField(null=True)
    """When data last came in without an error: what timeliness is measured by."""
    current = models.ForeignKey("DatasetEdition", models.PROTECT, null=True, related_name="+")
    resource_code = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=200, blank=True)
    basis = models.CharField(max_length=600, blank=True)
    classification = models.CharField(max_length=20, blank=True)
    domain = models.CharField(max_length=12, blank=True)
    sharing = models.SmallIntegerField(default=3)
    quality = models.DecimalField(max_digits=4, decimal_places=1, default=0)
    """The newest score, for lists; it means nothing before ``measured_at``."""
    measured_at = models.DateTimeField(null=True)
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
            models.Index(fields=["quality", "code"], name="dataset_worst", condition=Q(measured_at__isnull=False)),
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
    """Blind index of the values: the same values brought in again change nothing. Empty: there was no record, only its deletion
    was told (``intake``).
    """
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
        indexes = [
            models.Index(fields=["dataset", "valid_to"], name="record_ended", condition=Q(valid_to__isnull=False)),
            models.Index(
                fields=["subject_index", "own", "dataset", "valid_to"],
                name="record_past",
                # No record is number 0. While many have just ended, the statistics say that hardly any has, and reading
                # all of ``record_ended`` for each key would seem as cheap: this condition only this index fulfils.
                condition=Q(valid_to__isnull=False) | Q(id=0),
            ),
        ]


class Run(models.Model):
    """One coming-in of data: a push, or a connector's run with the token from which it goes on."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="runs")
    connector = models.CharField(max_length=20)
    """``push``, ``pack``, the connector's name, or ``QUALITY``, which brings nothing in but holds what was found wrong."""
    by = models.CharField(max_length=120)
    state = models.CharField(max_length=8, default="running")
    token = SealedJSONField(null=True)
    """Where to go on: the connector's own, written with the rows before it. Keys of the source's table may stand in it."""
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    read = models.IntegerField(default=0)
    added = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    removed = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    older = models.IntegerField(default=0)
    rejected = models.IntegerField(default=0)
    drift = models.JSONField(default=dict)
    error = models.CharField(max_length=400, blank=True)

    class Meta:
        indexes = [models.Index(fields=["dataset", "-began_at"], name="run_newest")]


class BadRow(models.Model):
    """A row for its source to mend, sealed as it came: one that was not taken, or (in a run of ``QUALITY``, line 0) a
    record that is in the store and was found to be wrong.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, models.CASCADE, related_name="bad_rows")
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="bad_rows")
    file = models.CharField(max_length=100, blank=True)
    """Name of the file that it stood in, in a folder of files; long numbers in it are left out."""
    line = models.IntegerField()
    """Its place in that file, or in what was sent (from 1)."""
    subject_index = models.BinaryField(max_length=32)
    own = models.BinaryField(max_length=32, default=b"")
    faults = models.JSONField()
    values = SealedJSONField()
    at = models.DateTimeField()
    mended_at = models.DateTimeField(null=True)
    """When a good row of the same subject and key came, or the record was found good or ended."""
    objects = BadRowQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["dataset", "subject_index"], name="bad_row_open", condition=Q(mended_at=None)),
            models.Index(fields=["dataset", "id"], name="bad_row_in_order", condition=Q(mended_at=None)),
            models.Index(fields=["dataset", "mended_at"], name="bad_row_mended", condition=Q(mended_at__isnull=False)),
            models.Index(fields=["dataset", "at"], name="bad_row_refused", condition=Q(mended_at=None, line__gt=0)),
        ]


class CrossRuleRow(models.Model):
    """A rule between two datasets, as the city's pack has it."""

    code = models.SlugField(max_length=60, primary_key=True)
    name = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=8)
    here = models.ForeignKey(Dataset, models.CASCADE, related_name="rules_here")
    column = models.CharField(max_length=60, blank=True)
    there = models.ForeignKey(Dataset, models.CASCADE, related_name="+")
    other = models.CharField(max_length=60, blank=True)


class QualityScore(models.Model):
    """How good a dataset was on a day: what was counted, and the score. Kept for ``acts.quality.KEPT`` days."""

    id = models.BigAutoField(primary_key=True)
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="scores")
    day = models.DateField()
    measured_at = models.DateTimeField()
    rows = models.BigIntegerField()
    expected = models.BigIntegerField()
    filled = models.BigIntegerField()
    sound = models.BigIntegerField()
    columns = models.JSONField()
    """In how many rows each column is filled."""
    faults = models.JSONField()
    """Column, word, in how many rows; most first."""
    completeness = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    accuracy = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    timeliness = models.DecimalField(max_digits=4, decimal_places=1)
    score = models.DecimalField(max_digits=4, decimal_places=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dataset", "day"], name="quality_score_once")]
        indexes = [models.Index(fields=["day"], include=["dataset", "score"], name="quality_score_of_day")]


class Feed(models.Model):
    """How a dataset's rows are fetched (``connectors``), how far that has come, and how it goes."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    dataset = models.OneToOneField(Dataset, models.PROTECT, related_name="feed")
    connector = models.CharField(max_length=20)
    address = models.CharField(max_length=400, blank=True)
    settings = models.JSONField(default=dict)
    columns = models.JSONField(default=dict)
    """The dataset's column for a column of the source; empty: known and not wanted."""
    secret = SealedTextField(default="")
    enabled = models.BooleanField(default=True)
    token = SealedJSONField(null=True)
    """Where to go on: written with the rows before it."""
    claim = models.UUIDField(null=True)
    """Who runs it now; whoever has another one has been taken for dead, or the feed was changed."""
    next_at = models.DateTimeField()
    """When it is due; while it is run, when its runner counts as dead."""
    failures = models.IntegerField(default=0)
    """Failures in a row."""
    last_error = models.CharField(max_length=400, blank=True)
    last_ok_at = models.DateTimeField(null=True)
    """When the source last answered."""
    read_to = models.DateTimeField(null=True)
    """Up to when all that the source had has been read: its lag is measured from here."""
    drift = models.JSONField(default=dict)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")
    """The run that has not come to its end yet."""

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="feed_due", condition=Q(enabled=True))]

    @property
    def reach(self) -> Reach:
        """Where it lies, for grants: where its dataset lies."""
        return self.dataset.reach


class Grant(models.Model):
    """共享授权: which columns of a dataset an agency may ask for, for which items and purpose, until when."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="grants")
    agency = models.ForeignKey("directory.Agency", models.PROTECT, related_name="+")
    function = models.CharField(max_length=40)
    region = models.CharField(max_length=12)
    """Beginning of the region codes in which the agency's colleagues of the same function may ask, too."""
    items = ArrayField(models.CharField(max_length=12))
    fields = ArrayField(models.CharField(max_length=60))
    purpose = models.CharField(max_length=400)
    months = models.IntegerField()
    state = models.CharField(max_length=12, default="requested")
    per_minute = models.IntegerField(default=600)
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=120)
    due_on = models.DateField(null=True)
    decided_at = models.DateTimeField(null=True)
    begins_on = models.DateField(null=True)
    """When a renewal takes over from the grant that it renews; empty: it holds since it was decided."""
    expires_on = models.DateField(null=True)
    reason = models.CharField(max_length=400, blank=True)
    escalated = models.BooleanField(default=False)
    renews = models.ForeignKey("self", models.PROTECT, null=True, related_name="renewed_by")
    objects = GrantQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["dataset", "function"], name="grant_in_force", condition=Q(state="granted")),
            models.Index(fields=["state", "due_on"], name="grant_waiting"),
            models.Index(fields=["agency", "-requested_at"], name="grant_of_agency"),
            models.Index(fields=["expires_on"], name="grant_ending", condition=Q(state="granted")),
        ]

    def reach_of(self, side: Side) -> Reach:
        """Where the grant lies for one side: the one that asks, or the provider; the data office stands over both."""
        agency = self.agency if side is Side.CONSUMER else self.dataset.agency
        return Reach(agency.path, agency.region_id, agency.level)

    @property
    def reach(self) -> Reach:
        """Where it lies for the side that acts (see ``acts.granting``)."""
        return self.reach_of(getattr(self, "side", Side.PROVIDER))


class Check(models.Model):
    """核查: one answer about a subject, with who asked and why. Triggers refuse UPDATE, DELETE and TRUNCATE."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    at = models.DateTimeField()
    dataset = models.CharField(max_length=60)
    dataset_name = models.CharField(max_length=200)
    provider = models.CharField(max_length=120)
    consumer = models.CharField(max_length=120)
    """Name of the agency for whose item it was."""
    consumer_path = models.CharField(max_length=200)
    actor = models.CharField(max_length=120)
    """Who set it off: an officer's number, a system, the applicant's own handing in."""
    actor_kind = models.CharField(max_length=12, default="")
    actor_id = models.UUIDField(null=True)
    """The same as identities; empty for checks of before they were kept."""
    actor_roles = models.CharField(max_length=200, blank=True, default="", db_default="")
    """Which roles an officer acted in, by their codes: the subject sees the role, never the name."""
    batch = models.UUIDField(null=True)
    """With which others it was written: their digest stands in the audit entry (``sealing``). Empty: from before that."""
    xid = models.BigIntegerField(db_default=CurrentTransaction())
    """The transaction that wrote it: what watches over checks reads on by it (``watch.looking``)."""
    purpose = models.CharField(max_length=400)
    item = models.CharField(max_length=12)
    application_id = models.UUIDField(null=True)
    case_id = models.UUIDField(null=True)
    subject_index = models.BinaryField(max_length=32)
    party_id = models.UUIDField(null=True)
    """Whose matter it was: the person or organisation of this platform that sees the check beside its subject."""
    fields = ArrayField(models.CharField(max_length=60))
    outcome = models.CharField(max_length=8)
    source_at = models.DateTimeField(null=True)
    """How fresh the answer was."""
    result = models.BinaryField(max_length=32, default=b"")
    """Blind index of what was answered: proves later what was said without saying it."""
    grant_id = models.UUIDField(null=True)
    replaced = ArrayField(models.CharField(max_length=120), default=list)
    """Papers that this answer made needless."""
    earlier = models.UUIDField(null=True)
    """The check that was degraded and that this one answers."""

    class Meta:
        indexes = [
            models.Index(fields=["party_id", "-at", "-id"], name="check_of_party"),
            models.Index(fields=["subject_index", "-at"], name="check_of_subject"),
            models.Index(fields=["case_id"], name="check_of_case"),
            models.Index(fields=["at"], name="check_replaced", condition=~Q(replaced=[])),
            models.Index(fields=["xid"], name="check_by_staff", condition=Q(actor_kind="staff")),
        ]


class Reask(models.Model):
    """再核验: checks of one call that were degraded, asked again until they are answered or the time for it is over."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    case_id = models.UUIDField()
    attempt = models.IntegerField(default=1)
    again_at = models.DateTimeField(null=True)
    left = ArrayField(models.UUIDField())
    """The checks that are degraded still."""
    answers = SealedJSONField(default=dict)
    """What the others were answered, by check: for a while (``acts.checking.KEPT``)."""


class GuardianSourceRow(models.Model):
    """Where it stands who a child's guardians are, as the city's pack has it."""

    dataset = models.SlugField(max_length=60, primary_key=True)
    definition = models.JSONField()


class Guardianship(models.Model):
    """That a person was found to be guardian of a minor: for a while, and for nothing but to see who looked."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    person_id = models.UUIDField()
    index = models.BinaryField(max_length=32)
    """The child's number as the store finds it."""
    number = SealedTextField()
    name = SealedTextField(default="")
    born_on = models.DateField()
    confirmed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person_id", "index"], name="guardianship_once")]


OPEN_OBJECTION = Q(state="open") | Q(not_come=True)
"""Objections with which somebody has to do something: answer, or see to it that promised data come in."""


class Objection(models.Model):
    """异议: somebody says that data about them are wrong, or asks why they were looked at; with a clock."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    kind = models.CharField(max_length=8)
    state = models.CharField(max_length=10, default="open")
    party_kind = models.CharField(max_length=12)
    party_id = models.UUIDField()
    dataset = models.ForeignKey(Dataset, models.PROTECT, null=True, related_name="objections")
    check_id = models.UUIDField(null=True)
    read_seq = models.BigIntegerField(null=True)
    """The entry of the audit trail that it asks about, where somebody opened a file."""
    ward = models.ForeignKey(Guardianship, models.PROTECT, null=True, related_name="+")
    """The child for whom the party, its guardian, raised it."""
    agency = models.ForeignKey("directory.Agency", models.PROTECT, related_name="+")
    """Who has to answer: the provider of the data, or whoever looked."""
    subject = SealedTextField(default="")
    """The number of whom an agency's doubt is about: the provider's steward sees it by a logged reading."""
    text = SealedTextField()
    raised_at = models.DateTimeField()
    due_on = models.DateField()
    late = models.BooleanField(default=False)
    answer = SealedTextField(default="")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=120, blank=True)
    changed_record = models.BigIntegerField(null=True)
    """Of corrected data, the record that was changed since the objection was raised."""
    awaits = models.DateField(null=True)
    """Of corrected data that have not come in yet, the day by which they do."""
    not_come = models.BooleanField(default=False)
    """That day is over, and they are not there."""
    asker = models.ForeignKey("directory.Agency", models.PROTECT, null=True, related_name="+")
    """The agency that raised it, where no person did."""
    objects = ObjectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["party_id", "check_id"], name="objection_once", condition=Q(state="open")),
            models.UniqueConstraint(
                fields=["party_id", "read_seq"], name="objection_to_read_once", condition=Q(kind="access", state="open")
            ),
        ]
        indexes = [
            models.Index(fields=["party_id", "-raised_at"], name="objection_of_party"),
            models.Index(fields=["agency", "due_on", "id"], name="objection_open", condition=OPEN_OBJECTION),
            models.Index(fields=["asker", "-raised_at", "-id"], name="objection_of_asker", condition=~Q(asker=None)),
        ]

    @property
    def reach(self) -> Reach:
        """Where it lies: at the agency that has to answer."""
        return Reach(self.agency.path, self.agency.region_id, self.agency.level)


from yiwang.platform.sharing.editing.models import DatasetDraft  # noqa: E402
from yiwang.platform.sharing.events.models import (  # noqa: E402
    EventKey,
    QuarantinedMessage,
    Subscription,
    TopicMessage,
    TopicRow,
)
from yiwang.platform.sharing.means.models import Comparison, ConsentPaper, ConsentRequest, SchemeEdition  # noqa: E402
from yiwang.platform.sharing.watch.models import (  # noqa: E402
    AlertEvidence,
    ReadingAlert,
    SeenLook,
    WatchCursor,
    WatchRuleRow,
)

__all__ = [
    "QUALITY",
    "BadRow",
    "Check",
    "Comparison",
    "ConsentPaper",
    "ConsentRequest",
    "CrossRuleRow",
    "Dataset",
    "DatasetDraft",
    "DatasetEdition",
    "EventKey",
    "Grant",
    "Objection",
    "QualityScore",
    "QuarantinedMessage",
    "Reask",
    "Record",
    "Run",
    "SchemeEdition",
    "Subscription",
    "TopicMessage",
    "TopicRow",
]
__all__ += ["AlertEvidence", "ReadingAlert", "SeenLook", "WatchCursor", "WatchRuleRow"]
__all__ = ["BadRow", "Dataset", "DatasetDraft", "DatasetEdition", "Feed", "Grant", "Record", "Run"]
