"""An application by machine: from answers to licence, and everything that must not happen on the way."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from yiwang.config.journey import Journey, Scenario
from yiwang.config.typed import sample
from yiwang.kernel import clock
from yiwang.kernel.types import SYSTEM
from yiwang.platform.cases import acts
from yiwang.platform.cases.models import Application
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.acts import publish_definition
from yiwang.platform.catalog.rules import field_spec
from yiwang.platform.catalog.types import Fee, FormField
from yiwang.platform.identity import queries as identity

from .conftest import EATERY, SHOP, Caller, a_picture

REGION = str(SHOP["place_region"])
FOOD = "330131018001"
LARGE = SHOP | {"shop_area": 360}


def start(client: Caller, answers: dict[str, Any] = SHOP) -> str:
    answer = client.write("POST", "/life-events/shop/applications", {"answers": answers})
    assert answer.status_code == 201, answer.content.decode()
    assert answer.headers["Location"].endswith(answer.json()["id"])
    return str(answer.json()["id"])


def fill(client: Caller, pk: str) -> None:
    """Answer what is asked until nothing more is."""
    elements = catalog.elements()
    while asked := [one for one in client.get(f"/applications/{pk}/resolution").json()["ask"] if one["required"]]:
        given = {one["name"]: sample(field_spec(elements, FormField(one["name"])), REGION) for one in asked}
        answer = client.write("PATCH", f"/applications/{pk}/answers", {"answers": given})
        assert answer.status_code == 200, answer.content.decode()


def attach(client: Caller, pk: str) -> None:
    for one in client.get(f"/applications/{pk}/resolution").json()["materials"]:
        if one["state"] != "ask" or one["optional"]:
            continue
        if one["may_commit"]:
            given = client.write(
                "PUT", f"/applications/{pk}/materials", {"material": one["material"], "state": "committed"}
            )
            assert given.status_code == 204, given.content.decode()
        else:
            taken = client.upload(f"/applications/{pk}/files", one["material"], a_picture())
            assert taken.status_code == 201, taken.content.decode()


def handed_in(client: Caller, answers: dict[str, Any] = SHOP) -> str:
    pk = start(client, answers)
    fill(client, pk)
    attach(client, pk)
    assert client.get(f"/applications/{pk}/resolution").json()["ready"]
    answer = client.write("POST", f"/applications/{pk}/submission")
    assert answer.status_code == 201, answer.content.decode()
    return pk


def agencies(pk: str) -> Journey:
    """The staff's part of a journey, on an application that came by this door."""
    eatery = identity.find_organisation(EATERY)
    assert eatery
    assert eatery.legal_representative
    scenario = Scenario(life_event="shop", person="firm-rep", answers={}, organisation="eatery")
    journey = Journey(scenario, eatery.legal_representative, eatery.id, clock.today())
    journey.walk.application = uuid.UUID(pk)
    return journey


def test_a_case_tells_its_fees(firm: Caller) -> None:
    definition = catalog.editions_in(REGION, [FOOD])[FOOD].definition
    fees = (Fee("工本费", "每证 10 元", "演示价", "10"), Fee("检验费", "按项目", "演示价"))
    publish_definition(replace(definition, fees=fees), by=SYSTEM, key="fees")
    pk = handed_in(firm, LARGE)
    cases = {one["item_code"]: one for one in firm.get(f"/applications/{pk}").json()["cases"]}
    case = cases.pop(FOOD)
    assert [one["fees"] for one in cases.values()] == [[]] * len(cases)
    acts.record_payment(uuid.UUID(case["id"]), "工本费", "F-1", Decimal("2.50"), by=SYSTEM, key="pay")
    due = {
        "name": "工本费",
        "standard": "每证 10 元",
        "due": "10.00",
        "paid": "0.00",
        "waived": "0.00",
        "left": "10.00",
        "state": "due",
    }
    scale = {
        "name": "检验费",
        "standard": "按项目",
        "due": None,
        "paid": "0.00",
        "waived": "0.00",
        "left": None,
        "state": "due",
    }
    assert case["fees"] == [due, scale]
    paid = due | {"paid": "2.50", "left": "7.50", "state": "part"}
    assert firm.get(f"/cases/{case['id']}").json()["fees"] == [paid, scale]
    assert paid in next(
        one["fees"] for one in firm.get("/applications").json()["applications"][0]["cases"] if one["fees"]
    )


