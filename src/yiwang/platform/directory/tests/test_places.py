"""Near is near: distances against known ones, order against a slow count."""

from math import acos, cos, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.platform.directory.places import EARTH, distance, nearest
from yiwang.platform.directory.types import CentreView

REGIONS = ("3399", "339900", "339901", "339902", "339901001", "339901002", "339902001", "330101001")
points = st.tuples(st.floats(118, 122), st.floats(27, 30))


def slow_distance(one, other):
    """The law of cosines on the globe: exact but for points that lie together."""
    (east, north), (further_east, further_north) = ([radians(part) for part in point] for point in (one, other))
    inside = sin(north) * sin(further_north) + cos(north) * cos(further_north) * cos(further_east - east)
    return EARTH * acos(max(-1.0, min(1.0, inside)))


@given(points, points)
def test_distances_are_those_of_the_globe(one, other):
    assert distance(one, other) == pytest.approx(slow_distance(one, other), abs=0.2)
    assert distance(one, other) == pytest.approx(distance(other, one))


def test_wenzhou_lies_some_350_km_from_shanghai():
    assert distance((120.70, 27.99), (121.47, 31.23)) == pytest.approx(368, abs=5)


def centre(number, region, point):
    return CentreView(str(number), f"中心{number}", region, "", "", "", *(point or (None, None)))


@given(
    st.lists(st.tuples(st.sampled_from(REGIONS[1:]), st.none() | points), max_size=12),
    st.sampled_from(("", *REGIONS)),
    st.integers(1, 5),
)
def test_the_nearest_come_first_and_their_own_town_before_all(rows, region, size):
    centres = [centre(number, *row) for number, row in enumerate(rows)]
    found = nearest(centres, region, size)
    assert len(found) == min(size, len(centres))
    assert len({one.centre.code for one in found}) == len(found)
    own = {one.code for one in centres if one.region == region}
    if len(region) >= 9 and own:
        assert found[0].centre.code in own
    measured = [one.distance for one in found if one.centre.code not in own and one.distance is not None]
    if any(one.distance is not None for one in found):
        assert measured == sorted(measured)
    left_out = [one for one in nearest(centres, region, 99) if one not in found]
    if measured and left_out and all(one.distance is not None for one in left_out):
        assert max(measured) <= min(one.distance for one in left_out)
