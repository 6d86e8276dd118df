"""Administrators within bounds: whom they appoint, what they give, what they keep and read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from yiwang.kernel import clock, holidays
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound
from yiwang.kernel.types import Role, RoleGrant
from yiwang.platform.directory import acts as directory
from yiwang.platform.directory import queries as people
from yiwang.platform.identity import acts, trail
from yiwang.platform.identity.models import Account

from .conftest import key, member, signed_in
from .test_desk import security, staff_id


def county(*roles):
    """An administrator of the market regulator alone."""
    path = people.get_agency("339901-amr").path
    by = member("D007")
    return replace(by, grants=tuple(RoleGrant(role, agency=path) for role in roles))


def test_an_administrator_s_reach_bounds_whom_they_appoint_and_what_they_give():
    by = county(Role.SECURITY_ADMIN)
    directory.set_roles(staff_id("A001"), [{"role": "reviewer"}], by=by, key=key())
    with pytest.raises(NotAllowed):
        directory.set_roles(staff_id("F001"), [{"role": "reviewer"}], by=by, key=key())
    for too_far in ({"agency": "*"}, {"agency": "339901-fire"}, {"agency": "*", "region": "339901"}):
        with pytest.raises(NotAllowed) as refused:
            directory.set_roles(staff_id("A001"), [{"role": "decider", **too_far}], by=by, key=key())
        assert "超过您自己管辖范围" in str(refused.value.detail)
    with pytest.raises(NotAllowed):
        directory.save_staff("N002", "演示新人", "339901-fire", by=by, key=key())
    with pytest.raises(NotAllowed):
        directory.save_staff("F001", "演示", "339901-amr", by=by, key=key())
    mine = directory.save_staff("N002", "演示新人", "339901-amr", by=by, key=key())
    acts.open_staff_account(mine, "new-two", by=by, key=key())
    theirs = directory.save_staff("N003", "演示新人", "339901-fire", by=security(), key=key())
    with pytest.raises(NotAllowed):
        acts.open_staff_account(theirs, "new-three", by=by, key=key())
    for act in (acts.reset_staff_password, acts.reset_staff_factors, acts.unlock_account, acts.end_sessions_of_staff):
        with pytest.raises(NotAllowed):
            act(Account.objects.get(login="fire-reviewer").pk, by=by, key=key())
    assert {one.agency for one in people.staff_list(by).items} == {"339901-amr"}
    with pytest.raises(NotFound):
        people.get_staff(staff_id("F001"), by)


def test_a_system_administrator_keeps_what_lies_within_their_reach():
    by = county(Role.SYSTEM_ADMIN)
    amr, fire = people.get_agency("339901-amr"), people.get_agency("339901-fire")
    more = {"function": "amr", "region": "339901", "level": 4, "parent": "339901"}
    more["parent"] = people.find_agency_detail("339901-amr").parent
    directory.save_agency(amr.code, "新名称", short_name="新", uscc=amr.uscc, by=by, key=key(), **more)
    with pytest.raises(NotAllowed):
        directory.save_agency(fire.code, "新名称", short_name="新", uscc=fire.uscc, by=by, key=key(), **more)
    more = {"region": "339901", "address": "演示路", "hours": "9-17"}
    with pytest.raises(NotAllowed):
        directory.save_centre("demo-hall", "演示大厅", by=by, key=key(), **more)
    for act in (
        lambda: directory.set_day(date(2026, 3, 5), False, reason="", source="x", by=by, key=key()),
        lambda: directory.clear_day(date(2026, 3, 5), by=by, key=key()),
        lambda: directory.set_year(2027, "x", True, by=by, key=key()),
    ):
        with pytest.raises(NotAllowed):
            act()
    region = replace(by, grants=(RoleGrant(Role.SYSTEM_ADMIN, region="339901"),))
    holidays.seed()
    directory.set_day(date(2026, 3, 5), False, reason="", source="x", region="339901", by=region, key=key())
    directory.save_centre("demo-hall", "演示大厅", by=region, key=key(), **more)


def test_roles_end_with_the_post_and_are_written_as_they_are_meant():
    pk = staff_id("A001")
    twice = [{"role": "reviewer", "items": ["330131018001"]}, {"role": "reviewer", "items": ["330131018002"]}]
    directory.set_roles(pk, twice, by=security(), key=key())
    assert [grant.items for grant in people.get_staff(pk).grants] == [{"330131018001", "330131018002"}]
    directory.set_roles(pk, [*twice, {"role": "reviewer"}], by=security(), key=key())
    assert [grant.items for grant in people.get_staff(pk).grants] == [frozenset()]
    for wrong in ({"region": "999"}, {"items": ["123"]}, {"items": ["3301310180011"]}):
        with pytest.raises(Invalid):
            directory.set_roles(pk, [{"role": "reviewer", **wrong}], by=security(), key=key())
    directory.save_staff("A001", "测试审查员", "339901-fire", by=security(), key=key())
    assert people.get_staff(pk).grants == ()
    with pytest.raises(NotAllowed):
        directory.save_staff("D007", "我", "339901-amr", by=security(), key=key())


def test_an_absence_that_begins_later_changes_nothing_today():
    later = clock.today() + timedelta(days=3)
    me = member("A003", Role.DECIDER)
    directory.set_absence(staff_id("A003"), later, later, "A001", by=me, key=key())
    assert people.present(staff_id("A003")).number == "A003"
    assert people.standing_in_for(staff_id("A001")) == []
    with clock.at(clock.end_of(later) - timedelta(hours=12)):
        assert people.present(staff_id("A003")).number == "A001"
        assert people.standing_in_for(staff_id("A001")) == [staff_id("A003")]


def test_an_audit_administrator_of_an_agency_reads_what_it_did():
    signed_in("amr-reviewer")
    signed_in("rep")
    mine = trail.search(trail.TrailFilters(), county(Role.AUDIT_ADMIN)).entries
    assert mine
    assert {one.agency for one in mine} == {people.get_agency("339901-amr").name}
    assert trail.search(trail.TrailFilters(), county(Role.SECURITY_ADMIN)).entries == ()


@pytest.mark.parametrize("login", ["", "13912345678", "339901198501011119", "A b", "Upper", "x" * 41])
def test_a_login_is_nothing_that_could_be_somebody_else_s_number(login):
    pk = directory.save_staff("N004", "演示新人", "339901-amr", by=security(), key=key())
    answer = signed_in("security-admin").post(f"/desk/staff/{pk}/account/open/", {"login": login, "key": key()})
    assert answer.status_code == 422
    assert not Account.objects.filter(staff__number="N004").exists()


@pytest.mark.parametrize("day", ["", "x", "2026-13-01"])
def test_a_strange_day_is_no_crash(day):
    answer = signed_in("system-admin").post("/desk/calendar/", {"do": "clear", "day": day, "of": "2026", "region": ""})
    assert answer.status_code == 404
