"""Licence types and licences as other rooms see them (GB/T 36901–36906 names, STANDARDS 6)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from yiwang.kernel.types import Party, PartyKind


class LicenceKind(StrEnum):
    """Catalogue kinds: 证照, 批文, 证明, 材料, 证件."""

    CERTIFICATE = "certificate"
    APPROVAL = "approval"
    PROOF = "proof"
    MATERIAL = "material"
    DOCUMENT = "document"


class LicenceStatus(StrEnum):
    """States of a licence (STANDARDS 6.4)."""

    VALID = "valid"
    HELD = "held"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    TRANSFERRED = "transferred"
    REVOKED = "revoked"
    OTHER = "other"


class Operation(StrEnum):
    """Operations on a licence (STANDARDS 6.4)."""

    ISSUE = "issue"
    RENEW = "renew"
    CHANGE = "change"
    HOLD = "hold"
    RELEASE = "release"
    EXPIRE = "expire"
    CANCEL = "cancel"
    WITHDRAW = "withdraw"
    REVOKE = "revoke"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"
    OTHER = "other"


class TrustLevel(StrEnum):
    """Trust in where it comes from (信息分级, STANDARDS 2.6)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


STATUS_CODES = {
    LicenceStatus.VALID: "01",
    LicenceStatus.HELD: "02",
    LicenceStatus.WITHDRAWN: "03",
    LicenceStatus.CANCELLED: "04",
    LicenceStatus.EXPIRED: "05",
    LicenceStatus.TRANSFERRED: "06",
    LicenceStatus.REVOKED: "07",
    LicenceStatus.OTHER: "99",
}
"""Digits of the national exchange (STANDARDS 6.4)."""
OPERATION_CODES = {
    Operation.ISSUE: "01",
    Operation.RENEW: "02",
    Operation.HOLD: "03",
    Operation.EXPIRE: "04",
    Operation.CANCEL: "05",
    Operation.WITHDRAW: "05",
    Operation.REVOKE: "05",
    Operation.TRANSFER_OUT: "05",
    Operation.RELEASE: "06",
    Operation.CHANGE: "07",
    Operation.OTHER: "07",
    Operation.TRANSFER_IN: "08",
}
"""The same for operations: 05 ends a licence in whichever way, 07 is other business."""


@dataclass(frozen=True, slots=True)
class LicenceField:
    """One thing that the licence says. ``element`` is the data element it is filled from when issued by a
    case.
    """

    name: str
    label: str
    label_en: str = ""
    element: str = ""
    changed_by: str = ""
    """The element in which an application to change it (变更) says what it is to say; what is not said stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointElements:
    """The data elements of an application that name somebody who holds the licence together with the applicant; ``rows`` is
    a table of them.
    """

    name: str
    number: str
    rows: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceTypeSpec:
    """证照类型 as a pack defines it.

    ``code`` is our short name; ``type_code`` the defining authority's USCC and a 3-digit serial (GB/T 36904);
    ``number_format`` makes 证照编号 from ``{year}``, ``{region}`` and ``{serial:06}``.
    """

    code: str
    type_code: str
    name: str
    name_en: str = ""
    kind: LicenceKind = LicenceKind.CERTIFICATE
    group: str = "registration"
    holder: PartyKind = PartyKind.ORGANISATION
    defined_by: str
    defined_level: int = 1
    issued_by: tuple[str, ...] = ()
    """Functions of the agencies that may issue it (``amr``); with none, nobody here does but by a case."""
    number_format: str
    validity_months: int = 0
    """0 for a licence without end."""
    remind_days: int = 60
    """How many days before its last day its holders are reminded of it; 0 for never."""
    fields: tuple[LicenceField, ...]
    joint: tuple[JointElements, ...] = ()
    """Where an application says who else holds it (共同持证)."""
    card_field: str = ""
    """The field that holds the number of a card by which its holder's licences are found at a counter (一卡通)."""
    statement: str = ""
    """The sentence printed above the fields."""
    photo: str = ""
    """The material (by what makes it the same paper across items) whose newest picture is printed as the holder's
    photograph, when a case issues the licence.
    """


@dataclass(frozen=True, slots=True)
class TypeInItems:
    """Names of the service items that give a licence of a type, and of those that ask for one."""

    given_by: tuple[str, ...] = ()
    asked_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Joint:
    """Somebody who holds a licence, or holds it together with its holder; ``party`` if known here, else found later by
    ``number``.
    """

    name: str
    party: Party | None = None
    number: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class HeldLicence:
    """A valid licence as a source of facts."""

    type_slug: str
    name: str
    number: str
    identifier: str
    issuer_name: str
    fields: dict[str, Any]
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class LicenceView:
    """A licence as its holder, a case or a verifier sees it.

    ``status`` is the legal one at the time of asking: what has run out is EXPIRED, whether or not the
    timer rang yet.
    """

    id: uuid.UUID
    identifier: str
    type_code: str
    type_slug: str
    name: str
    number: str
    version: int
    holder: Party | None
    holder_kind: PartyKind
    holder_name: str
    issuer_code: str
    issuer_name: str
    issued_on: date
    valid_from: date
    valid_to: date | None
    status: LicenceStatus
    status_reason: str
    trust: TrustLevel
    fields: dict[str, Any]
    labels: dict[str, str]
    case_id: uuid.UUID | None
    changed_at: datetime
    check_code: str
    digest: str
    """SHA-256 of the signed PDF; empty until it is made."""
    ofd_digest: str = ""
    """The same of the OFD; empty too where the issuer seals no OFD."""
    scan: str = ""
    """SHA-256 of the scan of the paper, of a licence that was digitised."""
    photo: str = ""
    """SHA-256 of the holder's photograph, if it bears one."""
    associated: str = ""
    """Identifier of the licence that this one goes on from: renewed, changed, or transferred in from elsewhere."""
    joint: tuple[Party, ...] = ()
    joint_names: tuple[str, ...] = ()
    """Who holds it together with the holder: those known here, and the names of all."""

    @property
    def unchecked(self) -> bool:
        """Tell whether it was digitised and nobody compared it with the original yet."""
        return self.trust is TrustLevel.C and bool(self.scan)

    @property
    def holders(self) -> tuple[Party, ...]:
        """Return everybody known here who holds it."""
        return (*((self.holder,) if self.holder else ()), *self.joint)

    @property
    def holder_names(self) -> str:
        """Return the names of all who hold it, in one line."""
        return "、".join((self.holder_name, *self.joint_names))