def test_from_answers_to_licence(firm: Caller) -> None:
    pk = handed_in(firm, LARGE)
    for _stage in agencies(pk)._accept():
        pass
    accepted = firm.get(f"/applications/{pk}").json()
    case = firm.get(f"/cases/{accepted['cases'][0]['id']}").json()
    for _stage in agencies(pk)._work():
        pass

    done = firm.get(f"/applications/{pk}").json()
    issued = [one["licence"] for one in done["cases"]]
    steps = firm.get(f"/cases/{case['id']}/steps").json()
    documents = firm.get(f"/applications/{pk}/documents").json()
    verdict = firm.write(
        "POST",
        "/licences/verification",
        {"identifier": issued[0]["identifier"], "number": issued[0]["number"]},
        key="",
    ).json()

    assert len(done["cases"]) == 2
    assert case["light"] == "green"
    assert case["due_on"]
    assert accepted["joint_due_on"] > accepted["due_on"]
    assert case["promised"] >= case["days_left"]
    assert (case["promised_unit"], case["days_left_unit"]) == ("workday", "workday")
    assert all(one["closed_at"] for one in done["cases"])
    assert {one["state"] for one in steps} <= {"done", "skipped"}
    assert "receipt" in {one["kind"] for one in documents}
    entry = firm.get(f"/licences/{issued[0]['id']}/metadata").json()
    assert (entry["item_name"], entry["item_code"], entry["biz_num"]) == (
        done["cases"][0]["name"],
        done["cases"][0]["item_code"],
        done["cases"][0]["id"],
    )
    file = firm.get(f"/licences/{issued[0]['id']}/file")
    content = b"".join(file.streaming_content)
    genuine = firm.send("/licences/file-verification", content).json()
    tampered = firm.send("/licences/file-verification", content + b"%%EOF").json()
    assert verdict["verdict"] == genuine["verdict"] == "valid"
    assert file.headers["Content-Type"] == "application/pdf"
    assert tampered["verdict"] == "tampered"
    assert issued[0]["id"] in {one["id"] for one in firm.get("/licences").json()}
    assert Application.objects.get(pk=pk).door == "openapi"


def test_a_correction_is_answered(firm: Caller) -> None:
    from yiwang.config.journey import CorrectionPlan

    pk = handed_in(firm)
    journey = agencies(pk)
    list(journey._accept())
    case = firm.get(f"/applications/{pk}").json()["cases"][0]
    from yiwang.config.journey import reach_of, staff_for
    from yiwang.kernel.types import Role
    from yiwang.platform.cases import acts, queries

    material = next(
        one["material"]
        for one in firm.get(f"/applications/{pk}/resolution").json()["materials"]
        if one["state"] == "given"
    )
    plan = CorrectionPlan(item=case["item_code"], material=material, message="拍清楚一点")
    view = queries.get_case(uuid.UUID(case["id"]), journey.applicant)
    point = {"target": f"material:{plan.material}", "label": plan.material, "message": plan.message}
    acts.request_correction(view.id, [point], by=staff_for(Role.REVIEWER, reach_of(view)), key=uuid.uuid4().hex)

    asked = firm.get(f"/cases/{case['id']}/corrections").json()
    too_early = firm.write("POST", f"/cases/{case['id']}/correction-answer", {"answers": {}})
    firm.upload(f"/applications/{pk}/files", material, a_picture(90))
    answered = firm.write("POST", f"/cases/{case['id']}/correction-answer", {"answers": {}})

    assert asked[0]["points"][0]["message"] == "拍清楚一点"
    assert too_early.status_code == 422
    assert too_early.json()["errors"][0]["field"] == f"material:{material}"
    assert answered.status_code == 204
    assert firm.get(f"/cases/{case['id']}/corrections").json()[0]["state"] == "answered"


def test_what_is_missing_comes_back_altogether(firm: Caller) -> None:
    pk = start(firm)

    answer = firm.write("POST", f"/applications/{pk}/submission")

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) > 1
    assert firm.get(f"/applications/{pk}").json()["state"] == "draft"


def test_all_questions_must_be_answered_to_begin(firm: Caller) -> None:
    answer = firm.write("POST", "/life-events/shop/applications", {"answers": {"has_licence": True}})

    assert answer.status_code == 422
    assert {one["field"] for one in answer.json()["errors"]} == set(SHOP) - {"has_licence"}


