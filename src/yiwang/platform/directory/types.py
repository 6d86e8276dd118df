"""What other rooms may know of the directory."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import IntEnum, StrEnum


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
    """A region with its full name (温州市鹿城区五马街道)."""

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
