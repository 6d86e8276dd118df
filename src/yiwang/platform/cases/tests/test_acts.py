"""Every act at the act: what it does, who may not, when it may not, the key again, the stale page."""

import uuid
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from yiwang.kernel import clock
from yiwang.kernel.acts import CATALOGUE
from yiwang.kernel.models import AuditEntry, IdempotencyKey, Timer
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound, NotNow, Stale
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import ANONYMOUS, SYSTEM, Reach, Role
from yiwang.platform.cases import acts, queries
from yiwang.platform.cases.casefile import case_file
from yiwang.platform.cases.documents import words
from yiwang.platform.cases.models import Application, Document, InboxEntry
from yiwang.platform.cases.tests.conftest import (
    COMPANY,
    ELDERLY,
    FIRE,
    FOOD,
    MONDAY,
    accepted,
    at,
    case_of,
    clerk,
    decide,
    draft,
    edition_of,
    fill,
    fresh,
    key,
    next_workday,
    officer,
    officers,
    person,
    republish,
    review,
    staff,
    stored,
    submit,
)
from yiwang.platform.directory.models import StaffMember
from yiwang.platform.sharing.models import Check, Dataset, Grant

PLAN = {"target": "material:floor_plan", "label": "店内平面图", "message": "图上没有标面积，请标好重新上传。"}
PHONE = {"target": "field:applicant_phone", "label": "联系电话", "message": "打不通。"}
DEFER = {"staff_health": "deferred"}


def kinds(case):
    return list(Document.objects.filter(case=case).order_by("created_at", "id").values_list("kind", flat=True))


# The whole way


def test_from_submission_to_archive(owner, events):
    application = submit(owner, FOOD)
    case = case_of(application, FOOD)
    assert (case.state, str(case.tell_by)) == ("submitted", "2026-03-09")
    assert Document.objects.get(application=application).number == "339901收〔2026〕1号"
    acts.accept_all(application.pk, by=clerk(application), key=key())
    case = fresh(case)
    assert (case.state, case.application.state, str(case.due_on)) == ("accepted", "accepted", "2026-03-12")
    assert case.tell_by is None
    decide(case)
    case = fresh(case)
    assert (case.state, case.result, case.delivered_by) == ("delivered", "issued", "electronic")
    assert case.licence_id
    assert case.application.state == "closed"
    assert [name for name in events(case) if not name.startswith("case.step")] == [
        "case.accepted",
        "case.decided",
        "case.closed",
        "case.delivered",
    ]
    assert kinds(case) == ["acceptance", "visit_record", "decision", "delivery"]
    acts.archive(case.pk, by=SYSTEM, key=key())
    assert fresh(case).state == "archived"


def test_a_refusal_makes_nothing_but_is_delivered_with_its_remedies(food):
    decide(food, grant=False)
    case = fresh(food)
    assert (case.state, case.result, case.licence_id) == ("delivered", "refused", None)
    assert case.tasks.get(kind="issue").state == "skipped"
    refusal = Document.objects.get(case=case, kind="refusal")
    assert refusal.title == "不予行政许可决定书"
    assert refusal.content["reconsideration"]
    assert refusal.content["lawsuit"]
    assert refusal.number == "东区市场局不准〔2026〕1号"


# Pre-review and return


def test_pre_review_returns_once_and_is_handed_in_anew(owner):
    application = submit(owner, FOOD)
    case, by = case_of(application, FOOD), clerk(application)
    acts.pre_review(case.pk, by=by, key=key())
    with pytest.raises(NotNow):
        acts.pre_review(case.pk, by=by, key=key())
    with at(MONDAY, 10):
        acts.return_application(case.pk, [PLAN], by=by, key=key())
    case = fresh(case)
    assert (case.state, case.tell_by) == ("returned", None)
    assert not Timer.objects.filter(kind="cases.deemed_acceptance", fired_at=None).exists()
    with at(MONDAY + timedelta(days=1)):
        with pytest.raises(Invalid):
            acts.resubmit(case.pk, {}, by=owner, key=key())
        acts.add_file(application.pk, "floor_plan", stored(), by=owner, key=key())
        acts.resubmit(case.pk, {}, "补好了", by=owner, key=key())
        case = fresh(case)
        assert (case.state, str(case.tell_by)) == ("submitted", "2026-03-10")
        assert queries.corrections_of([case.pk])[0].note == "补好了"
        acts.pre_review(case.pk, by=by, key=key())
        with pytest.raises(NotNow, match="只能退回一次"):
            acts.return_application(case.pk, [PLAN], by=by, key=key())


# Refused, conditional, revoked


def test_acceptance_is_refused_with_reason_and_the_application_closes(owner, events):
    application = submit(owner, FOOD)
    case = case_of(application, FOOD)
    with pytest.raises(Invalid):
        acts.refuse_acceptance(case.pk, "  ", by=clerk(application), key=key())
    acts.refuse_acceptance(case.pk, "不属于本部门职权范围。", by=clerk(application), key=key())
    case = fresh(case)
    assert (case.state, case.result, case.application.state) == ("closed", "not_accepted", "closed")
    assert kinds(case) == ["non_acceptance"]
    assert "case.not_accepted" in events(case)
    assert not case.tasks.filter(state__in=["ready", "waiting"]).exists()
    with pytest.raises(NotNow):
        acts.accept(case.pk, by=clerk(application), key=key())


