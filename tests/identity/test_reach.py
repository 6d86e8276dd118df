"""Each dimension of a grant (agency subtree, region, level, items) holds wherever rows are read and acts are done."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from yiwang.kernel.problems import NotAllowed, NotFound
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Door, Party, PartyKind, Role, RoleGrant
from yiwang.platform.cases import acts
from yiwang.platform.cases.models import Case
from yiwang.platform.catalog.models import Implementation
from yiwang.platform.directory import queries as directory
from yiwang.platform.licences import queries as licences
from yiwang.platform.licences.models import Licence
from yiwang.platform.notices import queries as notices
from yiwang.platform.oversight import queries as oversight
from yiwang.platform.oversight.models import Service

SHOP = {"place_region": "339901001", "has_licence": True, "shop_area": 320, "food_kinds": ["hot"]}
FOOD, FIRE = "330131018001", "330103015000"


def staff(*grants: RoleGrant) -> Actor:
    return Actor(
        kind=ActorKind.STAFF, id=uuid.uuid4(), level=AssuranceLevel.L3, door=Door.DESK, grants=grants, agency="/x/"
    )


def every_grant(role: Role) -> Iterable[RoleGrant]:
    """Give every combination of what narrows a grant."""
    agencies = ["", *(directory.get_agency(code).path for code in ("339900", "339901-amr", "339901-fire"))]
    items: list[frozenset[str]] = [frozenset(), frozenset({FOOD}), frozenset({FIRE, "000000000000"})]
    for agency, region, level, codes in itertools.product(agencies, ["", "3399", "339901", "339902"], [0, 3, 4], items):
        yield RoleGrant(role, agency, region, level, codes)


@pytest.fixture
def matters(journey: Any, deliver: Any) -> None:
    """A shop and an elderly card, closed: two counties' worth of cases, services and licences."""
    for person, event, answers in (("starter", "shop", SHOP), ("elder", "old_age", None)):
        list(journey(person, event, answers=answers).steps())
    deliver("oversight.services")


@pytest.mark.parametrize(
    ("model", "role", "seen"),
    [
        (Case, Role.REVIEWER, "visible_to"),
        (Service, Role.REVIEWER, "visible_to"),
        (Licence, Role.ISSUER, "visible_to"),
        (Implementation, Role.ITEM_EDITOR, "editable_by"),
    ],
)
def test_the_database_reaches_what_a_grant_covers(matters: None, model: Any, role: Role, seen: str) -> None:
    rows = list(model.objects.all())
    assert len({row.reach for row in rows}) > 1
    sizes = set()

    for grant in every_grant(role):
        found = set(getattr(model.objects, seen)(staff(grant)).values_list("pk", flat=True))
        assert found == {row.pk for row in rows if grant.covers(row.reach)}, grant
        sizes.add(len(found))

    assert len(sizes) > 1
    two = RoleGrant(role, directory.get_agency("339901-amr").path), RoleGrant(role, region="339902")
    both = getattr(model.objects, seen)(staff(*two))
    assert set(both) == {row for row in rows if any(grant.covers(row.reach) for grant in two)}
    assert not getattr(model.objects, seen)(staff(RoleGrant(Role.SYSTEM_ADMIN))).exists()


@pytest.mark.parametrize(
    "narrow",
    [{"agency": "/339900/339901-fire/"}, {"region": "339902"}, {"level": 2}, {"items": frozenset({"330103019999"})}],
)
def test_an_act_is_refused_outside_each_dimension(journey: Any, narrow: dict[str, Any]) -> None:
    walk = journey("starter", "shop", answers=SHOP)
    for stage in walk.steps():
        if stage.act == "cases.accept_all":
            break
    case = Case.objects.get(item_code=FOOD)
    point = {"target": "field:shop_area", "label": "面积", "message": "请核对"}

    for grants in (
        [RoleGrant(Role.REVIEWER, **narrow)],
        [RoleGrant(Role.SUPERVISOR), RoleGrant(Role.REVIEWER, **narrow)],
    ):
        with pytest.raises((NotFound, NotAllowed)):
            acts.request_correction(case.id, [point], by=staff(*grants), key=uuid.uuid4().hex)
    acts.request_correction(case.id, [point], by=staff(RoleGrant(Role.REVIEWER)), key=uuid.uuid4().hex)


def test_a_delegate_for_some_items_reads_of_those_only(matters: None, deliver: Any, person_id: Any) -> None:
    deliver("notices")
    starter = Party(PartyKind.PERSON, person_id("starter"))
    whole = Actor(kind=ActorKind.PERSON, id=person_id("rep"), principal=starter, level=AssuranceLevel.L3)
    some = replace(whole, items=frozenset({FOOD}))
    other = replace(whole, items=frozenset({"332011018000"}))

    def read(by: Actor) -> tuple[set[str], int, set[str], int]:
        messages = {one.kind for one in notices.inbox(by)[0]}
        cases = Case.objects.filter(principal_id=starter.id).values_list("pk", flat=True)
        services = {one.name for case in cases for one in oversight.services_of(case, by)}
        return messages, notices.unread(by), services, len(licences.wallet(by))

    everything, mine, nothing = read(whole), read(some), read(other)

    assert mine[0] < everything[0] | {"x"}
    assert "application.submitted" in everything[0]
    assert "application.submitted" not in mine[0]
    assert {"case.granted", "licence.issued"} <= mine[0]
    assert 0 < mine[1] < everything[1]
    assert len(mine[2]) == 1 < len(everything[2])
    assert 0 < mine[3] < everything[3]
    assert nothing == (set(), 0, set(), 0)
