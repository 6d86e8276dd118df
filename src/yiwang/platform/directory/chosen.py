"""Where somebody said they are: a county or town, kept by their browser only."""

from __future__ import annotations

from django.http import HttpRequest

from yiwang.kernel.remembered import remembered
from yiwang.platform.directory import queries
from yiwang.platform.directory.types import RegionLevel, RegionView

COOKIE = "yw_place"
_LENGTHS = (6, 9)


def place_of(request: HttpRequest) -> RegionView | None:
    """Return the county or town that the visitor chose, or nothing."""
    return find_place(request.COOKIES.get(COOKIE, ""))


def find_place(code: str) -> RegionView | None:
    """Return a county or town by code, or nothing; remembered for some minutes."""
    if len(code) not in _LENGTHS or not (code.isascii() and code.isdigit()):
        return None
    found = remembered(f"directory.place:{code}", lambda: queries.find_region(code), 300)
    return found if found and found.level in (RegionLevel.COUNTY, RegionLevel.TOWN) else None