def test_conditional_acceptance_is_completed_when_the_material_comes(owner, events):
    case = case_of(accepted(owner, FOOD, ways=DEFER), FOOD)
    assert (case.state, case.conditional_due_on) == ("conditional", case.due_on)
    assert kinds(case) == ["conditional"]
    review(case)
    with pytest.raises(NotNow, match="容缺"):
        acts.decide(case.pk, True, "好。", by=officer(case, Role.DECIDER), key=key())
    with pytest.raises(NotNow, match="不要求补"):
        acts.add_file(case.application_id, "floor_plan", stored(), by=owner, key=key())
    acts.add_file(case.application_id, "staff_health", stored(), by=owner, key=key())
    case = fresh(case)
    assert (case.state, case.owing) == ("in_process", False)
    assert "case.made_up" in events(case)
    assert not Timer.objects.filter(kind="cases.conditional_lapses", fired_at=None).exists()
    decide(case)
    assert fresh(case).result == "issued"


def test_a_conditional_case_stays_conditional_through_a_correction(owner):
    case = case_of(accepted(owner, FOOD, ways=DEFER), FOOD)
    by = officer(case, Role.REVIEWER)
    acts.request_correction(case.pk, [PLAN], by=by, key=key())
    assert fresh(case).state == "suspended"
    acts.add_file(case.application_id, "floor_plan", stored(), by=owner, key=key())
    acts.answer_correction(case.pk, {}, by=owner, key=key())
    assert fresh(case).state == "conditional"
    acts.add_file(case.application_id, "staff_health", stored(), by=owner, key=key())
    assert fresh(case).state == "accepted"


def test_a_conditional_acceptance_is_revoked_for_what_is_still_wrong(owner):
    case = case_of(accepted(owner, FOOD, ways=DEFER), FOOD)
    acts.add_file(case.application_id, "staff_health", stored(), by=owner, key=key())
    acts.revoke_acceptance(case.pk, "健康证明已经过期。", by=officer(case, Role.REVIEWER), key=key())
    case = fresh(case)
    assert (case.state, case.result, case.reason) == ("closed", "revoked", "健康证明已经过期。")
    assert kinds(case)[-1] == "revocation"


def test_an_ordinary_acceptance_is_not_revoked(food):
    with pytest.raises(NotNow, match="不是容缺"):
        acts.revoke_acceptance(food.pk, "不行。", by=officer(food, Role.REVIEWER), key=key())


# Correction


def test_only_what_was_asked_for_can_be_corrected(food, owner):
    by = officer(food, Role.REVIEWER)
    acts.request_correction(food.pk, [PLAN], by=by, key=key())
    before = fresh(food).application.facts
    acts.add_file(food.application_id, "floor_plan", stored(), by=owner, key=key())
    with pytest.raises(NotNow, match="不要求补"):
        acts.add_file(food.application_id, "photo", stored(), by=owner, key=key())
    acts.answer_correction(food.pk, {"org_name": "别的公司"}, by=owner, key=key())
    assert fresh(food).application.facts == before
    with pytest.raises(NotNow, match="一次性"):
        acts.request_correction(food.pk, [PLAN], by=by, key=key())


def test_a_corrected_datum_is_checked_like_any_other(owner):
    case = case_of(submit(owner, FOOD), FOOD)
    point = {"target": "field:shop_area", "label": "面积", "message": "与图不符。"}
    acts.request_correction(case.pk, [point], by=clerk(case.application), key=key())
    assert fresh(case).state == "supplement"
    with pytest.raises(Invalid):
        acts.answer_correction(case.pk, {"shop_area": "很大"}, by=owner, key=key())
    acts.answer_correction(case.pk, {"shop_area": "420"}, by=owner, key=key())
    case = fresh(case)
    assert case.state == "submitted"
    assert case.application.facts["shop_area"]["value"] == 420
    assert Timer.objects.filter(kind="cases.deemed_acceptance", fired_at=None).exists(), "told again in five days"


def test_a_file_given_for_an_open_correction_can_be_taken_out_again(food, owner):
    old = food.application.files.get(identity="floor_plan")
    with at(MONDAY, 10):
        acts.request_correction(food.pk, [PLAN], by=officer(food, Role.REVIEWER), key=key())
        new = acts.add_file(food.application_id, "floor_plan", stored(), by=owner, key=key())
    with pytest.raises(NotNow, match="已经用到"):
        acts.remove_file(food.application_id, old.pk, by=owner, key=key())
    acts.remove_file(food.application_id, new, by=owner, key=key())
    with pytest.raises(Invalid):
        acts.answer_correction(food.pk, {}, by=owner, key=key())


# Special procedures and extensions


