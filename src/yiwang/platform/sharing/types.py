"""What a dataset is: the metadata of the national catalogue guide (政务信息资源目录编制指南(试行), 2017; GB/T 21063)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from typing import Any

from yiwang.kernel.fields import FieldKind
from yiwang.kernel.types import Party, PartyKind, Role
from yiwang.platform.identity.types import TrailEntry


class SharingType(IntEnum):
    """共享类型: to every agency, on conditions, or to none. The digits are those of the catalogue guide."""

    UNCONDITIONAL = 1
    CONDITIONAL = 2
    NONE = 3


class SharingMethod(StrEnum):
    """共享方式: an answer about one subject, a delivery in bulk, a file."""

    CHECK = "check"
    BULK = "bulk"
    FILE = "file"


class Openness(IntEnum):
    """开放属性 towards society: open to all, open on conditions, not open."""

    OPEN = 1
    CONDITIONAL = 2
    CLOSED = 3


class UpdateCycle(StrEnum):
    """更新周期: how often the agency promises to bring its data up to date."""

    REALTIME = "realtime"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


class Network(IntEnum):
    """Through which network the data can be had: the government's extranet, the internet, an agency's own."""

    EXTRANET = 1
    INTERNET = 2
    PRIVATE = 3


class Processing(StrEnum):
    """加工程度: as the agency keeps it, made anonymous, labels, sums, or joined from several sources."""

    ORIGINAL = "original"
    MASKED = "masked"
    LABELS = "labels"
    STATISTICS = "statistics"
    JOINED = "joined"


class BaseStore(StrEnum):
    """基础库 that the dataset is part of."""

    NONE = "none"
    POPULATION = "population"
    LEGAL_PERSONS = "legal_persons"
    SPACE = "space"
    CREDIT = "credit"
    LICENCES = "licences"


class DatasetState(StrEnum):
    """How a dataset stands in the catalogue."""

    DRAFT = "draft"
    PUBLISHED = "published"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Basis:
    """The provision that sharing, or not sharing, rests on."""

    law: str
    number: str = ""
    article: str = ""
    note: str = ""

    @property
    def words(self) -> str:
        """The whole in one line."""
        number = f"（{self.number}）" if self.number else ""
        return "".join((self.law, number, self.article, f"：{self.note}" if self.note else ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetItem:
    """信息项: one column of a dataset.

    ``element`` is the data element whose values it holds; ``authoritative`` says that the element's values come from
    here and from nowhere else (一数一源). ``options`` are the values that may stand there, ``min`` and ``max`` bound
    numbers and dates (ISO).
    """

    name: str
    label: str
    label_en: str = ""
    kind: FieldKind = FieldKind.TEXT
    element: str = ""
    authoritative: bool = False
    required: bool = False
    max_length: int = 0
    options: tuple[str, ...] = ()
    pattern: str = ""
    min: str = ""
    max: str = ""
    unit: str = ""
    sensitive: bool = False


class Absent(StrEnum):
    """What it means for a yes-or-no answer that there is no record."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRule:
    """A yes-or-no answer that the dataset gives in place of the record (最少够用): what a proof on paper would say.

    ``expression`` is over the columns of the record, and ``today``. Where that there is a record is the whole proof, it is
    ``true``: nobody is answered by a record's mere being there.
    """

    code: str
    label: str
    label_en: str = ""
    expression: str
    absent: Absent = Absent.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRule:
    """What must be true of a record as a whole: a ZEN expression over its columns, and ``today``.

    Numbers come as numbers and dates as ISO text (``d(ends) >= d(starts)``). A record of which it is not true is faulty,
    also where it stays unknown because a column is empty: the rule says what holds then (``ends == null or …``).
    """

    code: str
    name: str
    name_en: str = ""
    expression: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetDefinition:
    """A dataset as its steward describes it; published, it is frozen as an edition.

    ``code`` names it in addresses and in what satisfies a material; the resource code (资源代码) is allotted when it is
    first published. ``key`` are the columns that tell a subject's records apart (a person has several vehicles); empty:
    one record a subject. ``classification`` is a code of the pack's table ``data_classes`` (类 1 digit, 项 2, 目 3).
    """

    code: str
    name: str
    name_en: str = ""
    summary: str
    summary_en: str = ""
    agency: str
    subject: PartyKind
    key: tuple[str, ...] = ()
    items: tuple[DatasetItem, ...]
    rules: tuple[QualityRule, ...] = ()
    classification: str
    domain: str = ""
    tags: tuple[str, ...] = ()
    base_store: BaseStore = BaseStore.NONE
    format: str = "database"
    processing: Processing = Processing.ORIGINAL
    level: int = 3
    region: str = ""
    guiding: str = ""
    covers_from: date | None = None
    covers_to: date | None = None
    related: tuple[str, ...] = ()
    sharing: SharingType
    condition: str = ""
    methods: tuple[SharingMethod, ...] = (SharingMethod.CHECK,)
    basis: tuple[Basis, ...] = ()
    network: Network = Network.EXTRANET
    openness: Openness = Openness.CLOSED
    open_condition: str = ""
    cycle: UpdateCycle
    retention_months: int = 0
    """After how many months a record that is no longer valid is deleted; 0: never."""
    proof: bool = False
    """An answer from it replaces a proof on paper (电子证明)."""
    answers: tuple[AnswerRule, ...] = ()
    service_items: tuple[str, ...] = ()
    """Basic codes of the service items that it comes from or serves."""
    no_items_reason: str = ""


