"""The record sets under their national names."""

import csv
import io
from datetime import date, timedelta

from yiwang.kernel.types import Role
from yiwang.platform.cases import acts, exports, rules
from yiwang.platform.cases.tests.conftest import FIRE, FOOD, MONDAY, accepted, at, case_of, decide, firm, key, officer

FIELDS = {
    "up_pro_accept": "project_no catalog_code task_code task_handle_item task_name task_version project_name "
    "project_type apply_type apply_date accept_date accept_doc_no promise_date applyer_name applyer_type "
    "applyer_page_type applyer_page_code legal contact_name contact_type contact_code contact_mobile address zip org_code "
    "org_name handle_user_name",
    "up_pro_process": "project_no process_name org_name org_code event_name handle_explain handle_user_name event_start_time "
    "event_end_time handle_status",
    "up_pro_special_procedure": "project_no special_type special_name special_time special_reason applyer_user_name "
    "end_time result special_explain handle_user",
    "up_pro_material": "project_no material_name get_type get_num attach_name",
    "up_pro_result": "project_no result_type result_date result_explain result_cetr_name result_cetr_no "
    "is_delivery_results handle_user_name",
}


def test_the_sets_of_a_case_from_acceptance_to_result(owner):
    case = case_of(accepted(owner, FOOD, ways={"staff_health": "deferred"}), FOOD)
    reviewer = officer(case, Role.REVIEWER)
    acts.suspend(case.pk, "lab_test", "抽样送检。", by=reviewer, key=key())
    with at(MONDAY + timedelta(days=2)):
        acts.resume(case.pk, "合格。", by=reviewer, key=key())
        acts.extend(case.pk, 5, "案情复杂。", by=officer(case, Role.DECIDER), key=key())
    from yiwang.platform.cases.tests.conftest import stored

    acts.add_file(case.application_id, "staff_health", stored("健康证.png"), by=owner, key=key())
    with at(date(2026, 3, 5)):
        decide(case)
    rows = {name: export([case.pk]) for name, export in exports.SETS.items()}
    for name, wanted in FIELDS.items():
        assert all(list(row) == wanted.split() for row in rows[name]), name
        assert {row["project_no"] for row in rows[name]} == {case.number}
    accept = rows["up_pro_accept"][0]
    assert (accept["apply_type"], accept["project_type"], accept["applyer_page_type"]) == ("2", "2", "111")
    assert accept["accept_date"] == "20260302T090000", "local time"
    assert accept["accept_doc_no"] == "东区市场局容〔2026〕1号"
    assert accept["org_code"] == "1133990100DEM1317Y"
    assert [(row["special_type"], row["special_name"]) for row in rows["up_pro_special_procedure"]] == [
        ("2", "样品检验"),
        ("1", "延长审批"),
    ]
    materials = {row["material_name"]: row for row in rows["up_pro_material"]}
    assert materials["从业人员健康证明"]["get_type"] == "2"
    assert materials["从业人员健康证明"]["attach_name"] == "健康证.png"
    assert materials["申请人身份证"]["get_type"] == "5"
    result = rows["up_pro_result"][0]
    assert (result["result_type"], result["is_delivery_results"]) == ("0", "1")
    assert result["result_cetr_no"]
    process = rows["up_pro_process"]
    assert {row["event_name"] for row in process} == {"通过"}
    assert all(row["event_end_time"] >= row["event_start_time"] for row in process)


def test_an_open_step_repeats_its_start_and_a_refusal_has_each_province_s_digit(owner):
    application = accepted(owner, FOOD, FIRE)
    food, fire = case_of(application, FOOD), case_of(application, FIRE)
    open_step = [row for row in exports.up_pro_process([food.pk]) if row["handle_status"] == "1"]
    assert [row["process_name"] for row in open_step] == ["审查"]
    assert open_step[0]["event_start_time"] == open_step[0]["event_end_time"]
    assert exports.up_pro_result([food.pk]) == [], "not closed"
    decide(fire, grant=False)
    assert exports.up_pro_result([fire.pk])[0]["result_type"] == "7"
    assert exports.up_pro_result([fire.pk], rules.SHANDONG)[0]["result_type"] == "1"


def test_an_organisation_is_named_by_its_code(monday):
    case = case_of(accepted(firm(), FOOD), FOOD)
    row = exports.up_pro_accept([case.pk])[0]
    assert row["applyer_type"] == "2"
    assert len(row["applyer_page_code"]) == 18
    assert row["legal"]


def test_csv_keeps_formulas_from_spreadsheets():
    text = exports.to_csv([{"a": "=1+1", "b": "@x", "c": "好，的\n行"}])
    assert list(csv.reader(io.StringIO(text))) == [["a", "b", "c"], ["'=1+1", "'@x", "好，的\n行"]]
    assert exports.to_csv([]) == ""
