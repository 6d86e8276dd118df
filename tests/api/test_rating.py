"""Rating by machine: what may be rated, once, by name; the bad rating's way back to the firm; public figures."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Role
from yiwang.platform.directory.queries import staff_with
from yiwang.platform.oversight import acts, queries
from yiwang.platform.oversight.models import BadRating, Rating

from .conftest import Caller
from .test_applying import agencies, handed_in


def staff(role: Role, agency: str = "") -> Actor:
    member, grants = next(one for one in staff_with(role) if agency in one[0].agency_path)
    return Actor(
        kind=ActorKind.STAFF,
        id=member.id,
        label=member.number,
        level=AssuranceLevel.L3,
        grants=grants,
        agency=member.agency_path,
    )


@pytest.fixture
def service(firm: Caller, deliver: Any) -> dict[str, Any]:
    """The food licence, closed and waiting to be rated."""
    pk = handed_in(firm)
    list(agencies(pk)._accept())
    list(agencies(pk)._work())
    deliver("oversight.services")
    case = firm.get(f"/applications/{pk}").json()["cases"][0]["id"]
    (found,) = firm.get(f"/cases/{case}/services").json()
    return dict(found)


def test_a_service_is_rated_once_by_name(firm: Caller, rival: Caller, service: dict[str, Any]) -> None:
    path = f"/services/{service['id']}/ratings"
    reasons = {one["level"]: one for one in firm.get("/rating-reasons").json()["levels"]}
    body = {"level": "satisfied", "reasons": [reasons["satisfied"]["reasons"][0]["code"]], "text": "快"}

    stranger = rival.write("POST", path, body)
    first, again = (firm.write("POST", path, body, "rating-0001") for _ in range(2))
    second = firm.write("POST", path, body)

    assert stranger.status_code == 404
    assert first.json() == again.json()
    assert first.status_code == again.status_code == 201
    assert (second.status_code, second.json()["type"]) == (409, "urn:yiwang:problem:rated")
    row = Rating.objects.get()
    assert (row.channel, row.reasons, row.text) == ("machine", ["406"], "快")
    seen = firm.get(f"/cases/{service['case_id']}/services").json()[0]
    assert (seen["attempt"], seen["given"]) == (0, "satisfied")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"level": "dissatisfied"}, "reasons"),
        ({"level": "dissatisfied", "reasons": ["510"]}, "reasons"),
        ({"level": "satisfied", "text": "长" * 501}, "text"),
        ({"level": "great"}, "level"),
    ],
)
def test_an_incomplete_rating_is_told_field_by_field(
    firm: Caller, service: dict[str, Any], body: dict[str, Any], field: str
) -> None:
    answer = firm.write("POST", f"/services/{service['id']}/ratings", body)

    assert answer.status_code == 422
    assert field in {one["field"] for one in answer.json()["errors"]}
    assert not Rating.objects.exists()


def test_a_firms_bad_rating_is_put_right_called_back_and_rated_again(firm: Caller, service: dict[str, Any]) -> None:
    path = f"/services/{service['id']}/ratings"
    firm.write("POST", path, {"level": "very_dissatisfied", "text": "跑了三趟"})
    bad = BadRating.objects.get().id
    handler, supervisor = staff(Role.DECIDER, "amr"), staff(Role.SUPERVISOR)

    acts.take_up(bad, by=handler, key="1-take-up")
    acts.verify(bad, True, "属实", by=handler, key="2-verify")
    acts.rectify(bad, "已改", by=handler, key="3-rectify")
    contact = queries.rater_contact(bad, supervisor)
    acts.call_back(bad, "认可", by=supervisor, key="4-call-back")
    again = firm.write("POST", path, {"level": "satisfied"})

    assert contact.phone
    assert again.status_code == 201
    assert BadRating.objects.get().state == "closed"


def test_the_public_figures_are_the_page_s(firm: Caller, service: dict[str, Any]) -> None:
    firm.write("POST", f"/services/{service['id']}/ratings", {"level": "satisfied"})

    figures = firm.get("/rating-figures").json()

    assert figures["total"] == {"name": "", "services": 1, "figures": None}
    assert [one["services"] for one in figures["agencies"]] == [1]


def test_a_case_that_is_not_over_has_nothing_to_rate(firm: Caller, rival: Caller) -> None:
    case = firm.get(f"/applications/{handed_in(firm)}").json()["cases"][0]["id"]

    assert firm.get(f"/cases/{case}/services").json() == []
    assert rival.get(f"/cases/{case}/services").status_code == 404
    assert firm.write("POST", f"/services/{uuid.uuid4()}/ratings", {"level": "satisfied"}).status_code == 404
