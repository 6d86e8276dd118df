"""Tables of applications and cases. What is personal is sealed; what lists filter by is narrow and indexed."""

from __future__ import annotations

import uuid
from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Reverse

from yiwang.kernel.ids import uuid7
from yiwang.kernel.sealed import SealedJSONField, SealedTextField
from yiwang.kernel.types import Party, PartyKind, Reach
from yiwang.platform.cases.managers import ApplicationQuerySet, CaseQuerySet
from yiwang.platform.catalog import queries as catalog

FAR = date.max
"""The due day of what has none: after everything that has one."""


class Application(models.Model):
    """申请: one submission. While it is a draft, ``answers`` is all there is."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    number = models.CharField(max_length=40, blank=True)
    query_code = models.CharField(max_length=12, blank=True)
    title = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=12, default="draft")
    version = models.IntegerField(default=1)
    principal_kind = models.CharField(max_length=12)
    principal_id = models.UUIDField()
    applicant_name = models.CharField(max_length=160)
    agent_id = models.UUIDField(null=True)
    agent_name = models.CharField(max_length=60, blank=True)
    delegation_id = models.UUIDField(null=True)
    door = models.CharField(max_length=12)
    region = models.CharField(max_length=12)
    life_event = models.CharField(max_length=40, blank=True)
    life_event_edition = models.ForeignKey("catalog.LifeEventEdition", models.PROTECT, null=True, related_name="+")
    plan = models.JSONField(default=list)
    """While a draft: ``[{"edition": id, "after": [basic codes]}]``."""
    answers = SealedJSONField(default=dict)
    facts = SealedJSONField(default=dict)
    """What was known at submission, with sources: the record on which agencies decide."""
    burden = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    expires_on = models.DateField(null=True)
    submitted_at = models.DateTimeField(null=True)
    tell_on = models.DateField(default=FAR)
    """Last day to tell whether it is accepted, else it counts as accepted (行政许可法 art. 32(4))."""
    accepted_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True)
    """The latest due date of its cases."""
    clock = models.JSONField(null=True)
    """The joint clock, where several bodies handle it (行政许可法 art. 42)."""
    joint_due_on = models.DateField(null=True)
    delivery = SealedJSONField(default=dict)
    """How the applicant gets the results: ``way``, and for mail ``name``, ``phone``, ``address``."""
    objects = ApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number"], name="application_number", condition=~Q(number="")),
        ]
        indexes = [
            models.Index(fields=["principal_id", "state", "-changed_at"], name="application_principal"),
            models.Index(
                fields=["region", "-submitted_at", "id"], name="application_intake", condition=Q(state="submitted")
            ),
            models.Index(fields=["tell_on", "id"], name="application_tell", condition=Q(state="submitted")),
            models.Index(fields=["expires_on"], name="application_draft", condition=Q(state="draft")),
            models.Index(
                fields=["joint_due_on", "id"],
                name="application_joint",
                condition=Q(closed_at=None, joint_due_on__isnull=False),
            ),
        ]

    @property
    def principal(self) -> Party:
        """Whose matter it is."""
        return Party(PartyKind(self.principal_kind), self.principal_id)

    @property
    def reach(self) -> Reach:
        """Where it lies: an application belongs to its region, not to one agency."""
        return Reach(region=self.region)

    @property
    def item_codes(self) -> frozenset[str]:
        """Basic codes of its items, for delegations that are limited to some."""
        editions = catalog.get_editions(uuid.UUID(row["edition"]) for row in self.plan)
        return frozenset(edition.definition.basic_code for edition in editions.values())


class Case(models.Model):
    """办件: one item of an application, one agency in the lead. Pinned to its edition for life."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    application = models.ForeignKey(Application, models.PROTECT, related_name="cases")
    position = models.SmallIntegerField(default=0)
    edition = models.ForeignKey("catalog.Edition", models.PROTECT, related_name="+")
    item_code = models.CharField(max_length=12)
    name = models.CharField(max_length=200)
    agency = models.ForeignKey("directory.Agency", models.PROTECT, related_name="+")
    agency_path = models.CharField(max_length=400)
    region = models.CharField(max_length=12)
    level = models.SmallIntegerField()
    number = models.CharField(max_length=50, unique=True)
    query_code = models.CharField(max_length=12)
    principal_kind = models.CharField(max_length=12)
    principal_id = models.UUIDField()
    applicant_name = models.CharField(max_length=160)
    state = models.CharField(max_length=20)
    result = models.CharField(max_length=16, blank=True)
    version = models.IntegerField(default=1)
    waits_for = ArrayField(models.CharField(max_length=12), default=list)
    helpers = ArrayField(models.CharField(max_length=400), default=list)
    """Paths of other agencies that do a step of it (as the lower body that reviews first, 行政许可法 art. 43)."""
    clock = models.JSONField(null=True)
    """Intervals of the legal clock (``kernel.clock.Clock``), null until accepted."""
    due_on = models.DateField(null=True)
    half_on = models.DateField(null=True)
    """From this day half of the limit or less is left: stored with the due dates, so that lists filter by it."""
    statutory_due_on = models.DateField(null=True)
    provisional = models.BooleanField(default=False)
    tell_by = models.DateField(null=True)
    """Last day to tell what is missing (行政许可法 art. 32(4)), while the case waits for acceptance."""
    conditional_due_on = models.DateField(null=True)
    """Accepted with a material deferred until this day (容缺受理); it stays when the material came (``made_up_at``)."""
    made_up_at = models.DateTimeField(null=True)
    deemed = models.BooleanField(default=False)
    recheck = models.BooleanField(default=False)
    """A source was down: the decision waits for the re-check."""
    handler_id = models.UUIDField(null=True)
    handler_label = models.CharField(max_length=60, blank=True)
    received_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    deliver_by = models.DateField(null=True)
    """Last day to hand the result over: ten working days after the decision (行政许可法 art. 44)."""
    delivered_at = models.DateTimeField(null=True)
    delivered_by = models.CharField(max_length=12, blank=True)
    """The way it went: ``electronic``, ``window`` or ``mail``."""
    archived_at = models.DateTimeField(null=True)
    hearing_until = models.DateField(null=True)
    """Last day to ask for a hearing, once the right was told (行政许可法 art. 47)."""
    decision = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    """Why it ended without a decision."""
    licence_id = models.UUIDField(null=True)
    renews_id = models.UUIDField(null=True)
    """The licence that is to be renewed (延续), while that is undecided and after."""
    objects = CaseQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                OpClass("agency_path", name="text_pattern_ops"), "due_on", "id", name="case_inbox",
                condition=Q(
                    state__in=["submitted", "pre_review", "accepted", "conditional", "in_process", "suspended"]
                ),
            ),
            models.Index(fields=["principal_id", "item_code", "received_at"], name="case_principal"),
            models.Index(fields=["due_on", "id"], name="case_due", condition=Q(closed_at__isnull=True)),
            models.Index(fields=["tell_by", "id"], name="case_tell", condition=Q(tell_by__isnull=False)),
            models.Index(fields=["renews_id"], name="case_renews", condition=Q(renews_id__isnull=False)),
            models.Index(fields=["id"], name="case_recheck", condition=Q(recheck=True, closed_at__isnull=True)),
            models.Index(fields=["id"], name="case_provisional", condition=Q(provisional=True, decided_at__isnull=True)),
            GinIndex(fields=["helpers"], name="case_helpers", condition=~Q(helpers=[])),
            models.Index(fields=["query_code"], name="case_query_code"),
            models.Index(
                fields=["handler_id", "-received_at", "id"], name="case_in_hand",
                condition=Q(handler_id__isnull=False, decided_at__isnull=True, closed_at__isnull=True),
            ),
            models.Index(
                F("handler_id"), Greatest("decided_at", "closed_at"), name="case_handled",
                condition=Q(handler_id__isnull=False),
            ),
            models.Index(OpClass("applicant_name", name="text_pattern_ops"), name="case_applicant"),
            models.Index(OpClass(Reverse("number"), name="text_pattern_ops"), name="case_number_end"),
        ]  # fmt: skip

    @property
    def principal(self) -> Party:
        """Whose matter it is."""
        return Party(PartyKind(self.principal_kind), self.principal_id)

    @property
    def reach(self) -> Reach:
        """Where it lies, for grants."""
        return Reach(self.agency_path, self.region, self.level, self.item_code)

    @property
    def helped_by(self) -> tuple[Reach, ...]:
        """Where it lies for the other agencies that do a step of it."""
        return tuple(Reach(path, self.region, self.level, self.item_code) for path in self.helpers)

    @property
    def owing(self) -> bool:
        """Whether a deferred material is still to come."""
        return self.conditional_due_on is not None and self.made_up_at is None

    @property
    def item_codes(self) -> frozenset[str]:
        """The item, for delegations that are limited to some."""
        return frozenset({self.item_code})