def test_a_special_procedure_that_the_item_publishes_stops_the_clock(food):
    by = officer(food, Role.REVIEWER)
    with pytest.raises(Invalid, match="没有公布"):
        acts.suspend(food.pk, "auction", "要拍卖。", by=by, key=key())
    with at(date(2026, 3, 4)):
        acts.suspend(food.pk, "lab_test", "抽样送检。", by=by, key=key())
        case = fresh(food)
        assert (case.state, case.due_on) == ("suspended", None)
        notice = Document.objects.get(case=case, kind="special_procedure")
        assert notice.content["expected_on"] == "2026-03-09"
        with pytest.raises(NotNow):
            acts.complete_step(case.pk, "review", "pass", "好", by=by, key=key())
    with at(date(2026, 3, 10)):
        acts.resume(food.pk, "合格。", by=by, key=key())
    case = fresh(food)
    assert (case.state, str(case.due_on)) == ("in_process", "2026-03-18")  # 2 of 8 used, 6 left
    assert queries.procedures_of([case.pk])[0].result == "合格。"


def test_a_hearing_needs_an_expected_day(food):
    by = officer(food, Role.DECIDER)
    with pytest.raises(Invalid, match="预计"):
        acts.suspend(food.pk, "hearing", "涉及邻居重大利益。", by=by, key=key())
    acts.suspend(food.pk, "hearing", "涉及邻居重大利益。", date(2026, 3, 20), by=by, key=key())
    assert [name for _code, name, _days in queries.procedures_open_to(food.pk, by)] == ["样品检验", "听证"]


def test_a_hearing_is_offered_for_five_days_held_within_twenty_and_told_seven_before(food, events):
    by = officer(food, Role.REVIEWER)
    with pytest.raises(Invalid):
        acts.offer_hearing(food.pk, " ", by=by, key=key())
    last = acts.offer_hearing(food.pk, "楼上住户的油烟和噪声。", by=by, key=key())
    assert last == next_workday(MONDAY, 5)
    assert events(food)[-1] == "case.hearing_offered"
    assert "逾期不提出的，视为放弃" in str(
        words.body("hearing_offer", Document.objects.latest("id").content).paragraphs
    )
    with pytest.raises(NotNow, match="已经告知"):
        acts.offer_hearing(food.pk, "再说一次。", by=by, key=key())
    review(food)
    with pytest.raises(NotNow, match="告知期"):
        acts.decide(food.pk, True, "符合。", by=officer(food, Role.DECIDER), key=key())
    with at(last):
        for wrong, asked in (
            (next_workday(last, 6), last),
            (next_workday(last, 21), last),
            (next_workday(last, 8), last + timedelta(days=1)),
        ):
            with pytest.raises(Invalid):
                acts.suspend(food.pk, "hearing", "有人申请。", wrong, asked_on=asked, by=by, key=key())
        acts.suspend(food.pk, "hearing", "有人申请。", next_workday(last, 7), asked_on=last, by=by, key=key())
    with at(last + timedelta(days=1)):
        acts.resume(food.pk, "双方谈妥，撤回听证申请。", by=by, key=key())
        acts.decide(food.pk, True, "符合。", by=officer(food, Role.DECIDER), key=key())
    assert fresh(food).result == "issued"


def test_without_anybody_asking_for_a_hearing_it_is_decided_after_the_fifth_day(food):
    last = acts.offer_hearing(food.pk, "邻居。", by=officer(food, Role.REVIEWER), key=key())
    review(food)
    with at(last + timedelta(days=1)):
        acts.decide(food.pk, True, "符合。", by=officer(food, Role.DECIDER), key=key())
    assert fresh(food).result == "issued"


def test_a_correction_is_not_ended_by_resuming(food):
    by = officer(food, Role.REVIEWER)
    acts.request_correction(food.pk, [PLAN], by=by, key=key())
    with pytest.raises(NotNow):
        acts.resume(food.pk, "算了。", by=by, key=key())


def test_one_extension_of_ten_days_by_the_head(food):
    by = officer(food, Role.DECIDER)
    with pytest.raises(NotAllowed):
        acts.extend(food.pk, 5, "案情复杂。", by=officer(food, Role.REVIEWER), key=key())
    with pytest.raises(Invalid, match="10"):
        acts.extend(food.pk, 11, "案情复杂。", by=by, key=key())
    acts.extend(food.pk, 10, "案情复杂。", by=by, key=key())
    case = fresh(food)
    assert (str(case.due_on), str(case.statutory_due_on)) == ("2026-03-26", "2026-03-30")
    with pytest.raises(NotNow, match="一次"):
        acts.extend(food.pk, 1, "再延。", by=by, key=key())
    assert Document.objects.filter(case=case, kind="extension").count() == 1


def test_what_is_overdue_is_not_extended(food):
    with at(food.due_on + timedelta(days=1)), pytest.raises(NotNow, match="已经过了"):
        acts.extend(food.pk, 5, "忘了。", by=officer(food, Role.DECIDER), key=key())


