"""What the law makes due by itself: exact, however long the worker was away."""

from datetime import date, timedelta

import pytest

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import system_record
from yiwang.kernel.models import CalendarYear, Timer
from yiwang.kernel.problems import NotNow
from yiwang.kernel.types import Role
from yiwang.platform.cases import acts, engine, sweep
from yiwang.platform.cases.models import Application, Document
from yiwang.platform.cases.tests.conftest import (
    COMPANY,
    FIRE,
    FOOD,
    MONDAY,
    accepted,
    at,
    case_of,
    clerk,
    decide,
    draft,
    fresh,
    key,
    officer,
    stored,
    submit,
)
from yiwang.platform.sharing.models import Dataset
from yiwang.ui import keeping

PLAN = {"target": "material:floor_plan", "label": "店内平面图", "message": "没有标面积。"}


def ring_until(day, hour=9):
    """Let the worker come back on this day."""
    with at(day, hour):
        while timers.ring_due():
            pass


def test_nobody_told_in_five_working_days_so_it_is_accepted_from_the_day_of_receipt(owner):
    application = submit(owner, FOOD)
    ring_until(date(2026, 3, 9), 23)
    assert case_of(application, FOOD).state == "submitted", "the fifth working day is not over"
    ring_until(date(2026, 5, 20))  # the worker was away for two months
    case = case_of(application, FOOD)
    assert (case.state, case.deemed, clock.legal_date(case.accepted_at)) == ("accepted", True, MONDAY)
    assert str(case.due_on) == "2026-03-12", "counted from the day of receipt"
    notice = Document.objects.get(case=case, kind="acceptance")
    assert clock.legal_date(notice.created_at) == date(2026, 3, 10), "made at its legal instant"
    assert notice.content["deemed"]
    assert notice.content["accepted_on"] == "2026-03-02"


def test_each_case_has_its_own_five_days(owner):
    application = submit(owner, FOOD, FIRE)
    food, fire = case_of(application, FOOD), case_of(application, FIRE)
    with at(date(2026, 3, 4), 10):
        acts.request_correction(food.pk, [PLAN], by=clerk(application), key=key())
    with at(date(2026, 3, 6)):
        acts.add_file(application.pk, "floor_plan", stored(), by=owner, key=key())
        acts.answer_correction(food.pk, {}, by=owner, key=key())
    ring_until(date(2026, 3, 10))
    assert (fresh(fire).state, fresh(food).state) == ("accepted", "submitted")
    ring_until(date(2026, 3, 14))
    food = fresh(food)
    assert (food.state, food.deemed, clock.legal_date(food.accepted_at)) == ("accepted", True, date(2026, 3, 6))


def test_an_acceptance_in_time_leaves_no_timer(owner):
    accepted(owner, FOOD)
    assert not Timer.objects.filter(kind__startswith="cases.", fired_at=None).exists()


def test_what_is_not_corrected_in_ten_working_days_is_closed(owner):
    case = case_of(submit(owner, FOOD), FOOD)
    acts.request_correction(case.pk, [PLAN], by=clerk(case.application), key=key())
    ring_until(date(2026, 3, 16), 23)
    assert fresh(case).state == "supplement"
    ring_until(date(2026, 3, 20))
    case = fresh(case)
    assert (case.state, case.result, clock.legal_date(case.closed_at)) == (
        "closed",
        "no_supplement",
        date(2026, 3, 17),
    )
    assert case.corrections.get().state == "lapsed"


def test_a_correction_during_handling_lapses_too(food):
    acts.request_correction(food.pk, [PLAN], by=officer(food, Role.REVIEWER), key=key())
    ring_until(date(2026, 3, 17))
    assert (fresh(food).state, fresh(food).result) == ("closed", "no_supplement")


def test_a_returned_case_that_nobody_hands_in_again_counts_as_taken_back(owner):
    case = case_of(submit(owner, FOOD), FOOD)
    by = clerk(case.application)
    acts.pre_review(case.pk, by=by, key=key())
    acts.return_application(case.pk, [PLAN], by=by, key=key())
    ring_until(date(2026, 9, 1))
    assert fresh(case).result == "returned"


def test_a_deferred_material_that_does_not_come_revokes_the_acceptance(owner):
    case = case_of(accepted(owner, FOOD, ways={"staff_health": "deferred"}), FOOD)
    ring_until(case.conditional_due_on, 23)
    assert fresh(case).state == "conditional"
    ring_until(case.conditional_due_on + timedelta(days=3))
    case = fresh(case)
    assert (case.state, case.result) == ("closed", "revoked")
    assert "从业人员健康证明" in Document.objects.get(case=case, kind="revocation").content["reason"]


def test_a_case_is_archived_thirty_days_after_delivery(food):
    decide(food)
    ring_until(MONDAY + timedelta(days=30), 23)
    assert fresh(food).state == "delivered"
    ring_until(MONDAY + timedelta(days=40))
    food = fresh(food)
    assert (food.state, clock.legal_date(food.archived_at)) == ("archived", MONDAY + timedelta(days=31))


def test_what_nobody_fetches_is_archived_after_closing(owner):
    application = submit(owner, FOOD, delivery=[{"way": "window"}])
    acts.accept_all(application.pk, by=clerk(application), key=key())
    decide(case_of(application, FOOD))
    ring_until(MONDAY + timedelta(days=31))
    assert case_of(application, FOOD).state == "archived"


