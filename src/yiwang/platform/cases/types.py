"""States, results and views of applications and cases (STANDARDS 4)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from yiwang.kernel.calendar import Unit
from yiwang.kernel.clock import Light
from yiwang.kernel.types import Party
from yiwang.platform.catalog.types import Limit
from yiwang.platform.evidence.types import FactState
from yiwang.platform.licences.types import LicenceView


class CaseState(StrEnum):
    """办件状态 (STANDARDS 4.3). WAITING is SUBMITTED that must follow another case of its application."""

    SUBMITTED = "submitted"
    WAITING = "waiting"
    PRE_REVIEW = "pre_review"
    RETURNED = "returned"
    SUPPLEMENT = "supplement"
    ACCEPTED = "accepted"
    CONDITIONAL = "conditional"
    NOT_ACCEPTED = "not_accepted"
    NO_SUPPLEMENT = "no_supplement"
    ACCEPTANCE_REVOKED = "acceptance_revoked"
    IN_PROCESS = "in_process"
    SUSPENDED = "suspended"
    DECIDED = "decided"
    FORWARDED = "forwarded"
    WITHDRAWN = "withdrawn"
    VOID = "void"
    CLOSED = "closed"
    DELIVERED = "delivered"
    ARCHIVED = "archived"


class ApplicationState(StrEnum):
    """申请状态: what the applicant sees of the whole."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Effect(StrEnum):
    """What a grant makes of a licence that is there (变更、延续、换发、注销)."""

    CHANGED = "changed"
    RENEWED = "renewed"
    REPLACED = "replaced"
    ENDED = "ended"


class CaseResult(StrEnum):
    """办结结果 (STANDARDS 4.4)."""

    ISSUED = "issued"
    RETURNED = "returned"
    REFUSED = "refused"
    GRANTED = "granted"
    VOIDED = "voided"
    DELETED = "deleted"
    FORWARDED = "forwarded"
    NO_SUPPLEMENT = "no_supplement"
    NOT_ACCEPTED = "not_accepted"
    NORMAL = "normal"
    WITHDRAWN = "withdrawn"
    """The applicant took it back."""
    REVOKED = "revoked"
    """The acceptance was revoked: a deferred material did not come, or was still wrong."""


class RatingStatus(StrEnum):
    """The three values that the rating interface knows for a case (STANDARDS 4.3)."""

    WAITING = "waiting"
    IN_HAND = "in_hand"
    FINISHED = "finished"


class Stage(StrEnum):
    """When a correction is asked: each stage of a case knows at most one, with all points together."""

    PRE_REVIEW = "pre_review"
    """预审退回: before any receipt in law, so its answer begins the matter anew."""
    ACCEPTANCE = "acceptance"
    PREDECESSOR = "predecessor"
    """The case before it ended without a grant, so what was to come from it must come from the applicant."""
    HANDLING = "handling"


class Way(StrEnum):
    """How the applicant gets the result (送达方式)."""

    ELECTRONIC = "electronic"
    WINDOW = "window"
    MAIL = "mail"


class TaskState(StrEnum):
    """A step of one case: waiting for others, ready, being done, done, or not needed here."""

    WAITING = "waiting"
    READY = "ready"
    DONE = "done"
    SKIPPED = "skipped"


class DocumentKind(StrEnum):
    """Documents that the law wants (STANDARDS 4.3)."""

    RECEIPT = "receipt"
    CORRECTION_NOTICE = "correction_notice"
    ACCEPTANCE = "acceptance"
    NON_ACCEPTANCE = "non_acceptance"
    SPECIAL_PROCEDURE = "special_procedure"
    EXTENSION = "extension"
    DECISION = "decision"
    REFUSAL = "refusal"
    DELIVERY = "delivery"
    CONDITIONAL = "conditional"
    REVOCATION = "revocation"
    VISIT_RECORD = "visit_record"
    HEARING_OFFER = "hearing_offer"