class JointVisit(models.Model):
    """联合踏勘: one visit for the steps of several cases of one application."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    application = models.ForeignKey(Application, models.PROTECT, related_name="visits")
    name = models.CharField(max_length=40)
    planned_on = models.DateField(null=True)
    planned_by = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "name"], name="joint_visit_once")]


class Task(models.Model):
    """A step's occurrence in a case."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    case = models.ForeignKey(Case, models.PROTECT, related_name="tasks")
    step = models.CharField(max_length=40)
    position = models.SmallIntegerField()
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=24)
    state = models.CharField(max_length=8)
    after = ArrayField(models.CharField(max_length=40), default=list)
    agency_path = models.CharField(max_length=400)
    role = models.CharField(max_length=24)
    visit = models.ForeignKey(JointVisit, models.PROTECT, null=True, related_name="tasks")
    assignee_id = models.UUIDField(null=True)
    assignee_label = models.CharField(max_length=60, blank=True)
    ready_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=120, blank=True)
    officers = ArrayField(models.CharField(max_length=60), default=list)
    outcome = models.CharField(max_length=12, blank=True)
    opinion = models.TextField(blank=True)
    draft = models.TextField(blank=True)
    """The opinion as far as it is written: only its writer sees it."""
    draft_by = models.UUIDField(null=True)
    draft_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "step"], name="task_step_once")]
        indexes = [
            models.Index(fields=["role", "ready_at"], name="task_ready", condition=Q(state="ready")),
        ]

    @property
    def reach(self) -> Reach:
        """Where it lies: with the agency that does it."""
        return Reach(self.agency_path, self.case.region, self.case.level, self.case.item_code)


