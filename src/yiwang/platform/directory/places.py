"""Which service centre is near: by region, then as the crow flies. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import asin, cos, radians, sin, sqrt

from yiwang.platform.directory.types import CentreView, NearCentre

EARTH = 6371.0
"""Mean radius, in kilometres."""


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the way between two points (longitude, latitude in degrees) on the globe, in kilometres."""
    (east, north), (further_east, further_north) = ([radians(part) for part in point] for point in (one, other))
    half = sin((further_north - north) / 2) ** 2
    half += cos(north) * cos(further_north) * sin((further_east - east) / 2) ** 2
    return 2 * EARTH * asin(min(1.0, sqrt(half)))


def nearest(centres: Sequence[CentreView], region: str, size: int) -> list[NearCentre]:
    """Return the centres nearest to a region: in the same town, county, city first, then by distance.

    Distances are counted from the first of them that says where it is; a county has none to give.
    """
    first = sorted(centres, key=lambda centre: (-_shared(centre.region, region), centre.region, centre.code))
    town = len(region) >= 9
    home = next((_point(one) for one in first if town and one.region == region and _point(one)), None)
    found = [NearCentre(one, _apart(home, _point(one))) for one in first]
    if home is not None:
        found.sort(key=lambda one: (one.centre.region != region, one.distance is None, one.distance or 0.0))
    return found[:size]


def _shared(one: str, other: str) -> int:
    """Return how far two regions are the same: 4 in one village, 3 in one town, 2 in one county, 1 in one city."""
    return sum(1 for length in (4, 6, 9, 12) if len(other) >= length and one[:length] == other[:length])


def _point(centre: CentreView) -> tuple[float, float] | None:
    return None if centre.longitude is None or centre.latitude is None else (centre.longitude, centre.latitude)


def _apart(one: tuple[float, float] | None, other: tuple[float, float] | None) -> float | None:
    return None if one is None or other is None else round(distance(one, other), 1)