def test_the_joint_clock_runs_45_days_and_15_more(owner):
    application = accepted(owner, FOOD, FIRE)
    assert str(application.joint_due_on) == "2026-05-08"  # 45 working days: 清明 and 劳动节 lie between
    by = staff(Role.DISPATCHER, Reach(region=application.region))
    with pytest.raises(Invalid):
        acts.extend_joint(application.pk, 15, "现场整改。", "", by=by, key=key())
    acts.extend_joint(application.pk, 15, "现场整改。", "测政批〔2026〕1号", by=by, key=key())
    application.refresh_from_db()
    assert str(application.joint_due_on) == str(next_workday(date(2026, 5, 8), 15))
    with pytest.raises(NotNow, match="一次"):
        acts.extend_joint(application.pk, 1, "再延。", "测政批〔2026〕2号", by=by, key=key())
    for item in (FOOD, FIRE):
        acts.request_correction(
            case_of(application, item).pk, [PLAN], by=officer(case_of(application, item), Role.REVIEWER), key=key()
        )
    application.refresh_from_db()
    assert application.joint_due_on is None, "it stands while every body's clock stands"


# Ends


def test_the_applicant_takes_one_case_back_then_all(owner):
    application = accepted(owner, FOOD, FIRE)
    food, fire = case_of(application, FOOD), case_of(application, FIRE)
    acts.withdraw(food.pk, "不做餐饮了", by=owner, key=key())
    assert (fresh(food).state, fresh(food).result) == ("closed", "withdrawn")
    assert fresh(fire).state == "accepted"
    acts.withdraw_all(application.pk, by=owner, key=key())
    application.refresh_from_db()
    assert (fresh(fire).result, application.state) == ("withdrawn", "withdrawn")
    with pytest.raises(NotNow):
        acts.withdraw(food.pk, by=owner, key=key())


def test_withdrawing_ends_what_was_open(food, owner):
    acts.request_correction(food.pk, [PLAN], by=officer(food, Role.REVIEWER), key=key())
    acts.withdraw(food.pk, by=owner, key=key())
    assert food.corrections.get().state == "withdrawn"
    assert not Timer.objects.filter(kind="cases.correction_lapses", fired_at=None).exists()


def test_what_is_decided_is_not_withdrawn(owner):
    application = submit(owner, FOOD, delivery=[{"way": "window"}])
    acts.accept_all(application.pk, by=clerk(application), key=key())
    decide(case_of(application, FOOD))
    with pytest.raises(NotNow):
        acts.withdraw(case_of(application, FOOD).pk, by=owner, key=key())


def test_forwarding_closes_the_case_here(food):
    acts.forward(food.pk, "测试省市场监督管理局", "属于省级权限。", by=officer(food, Role.DECIDER), key=key())
    case = fresh(food)
    assert (case.state, case.result) == ("closed", "forwarded")


@pytest.mark.parametrize(("wrongly", "result"), [(False, "voided"), (True, "deleted")])
def test_void_and_entered_wrongly(food, wrongly, result):
    by = officer(food, Role.DISPATCHER)
    acts.void(food.pk, "重复录入。", wrongly, by=by, key=key())
    assert fresh(food).result == result


# One after the other


def test_the_next_body_starts_when_the_one_before_has_granted(owner):
    application = accepted(owner, COMPANY, FOOD, life_event="shop")
    company, food = case_of(application, COMPANY), case_of(application, FOOD)
    assert (company.state, food.state, food.waits_for) == ("accepted", "waiting", [COMPANY])
    with at(MONDAY + timedelta(days=2)):
        decide(company)
        food = fresh(food)
        assert (food.state, str(food.due_on), str(clock.legal_date(food.received_at))) == (
            "accepted",
            "2026-03-16",
            "2026-03-04",
        )
    assert kinds(food) == ["acceptance"]


def test_when_the_one_before_is_refused_the_applicant_is_told_and_can_go_on(owner, events):
    application = accepted(owner, COMPANY, FOOD, life_event="shop")
    decide(case_of(application, COMPANY), grant=False)
    food = case_of(application, FOOD)
    assert food.state == "supplement"
    assert "case.predecessor_ended" in events(food)
    told = queries.corrections_of([food.pk], only_open=True)[0]
    assert [point.target for point in told.points] == ["material:business_licence"]
    acts.add_file(application.pk, "business_licence", stored(), by=owner, key=key())
    acts.answer_correction(food.pk, {}, by=owner, key=key())
    food = fresh(food)
    assert (food.state, food.tell_by is not None) == ("submitted", True)
    acts.accept(food.pk, by=clerk(application), key=key())
    assert fresh(food).state == "accepted"


def test_when_the_one_before_is_refused_the_applicant_may_withdraw(owner):
    application = accepted(owner, COMPANY, FOOD, life_event="shop")
    decide(case_of(application, COMPANY), grant=False)
    acts.withdraw(case_of(application, FOOD).pk, by=owner, key=key())
    application.refresh_from_db()
    assert application.state == "closed"


# By rule and by itself


