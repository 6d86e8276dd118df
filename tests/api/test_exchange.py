"""What holds around every operation: media types, rates, purposes, and who read whose data."""

from __future__ import annotations

import uuid

import pytest

from yiwang.doors.openapi import acts, tokens
from yiwang.doors.openapi.models import Client
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import SYSTEM, PartyKind
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.models import Delegation

from .conftest import AGENT, SECRET, SHOP, Caller, a_picture, caller
from .test_applying import LARGE, start

PROBLEM = "application/problem+json"
FOOD = "330131018001"


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_media_type_is_refused_before_anything_is_done(firm: Caller, media: str) -> None:
    answer = firm.browser.generic(
        "POST",
        "/api/v1/life-events/shop/applications",
        b'{"answers": {}}',
        content_type=media,
        headers={"Authorization": f"Bearer {firm.token}", "Idempotency-Key": uuid.uuid4().hex},
    )

    assert (answer.status_code, answer.headers["Content-Type"]) == (415, PROBLEM)
    assert answer.json()["accepts"] == "application/json"


def test_a_file_comes_as_a_form(firm: Caller) -> None:
    pk = start(firm)

    answer = firm.write("POST", f"/applications/{pk}/files", {"material": "floor_plan"})

    assert (answer.status_code, answer.json()["accepts"]) == (415, "multipart/form-data")


@pytest.mark.parametrize(("accept", "status"), [("text/html", 406), ("*/*", 200), ("application/*;q=0.5", 200)])
def test_what_cannot_be_given_is_said(office: Caller, accept: str, status: int) -> None:
    answer = office.get("/items", headers={"Accept": accept})

    assert answer.status_code == status
    if status == 406:
        assert (answer.headers["Content-Type"], answer.json()["offers"]) == (PROBLEM, "application/json")


def test_every_answer_tells_how_the_rate_stands(firm: Caller) -> None:
    Client.objects.update(per_minute=3)

    answers = [
        firm.get("/items"),
        firm.get("/nowhere"),
        firm.get("/items/none"),
        firm.get("/items"),
        firm.get("/items"),
    ]

    told = [[answer.headers.get(name) for name in tokens.RATE_HEADERS[:2]] for answer in answers]
    assert told == [["3", "2"], [None, None], ["3", "1"], ["3", "0"], ["3", "0"]]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 200, 429]
    assert answers[4].headers["RateLimit-Reset"] == answers[4].headers["Retry-After"]


def test_what_is_somebodys_is_kept_by_nobody(firm: Caller) -> None:
    pk = start(firm)
    task = firm.get("/items").json()["items"][0]["task_code"]

    kept = {path: firm.get(path).headers["Cache-Control"] for path in (f"/applications/{pk}", f"/items/{task}")}

    assert kept == {f"/applications/{pk}": "no-store", f"/items/{task}": "private, no-cache"}


def test_a_client_is_let_in_for_a_purpose(db: None) -> None:
    with pytest.raises(Invalid) as refused:
        acts.register_client("x", "x", SECRET, ["items:read"], " ", by=SYSTEM, key=uuid.uuid4().hex)

    assert [one.field for one in refused.value.errors] == ["purpose"]


def test_a_purpose_limited_to_items_covers_no_others(db: None, testville: None) -> None:
    eatery = identity.find_organisation("91339901MADEM0011Y")
    assert eatery
    narrow = caller("food-only", organisation=eatery.id, items=[FOOD])
    tasks = {one["basic_code"]: one["task_code"] for one in narrow.get("/items").json()["items"]}

    other = narrow.write("POST", f"/items/{tasks['330103015000']}/applications")
    event = narrow.write("POST", "/life-events/shop/applications", {"answers": LARGE})
    food = narrow.write("POST", f"/items/{tasks[FOOD]}/applications")

    assert [one.json()["type"].rpartition(":")[2] for one in (other, event)] == ["outside-delegation"] * 2
    assert food.status_code == 201
    act = AuditEntry.objects.filter(name="cases.start_draft").latest("seq")
    assert (act.actor_label, act.purpose) == ("food-only", "测试")


def test_a_delegation_outside_the_purpose_opens_nothing(db: None, testville: None) -> None:
    agent = identity.find_person(AGENT)
    assert agent
    office = caller("elsewhere", agency=directory.get_agency("339901-amr").id, agent=agent.id, items=[FOOD])
    given = identity.delegations_held(agent.id)[0]
    Delegation.objects.filter(pk=given.id).update(items=["330103015000"])
    office.headers[tokens.DELEGATION] = str(given.id)

    answer = office.get("/applications")

    assert (answer.status_code, answer.json()["type"]) == (403, "urn:yiwang:problem:outside-delegation")


def test_a_person_sees_that_an_agencys_system_read_their_data_and_why(office: Caller) -> None:
    agent = identity.find_person(AGENT)
    elder = identity.find_person("339901195004044442")
    assert agent
    assert elder
    given = identity.delegations_held(agent.id)[0]
    Delegation.objects.filter(pk=given.id).update(grantor_organisation=None, grantor_person=elder.id)
    office.headers[tokens.DELEGATION] = str(given.id)

    office.get("/items")
    office.get("/applications")
    office.get(f"/applications/{uuid.uuid4()}")
    office.write("POST", "/life-events/shop/resolve", {"answers": SHOP, "known": True}, key="")

    reads = AuditEntry.objects.filter(kind="read", person_id=elder.id).order_by("seq")
    assert [row.name for row in reads] == ["openapi.applications", "openapi.resolve_life_event"]
    assert {(row.purpose, row.actor_label, row.principal_kind) for row in reads} == {
        ("测试", "office-system", PartyKind.PERSON.value)
    }


def test_what_a_firm_reads_of_itself_is_nobodys_data(firm: Caller) -> None:
    firm.get("/applications")

    assert not AuditEntry.objects.filter(kind="read").exists()


def test_a_broken_upload_and_a_body_cut_short_are_problems(firm: Caller) -> None:
    pk = start(firm)
    headers = {"Authorization": f"Bearer {firm.token}", "Idempotency-Key": uuid.uuid4().hex}

    broken = firm.browser.generic(
        "POST",
        f"/api/v1/applications/{pk}/files",
        b"--x\r\nbroken",
        content_type="multipart/form-data",
        headers=headers,
    )
    deep = firm.call("PATCH", f"/api/v1/applications/{pk}/answers", b"[" * 200_000, uuid.uuid4().hex)
    surrogate = firm.call(
        "PATCH", f"/api/v1/applications/{pk}/answers", b'{"answers": {"\\ud800": 1}}', uuid.uuid4().hex
    )
    nul = firm.upload(f"/applications/{pk}/files", "\x00", a_picture())

    answers = (broken, deep, surrogate, nul)
    assert [one.status_code for one in answers] == [400, 400, 422, 422]
    assert {one.headers["Content-Type"] for one in answers} == {PROBLEM}