class InboxEntry(models.Model):
    """A step that waits for a role: the narrow table that inboxes read, one row for each ready task, with its id.

    Triggers on cases and tasks keep it (migration ``inbox``), so that no act can forget to. A case without a due day
    (it is suspended, or not accepted yet) stands at ``FAR``: dates are never null, so that pages go by index.
    """

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    role = models.CharField(max_length=24)
    agency_path = models.CharField(max_length=400)
    region = models.CharField(max_length=12)
    level = models.SmallIntegerField()
    item_code = models.CharField(max_length=12)
    step = models.CharField(max_length=80)
    state = models.CharField(max_length=20)
    due_on = models.DateField()
    half_on = models.DateField()
    handler_id = models.UUIDField(null=True)
    door = models.CharField(max_length=12, default="")

    class Meta:
        indexes = [
            models.Index(fields=["role", "agency_path", "due_on", "id"], name="inbox_agency_lights", include=["half_on"]),
            models.Index(fields=["role", "due_on", "id"], name="inbox_role"),
            models.Index(fields=["agency_path", "due_on", "id"], name="inbox_office", include=["half_on", "handler_id"]),
            models.Index(fields=["due_on", "id"], name="inbox_due"),
            models.Index(fields=["due_on", "id"], name="inbox_nobody", condition=Q(handler_id=None)),
            models.Index(fields=["handler_id", "due_on", "id"], name="inbox_handler", condition=Q(handler_id__isnull=False)),
        ]  # fmt: skip


class ApplicationMaterial(models.Model):
    """One material of an application, once for all items that need it."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    application = models.ForeignKey(Application, models.PROTECT, related_name="materials")
    identity = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=12)
    items = ArrayField(models.CharField(max_length=12), default=list)
    ref = models.CharField(max_length=200, blank=True)
    source_name = models.CharField(max_length=120, blank=True)
    trust = models.CharField(max_length=1, blank=True)
    checked_by = models.CharField(max_length=120, blank=True)
    made_up_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "identity"], name="material_once")]


class ApplicationFile(models.Model):
    """A file that somebody gave for a material; the bytes lie in the store under their digest."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    application = models.ForeignKey(Application, models.PROTECT, related_name="files")
    identity = models.CharField(max_length=200)
    task = models.ForeignKey(Task, models.PROTECT, null=True, related_name="photos")
    """The step on the spot at which a photograph was taken; none for what the applicant gave."""
    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    media_type = models.CharField(max_length=80)
    size = models.IntegerField()
    pages = models.IntegerField(null=True)
    scan = models.CharField(max_length=12, default="clean")
    trust = models.CharField(max_length=1, default="C")
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=120)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["digest"], name="application_file_digest")]


class Correction(models.Model):
    """一次性告知补正: once for each case before acceptance, once during the handling, all points together."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    case = models.ForeignKey(Case, models.PROTECT, related_name="corrections")
    stage = models.CharField(max_length=12)
    """A ``types.Stage``."""
    points = SealedJSONField(default=list)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=120)
    due_on = models.DateField()
    state = models.CharField(max_length=10, default="open")
    """``open``, ``answered``, ``lapsed`` or ``withdrawn``."""
    answered_at = models.DateTimeField(null=True)
    note = SealedTextField(blank=True, default="")
    """What the applicant wrote with the answer."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "stage"], name="correction_once")]