def test_an_immediate_item_decides_by_itself_in_the_acceptance(monday):
    elder = person("测试老人丁")
    application = submit(elder, ELDERLY)
    acts.accept_all(application.pk, by=clerk(application), key=key())
    case = case_of(application, ELDERLY)
    assert (case.state, case.result) == ("delivered", "issued")
    assert kinds(case) == ["decision", "delivery"], "what is decided on the spot needs no proof of acceptance"
    assert case.tasks.get(kind="auto_check").done_by == "系统"


def test_the_rule_never_refuses(monday):
    young = person("测试创业戊")
    case = case_of(accepted(young, ELDERLY), ELDERLY)
    assert case.decided_at is None
    assert case.tasks.get(kind="decision").state == "ready"
    decide(case, grant=False)
    assert fresh(case).result == "refused"


# Sources that were down


def test_the_decision_waits_until_the_source_was_asked_again(monday):
    Dataset.objects.update(available=False)
    elder = person("测试老人丁")
    application = accepted(elder, FOOD)
    case = case_of(application, FOOD)
    assert case.recheck
    review(case)
    decider = officer(case, Role.DECIDER)
    with pytest.raises(NotNow, match="重新核验"):
        acts.decide(case.pk, True, "好。", by=decider, key=key())
    assert acts.recheck(case.pk, by=decider, key=key()) > 0, "still down"
    Dataset.objects.update(available=True)
    assert acts.recheck(case.pk, by=SYSTEM, key=key()) == 0
    case = fresh(case)
    assert not case.recheck
    assert not any(fact["state"] == "degraded" for fact in case.application.facts.values())
    acts.decide(case.pk, True, "好。", by=decider, key=key())
    with pytest.raises(NotNow):
        acts.recheck(case.pk, by=SYSTEM, key=key())


def test_where_a_source_stays_down_the_body_finds_out_by_itself(owner, events):
    Dataset.objects.update(available=False)
    case = case_of(accepted(owner, FOOD), FOOD)
    review(case)
    with pytest.raises(Invalid):
        acts.check_by_hand(case.pk, "", by=officer(case, Role.DECIDER), key=key())
    acts.check_by_hand(case.pk, "电话核实，一致。", by=officer(case, Role.DECIDER), key=key())
    decide(case)
    assert fresh(case).result == "issued"
    assert "case.rechecked" in events(case)


# Visits


def test_a_joint_visit_has_one_day_findings_of_each_and_one_record(owner):
    application = accepted(owner, FOOD, FIRE)
    cases = [case_of(application, item) for item in (FOOD, FIRE)]
    for case in cases:
        acts.complete_step(case.pk, "review", "pass", "好。", by=officer(case, Role.REVIEWER), key=key())
    with pytest.raises(Invalid):
        acts.plan_visit(cases[0].pk, MONDAY - timedelta(days=1), by=officer(cases[0], Role.INSPECTOR), key=key())
    acts.plan_visit(cases[0].pk, MONDAY, by=officer(cases[0], Role.INSPECTOR), key=key())
    tasks = queries.tasks_of([case.pk for case in cases])
    assert {task.planned_on for found in tasks.values() for task in found if task.joint} == {MONDAY}
    for case in cases:
        inspector = officer(case, Role.INSPECTOR)
        two = officers(case)
        for wrong in ([two[0], two[0]], [two[0], "X1"], [two[0], "D001"], []):
            with pytest.raises(Invalid, match="不完整") as refused:
                acts.record_visit(case.pk, "site_visit", "pass", "好。", wrong, by=inspector, key=key())
            assert [one.field for one in refused.value.errors] == ["officers"]
        assert not Document.objects.filter(kind="visit_record").exists()
        acts.record_visit(case.pk, "site_visit", "pass", f"{case.name}没问题。", two, by=inspector, key=key())
    record = Document.objects.get(kind="visit_record")
    assert [finding["opinion"] for finding in record.content["findings"]] == [f"{case.name}没问题。" for case in cases]


# Another body's step


def test_a_step_of_another_agency_goes_to_it_and_nothing_else_of_the_case(owner):
    """As where the law has the lower body look first (行政许可法 art. 43)."""
    steps = edition_of(FOOD).definition.process
    republish(FOOD, process=tuple(replace(one, agency="fire") if one.code == "review" else one for one in steps))
    case = case_of(accepted(owner, FOOD), FOOD)
    assert case.helpers == ["/339900/339901-fire/"]
    lead, helper = officer(case, Role.REVIEWER), staff(Role.REVIEWER, case.helped_by[0])
    assert [one.case_id for one in InboxEntry.objects.filter(agency_path=case.helpers[0])] == [case.pk]
    assert case_file(case.pk, helper).ready(helper)
    assert not case_file(case.pk, lead).ready(lead)
    with pytest.raises(NotNow, match="别的岗位"):
        acts.complete_step(case.pk, "review", "pass", "好。", by=lead, key=key())
    with pytest.raises(NotAllowed):
        acts.request_correction(case.pk, [PLAN], by=helper, key=key())
    with pytest.raises(NotAllowed):
        acts.suspend(case.pk, "lab_test", "送检。", by=helper, key=key())
    acts.complete_step(case.pk, "review", "pass", "下级部门已审查。", by=helper, key=key())
    with pytest.raises(NotFound):
        acts.complete_step(
            case.pk,
            "review",
            "pass",
            "好。",
            by=staff(Role.REVIEWER, Reach("/339900/339900-civil_affairs/", "339900", 3)),
            key=key(),
        )
    assert case_file(case.pk, officer(case, Role.INSPECTOR)).ready(officer(case, Role.INSPECTOR))