def test_the_same_key_answers_the_same_and_does_nothing_twice(firm: Caller) -> None:
    key = uuid.uuid4().hex
    first = firm.write("POST", "/life-events/shop/applications", {"answers": SHOP}, key)
    again = firm.write("POST", "/life-events/shop/applications", {"answers": SHOP}, key)
    other = firm.write("POST", "/life-events/shop/applications", {"answers": LARGE}, key)

    assert first.json() == again.json()
    assert first.status_code == again.status_code == 201
    assert (other.status_code, other.json()["type"]) == (422, "urn:yiwang:problem:idempotency-key-reused")
    assert Application.objects.count() == 1


def test_an_upload_and_a_submission_repeated_answer_the_same(firm: Caller) -> None:
    pk = start(firm, LARGE)
    fill(firm, pk)
    uploads = [firm.upload(f"/applications/{pk}/files", "floor_plan", a_picture(), "upload-0001") for _ in range(2)]
    changed = firm.upload(f"/applications/{pk}/files", "floor_plan", a_picture(7), "upload-0001")
    attach(firm, pk)
    submissions = [firm.write("POST", f"/applications/{pk}/submission", key="submit-0001") for _ in range(2)]

    assert [one.status_code for one in uploads] == [201, 201]
    assert uploads[0].json() == uploads[1].json()
    assert (changed.status_code, changed.json()["type"]) == (422, "urn:yiwang:problem:idempotency-key-reused")
    assert submissions[0].json() == submissions[1].json()
    assert submissions[1].status_code == 201


@pytest.mark.parametrize("key", ["", "short", "x" * 121, "with space 1"])
def test_a_write_without_a_good_key_is_refused(firm: Caller, key: str) -> None:
    answer = firm.write("POST", "/life-events/shop/applications", {"answers": SHOP}, key)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert not Application.objects.exists()


def test_another_client_sees_nothing_of_it(firm: Caller, rival: Caller) -> None:
    pk = handed_in(firm)
    case = firm.get(f"/applications/{pk}").json()["cases"][0]["id"]
    licence = firm.get("/licences").json()[0]["id"]

    answers = [
        rival.get(f"/applications/{pk}"),
        rival.get(f"/applications/{pk}/resolution"),
        rival.get(f"/applications/{pk}/documents"),
        rival.get(f"/cases/{case}"),
        rival.get(f"/cases/{case}/steps"),
        rival.get(f"/cases/{case}/corrections"),
        rival.get(f"/licences/{licence}"),
        rival.write("PATCH", f"/applications/{pk}/answers", {"answers": {}}),
        rival.write("PUT", f"/applications/{pk}/materials", {"material": "x", "state": "ask"}),
        rival.upload(f"/applications/{pk}/files", "x", a_picture()),
        rival.write("POST", f"/applications/{pk}/submission"),
        rival.write("DELETE", f"/applications/{pk}"),
        rival.write("DELETE", f"/applications/{pk}/files/{uuid.uuid4()}"),
        rival.write("POST", f"/cases/{case}/correction-answer", {"answers": {}}),
    ]

    assert {one.status_code for one in answers} == {404}
    assert rival.get("/applications").json() == {"applications": [], "next": ""}


def test_data_that_does_not_fit_is_not_taken(firm: Caller) -> None:
    pk = start(firm)

    answer = firm.write(
        "PATCH",
        f"/applications/{pk}/answers",
        {"answers": {"shop_area": "weit", "_disputed": [], "place_region": "999999999"}, "disputed": []},
    )

    assert answer.status_code == 422
    assert {one["field"] for one in answer.json()["errors"]} == {"shop_area", "_disputed", "place_region"}


def test_two_who_save_at_once_notice(firm: Caller) -> None:
    pk = start(firm)
    version = firm.get(f"/applications/{pk}").json()["version"]
    body = {"answers": {"shop_area": 130}, "version": version}

    first = firm.write("PATCH", f"/applications/{pk}/answers", body)
    second = firm.write("PATCH", f"/applications/{pk}/answers", body)

    assert first.json() == {"version": version + 1}
    assert (second.status_code, second.json()["type"]) == (409, "urn:yiwang:problem:stale")


def test_a_known_value_may_be_disputed(firm: Caller) -> None:
    pk = start(firm)
    before = {one["name"]: one for one in firm.get(f"/applications/{pk}/resolution").json()["facts"]}

    firm.write(
        "PATCH",
        f"/applications/{pk}/answers",
        {"answers": {"org_name": "测试小吃（新）有限公司"}, "disputed": ["org_name"]},
    )

    after = {one["name"]: one for one in firm.get(f"/applications/{pk}/resolution").json()["facts"]}
    assert before["org_name"]["state"] == "known"
    assert before["org_name"]["source_name"]
    assert (after["org_name"]["state"], after["org_name"]["value"]) == ("given", "测试小吃（新）有限公司")


