"""Items, guides, life events, the calendar: what every client may read."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from .conftest import SHOP, Caller

FOOD = "330131018001"


def _food(office: Caller) -> str:
    return next(one["task_code"] for one in office.get("/items").json()["items"] if one["basic_code"] == FOOD)


def test_items_come_page_by_page_each_once(office: Caller) -> None:
    everything = [one["task_code"] for one in office.get("/items?limit=200").json()["items"]]

    seen, after = [], ""
    while True:
        page = office.get(f"/items?limit=2&after={after}").json()
        seen += [one["task_code"] for one in page["items"]]
        after = page["next"]
        if not after:
            break

    assert len(seen) == 4
    assert seen == everything == sorted(set(everything))


def test_items_are_found_by_place_and_word(office: Caller) -> None:
    found = office.get("/items?region=339901001&q=食品").json()["items"]

    assert [one["basic_code"] for one in found] == [FOOD]
    assert found[0]["region"] == "339901"


@pytest.mark.parametrize("query", ["after=bent", "limit=0", "limit=x", "region=12a", "q=%00"])
def test_a_wrong_query_is_a_problem(office: Caller, query: str) -> None:
    answer = office.get(f"/items?{query}")

    assert answer.status_code == (400 if "%00" in query else 422)  # NUL is refused at the door
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_an_item_has_an_entity_tag(office: Caller) -> None:
    path = f"/items/{_food(office)}"
    first = office.get(path)

    again = office.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert first.json()["digest"] in first.headers["ETag"]
    assert first.json()["definition"]["basic_code"] == FOOD
    assert again.status_code == 304
    assert not again.content


def test_an_edition_may_be_kept_for_ever(office: Caller) -> None:
    item = office.get(f"/items/{_food(office)}").json()

    edition = office.get(f"/editions/{item['id']}")

    assert edition.json() == item
    assert "immutable" in edition.headers["Cache-Control"]
    assert [one["id"] for one in office.get(f"/items/{_food(office)}/editions").json()] == [item["id"]]


def test_a_guide_reads_like_the_page(office: Caller) -> None:
    guide = office.get(f"/guides/{_food(office)}").json()

    assert guide["legal_basis"]
    assert guide["materials"]
    assert guide["steps"][0]["from_day"] == 1
    assert guide["centres"][0]["address"]


def test_the_navigator_asks_then_answers(office: Caller) -> None:
    asked = office.write("POST", "/life-events/shop/resolve", {"answers": {}}, key="").json()
    answered = office.write("POST", "/life-events/shop/resolve", {"answers": SHOP}, key="").json()

    assert not asked["complete"]
    assert {one["name"] for one in asked["questions"]} >= set(SHOP)
    assert answered["complete"]
    assert [one["basic_code"] for one in answered["items"]] == [FOOD]
    assert answered["not_needed"]
    assert answered["ask"]
    assert answered["burden"]["together"]["fields"] <= answered["burden"]["apart"]["fields"]


def test_what_is_known_is_told_to_the_firm_only(firm: Caller) -> None:
    stranger = firm.write("POST", "/life-events/shop/resolve", {"answers": SHOP}, key="").json()
    known = firm.write("POST", "/life-events/shop/resolve", {"answers": SHOP, "known": True}, key="").json()

    assert len(known["ask"]) < len(stranger["ask"])
    assert "营业执照" in {one["name"] for one in known["known"]}


def test_wrong_answers_are_named(office: Caller) -> None:
    answer = office.write("POST", "/life-events/shop/resolve", {"answers": {"shop_area": "viel", "moon": 1}}, key="")

    assert answer.status_code == 422
    assert {one["field"] for one in answer.json()["errors"]} == {"shop_area", "moon"}


def test_the_calendar_counts_working_days(office: Caller) -> None:
    answer = office.get("/calendar/due?start=2026-09-30&limit=1").json()

    assert answer == {"due_on": "2026-10-08", "provisional": False}


@pytest.mark.parametrize("path", ["/items/none", f"/editions/{uuid.UUID(int=1)}", "/life-events/none", "/guides/none"])
def test_what_is_not_there_is_a_problem(office: Caller, path: str) -> None:
    answer = office.get(path)

    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:yiwang:problem:not-found"


def test_an_item_costs_three_queries_a_list_the_same_for_any_length(office: Caller) -> None:
    path = f"/items/{_food(office)}"
    with CaptureQueriesContext(
        connection,
    ) as one:
        office.get(path)
    with CaptureQueriesContext(connection) as short:
        office.get("/items?limit=1")
    with CaptureQueriesContext(connection) as long:
        office.get("/items?limit=50")

    assert len(one) <= 3
    assert len(short) == len(long) <= 3