@dataclass(frozen=True, slots=True)
class SpecialProcedureView:
    """A special procedure (``special``) or an extension (``extension``) of a case, as it is told to the applicant."""

    id: uuid.UUID
    case_id: uuid.UUID
    kind: str
    name: str
    basis: str
    reason: str
    started_at: datetime
    expected_on: date | None
    ended_at: datetime | None
    result: str
    applied_by: str


@dataclass(frozen=True, slots=True)
class MoveView:
    """What would come of moving a case to another edition; nothing is done by looking at it."""

    case_id: uuid.UUID
    edition_id: uuid.UUID
    old_number: int
    new_number: int
    published_at: datetime
    steps: tuple[tuple[str, str], ...]
    """Name and fate (``rules.Fate``) of every step."""
    statutory: tuple[Limit, Limit]
    """The limit of the law, before and after; what was promised to the applicant stays."""
    lacking: tuple[str, ...]
    """Data and papers that the new edition wants and that are not there: they forbid the move."""


@dataclass(frozen=True, slots=True)
class PostCheckView:
    """The check, after the decision, of what an applicant promised (告知承诺)."""

    id: uuid.UUID
    case_id: uuid.UUID
    material: str
    due_on: date
    state: str
    opinion: str
    checked_at: datetime | None
    checked_by: str


class PaymentKind(StrEnum):
    """What an entry about a fee says."""

    PAID = "paid"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class PaymentView:
    """An entry about a fee of a case: paid, waived, or with a negative amount the opposite of such a one."""

    id: uuid.UUID
    fee: str
    kind: PaymentKind
    slip: str
    amount: Decimal
    at: datetime
    taken_by: str
    reason: str
    reverses: uuid.UUID | None
    reversed: bool
    """Whether another entry takes it back."""

    @property
    def stands(self) -> bool:
        """Return whether it is an entry that can be taken back."""
        return self.reverses is None and not self.reversed


class FeeState(StrEnum):
    """How a fee stands."""

    DUE = "due"
    PART = "part"
    PAID = "paid"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class FeeView:
    """A fee of a case and what was paid and waived of it, in yuan. ``due`` is nothing where the standard is a scale."""

    name: str
    standard: str
    reducible: bool
    due: Decimal | None
    paid: Decimal
    waived: Decimal

    @property
    def left(self) -> Decimal | None:
        """Return what is still to pay; nothing where nobody can know it."""
        return None if self.due is None else max(self.due - self.paid - self.waived, Decimal("0.00"))

    @property
    def state(self) -> FeeState:
        """Return how it stands; of a scale, whatever was paid or waived is all that is known."""
        if not (self.paid or self.waived):
            return FeeState.DUE
        if self.left:
            return FeeState.PART
        return FeeState.PAID if self.paid else FeeState.WAIVED


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to correct: which field or material, what is wrong, how to mend it."""

    target: str
    label: str
    message: str


@dataclass(frozen=True, slots=True)
class CorrectionView:
    """一次性告知补正."""

    id: uuid.UUID
    case_id: uuid.UUID
    case_name: str
    agency_name: str
    points: tuple[Point, ...]
    asked_at: datetime
    due_on: date
    state: str
    stage: Stage = Stage.ACCEPTANCE
    note: str = ""


@dataclass(frozen=True, slots=True)
class TaskView:
    """A step as it stands."""

    id: uuid.UUID
    step: str
    name: str
    kind: str
    role: str
    state: TaskState
    assignee: str
    ready_at: datetime | None
    done_at: datetime | None
    done_by: str
    outcome: str
    opinion: str
    joint: str
    planned_on: date | None
    officers: tuple[str, ...] = ()
    agency_path: str = ""
    draft: str = ""
    draft_by: uuid.UUID | None = None
    draft_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of what happened, from the audit trail."""

    at: datetime
    name: str
    label: str
    who: str
    case_id: uuid.UUID | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileView:
    """A file that was given for a material."""

    id: uuid.UUID
    material: str
    name: str
    digest: str
    media_type: str
    size: int
    pages: int | None
    scan: str
    trust: str
    added_at: datetime
    added_by: str


