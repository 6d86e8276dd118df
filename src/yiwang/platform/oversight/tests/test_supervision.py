from dataclasses import replace
from datetime import timedelta

import pytest

from yiwang.kernel import clock, holidays
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound, NotNow
from yiwang.kernel.types import Reach, Role
from yiwang.platform.cases import acts as case_acts
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.tests.conftest import (
    FOOD,
    MONDAY,
    accepted,
    at,
    case_of,
    key,
    next_workday,
    officer,
    person,
    stored,
)
from yiwang.platform.cases.tests.conftest import staff as staff_with_reach
from yiwang.platform.oversight import acts, queries
from yiwang.platform.oversight.models import Alert, Explanation
from yiwang.platform.oversight.types import Near
from yiwang.platform.sharing.models import Dataset

pytestmark = pytest.mark.usefixtures("testville")
SHOP = {"place_region": "339901001", "has_licence": True, "shop_area": 320, "food_kinds": ["hot"]}


@pytest.fixture
def running(journey):
    """A shop whose cases are accepted and running."""
    walk = journey("starter", "shop", answers=SHOP)
    for stage in walk.steps():
        if stage.act == "cases.accept_all":
            break
    with clock.at(stage.at):
        walk.cases = list(cases.get_application(walk.walk.application, walk.applicant).cases)
    assert all(case.due_on for case in walk.cases)
    return walk


def at_noon(day):
    return clock.at(clock.end_of(day) - timedelta(hours=12))


def near(by, how):
    calendar = holidays.table()
    return queries.near(by, queries.span(how, calendar), calendar)


def joint_near(by, how):
    calendar = holidays.table()
    return queries.joint_near(by, queries.span(how, calendar), calendar)


def test_cases_move_from_soon_to_over(running, staff):
    due = min(case.due_on for case in running.cases)
    supervisor = staff("supervisor")
    with at_noon(due - timedelta(days=60)):
        assert [near(supervisor, how)[0] for how in Near] == [[], [], []]
    with at_noon(due):
        assert due in [case.due_on for case in near(supervisor, Near.DAY)[0]]
    with at_noon(due + timedelta(days=40)):
        found, cursor, _tell = near(supervisor, Near.OVER)
        assert {case.id for case in found} == {case.id for case in running.cases}
        assert [case.due_on for case in found] == sorted(case.due_on for case in found)
        assert cursor == ""
        assert all(case.days_left < 0 for case in found)


def test_a_joint_limit_that_comes_near_is_watched_like_that_of_a_case(running, staff, sign_in):
    view = cases.get_application(running.walk.application, running.applicant)
    due, supervisor = view.joint_due_on, staff("supervisor")
    with at_noon(due - timedelta(days=60)):
        assert [joint_near(supervisor, how) for how in Near] == [[], [], []]
    for how, day in ((Near.DAY, due), (Near.OVER, due + timedelta(days=1))):
        with at_noon(day):
            assert [one.id for one in joint_near(supervisor, how)] == [view.id]
            page = sign_in("supervisor").get(f"/desk/limits/?show={how.value}").content.decode()
            assert f"/desk/applications/{view.id}/" in page
    with at_noon(due):
        assert joint_near(staff("decider", "amr"), Near.DAY) == []


def test_the_time_to_tell_whether_it_is_accepted_is_watched_too(journey, staff, sign_in):
    walk = journey("starter", "shop", answers=SHOP)
    for stage in walk.steps():
        if stage.act == "cases.submit":
            break
    with clock.at(stage.at):
        case = cases.get_application(walk.walk.application, walk.applicant).cases[0]
    supervisor = staff("supervisor")
    with at_noon(case.tell_by - timedelta(days=30)):
        assert [near(supervisor, how)[2] for how in Near] == [[], [], []]
    for how, day, words in (
        (Near.DAY, case.tell_by, "剩 0 个工作日告知"),
        (Near.OVER, case.tell_by + timedelta(days=1), "已过告知期限"),
    ):
        with at_noon(day):
            assert case.id in [one.id for one in near(supervisor, how)[2]]
            page = sign_in("supervisor").get(f"/desk/limits/?show={how.value}").content.decode()
            assert words in page
            assert f"/desk/cases/{case.id}/" in page