def test_a_commitment_that_is_not_checked_is_told_to_supervision(owner, events):
    case = case_of(accepted(owner, FOOD, ways={"food_safety_rules": "committed"}), FOOD)
    decide(case)
    ring_until(engine.end_of_workdays("", MONDAY, 60) + timedelta(days=1))
    assert "case.commitment_overdue" in events(case)


def test_a_late_worker_gives_nobody_more_time(owner):
    """Guards ask the date: on the sixth day it counts as accepted, though the timer has not rung yet."""
    application = submit(owner, FOOD, FIRE)
    food, by = case_of(application, FOOD), clerk(application)
    with at(date(2026, 3, 10)):
        for refused in (
            lambda: acts.request_correction(food.pk, [PLAN], by=by, key=key()),
            lambda: acts.refuse_acceptance(food.pk, "不属于职权范围。", by=by, key=key()),
        ):
            with pytest.raises(NotNow, match="视为受理"):
                refused()
        acts.accept_all(application.pk, by=by, key=key())
    food = fresh(food)
    assert (food.deemed, clock.legal_date(food.accepted_at), str(food.due_on)) == (True, MONDAY, "2026-03-12")


def test_a_late_worker_gives_the_applicant_no_more_time_either(owner):
    case = case_of(submit(owner, FOOD), FOOD)
    acts.request_correction(case.pk, [PLAN], by=clerk(case.application), key=key())
    owing = case_of(accepted(owner, FOOD, ways={"staff_health": "deferred"}), FOOD)
    with at(date(2026, 3, 17)):
        with pytest.raises(NotNow):
            acts.add_file(case.application_id, "floor_plan", stored(), by=owner, key=key())
        with pytest.raises(NotNow, match="期限已过"):
            acts.answer_correction(case.pk, {}, by=owner, key=key())
        with pytest.raises(NotNow):
            acts.add_file(owing.application_id, "staff_health", stored(), by=owner, key=key())
    with at(owing.conditional_due_on, 23):
        acts.add_file(owing.application_id, "staff_health", stored(), by=owner, key=key())
    assert fresh(owing).state == "accepted"


def test_a_wrong_timer_does_nothing(food):
    """A timer whose matter went on without it has done its work."""
    with at(MONDAY):
        with system_record("test"):
            timers.set_timer(engine.CORRECTION, food.pk, clock.now())
            timers.set_timer(engine.CONDITIONAL, food.pk, clock.now())
        timers.ring_due()
    assert not Timer.objects.filter(subject_id=food.pk, fired_at=None).exists()
    assert fresh(food).state == "accepted"


def test_old_drafts_go_with_their_files(owner):
    pk, other = draft(owner, FOOD), draft(owner, FOOD)
    mine, shared = stored(), stored()
    acts.add_file(pk, "floor_plan", mine, by=owner, key=key())
    acts.add_file(pk, "photo", shared, by=owner, key=key())
    acts.add_file(other, "photo", shared, by=owner, key=key())
    Application.objects.filter(pk=other).update(expires_on=date(2027, 1, 1))
    with at(MONDAY + timedelta(days=90)):
        assert sweep.discard_old_drafts("a") == 0
    with at(MONDAY + timedelta(days=91)):
        assert sweep.discard_old_drafts("b") == 1
    assert list(Application.objects.values_list("pk", flat=True)) == [other]
    assert keeping.held([mine["digest"], shared["digest"]]) == {shared["digest"]}, "what another draft refers to stays"


def test_sources_that_are_back_are_asked_again(owner):
    Dataset.objects.update(available=False)
    case = case_of(accepted(owner, FOOD), FOOD)
    assert sweep.recheck_waiting("a") == 1
    assert fresh(case).recheck
    Dataset.objects.update(available=True)
    assert sweep.recheck_waiting("b") == 1
    assert not fresh(case).recheck
    assert sweep.recheck_waiting("c") == 0


def test_a_due_date_in_a_year_not_announced_is_provisional_and_counted_again(owner):
    with at(date(2026, 12, 24)):
        application = accepted(owner, FOOD)
    case = case_of(application, FOOD)
    assert (case.provisional, str(case.due_on)) == (True, "2027-01-05")
    assert sweep.recount_provisional("a") == 1
    assert fresh(case).provisional
    CalendarYear.objects.create(region="", year=2027, source="测试通知")
    from yiwang.kernel.models import CalendarDay

    CalendarDay.objects.create(region="", date=date(2027, 1, 1), is_workday=False, reason="元旦")
    CalendarDay.objects.create(region="", date=date(2027, 1, 4), is_workday=False, reason="调休")
    assert sweep.recount_provisional("b") == 1
    case = fresh(case)
    assert (case.provisional, str(case.due_on)) == (False, "2027-01-07")


def test_an_application_whose_first_case_lapses_goes_on(owner):
    application = accepted(owner, COMPANY, FOOD, life_event="shop")
    company = case_of(application, COMPANY)
    acts.request_correction(
        company.pk,
        [{"target": "field:org_name", "label": "名称", "message": "重名。"}],
        by=officer(company, Role.REVIEWER),
        key=key(),
    )
    ring_until(date(2026, 3, 17))
    assert case_of(application, FOOD).state == "supplement", "told what to hand in instead"
    ring_until(date(2026, 4, 20))
    application.refresh_from_db()
    assert (case_of(application, FOOD).result, application.state) == ("no_supplement", "closed")


@pytest.fixture(autouse=True)
def calendar_anew():
    """Keep the calendar's memory from one test out of the next."""
    yield
    from yiwang.kernel import holidays

    holidays._cached = None