@dataclass(frozen=True, slots=True)
class MaterialView:
    """A material of a handed-in application."""

    identity: str
    name: str
    state: FactState
    items: tuple[str, ...]
    ref: str
    source_name: str
    trust: str
    made_up_at: datetime | None
    files: tuple[FileView, ...]
    checked_by: str = ""
    """Who compared it with the original at a counter."""


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A numbered document."""

    id: uuid.UUID
    kind: DocumentKind
    number: str
    title: str
    created_at: datetime
    case_id: uuid.UUID | None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class CaseView:
    """办件."""

    id: uuid.UUID
    number: str
    query_code: str
    application_id: uuid.UUID
    edition_id: uuid.UUID
    name: str
    item_code: str
    agency_name: str
    agency_short: str
    agency_path: str
    state: CaseState
    result: CaseResult | None
    version: int
    received_at: datetime
    accepted_at: datetime | None
    due_on: date | None
    statutory_due_on: date | None
    decided_at: datetime | None
    closed_at: datetime | None
    light: Light | None
    days_left: int | None
    track: str
    """The clock's past, one letter a day in ``day_unit``: ``u`` used, ``p`` paused."""
    promised: int
    """In ``unit``; the same in days of ``day_unit`` is ``promised_days``."""
    promised_days: int
    extension: int
    """Working days by which the limit was lengthened; with them it has ``limit_days``, in ``day_unit``."""
    limit_days: int
    unit: Unit
    provisional: bool
    conditional: bool
    """A deferred material is still owed."""
    applicant_name: str
    handler: str
    licence_id: uuid.UUID | None
    handler_id: uuid.UUID | None = None
    tell_by: date | None = None
    """Last day to tell what is missing; afterwards it counts as accepted."""
    conditional_due_on: date | None = None
    deliver_by: date | None = None
    deliver_left: int | None = None
    """Working days left to hand the result over; none when there is nothing to hand over, or it is done."""
    recheck: bool = False
    reason: str = ""
    """Why it ended without a decision."""

    @property
    def day_unit(self) -> Unit:
        """Return what the clock counts day by day, and ``days_left`` is in: working days, or every day."""
        return Unit.WORKDAY if self.unit is Unit.WORKDAY else Unit.DAY

    @property
    def short_number(self) -> str:
        """Return the end of the number that people say: the day and its serial."""
        return f"{self.number[-14:-6]}-{self.number[-6:]}"


@dataclass(frozen=True, slots=True)
class GrantView:
    """准予行政许可决定 as everybody may read it; ``holder_code`` is empty for a person, whose name is masked."""

    name: str
    agency_name: str
    title: str
    number: str
    decided_on: date
    holder: str
    holder_code: str = ""


@dataclass(frozen=True, slots=True)
class JointClock:
    """How the joint handling of an application stands, while it runs (行政许可法 arts. 26, 42)."""

    due_on: date | None
    """None while every body's clock stands."""
    light: Light
    days_left: int
    """Working days."""
    extension: int


@dataclass(frozen=True, slots=True)
class ApplicationView:
    """申请: one submission, one or more cases."""

    id: uuid.UUID
    number: str
    query_code: str
    title: str
    state: ApplicationState
    principal: Party
    applicant_name: str
    agent_name: str
    region: str
    life_event: str
    version: int
    answers: dict[str, Any]
    edition_ids: tuple[uuid.UUID, ...]
    created_at: datetime
    changed_at: datetime
    submitted_at: datetime | None
    expires_on: date | None
    due_on: date | None
    cases: tuple[CaseView, ...] = ()
    joint_due_on: date | None = None
    """The limit of the joint handling as a whole (行政许可法 arts. 26, 42)."""
    joint: JointClock | None = None
    """How it stands, where one application is read."""
    delivery: dict[str, Any] = field(default_factory=dict)
    title_en: str = ""
    agent_id: uuid.UUID | None = None
    """The person who acts; none where a counter handed it in."""
    door: str = ""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a grant would make of a licence: ``new`` is the version that it begins, ``lines`` what that says otherwise
    (label, before, after).
    """

    effect: Effect
    licence: LicenceView
    new: LicenceView | None = None
    lines: tuple[tuple[str, str, str], ...] = ()
