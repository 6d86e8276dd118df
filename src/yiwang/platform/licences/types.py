"""Licence types and licences as other rooms see them (GB/T 36901–36906 names, STANDARDS 6)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class LicenceField:
    """One thing that the licence says. ``element`` is the data element it is filled from when issued by a case."""

    name: str
    label: str
    label_en: str = ""
    element: str = ""


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
    number_format: str
    validity_months: int = 0
    """0 for a licence without end."""
    fields: tuple[LicenceField, ...]
    statement: str = ""
    """The sentence printed above the fields."""


@dataclass(frozen=True, slots=True)
class LicenceView:
    """A licence as its holder, a case or a verifier sees it."""

    id: uuid.UUID
    identifier: str
    type_code: str
    type_slug: str
    name: str
    number: str
    version: int
    holder: Party | None
    holder_name: str
    issuer_name: str
    issued_on: date
    valid_from: date
    valid_to: date | None
    status: LicenceStatus
    trust: TrustLevel
    fields: dict[str, Any]
    labels: dict[str, str]
    case_id: uuid.UUID | None
    changed_at: datetime
