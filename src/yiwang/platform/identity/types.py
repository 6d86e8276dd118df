"""What other rooms may know of persons and organisations."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from yiwang.kernel.clock import legal_date
from yiwang.kernel.types import AssuranceLevel, Party, Role


class DocumentType(StrEnum):
    """证件类型 (GA/T 2000.156 has the digits; here, names)."""

    CITIZEN_ID = "citizen_id"
    PASSPORT = "passport"
    HK_MACAU_PERMIT = "hk_macau_permit"
    TAIWAN_PERMIT = "taiwan_permit"
    FOREIGN_RESIDENCE = "foreign_residence"


class OrganisationKind(StrEnum):
    """What sort of organisation, as its social credit code begins (STANDARDS 11.2)."""

    ENTERPRISE = "enterprise"
    SOLE_TRADER = "sole_trader"
    COOPERATIVE = "cooperative"
    INSTITUTION = "institution"
    SOCIAL_ORGANISATION = "social_organisation"
    ADMINISTRATION = "administration"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PersonView:
    """A natural person. ``number`` is the full document number: show it masked."""

    id: uuid.UUID
    name: str
    document_type: DocumentType
    number: str
    phone: str
    sex: str
    born_on: date | None
    region: str
    address: str
    checked_level: int = 0

    @property
    def party(self) -> Party:
        """Return the person as a party."""
        from yiwang.kernel.types import PartyKind

        return Party(PartyKind.PERSON, self.id)


@dataclass(frozen=True, slots=True)
class OrganisationView:
    """A legal person or other organisation."""

    id: uuid.UUID
    name: str
    uscc: str
    kind: OrganisationKind
    legal_representative: uuid.UUID | None
    legal_representative_name: str
    region: str
    address: str
    established_on: date | None
    active: bool
    checked_level: int = 3

    @property
    def party(self) -> Party:
        """Return the organisation as a party."""
        from yiwang.kernel.types import PartyKind

        return Party(PartyKind.ORGANISATION, self.id)


@dataclass(frozen=True, slots=True)
class DelegationView:
    """委托: who may act for whom, in what, until when."""

    id: uuid.UUID
    grantor: Party
    grantor_name: str
    delegate: uuid.UUID
    delegate_name: str
    items: tuple[str, ...]
    may_sign: bool
    expires_at: datetime
    revoked_at: datetime | None
    created_at: datetime
    recorded_by: str = ""

    @property
    def last_day(self) -> date:
        """Return the last legal date on which it holds: it ends at 24:00."""
        return legal_date(self.expires_at - timedelta(microseconds=1))


@dataclass(frozen=True, slots=True)
class Contact:
    """How a party is reached: the person behind it and their telephone (empty where unknown)."""

    person: uuid.UUID
    phone: str


@dataclass(frozen=True, slots=True)
class Standing:
    """One capacity in which a person may act: as oneself, or for a principal."""

    party: Party
    name: str
    basis: str
    """``self``, ``legal_representative`` or ``delegation``."""
    delegation: uuid.UUID | None = None
    items: frozenset[str] = frozenset()
    may_sign: bool = True
    level: AssuranceLevel = AssuranceLevel.L3
    """How surely the principal itself was checked: acting for it never reaches higher."""


@dataclass(frozen=True, slots=True)
class SessionView:
    """One place where an account is signed in."""

    id: uuid.UUID
    way: str
    level: int
    device: str
    address: str
    began_at: datetime
    seen_at: datetime
    here: bool = False


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as the security administrator sees it."""

    id: uuid.UUID
    login: str
    is_active: bool
    locked_until: datetime | None
    last_sign_in: datetime | None
    factors: int
    must_change_password: bool


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One line of the audit trail in words: when, who, what, for which matter."""

    seq: int
    at: datetime
    kind: str
    name: str
    actor: str
    agency: str
    purpose: str
    door: str
    delegation: uuid.UUID | None
    application_id: uuid.UUID | None
    case_id: uuid.UUID | None
    subject: str
    detail: str
    request_id: str
    agency_path: str = ""
    roles: tuple[Role, ...] = ()
    """The roles of the officer who read, as they were."""
    shown: str = ""
    """The datum that was unmasked, if one was."""


@dataclass(frozen=True, slots=True)
class TrailPage:
    """One page of the trail, newest first, and the cursor of the next."""

    entries: tuple[TrailEntry, ...]
    next: str = ""
