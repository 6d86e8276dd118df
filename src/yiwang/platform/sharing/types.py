"""What a dataset is: the metadata of the national catalogue guide (政务信息资源目录编制指南(试行), 2017; GB/T 21063)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Any

from yiwang.kernel.fields import FieldKind
from yiwang.kernel.types import PartyKind


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
class DatasetLine:
    """A dataset in a list."""

    code: str
    resource_code: str
    name: str
    name_en: str
    summary: str
    agency: str
    agency_name: str
    classification: str
    sharing: SharingType
    openness: Openness
    cycle: UpdateCycle
    proof: bool
    items: int
    published_at: datetime


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


@dataclass(frozen=True, slots=True)
class BadRowView:
    """A row that was not taken: where it stood in its run and what is wrong, without what it said."""

    line: int
    at: datetime
    faults: tuple[tuple[str, str], ...]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantView(Allowance):
    """A grant with how it came about."""

    dataset: str
    dataset_name: str
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


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRequest:
    """What an agency asks for."""

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

    @property
    def source_name(self) -> str:
        """Where it comes from, as a person reads it."""
        return f"{self.agency} · {self.name}"
