"""What a comparison scheme is, what is asked of it, and the report that comes out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from yiwang.kernel.fields import FieldKind
from yiwang.platform.sharing.types import Basis, Outcome

Number = int | Decimal
Value = bool | int | Decimal | str | None
"""A fact's value. ``None``: unknown, because something that it is made of could not be had."""


class Take(StrEnum):
    """How one value is made of a dataset's rows. Without rows: a sum, a count is 0, EXISTS is false, others unknown.

    LATEST: the column in the newest row (of several equally new ones the greatest).
    """

    SUM = "sum"
    MAX = "max"
    MIN = "min"
    COUNT = "count"
    DISTINCT = "distinct"
    EXISTS = "exists"
    LATEST = "latest"


class Whose(StrEnum):
    """Whose rows a fact is made of."""

    ALL = "all"
    APPLICANT = "applicant"


class Weight(StrEnum):
    """How much a contradiction weighs: against the applicant, to be explained, only to be known."""

    SERIOUS = "serious"
    DOUBT = "doubt"
    NOTE = "note"


class Preliminary(StrEnum):
    """The preliminary decision: fits, does not fit, to be looked into by a reviewer."""

    FITS = "fits"
    UNFIT = "unfit"
    LOOK = "look"


class ConsentWay(StrEnum):
    """How somebody agreed: the applicant in the application, others on their own page or on paper, a minor by the guardian."""

    SIGNED = "signed"
    ONLINE = "online"
    PAPER = "paper"
    GUARDIAN = "guardian"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeWant:
    """A dataset that is asked, with its columns. ``months``: only rows of the last so many full months, by the column
    ``by`` (a date, or ``YYYY-MM``); 0: all that is in force.
    """

    dataset: str
    fields: tuple[str, ...]
    months: int = 0
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRule:
    """A fact about the family, either taken of a dataset's rows or worked out from other facts.

    ``where`` is an expression over a row's columns and ``subject`` (whose row it is); a row for which it is unknown does not
    count. ``each``: it is also worked out for every member alone. Money is cut to whole cents.
    """

    code: str
    label: str
    label_en: str
    kind: FieldKind = FieldKind.INTEGER
    unit: str = ""
    unit_en: str = ""
    dataset: str = ""
    take: Take = Take.COUNT
    column: str = ""
    where: str = ""
    whose: Whose = Whose.ALL
    expression: str = ""
    each: bool = False
    shown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaring:
    """That a fact is compared with what was declared: in a data element of the application, and, for comparing in bulk, in
    a column of the scheme's ``declared_in``. Rules read ``declared.FACT``, ``over.FACT`` (more was found, beyond the
    tolerance) and ``under.FACT``.
    """

    fact: str
    element: str = ""
    column: str = ""
    kind: FieldKind = FieldKind.INTEGER
    tolerance: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContradictionRule:
    """A row of the table of contradictions. ``when``: a subject (an expression) to a cell (``> 0``); all must hold.

    ``each``: it is looked for in every member alone, over the facts that are made for each. ``column`` names the declared
    column that it speaks against.
    """

    code: str
    level: Weight
    name: str
    name_en: str
    why: str
    why_en: str
    when: Mapping[str, str]
    basis: Basis
    each: bool = False
    column: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRule:
    """A row of the decision table; the first that fits counts. It reads facts, and how many contradictions there are
    (``serious``, ``doubts``) and datasets that could not be compared (``lacking``).
    """

    verdict: Preliminary
    reason: str
    reason_en: str
    when: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """比对方案: which data are compared for which items, and what follows. Data of the city; frozen as an edition."""

    code: str
    name: str
    name_en: str
    summary: str
    summary_en: str
    items: tuple[str, ...]
    """Basic codes of the items that it may be used for."""
    basis: tuple[Basis, ...]
    wants: tuple[SchemeWant, ...]
    facts: tuple[FactRule, ...]
    declared: tuple[Declaring, ...] = ()
    consent: str = ""
    """The data element in which an applicant agrees to the comparison, apart from all else that is applied for (个人信息保护法
    art. 29); empty: nobody agrees in the application.
    """
    declared_in: str = ""
    """The dataset that holds what families declared, where many are compared at once."""
    rules: tuple[ContradictionRule, ...] = ()
    decision: tuple[DecisionRule, ...] = ()


