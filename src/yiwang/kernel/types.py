"""Who acts, for whom, through which door: the values that every act and every query takes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

Key = str
"""An idempotency key: the same key from the same actor for the same act never works twice."""


class AssuranceLevel(IntEnum):
    """How surely we know who is there (认证等级, STANDARDS 11.5)."""

    NONE = 0
    L1 = 1
    """Telephone and password."""
    L2 = 2
    """Name and number checked against the authority."""
    L3 = 3
    """Face, bank, electronic identity, or checked at a counter."""


class ActorKind(StrEnum):
    """What sort of somebody acts."""

    ANONYMOUS = "anonymous"
    PERSON = "person"
    STAFF = "staff"
    CLIENT = "client"
    SYSTEM = "system"


class Door(StrEnum):
    """The door that the actor came through (渠道)."""

    PORTAL = "portal"
    DESK = "desk"
    KIOSK = "kiosk"
    OPENAPI = "openapi"
    COMMAND = "command"
    WORKER = "worker"


class PartyKind(StrEnum):
    """A natural person, or a legal person or other organisation."""

    PERSON = "person"
    ORGANISATION = "organisation"


class Role(StrEnum):
    """What a member of staff, or a registered client of the API, may be trusted with.

    System, security and audit administrators are three persons: GB/T 22239-2019 level 3.
    """

    INTAKE = "intake"
    REVIEWER = "reviewer"
    INSPECTOR = "inspector"
    DECIDER = "decider"
    DISPATCHER = "dispatcher"
    ISSUER = "issuer"
    ITEM_EDITOR = "item_editor"
    ITEM_PUBLISHER = "item_publisher"
    SUPERVISOR = "supervisor"
    DATA_STEWARD = "data_steward"
    DATA_OFFICE = "data_office"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"


@dataclass(frozen=True, slots=True)
class Party:
    """The one a matter is about: a person or an organisation of the identity room."""

    kind: PartyKind
    id: uuid.UUID


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role and where it reaches: empty fields do not narrow it.

    ``agency`` is a path of agency codes (``/A/B/``) whose subtree is meant, ``region`` a prefix of a region code,
    ``level`` an exercising level (1 to 6), ``items`` basic codes (12 digits).
    """

    role: Role
    agency: str = ""
    region: str = ""
    level: int = 0
    items: frozenset[str] = frozenset()

    def covers(self, reach: Reach) -> bool:
        """Tell whether an object with this reach lies within the grant."""
        return (
            reach.agency.startswith(self.agency)
            and reach.region.startswith(self.region)
            and (not self.level or self.level == reach.level)
            and (not self.items or reach.item in self.items)
        )


@dataclass(frozen=True, slots=True)
class Reach:
    """Where an object lies: agency path, region code, exercising level and basic item code."""

    agency: str = ""
    region: str = ""
    level: int = 0
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts (经办人), for whom (``principal``), how surely known and by which door.

    ``label`` is what others may read of the actor (a staff number, "applicant"); never a personal number.
    """

    kind: ActorKind
    id: uuid.UUID | None = None
    label: str = ""
    principal: Party | None = None
    delegation: uuid.UUID | None = None
    level: AssuranceLevel = AssuranceLevel.NONE
    door: Door = Door.PORTAL
    grants: tuple[RoleGrant, ...] = ()
    agency: str = ""
    """Path of the agency that a member of staff belongs to."""
    scopes: frozenset[str] = frozenset()
    """Scopes of an API client's token."""
    purpose: str = ""
    """What an API client was registered for: stands in the record of all that it does."""
    request_id: str = ""
    second_factor: bool = False
    items: frozenset[str] = frozenset()
    """Basic codes that the delegation is limited to; empty does not narrow."""
    may_sign: bool = True
    """Whether the delegation lets the actor sign and hand in for the principal."""

    def may_handle(self, items: Iterable[str] | None) -> bool:
        """Tell whether the delegation covers a matter of these items; one of unknown items only if it is unlimited."""
        return not self.items or (bool(items) and self.items.issuperset(items or ()))

    def has_role(self, roles: Iterable[Role], reach: Reach | None = None) -> bool:
        """Tell whether any grant carries one of these roles (and covers ``reach``, if given)."""
        wanted = set(roles)
        return any(grant.role in wanted and (reach is None or grant.covers(reach)) for grant in self.grants)

    @property
    def identity(self) -> str:
        """A stable name of the actor, the scope of idempotency keys."""
        return f"{self.kind}:{self.id or ''}"


ANONYMOUS = Actor(kind=ActorKind.ANONYMOUS)
SYSTEM = Actor(kind=ActorKind.SYSTEM, label="系统", door=Door.WORKER, level=AssuranceLevel.L3)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field, in the reader's language."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Denial:
    """Why an act may not be done now: a stable code and a sentence."""

    code: str
    message: str
    fields: tuple[FieldError, ...] = field(default=())