def test_a_second_visit_to_the_counter_for_the_same_matter_is_noticed(deliver, db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    Dataset.objects.update(available=True)
    with at(MONDAY):
        owner = person("测试法人甲")
        counter = replace(staff_with_reach(Role.INTAKE, Reach(region="339901001")), principal=owner.principal)
        case = case_of(accepted(counter, FOOD), FOOD)
        point = {"target": "material:floor_plan", "label": "店内平面图", "message": "没有标面积。"}
        case_acts.request_correction(case.pk, [point], by=officer(case, Role.REVIEWER), key=key())
    deliver("oversight.visits")
    assert not Alert.objects.exists()
    with at(next_workday(MONDAY)):
        case_acts.add_file(case.application_id, "floor_plan", stored(), by=counter, key=key())
        case_acts.answer_correction(case.pk, {}, by=counter, key=key())
    deliver("oversight.visits")
    deliver("oversight.visits")
    alert = Alert.objects.get()
    assert (alert.kind, alert.case_id) == ("second_visit", case.pk)


def test_who_comes_to_the_counter_once_and_goes_on_at_home_raises_no_alert(deliver, db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    Dataset.objects.update(available=True)
    with at(MONDAY):
        owner = person("测试法人甲")
        counter = replace(staff_with_reach(Role.INTAKE, Reach(region="339901001")), principal=owner.principal)
        case = case_of(accepted(counter, FOOD), FOOD)
        point = {"target": "material:floor_plan", "label": "店内平面图", "message": "没有标面积。"}
        case_acts.request_correction(case.pk, [point], by=officer(case, Role.REVIEWER), key=key())
    with at(next_workday(MONDAY)):
        case_acts.add_file(case.application_id, "floor_plan", stored(), by=owner, key=key())
        case_acts.answer_correction(case.pk, {}, by=owner, key=key())
    deliver("oversight.visits")
    assert not Alert.objects.exists()


def test_a_late_case_is_explained_in_public_once_without_the_applicant(running, staff, client):
    case = running.cases[0]
    agency = case.agency_path.strip("/").rpartition("-")[2]
    decider = staff("decider", agency)
    with pytest.raises(NotNow), at_noon(case.due_on):
        acts.explain(case.id, "设备故障", by=decider, key="0")
    with at_noon(case.due_on + timedelta(days=3)):
        with pytest.raises(Invalid):
            acts.explain(case.id, " ", by=decider, key="1")
        with pytest.raises(Invalid):
            acts.explain(case.id, f"{case.applicant_name}没接电话", by=decider, key="2")
        acts.explain(case.id, "检测设备故障，三日内办好。", by=decider, key="3")
        with pytest.raises(NotNow):
            acts.explain(case.id, "再说一次", by=decider, key="4")
        page = client.get("/ratings/late/").content.decode()
    assert "检测设备故障，三日内办好。" in page
    assert case.applicant_name not in page
    assert Explanation.objects.count() == 1


def test_only_who_answers_for_it_explains(running, staff):
    case = next(case for case in running.cases if "fire" in case.agency_path)
    with at_noon(case.due_on + timedelta(days=3)):
        with pytest.raises(NotFound):
            acts.explain(case.id, "x", by=staff("decider", "amr"), key="1")
        with pytest.raises(NotAllowed):
            acts.explain(case.id, "x", by=staff("reviewer", "fire"), key="2")


def test_coming_again_for_the_same_item_raises_one_alert(closed, journey, deliver, staff):
    deliver("oversight.repeats")
    assert not Alert.objects.exists()
    first = closed.walk.cases[0]
    again = journey("elder", "old_age", start=clock.legal_date(first.received_at) + timedelta(days=10))
    list(again.steps())
    deliver("oversight.repeats")
    deliver("oversight.repeats")
    row = Alert.objects.get()
    assert row.kind == "second_application"
    assert (row.case_id, row.earlier_case_id) == (again.walk.cases[0].id, first.id)
    assert queries.alerts(staff("supervisor"))[0].earlier_case == first.id


def test_coming_again_after_a_long_time_is_no_alert(closed, journey, deliver):
    first = closed.walk.cases[0]
    list(journey("elder", "old_age", start=clock.legal_date(first.received_at) + timedelta(days=45)).steps())
    deliver("oversight.repeats")
    assert not Alert.objects.exists()