def test_files_are_what_they_are(firm: Caller) -> None:
    pk = start(firm, LARGE)

    text = firm.upload(f"/applications/{pk}/files", "floor_plan", b"MZ not a picture")
    unknown = firm.upload(f"/applications/{pk}/files", "nothing of the kind", a_picture())
    taken = firm.upload(f"/applications/{pk}/files", "floor_plan", a_picture())
    gone = firm.write("DELETE", f"/applications/{pk}/files/{taken.json()['id']}")

    assert text.status_code == 422
    assert text.json()["errors"][0]["field"] == "file"
    assert unknown.status_code == 404
    assert taken.json()["media_type"] == "image/png"
    assert gone.status_code == 204


def test_after_handing_in_it_stays_as_it_is(firm: Caller) -> None:
    pk = handed_in(firm)

    changed = firm.write("PATCH", f"/applications/{pk}/answers", {"answers": {"shop_area": 1}})
    discarded = firm.write("DELETE", f"/applications/{pk}")

    assert changed.status_code == discarded.status_code == 409


def test_what_is_undecided_is_taken_back(firm: Caller) -> None:
    pk = handed_in(firm, LARGE)
    first, second = (one["id"] for one in firm.get(f"/applications/{pk}").json()["cases"])

    one = firm.write("POST", f"/cases/{first}/withdrawal", {"reason": "不开了"})
    rest = firm.write("POST", f"/applications/{pk}/withdrawal", {})
    again = firm.write("POST", f"/cases/{first}/withdrawal", {})

    assert one.status_code == 204
    assert rest.json() == {"cases": [second]}
    assert again.status_code == 409
    assert all(one["closed_at"] and not one["licence"] for one in firm.get(f"/applications/{pk}").json()["cases"])


def test_results_go_where_they_are_wanted(firm: Caller) -> None:
    pk = start(firm)

    incomplete = firm.write("PUT", f"/applications/{pk}/delivery", {"way": "mail"})
    window = firm.write("PUT", f"/applications/{pk}/delivery", {"way": "window"})

    assert {one["field"] for one in incomplete.json()["errors"]} >= {"name", "phone", "address"}
    assert window.status_code == 204


def test_a_draft_is_thrown_away_once(firm: Caller) -> None:
    pk = start(firm)

    answers = [firm.write("DELETE", f"/applications/{pk}", key="discard-0001") for _ in range(2)]

    assert [one.status_code for one in answers] == [204, 204]
    assert firm.get(f"/applications/{pk}").status_code == 404


def test_the_list_goes_page_by_page_with_a_fixed_number_of_queries(firm: Caller) -> None:
    started = [start(firm) for _ in range(5)]

    first = firm.get("/applications?limit=3").json()
    second = firm.get(f"/applications?limit=3&after={first['next']}").json()
    handed_in(firm)
    with CaptureQueriesContext(connection) as one:
        firm.get("/applications?limit=1")
    with CaptureQueriesContext(connection) as many:
        firm.get("/applications?limit=50")

    found = [one["id"] for page in (first, second) for one in page["applications"]]
    assert found == started[::-1]
    assert second["next"] == ""
    assert len(one) == len(many) <= 7


def test_a_licence_that_nobody_issued_is_an_answer(office: Caller) -> None:
    body = {"identifier": "1.2.156.3005.2.0", "number": "0"}

    assert office.write("POST", "/licences/verification", body, key="").json()["verdict"] == "unknown"
    assert office.write("POST", "/licences/verification", {}, key="").status_code == 422


def test_a_persons_licence_is_masked_and_an_old_one_is_over(office: Caller) -> None:
    from yiwang.platform.licences.models import Licence

    card = Licence.objects.get(number="339901195004044442")
    old = Licence.objects.get(number="JY23399020000001")

    person = office.write("POST", "/licences/verification", {"check_code": card.check_code}, key="").json()
    over = office.write("POST", "/licences/verification", {"check_code": old.check_code}, key="").json()

    assert person["verdict"] == "valid"
    assert person["licence"]["number"] != card.number
    assert person["licence"]["holder_name"] != card.holder_name
    assert (over["verdict"], over["licence"]["status"]) == ("ended", "expired")
