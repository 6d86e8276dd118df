"""What other rooms may know of the directory."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum

from yiwang.kernel.types import Role, RoleGrant

ADMINISTRATIONS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
"""Three persons (GB/T 22239-2019, level 3): nobody holds two of these, and no deputy takes one over."""


LABEL = 60
"""Length of what names a member of staff in records; a longer agency's name is cut, the number never."""


class RegionLevel(IntEnum):
    """行政区划 level; the value is the exercising level of GB/T 39046 A.2."""

    PROVINCE = 2
    CITY = 3
    COUNTY = 4
    TOWN = 5
    VILLAGE = 6


class CounterKind(StrEnum):
    """A counter for everything (综合窗口), for one subject, or for consulting."""

    GENERAL = "general"
    SPECIAL = "special"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class RegionView:
    """A region with its full name (city, county and town in one word)."""

    code: str
    name: str
    level: RegionLevel
    parent: str
    full_name: str


@dataclass(frozen=True, slots=True)
class AgencyView:
    """An agency. ``path`` is its place in the tree, ``function`` what it does in any county (``amr``, ``fire`` …)."""

    id: uuid.UUID
    code: str
    name: str
    short_name: str
    name_en: str
    uscc: str
    function: str
    region: str
    level: int
    path: str
    phone: str
    complaint_phone: str
    external: bool = False
    """Of another city: its items are shown, not applied for here."""


@dataclass(frozen=True, slots=True)
class CentreView:
    """A service centre (政务服务中心)."""

    code: str
    name: str
    region: str
    address: str
    hours: str
    phone: str
    longitude: float | None
    latitude: float | None
    traffic: str = ""


@dataclass(frozen=True, slots=True)
class NearCentre:
    """A service centre with how far it is from where somebody is, in kilometres as the crow flies; None if unknown."""

    centre: CentreView
    distance: float | None = None


@dataclass(frozen=True, slots=True)
class StaffView:
    """A member of staff as colleagues and citizens may see them: number and agency, not the name."""

    id: uuid.UUID
    number: str
    name: str
    agency_name: str
    agency_path: str
    roles: tuple[str, ...]
    active: bool

    @property
    def label(self) -> str:
        """Return agency and number, as they stand in records and on pages: 60 signs at most."""
        return f"{self.agency_name[: LABEL - 1 - len(self.number)]} {self.number}"


@dataclass(frozen=True, slots=True)
class StaffDetail:
    """A member of staff as the security administrator sees them."""

    view: StaffView
    agency: str
    centre: str
    counter: str
    grants: tuple[RoleGrant, ...]
    account: uuid.UUID | None
    absent_from: date | None
    absent_until: date | None
    deputy: str


@dataclass(frozen=True, slots=True)
class AgencyDetail:
    """An agency as the system administrator sees it."""

    view: AgencyView
    parent: str
    parent_name: str
    address: str
    active: bool


@dataclass(frozen=True, slots=True)
class CounterView:
    """A counter of a centre."""

    number: str
    name: str
    kind: CounterKind


@dataclass(frozen=True, slots=True)
class YearView:
    """A year of the calendar."""

    year: int
    source: str
    provisional: bool


@dataclass(frozen=True, slots=True)
class DayView:
    """A day that the calendar names."""

    day: date
    is_workday: bool
    reason: str
    source: str