@dataclass(frozen=True, slots=True)
class SchemeView:
    """A scheme as published."""

    id: uuid.UUID
    number: int
    digest: str
    published_at: datetime
    scheme: Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Who agreed to the comparison, when and how. ``by`` is the guardian's number, ``digest`` the SHA-256 of the paper's scan."""

    way: ConsentWay
    on: date
    by: str = ""
    digest: str = ""


class ConsentState(StrEnum):
    """What somebody said who was asked to agree on their own page; it may be changed as long as the case is running."""

    ASKED = "asked"
    AGREED = "agreed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentView:
    """That somebody was asked to agree to a comparison: by whom, for whose matter, and what they said."""

    id: uuid.UUID
    state: ConsentState
    asked_at: datetime
    answered_at: datetime | None
    number: str
    agency_name: str
    title: str
    applicant: str
    case_id: uuid.UUID
    edition: uuid.UUID
    scheme: Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of the family, the applicant first."""

    number: str
    consent: Consent
    name: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of one subject: its columns as expressions take them."""

    values: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Family:
    """What is known of a family: rows by dataset and member. A dataset that is not in ``rows`` was not compared."""

    members: tuple[str, ...]
    rows: Mapping[str, Mapping[str, tuple[Row, ...]]]
    declared: Mapping[str, Value] = field(default_factory=dict)
    """By fact."""


@dataclass(frozen=True, slots=True)
class Found:
    """A contradiction that was found; ``member`` is a place in the family, ``None`` for the family as a whole."""

    rule: ContradictionRule
    members: tuple[int, ...]
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the rules say of a family."""

    facts: Mapping[str, Value]
    found: tuple[Found, ...]
    open_rules: tuple[tuple[str, tuple[str, ...]], ...]
    """Rules that could not be looked at, each with the names that were missing."""
    verdict: Preliminary
    decided_by: int | None
    """Place of the decision table's row; ``None`` where none fits or one could not be decided."""
    missing: tuple[str, ...] = ()


# --- Asking ---


@dataclass(frozen=True, slots=True)
class Reply:
    """What one dataset answers about one person."""

    dataset: str
    number: str
    outcome: Outcome
    rows: tuple[Row, ...] = ()
    name: str = ""
    agency: str = ""
    grant: uuid.UUID | None = None

    @property
    def at(self) -> datetime | None:
        """How new it is."""
        return max((row.at for row in self.rows), default=None)


# --- The report ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A dataset in the report: who provides it, what came of it, how new it is."""

    dataset: str
    name: str
    agency: str
    outcome: Outcome
    """The worst about any member: REFUSED (nobody granted it), DOWN, else FOUND or NONE."""
    at: datetime | None = None
    records: int = 0
    checks: tuple[uuid.UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A fact in the report, with what was declared of it."""

    fact: str
    label: str
    label_en: str
    kind: FieldKind
    unit: str = ""
    unit_en: str = ""
    found: str | None = None
    declared: str | None = None
    compared: bool = False
    """Whether anything is declared of it in this item."""
    differs: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A record that a contradiction rests on: never its text, only where it stands and the check that found it."""

    dataset: str
    member: int
    at: datetime | None
    check: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A contradiction in the report."""

    code: str
    level: Weight
    name: str
    name_en: str
    why: str
    why_en: str
    basis: str
    members: tuple[int, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A contradiction that could not be looked for, because data were missing."""

    code: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole of a comparison; sealed, and bound by its digest."""

    scheme: str
    name: str
    name_en: str
    number: int
    scheme_digest: str
    at: datetime
    asked_by: str
    members: tuple[Member, ...]
    sources: tuple[Source, ...]
    lines: tuple[Line, ...]
    contradictions: tuple[Contradiction, ...]
    not_looked_at: tuple[Unseen, ...]
    verdict: Preliminary
    reason: str
    reason_en: str
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonLine:
    """A comparison in a list."""

    id: uuid.UUID
    at: datetime
    name: str
    name_en: str
    verdict: Preliminary


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonView:
    """A comparison that was made."""

    id: uuid.UUID
    at: datetime
    case_id: uuid.UUID
    case_number: str
    title: str
    scheme: str
    verdict: Preliminary
    contradictions: int
    lacking: int
    attempt: int
    again_at: datetime | None
    digest: str
    party: uuid.UUID
    application_id: uuid.UUID
    report: Report