# Who handles it


def test_taking_taking_over_and_reassigning(food):
    first, second = officer(food, Role.REVIEWER), officer(food, Role.INSPECTOR)
    acts.take(food.pk, by=first, key=key())
    assert (fresh(food).state, fresh(food).handler_id) == ("in_process", first.id)
    with pytest.raises(NotNow, match="正在办"):
        acts.take(food.pk, by=second, key=key())
    acts.take_over(food.pk, "同事请假。", by=second, key=key())
    assert fresh(food).handler_id == second.id
    boss = officer(food, Role.DISPATCHER)
    with pytest.raises(Invalid, match="承办部门"):
        acts.reassign(
            food.pk, staff(Role.REVIEWER, Reach("/339900/339901-fire/", "339901", 4)).id, "换人。", by=boss, key=key()
        )
    acts.reassign(food.pk, first.id, "换人。", by=boss, key=key())
    assert fresh(food).handler_id == first.id
    assert food.tasks.get(state="ready").assignee_id == first.id
    entry = AuditEntry.objects.filter(name="cases.reassign").latest("seq")
    assert entry.detail["reason"] == "换人。"


def test_what_is_given_to_somebody_away_goes_to_the_deputy(food):
    away, deputy = officer(food, Role.REVIEWER), officer(food, Role.INSPECTOR)
    StaffMember.objects.filter(pk=away.id).update(absent_from=MONDAY, absent_until=MONDAY, deputy=deputy.id)
    acts.take(food.pk, by=away, key=key())
    assert queries.handlers_for(deputy) == [deputy.id, away.id]
    acts.reassign(food.pk, away.id, "该谁谁办。", by=officer(food, Role.DISPATCHER), key=key())
    assert fresh(food).handler_id == deputy.id
    StaffMember.objects.filter(pk=away.id).update(deputy=None)
    with pytest.raises(Invalid):
        acts.reassign(food.pk, away.id, "该谁谁办。", by=officer(food, Role.DISPATCHER), key=key())


# Delivery and commitments


def test_at_the_window_the_result_is_signed_for(owner, events):
    application = submit(owner, FOOD, delivery=[{"way": "window"}])
    acts.accept_all(application.pk, by=clerk(application), key=key())
    case = case_of(application, FOOD)
    decide(case)
    case = fresh(case)
    assert (case.state, case.delivered_at, str(case.deliver_by)) == ("closed", None, "2026-03-16")
    by = officer(case, Role.ISSUER)
    with pytest.raises(Invalid):
        acts.deliver(case.pk, "window", " ", by=by, key=key())
    with pytest.raises(Invalid):
        acts.deliver(case.pk, "mail", "测试法人甲", by=by, key=key())
    acts.deliver(case.pk, "window", "测试法人甲", by=by, key=key())
    case = fresh(case)
    assert (case.state, case.delivered_by) == ("delivered", "window")
    assert Document.objects.get(case=case, kind="delivery").content["receiver"] == "测试法人甲"
    with pytest.raises(NotNow):
        acts.deliver(case.pk, "window", "又一次", by=by, key=key())


def test_mail_needs_an_address_and_can_be_changed_until_delivery(owner):
    pk = draft(owner, FOOD)
    with pytest.raises(Invalid):
        acts.choose_delivery(pk, "mail", name="测试法人甲", by=owner, key=key())
    there = {"name": "测试法人甲", "phone": "19900000001", "address": "测试市河街 1 号"}
    acts.choose_delivery(pk, "mail", **there, by=owner, key=key())
    fill(pk, owner)
    acts.submit(pk, by=owner, key=key())
    application = Application.objects.get(pk=pk)
    acts.accept_all(pk, by=clerk(application), key=key())
    acts.choose_delivery(pk, "electronic", by=owner, key=key())
    decide(case_of(application, FOOD))
    assert case_of(application, FOOD).state == "delivered"
    with pytest.raises(NotNow, match="已经送达"):
        acts.choose_delivery(pk, "window", by=owner, key=key())


def test_a_commitment_is_checked_within_sixty_working_days(owner, events):
    case = case_of(accepted(owner, FOOD, ways={"food_safety_rules": "committed"}), FOOD)
    decide(case)
    check = queries.post_checks_of([case.pk])[0]
    assert (check.material, check.due_on) == ("food_safety_rules", next_workday(MONDAY, 60))
    by = officer(case, Role.INSPECTOR)
    with pytest.raises(NotFound):
        acts.check_commitment(case.pk, "photo", True, "有。", by=by, key=key())
    acts.check_commitment(case.pk, "food_safety_rules", False, "没有制度。", by=by, key=key())
    assert queries.post_checks_of([case.pk])[0].state == "broken"
    assert events(case)[-1] == "case.commitment_checked"
    assert not Timer.objects.filter(kind="cases.post_check_overdue", fired_at=None).exists()