class SpecialProcedure(models.Model):
    """特别程序 of a case, or its extension (延长审批): what stopped or lengthened the clock, told in writing."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    case = models.ForeignKey(Case, models.PROTECT, related_name="procedures")
    kind = models.CharField(max_length=10)
    """``special`` or ``extension``."""
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    basis = models.CharField(max_length=300)
    reason = models.TextField()
    started_at = models.DateTimeField()
    expected_on = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)
    result = models.TextField(blank=True)
    applied_by = models.CharField(max_length=120)
    ended_by = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case"], name="extension_once", condition=Q(kind="extension")),
            models.UniqueConstraint(
                fields=["case"], name="procedure_one_open", condition=Q(kind="special", ended_at__isnull=True)
            ),
        ]


class PostCheck(models.Model):
    """The check of a commitment after the decision (告知承诺: within 60 working days)."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    case = models.ForeignKey(Case, models.PROTECT, related_name="post_checks")
    material = models.CharField(max_length=200)
    due_on = models.DateField()
    state = models.CharField(max_length=8, default="open")
    """``open``, ``kept`` or ``broken``."""
    opinion = models.TextField(blank=True)
    checked_at = models.DateTimeField(null=True)
    checked_by = models.CharField(max_length=120, blank=True)
    repaired_at = models.DateTimeField(null=True)
    """When credit was repaired after a broken commitment; until then the party's word is not taken again."""
    repaired_by = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "material"], name="post_check_once")]
        indexes = [models.Index(fields=["due_on", "id"], name="post_check_due", condition=Q(state="open"))]


class Payment(models.Model):
    """缴费 of a fee of a case (GB/T 39046), or what was waived of it (减免): an entry never changes; the opposite entry takes
    a mistaken one back (冲正). The database refuses changes (migration ``payments``).
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    case = models.ForeignKey(Case, models.PROTECT, related_name="payments")
    kind = models.CharField(max_length=8)
    """A ``types.PaymentKind``."""
    fee = models.TextField()
    """Its name in the case's edition: a case may move to another, in which it has another place."""
    agency = models.ForeignKey("directory.Agency", models.PROTECT, related_name="+", db_index=False)
    """Whose money it is (收费单位)."""
    slip = models.CharField(max_length=60, blank=True)
    """缴款单号; none for what was waived."""
    turn = models.SmallIntegerField(default=0)
    """How many entries of this slip were taken back before: it counts once at a time."""
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    """Yuan; negative where it takes another entry back."""
    payer = SealedTextField(blank=True, default="")
    at = models.DateTimeField()
    taker_id = models.UUIDField(null=True)
    taker_label = models.CharField(max_length=120)
    reason = models.TextField(blank=True)
    """Why it was waived or taken back."""
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "slip", "turn"], name="payment_slip_once", condition=Q(kind="paid", reverses=None)
            ),
            models.CheckConstraint(
                name="payment_sign",
                condition=Q(reverses=None, amount__gt=0) | Q(reverses__isnull=False, amount__lt=0),
            ),
        ]


class PublicGrant(models.Model):
    """准予行政许可决定公开 (行政许可法 art. 40): what everybody may read of a grant, and nothing else: persons are masked."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    document = models.OneToOneField("cases.Document", models.PROTECT, related_name="+")
    """The decision in writing: its number is published."""
    agency = models.ForeignKey("directory.Agency", models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=200)
    holder = models.CharField(max_length=160)
    holder_code = models.CharField(max_length=18, blank=True)
    """统一社会信用代码 of an organisation; empty for a person."""
    decided_on = models.DateField()

    class Meta:
        indexes = [
            models.Index(fields=["decided_on", "id"], name="public_grant_day"),
            models.Index(fields=["agency", "decided_on", "id"], name="public_grant_agency"),
        ]


class Document(models.Model):
    """A numbered document of a case or an application; ``content`` is all that it says, as it stood on that day."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    application = models.ForeignKey(Application, models.PROTECT, related_name="documents")
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="documents")
    kind = models.CharField(max_length=20)
    issuer = models.CharField(max_length=400, blank=True)
    """Path of the agency whose series of numbers it is; empty for a receipt, which the whole platform gives."""
    number = models.CharField(max_length=80)
    title = models.CharField(max_length=120)
    content = SealedJSONField(default=dict)
    created_at = models.DateTimeField()
    digest = models.CharField(max_length=64, blank=True)
    """Of the PDF in the store; empty until it is rendered."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "number"], name="document_number")]
        indexes = [
            models.Index(fields=["application", "created_at"], name="document_application"),
            models.Index(fields=["digest"], name="document_digest", condition=~Q(digest="")),
        ]

    @property
    def principal(self) -> Party:
        """Whose matter it is."""
        return self.application.principal