@dataclass(frozen=True, slots=True)
class DatasetView:
    """A dataset as published."""

    id: uuid.UUID
    edition: uuid.UUID
    number: int
    digest: str
    published_at: datetime
    resource_code: str
    agency_name: str
    agency_path: str
    definition: DatasetDefinition


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One thing that the check of a dataset found; ``where`` is the path of the field (``items.0.element``)."""

    rule: str
    where: str
    message: str
    suggestion: str = ""
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class RecordSpec:
    """Records of one dataset in a pack: each with its ``subject`` (the number), and ``at``, when it was true."""

    dataset: str
    records: tuple[dict[str, object], ...] = field(default=())
    available: bool = True


class RunState(StrEnum):
    """How a run of bringing data in stands; a failed one goes on from its token when it is tried again."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that was not taken: its place in what was sent (from 1), and what is wrong by column."""

    line: int
    faults: tuple[tuple[str, str], ...]
    """Column and machine word (``required``, ``kind``, ``options`` …); ``subject`` and ``at`` are columns too."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How the columns that came differ from those that were published (模式漂移)."""

    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.unknown or self.missing)


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of the rows of one batch, or of a whole run; the numbers add up to ``read``."""

    read: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    older: int = 0
    """Rows that say how it was before what is there: they came late, or twice in one batch."""
    rejected: int = 0
    faults: tuple[RowFault, ...] = ()
    """The first rows that were rejected."""
    drift: Drift = Drift()
    run: uuid.UUID | None = None


class CrossKind(StrEnum):
    """What a rule between two datasets asks of a record here: that its subject has a record there, has none there, or that
    a value here is the subject's value there.
    """

    EXISTS = "exists"
    ABSENT = "absent"
    EQUAL = "equal"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossRule:
    """A rule between two datasets; a fault is one of the record ``here``.

    ``column`` is compared with ``other`` (EQUAL), or holds the number of somebody else than the record's own subject, who
    is looked for there; or the record's subject is looked for in the numbers that ``other`` holds there.
    """

    code: str
    name: str
    name_en: str = ""
    kind: CrossKind
    here: str
    column: str = ""
    there: str
    other: str = ""


class Dimension(StrEnum):
    """What quality is made of (GB/T 36344 has these among its characteristics)."""

    COMPLETENESS = "completeness"
    ACCURACY = "accuracy"
    TIMELINESS = "timeliness"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How good the records of a dataset are that are valid now: counts, from which shares and score are worked out."""

    rows: int = 0
    expected: int = 0
    """Cells that have to be filled: the required columns of every row."""
    filled: int = 0
    sound: int = 0
    """Rows without any fault."""
    columns: Mapping[str, int] = field(default_factory=dict)
    """In how many rows each column is filled, the optional ones too."""
    faults: tuple[tuple[str, str, int], ...] = ()
    """Column, word and in how many rows; the column is empty for rules over a whole record."""
    wrong: Mapping[int, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Faulty records with their faults: those that were known, and as many others as are kept for mending."""
    timeliness: Decimal = Decimal(0)
    score: Decimal = Decimal(0)
    """Both in per cent with one decimal (``rules.percent``)."""

    @property
    def completeness(self) -> Fraction | None:
        """Filled of expected cells; none where nothing is expected."""
        return Fraction(self.filled, self.expected) if self.expected else None

    @property
    def accuracy(self) -> Fraction | None:
        """Rows without a fault of all rows; none where there are no rows."""
        return Fraction(self.sound, self.rows) if self.rows else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreView:
    """How good a dataset was on a day. The shares and the score are per cent; a share that is not known is empty."""

    day: date
    measured_at: datetime
    rows: int
    expected: int
    filled: int
    sound: int
    columns: Mapping[str, int]
    faults: tuple[tuple[str, str, int], ...]
    completeness: Decimal | None
    accuracy: Decimal | None
    timeliness: Decimal
    score: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """An agency or a dataset with its newest score, and its score on each of the last days (empty: not measured)."""

    code: str
    name: str
    score: Decimal
    days: tuple[Decimal | None, ...]
    datasets: int = 0
    """How many datasets of an agency were measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedDataset(Ranked):
    """A dataset among others."""

    definition: DatasetDefinition
    agency_name: str
    refreshed_at: datetime | None
    newest: ScoreView


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultyRow:
    """A row that waits to be mended. ``line`` is its place in the file or in what was sent (from 1), 0 for a record in the
    store.
    """

    run: uuid.UUID
    file: str
    line: int
    at: datetime
    subject: str
    """The subject's number with its middle left out; empty where the store cannot tell it."""
    key: Mapping[str, Any]
    """The values of the dataset's own key."""
    faults: tuple[tuple[str, str], ...]


class FeedHealth(StrEnum):
    """How well a feed is. FIRST: it has not been read to the end yet; LATE: that was long ago for its cycle."""

    OFF = "off"
    FIRST = "first"
    GOOD = "good"
    LATE = "late"
    RETRYING = "retrying"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSpec:
    """How a dataset's rows are fetched, as its steward says. ``columns``: of the source to the dataset's, or to nothing.

    An empty ``secret`` leaves the one that is kept; ``again`` reads everything once more.
    """

    connector: str
    address: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    secret: str = field(default="", repr=False)
    again: bool = False


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as its steward sees it."""

    connector: str
    state: RunState
    began_at: datetime
    ended_at: datetime | None
    read: int
    added: int
    changed: int
    removed: int
    unchanged: int
    older: int
    rejected: int
    drift: Drift
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRecord:
    """What a dataset said of a subject, since when and until when that was so; no end: it is so now."""

    values: Mapping[str, Any]
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedView:
    """A feed, without its secret."""

    id: uuid.UUID
    connector: str
    address: str
    settings: Mapping[str, Any]
    columns: Mapping[str, str]
    has_secret: bool
    enabled: bool
    health: FeedHealth
    failures: int
    next_at: datetime
    last_ok_at: datetime | None
    read_to: datetime | None
    last_error: str
    drift: Drift


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """A dataset in the list of feeds, with its newest run, however the rows came."""

    dataset: str
    name: str
    name_en: str
    agency_name: str
    cycle: UpdateCycle
    feed: FeedView | None
    run: RunView | None
    to_mend: str
    """How many rows are to be mended, as far as that is counted (``99+``)."""


class GrantState(StrEnum):
    """How a grant stands. PROVIDER: it waits for the provider's answer; RETURNED: the data office sent it back."""

    REQUESTED = "requested"
    RETURNED = "returned"
    PROVIDER = "provider"
    GRANTED = "granted"
    REFUSED = "refused"
    COORDINATION = "coordination"
    UPHELD = "upheld"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class GrantMove(StrEnum):
    """What may be done with a grant."""

    PASS = "pass"  # noqa: S105 - a move
    RETURN = "return"
    GRANT = "grant"
    REFUSE = "refuse"
    APPEAL = "appeal"
    SETTLE = "settle"
    UPHOLD = "uphold"
    REVOKE = "revoke"
    WITHDRAW = "withdraw"


class Side(StrEnum):
    """From which side one looks at a grant."""

    CONSUMER = "consumer"
    OFFICE = "office"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who needs a datum: the body that carries out an item, by what it does and where."""

    function: str
    region: str
    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a grant in force allows: the city's body of a function may ask, and with it its colleagues in the counties.

    ``region`` is the beginning of the region codes in which they may; ``items`` the basic codes for which.
    """

    id: uuid.UUID
    function: str
    region: str
    items: tuple[str, ...]
    fields: tuple[str, ...]
    expires_on: date | None
    begins_on: date | None = None
    """Before this day it does not hold: a renewal waits for the end of the grant that it renews."""
    per_minute: int = 0
    """Checks that it allows in a minute; not said where nothing is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantView(Allowance):
    """A grant with how it came about."""

    dataset: str
    dataset_name: str
    agency: str
    """Code of the agency that asks."""
    agency_name: str
    provider_name: str
    purpose: str
    state: GrantState
    months: int
    per_minute: int
    requested_at: datetime
    due_on: date | None
    """Until when whoever has it now must answer."""
    reason: str = ""
    escalated: bool = False
    """It went on because somebody was silent."""
    renews: uuid.UUID | None = None
    """The grant that it goes on from."""
    renewed_by: uuid.UUID | None = None
    """The grant that goes on from it, asked for or in force; told for one grant, not in lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRequest:
    """What an agency asks for; ``renews`` names the grant of the same agency and dataset that it goes on from."""

    dataset: str
    agency: str
    items: tuple[str, ...]
    fields: tuple[str, ...]
    purpose: str
    months: int = 36
    renews: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a dataset says of a subject. ``values`` is ``None`` where it has no record."""

    dataset: str
    name: str
    agency: str
    basis: str
    available: bool
    fields: Mapping[str, uuid.UUID]
    """Columns that may be read, each with the grant that allows it; ``""``: whether there is a record."""
    values: Mapping[str, Any] | None = None
    at: datetime | None = None
    number: str = ""
    """The number under which the record stands."""
    rates: Mapping[uuid.UUID, int] = field(default_factory=dict)
    """How many checks a minute each grant in ``fields`` allows."""
    edition: uuid.UUID | None = None
    """The edition by which it was answered."""

    @property
    def source_name(self) -> str:
        """Where it comes from, as a person reads it."""
        return f"{self.agency} · {self.name}"


class Outcome(StrEnum):
    """What came of a check: a record, none, the provider was down, or nobody may have it."""

    FOUND = "found"
    NONE = "none"
    DOWN = "down"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """That a dataset answered for an item, and which papers that made needless: what is written down as a check."""

    dataset: str
    dataset_name: str
    provider: str
    consumer: str
    consumer_path: str
    item: str
    fields: tuple[str, ...]
    number: str
    """The subject's number; kept as a blind index only."""
    source_at: datetime | None = None
    grant: uuid.UUID | None = None
    replaced: tuple[str, ...] = ()
    outcome: Outcome = Outcome.FOUND
    result: str = ""
    """What was answered, canonical; kept as a blind index only."""
    earlier: uuid.UUID | None = None
    """The check that was degraded and that this one answers."""


@dataclass(frozen=True, slots=True)
class CheckView:
    """A check as its subject and supervisors see it."""

    id: uuid.UUID
    at: datetime
    dataset: str
    dataset_name: str
    provider: str
    consumer: str
    actor: str
    actor_kind: str
    actor_roles: tuple[Role, ...]
    purpose: str
    item: str
    application_id: uuid.UUID | None
    case_id: uuid.UUID | None
    fields: tuple[str, ...]
    outcome: Outcome
    source_at: datetime | None
    replaced: tuple[str, ...]
    party_id: uuid.UUID | None = None
    earlier: uuid.UUID | None = None
    """The check that was degraded, where this one was asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """What is asked of a dataset about each subject: some columns, a yes-or-no answer by its code, or, with neither,
    whether there is a record.
    """

    dataset: str
    fields: tuple[str, ...] = ()
    answer: str = ""


class Said(StrEnum):
    """What an answer is: yes or no, the columns asked for, cannot say, the provider is down, nobody granted it."""

    YES = "yes"
    NO = "no"
    VALUE = "value"
    UNKNOWN = "unknown"
    DEGRADED = "degraded"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One answer about one subject, with the check that it is written down as."""

    check: uuid.UUID
    subject: int
    """Place of the subject in what was asked, from 0: an answer names nobody."""
    dataset: str
    said: Said
    values: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterAnswer:
    """What a degraded check was answered when it was asked again."""

    check: uuid.UUID
    said: Said
    values: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedCheck:
    """A check as the agency that made it sees it. ``again_at``: when it is asked again, because the provider was down."""

    check: uuid.UUID
    case: uuid.UUID
    dataset: str
    asked_at: datetime
    outcome: Outcome
    again_at: datetime | None = None
    later: LaterAnswer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianSource:
    """Where it stands who a child's guardians are, as the pack's ``guardianship.yaml`` says: under the child's number.

    ``agency`` asks (it has to hold a grant for these columns), ``name`` is the column of the child's name (may be empty),
    ``guardians`` those of numbers of parents or guardians; a record counts ``when`` (ZEN, over its columns) is true.
    """

    dataset: str
    agency: str
    name: str = ""
    guardians: tuple[str, ...]
    when: str = ""


@dataclass(frozen=True, slots=True)
class Ward:
    """A child whose guardian may see who looked at the child's data, until a day."""

    id: uuid.UUID
    name: str
    number: str
    until: date
    """The last day on which the child is a minor, or the confirmation counts."""


class ObjectionKind(StrEnum):
    """What somebody objects to: that data about them are wrong (异议), or that they were looked at."""

    DATA = "data"
    ACCESS = "access"


class ObjectionState(StrEnum):
    """How an objection stands. CORRECTED: the provider put it right; CONFIRMED: it found the data right; ANSWERED: the
    agency said why it looked.
    """

    OPEN = "open"
    CORRECTED = "corrected"
    CONFIRMED = "confirmed"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class ObjectionView:
    """An objection as its writer and whoever answers see it."""

    id: uuid.UUID
    kind: ObjectionKind
    state: ObjectionState
    dataset: str
    dataset_name: str
    agency_name: str
    text: str
    raised_at: datetime
    due_on: date
    late: bool
    party: Party | None
    """Whoever raised it; nothing: an agency did."""
    answer: str = ""
    answered_at: datetime | None = None
    check: CheckView | None = None
    read: TrailEntry | None = None
    changed_at: datetime | None = None
    """Since when the corrected record is there."""
    awaits: date | None = None
    """By when corrected data come in that are not there yet."""
    not_come: bool = False
    """That day is over, and they are not there."""
    for_child: bool = False
    """Whether a guardian raised it for a child."""