# Drafts


def test_after_a_broken_commitment_the_word_counts_again_when_credit_is_repaired(owner, events):
    promise = {"food_safety_rules": "committed"}
    case = case_of(accepted(owner, FOOD, ways=promise), FOOD)
    decide(case)
    by = officer(case, Role.DECIDER)
    with pytest.raises(NotNow, match="失信"):
        acts.repair_credit(case.pk, "已经补办。", by=by, key=key())
    acts.check_commitment(case.pk, "food_safety_rules", False, "没有制度。", by=by, key=key())
    again = draft(owner, FOOD)
    resolution = queries.draft_state(again, owner)[2]
    assert "不属实" in resolution.barred
    assert not any(one.may_commit or one.may_defer for one in resolution.materials.values())
    fill(again, owner, ways=promise | DEFER)
    with pytest.raises(Invalid) as refused:
        acts.submit(again, by=owner, key=key())
    assert {one.field for one in refused.value.errors} == {"material:food_safety_rules", "material:staff_health"}
    with pytest.raises(Invalid):
        acts.repair_credit(case.pk, " ", by=by, key=key())
    acts.repair_credit(case.pk, "信用修复决定书〔2026〕1 号。", by=by, key=key())
    assert events(case)[-1] == "case.credit_repaired"
    acts.submit(again, by=owner, key=key())


def test_the_word_of_the_seriously_dishonest_is_not_taken(monday):
    listed = person("测试路人丙")
    resolution = queries.draft_state(draft(listed, FOOD), listed)[2]
    assert "严重失信主体名单" in resolution.barred
    assert not any(one.may_commit or one.may_defer for one in resolution.materials.values())
    Dataset.objects.update(available=False)
    assert not queries.draft_state(draft(listed, FOOD), listed)[2].barred, "a list that cannot be asked bars nobody"


def test_a_discarded_draft_leaves_nothing(owner):
    pk = draft(owner, FOOD)
    acts.add_file(pk, "floor_plan", stored(), by=owner, key=key())
    acts.discard(pk, by=owner, key=key())
    assert not Application.objects.filter(pk=pk).exists()


def test_two_devices_cannot_overwrite_each_other(owner):
    pk = draft(owner, FOOD)
    version = acts.save_answers(pk, {"org_name": "一"}, 1, by=owner, key=key())
    with pytest.raises(Stale):
        acts.save_answers(pk, {"org_name": "二"}, 1, by=owner, key=key())
    acts.save_answers(pk, {"org_name": "三"}, version, by=owner, key=key())


def test_an_application_needs_all_it_needs(owner):
    pk = draft(owner, FOOD)
    with pytest.raises(Invalid) as caught:
        acts.submit(pk, by=owner, key=key())
    fields = {error.field for error in caught.value.errors}
    assert "material:floor_plan" in fields
    assert "org_name" in fields or "legal_rep_name" in fields
    assert Application.objects.get(pk=pk).state == "draft"


def test_an_item_that_needs_a_surer_sign_in_says_so(monday):
    weak = person("测试初级己")
    pk = draft(weak, FOOD)
    from dataclasses import replace

    fill(pk, weak)
    with pytest.raises(NotAllowed) as caught:
        acts.submit(pk, by=replace(weak, level=weak.level.L1), key=key())
    assert caught.value.code == "step-up-needed"


# For every act


def calls(owner):
    """Return, for acts on a case, who does it and with what, on a case where it may be done."""
    return {
        "cases.take": (Role.REVIEWER, ()),
        "cases.take_over": (Role.REVIEWER, ("同事请假。",)),
        "cases.complete_step": (Role.REVIEWER, ("review", "pass", "好。")),
        "cases.request_correction": (Role.REVIEWER, ([PLAN],)),
        "cases.suspend": (Role.REVIEWER, ("lab_test", "送检。")),
        "cases.extend": (Role.DECIDER, (5, "复杂。")),
        "cases.forward": (Role.DECIDER, ("省局", "权限。")),
        "cases.void": (Role.DISPATCHER, ("重复。",)),
        "cases.withdraw": (None, ()),
    }


ON_ACCEPTED = list(calls(None))


def perform(case, owner, name, *, by=None, version=None, given=None, pk=None):
    role, arguments = calls(owner)[name]
    actor = by or (owner if role is None else officer(case, role))
    more = {} if version is None else {"version": version}
    return CATALOGUE[name](pk or case.pk, *arguments, by=actor, key=given or key(), **more)