@dataclass(frozen=True, slots=True)
class Following:
    """A licence, the version that would come after it, and what that says otherwise: label, before, after (numbers masked)."""

    old: LicenceView
    new: LicenceView
    lines: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class CopyView:
    """加注件: a copy of a licence that says for what it was made and until when it may be used."""

    id: uuid.UUID
    cause: str
    made_at: datetime
    made_by: str
    expires_on: date
    case_id: uuid.UUID | None
    digest: str
    ofd_digest: str = ""
    taken_back: bool = False
    """Whether the holder took back the showing that it was taken in."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a licence, what made it, and which of its lines say something else than those of the one before."""

    licence: LicenceView
    operation: Operation
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownField:
    """One line of a licence in words: either ``lines``, or a small table of ``columns`` and ``rows``."""

    label: str
    label_en: str
    lines: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class LicenceUseView:
    """One use of a licence or operation on it, for its holder to see. ``operation`` is ``None`` for a use."""

    at: datetime
    purpose: str
    user_label: str
    operation: Operation | None
    case_id: uuid.UUID | None
    application_id: uuid.UUID | None = None
    showing_id: uuid.UUID | None = None


class Way(StrEnum):
    """How a licence came to be shown: by a one-time code, by the holder's card at a counter, granted by the holder."""

    CODE = "code"
    CARD = "card"
    GRANT = "grant"


class ShowingState(StrEnum):
    """Where a showing stands: a code is offered, somebody asks for a purpose, the holder agrees or does not; over by time
    or taken back.
    """

    OFFERED = "offered"
    ASKED = "asked"
    AGREED = "agreed"
    REFUSED = "refused"
    OVER = "over"
    REVOKED = "revoked"


class Consent(StrEnum):
    """How the holder agreed: on their own device, by a code sent to their telephone, by signature at the counter."""

    DEVICE = "device"
    MESSAGE = "message"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class ShowingView:
    """One showing as its holder and who asked see it. ``licence`` is ``None`` for all that the person holds."""

    id: uuid.UUID
    way: Way
    state: ShowingState
    holder: Party
    holder_name: str
    licence: LicenceView | None
    made_at: datetime
    code_until: datetime | None
    renewed: int
    purpose: str
    agency_path: str
    agency_name: str
    asked_by: str
    asked_at: datetime | None
    consent: Consent | None
    until: datetime | None


class BatchState(StrEnum):
    """Where an import of digitised licences stands."""

    RUNNING = "running"
    DONE = "done"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class BatchView:
    """One import of digitised licences: how far it is, what came in, what is to be mended by reason."""

    id: uuid.UUID
    type_slug: str
    type_name: str
    agency_name: str
    by: str
    state: BatchState
    began_at: datetime
    ended_at: datetime | None
    total: int
    done: int
    entered: int
    refused: int
    error: str
    reasons: tuple[tuple[str, int], ...] = ()

    @property
    def percent(self) -> int:
        """Return how much is done."""
        return self.done * 100 // self.total if self.total else 100


@dataclass(frozen=True, slots=True)
class BatchFault:
    """A row that was not taken: its line in the table, the column, and what to mend."""

    line: int
    column: str
    reason: str


class Verdict(StrEnum):
    """What a verification comes to."""

    VALID = "valid"
    HELD = "held"
    TAKEN_BACK = "taken_back"
    """A copy whose holder took back that it may be seen; the licence itself is in force."""
    ENDED = "ended"
    """Withdrawn, cancelled, expired, transferred or revoked: see the licence's status."""
    TAMPERED = "tampered"
    """The file is not the one that was issued, or its signature is broken."""
    UNKNOWN_ISSUER = "unknown_issuer"
    """The signature is whole, but not by an issuer known here."""
    UNKNOWN = "unknown"
    """No such licence is known here."""


class CheckKind(StrEnum):
    """One thing that a verification looks at."""

    SIGNATURE = "signature"
    CONTENT = "content"
    STATUS = "status"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """What came of one check: ``ok`` or not; ``None`` where it could not be made. ``detail`` holds no
    sentence.
    """

    kind: CheckKind
    ok: bool | None
    detail: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PublicLicence:
    """What anybody may read of a licence: a person's name and numbers are masked, fields only of
    organisations.
    """

    identifier: str
    name: str
    number: str
    holder_name: str
    issuer_name: str
    issued_on: date
    valid_from: date
    valid_to: date | None
    status: LicenceStatus
    changed_at: datetime
    fields: tuple[ShownField, ...]
    check_code: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer to "is this licence genuine and in force?"."""

    verdict: Verdict
    at: datetime
    licence: PublicLicence | None = None
    checks: tuple[CheckLine, ...] = ()
    copy: CopyView | None = None
    """The annotated copy that the file is, where it is one."""
