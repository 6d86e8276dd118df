"""A closed matter that can be rated, and the people around it."""

from datetime import timedelta

import pytest

from yiwang.kernel import clock
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Door, Party, PartyKind, Role
from yiwang.platform.directory.queries import staff_with
from yiwang.platform.oversight.models import Service


@pytest.fixture
def elder(person_id):
    """The elder, signed in."""
    person = person_id("elder")
    return Actor(
        kind=ActorKind.PERSON,
        id=person,
        principal=Party(PartyKind.PERSON, person),
        level=AssuranceLevel.L3,
        door=Door.PORTAL,
    )


@pytest.fixture
def closed(journey, deliver):
    """The elderly card, closed and noted as a service."""
    walk = journey("elder", "old_age")
    list(walk.steps())
    deliver("oversight.services")
    return walk


@pytest.fixture
def service(closed):
    """Return the one service."""
    return Service.objects.get()


@pytest.fixture
def later(closed):
    """Return a function that gives an instant some days after the matter closed."""
    base = Service.objects.get().done_at

    def after(days, hours=0):
        return clock.at(base + timedelta(days=days, hours=hours))

    return after


@pytest.fixture
def staff(testville):
    """Return a function that gives the first member of staff with a role in an agency."""

    def find(role, agency=""):
        for member, grants in staff_with(Role(role)):
            if agency in member.agency_path:
                return Actor(
                    kind=ActorKind.STAFF,
                    id=member.id,
                    label=member.number,
                    level=AssuranceLevel.L3,
                    door=Door.DESK,
                    grants=grants,
                    agency=member.agency_path,
                )
        raise LookupError(role)

    return find