@pytest.mark.parametrize("name", ON_ACCEPTED)
def test_not_by_others_not_from_a_stale_page_and_once_for_a_key(food, owner, name):
    role, _arguments = calls(owner)[name]
    fire = Reach("/339900/339901-fire/", "339901", 4)
    neighbour = staff(Role.REVIEWER if role is Role.REVIEWER else Role.DECIDER, fire)
    others = (
        (ANONYMOUS, NotAllowed),
        (person("测试路人丙"), NotAllowed if role else NotFound),
        (neighbour, NotFound if role else NotAllowed),
        (officer(food, Role.DATA_STEWARD), NotAllowed),
    )
    for by, refusal in others:
        for pk in (food.pk, uuid.uuid4()):  # the same answer, whether or not there is such a case
            with pytest.raises(refusal):
                perform(food, owner, name, by=by, pk=pk)
    with pytest.raises(Stale):
        perform(food, owner, name, version=food.version - 1)
    assert fresh(food).version == food.version
    given = key()
    perform(food, owner, name, version=food.version, given=given)
    version = fresh(food).version
    assert version > food.version
    perform(food, owner, name, version=food.version, given=given)
    assert fresh(food).version == version
    assert IdempotencyKey.objects.filter(key=given).count() == 1
    assert AuditEntry.objects.filter(name=name, case_id=food.pk).count() == 1


@pytest.mark.parametrize("name", ON_ACCEPTED)
def test_nothing_of_it_when_the_case_is_closed(food, owner, name):
    acts.withdraw(food.pk, by=owner, key=key())
    with pytest.raises(NotNow):
        perform(food, owner, name)


ADDS = {"add_file", "remove_file", "add_photo", "check_original", "keep_opinion", "set_material", "discard", "submit"}
"""What only adds, or belongs to the one who draws it up: no colleague's change can be overwritten by it."""


def test_every_other_act_of_a_page_takes_a_version():
    for name, one in CATALOGUE.items():
        room, _dot, act = name.partition(".")
        if room == "cases" and one.on is not None and one.permission.kinds and act not in ADDS:
            assert "version" in one.body.__annotations__, name


def test_what_only_the_system_does_nobody_else_may(food):
    for name in ("cases.lapse_conditional", "cases.archive", "cases.recount", "cases.warn_of_commitment"):
        with pytest.raises(NotAllowed):
            CATALOGUE[name](food.pk, by=officer(food, Role.DECIDER), key=key())


# Queries


def queries_of(work):
    with CaptureQueriesContext(
        connection,
    ) as seen:
        work()
    return len(seen)


def test_the_number_of_queries_of_an_acceptance_does_not_depend_on_how_much_there_is(owner):
    small = submit(owner, FOOD)
    large = submit(owner, FOOD)
    for _number in range(6):
        other = submit(owner, FOOD)
    by = clerk(small)
    counts = [queries_of(lambda one=one: acts.accept_all(one.pk, by=by, key=key())) for one in (small, large, other)]
    assert counts[1] == counts[2]
    assert counts[1] <= 24, counts
    both = submit(owner, FOOD, FIRE)
    assert queries_of(lambda: acts.accept_all(both.pk, by=by, key=key())) - counts[1] <= 8


# What was asked of the shared store


def test_each_answer_of_a_dataset_is_a_check_that_names_its_case(monday):
    elder = person("测试老人丁")
    application = accepted(elder, ELDERLY)
    case = case_of(application, ELDERLY)
    checks = list(Check.objects.filter(application_id=application.pk))
    assert {(one.case_id, one.item, one.party_id) for one in checks} == {(case.pk, ELDERLY, elder.id)}
    population = next(one for one in checks if one.dataset == "population")
    assert "age" in population.fields
    assert population.consumer_path == case.agency_path
    assert population.outcome == "found"
    assert Grant.objects.get(pk=population.grant_id).dataset.code == "population"
    assert bytes(population.subject_index) == blind_index("339901195004044442", "subject")
    with pytest.raises(DatabaseError), transaction.atomic():
        Check.objects.filter(pk=population.pk).update(actor="别人")


def test_the_list_of_the_seriously_dishonest_is_a_check_where_a_word_was_taken_for_a_paper(owner):
    """Whoever promises is looked up, and sees that; whoever brings every paper was not judged by it."""
    promised = accepted(owner, FOOD, ways={"food_safety_rules": "committed"})
    looked = Check.objects.get(application_id=promised.pk, dataset="serious_dishonesty")
    assert (looked.outcome, looked.item, looked.replaced) == ("none", FOOD, [])
    assert looked.grant_id is not None
    brought = accepted(owner, FOOD)
    assert not Check.objects.filter(application_id=brought.pk, dataset="serious_dishonesty").exists()
    listed = accepted(person("测试路人丙"), FOOD)
    assert Check.objects.get(application_id=listed.pk, dataset="serious_dishonesty").outcome == "found"


def test_what_came_late_is_a_check_too_and_only_that(monday):
    Dataset.objects.filter(code="population").update(available=False)
    application = accepted(person("测试老人丁"), ELDERLY)
    assert not Check.objects.filter(application_id=application.pk, dataset="population").exists()
    before = Check.objects.filter(application_id=application.pk).count()
    Dataset.objects.update(available=True)
    assert acts.recheck(case_of(application, ELDERLY).pk, by=SYSTEM, key=key()) == 0
    checks = Check.objects.filter(application_id=application.pk)
    assert checks.filter(dataset="population").count() == 1
    assert checks.count() == before + 1
