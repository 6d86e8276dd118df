"""Ratings and supervision as others see them (国办发〔2019〕51号, GB/T 39734-2020, GB/T 39735-2020)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Level(StrEnum):
    """Satisfaction. Interfaces number it both ways round, so only names are stored (STANDARDS 1)."""

    VERY_SATISFIED = "very_satisfied"
    SATISFIED = "satisfied"
    FAIRLY_SATISFIED = "fairly_satisfied"
    DISSATISFIED = "dissatisfied"
    VERY_DISSATISFIED = "very_dissatisfied"

    @property
    def bad(self) -> bool:
        """Whether it counts as 差评."""
        return self in (Level.DISSATISFIED, Level.VERY_DISSATISFIED)


class ServiceKind(StrEnum):
    """What is rated: a matter as a whole (一事一评), or one service on the spot (一次一评)."""

    MATTER = "matter"
    ON_SITE = "on_site"


class Channel(StrEnum):
    """How a rating came (评价渠道)."""

    PC = "pc"
    MOBILE = "mobile"
    QR = "qr"
    TABLET = "tablet"
    TERMINAL = "terminal"
    SMS = "sms"
    TELEPHONE = "telephone"
    MACHINE = "machine"
    """By the open interface: a firm's own system."""
    SYSTEM = "system"
    """Silence, noted as a default."""


class BadRatingState(StrEnum):
    """Where the handling of a bad rating stands."""

    RECEIVED = "received"
    VERIFYING = "verifying"
    VALID = "valid"
    RECTIFYING = "rectifying"
    FED_BACK = "fed_back"
    CALLED_BACK = "called_back"
    SECOND_RATING = "second_rating"
    CLOSED = "closed"
    INVALID = "invalid"
    APPEAL_REVIEW = "appeal_review"
    REMOVED = "removed"
    KEPT = "kept"


class AlertKind(StrEnum):
    """What a supervisor is warned of."""

    SECOND_APPLICATION = "second_application"
    """The same person came for the same item again soon after: it was not settled the first time."""
    SECOND_VISIT = "second_visit"
    """Somebody came to a counter more often than the item promises for one and the same matter."""
    VERIFY_LATE = "verify_late"
    RECTIFY_LATE = "rectify_late"


class Near(StrEnum):
    """How near to its limit a case is: passed, within one working day, within some working days."""

    OVER = "over"
    DAY = "day"
    SOON = "soon"


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a city decides by itself; a pack's ``oversight.yaml`` may set each."""

    verify_days: int = 1
    """Working days to verify a bad rating."""
    rectify_days: int = 5
    """Working days to put right what was verified."""
    default_days: int = 7
    """Days after which a silent service is noted as rated by default: flagged, in no average."""
    repeat_days: int = 30
    """Days in which a second application for the same item raises an alert."""
    data_source: str = ""
    """Three digits that name the city's platform to the national rating interface."""
    near_days: int = 5
    """Working days before its limit from which a case is watched."""
    small: int = 5
    """Fewer ratings than this are not published: they would point at persons."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What rows say of an agency, an item or the whole city. ``levels`` are first ratings that count."""

    services: int
    levels: dict[Level, int]
    due_bad: int
    """Bad ratings whose time to rectify is over, or that were rectified."""
    rectified_on_time: int
    called_back: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The public indicators (STANDARDS 7.4); ``None`` where there is nothing to divide by."""

    ratings: int
    average: float | None
    good_rate: float | None
    active_rate: float | None
    rectify_on_time: float | None
    callback_rate: float | None
    rectify_on_time_due: float | None
    """The same over the bad ratings whose time is over."""
    callback_rate_due: float | None
    score: float | None
    """Weighted 10/8/6/3/0."""


@dataclass(frozen=True, slots=True)
class FiguresRow:
    """One line of the public figures; ``figures`` is missing where the count is too small to publish."""

    name: str
    services: int
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of the reason list."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class ReasonList:
    """The national list in one version."""

    version: str
    reasons: dict[Level, tuple[Reason, ...]]


@dataclass(frozen=True, slots=True)
class ServiceView:
    """Something that can be rated."""

    id: uuid.UUID
    case_id: uuid.UUID
    number: int
    kind: ServiceKind
    name: str
    done_at: datetime
    attempt: int
    """Which rating may be given now: 1, 2 after rectification, 0 for none."""
    given: Level | None


@dataclass(frozen=True, slots=True)
class BadRatingView:
    """A bad rating as those who handle it see it: never who gave it."""

    id: uuid.UUID
    case_id: uuid.UUID
    name: str
    agency_name: str
    level: Level
    reasons: tuple[str, ...]
    text: str
    state: BadRatingState
    received_at: datetime
    due_on: date | None
    late: bool
    finding: str
    measures: str
    appeal: str
    call_back: str
    second: Level | None


@dataclass(frozen=True, slots=True)
class AlertView:
    """A warning to supervisors."""

    id: uuid.UUID
    kind: AlertKind
    name: str
    agency_name: str
    case_id: uuid.UUID
    earlier_case: uuid.UUID | None
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class ExplanationView:
    """Why a matter was late, told in public (优化营商环境条例 art. 36); nothing of the applicant."""

    name: str
    agency_name: str
    due_on: date
    text: str
    at: datetime
