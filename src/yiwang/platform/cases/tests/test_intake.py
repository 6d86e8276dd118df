"""Who finds what on the list of what was handed in."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from yiwang.kernel.types import Actor, ActorKind, Role, RoleGrant
from yiwang.platform.cases.intake import intake_count, intake_page
from yiwang.platform.cases.models import Application
from yiwang.platform.directory import queries as directory


def window(agency: str = "") -> Actor:
    path = directory.get_agency(agency).path if agency else ""
    grants = (RoleGrant(Role.INTAKE, path, "339901"),)
    return Actor(kind=ActorKind.STAFF, id=uuid.uuid4(), label="测试窗口", grants=grants, agency=path)


def titles(by: Actor) -> set[str]:
    rows = intake_page(by).rows
    assert intake_count(by).value == len(rows)
    assert Application.objects.visible_to(by).filter(pk__in=[row.id for row in rows]).count() == len(rows)
    return {row.title for row in rows}


@pytest.mark.usefixtures("testville")
def test_a_hall_sees_all_and_an_agencys_own_window_what_it_has_a_part_in(journey: Callable[..., Any]) -> None:
    shop = {"place_region": "339901001", "has_licence": False, "shop_area": 320, "food_kinds": ["hot"]}
    for login, event, answers in (("starter", "shop", shop), ("elder", "old_age", None)):
        for stage in journey(login, event, answers=answers).steps():
            if stage.act == "cases.submit":
                break
    both = titles(window())
    assert len(both) == 2
    fire, civil = titles(window("339901-fire")), titles(window("339900-civil_affairs"))
    assert len(fire) == 1
    assert fire < both
    assert titles(window("339901-data")) == set()
    assert not fire & civil
