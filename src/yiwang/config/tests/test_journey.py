"""`yiwang journey`: each act, the clocks after it, and the burden before and after."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from jsonschema import Draft202012Validator

from yiwang.config import report

pytestmark = pytest.mark.usefixtures("testville")


@pytest.fixture(autouse=True)
def pack(settings: Any) -> None:
    settings.YIWANG_PACK = "testville"


def walked(*arguments: str) -> str:
    out = StringIO()
    call_command("journey", *arguments, stdout=out)
    return out.getvalue()


def test_as_json_it_is_what_its_schema_says() -> None:
    told = json.loads(walked("shop", "--from", "2026-03-02", "--json"))
    Draft202012Validator(report.schema()).validate(told)
    acts = [one["act"] for one in told["acts"]]
    assert acts[0] == "cases.start_draft"
    assert {"cases.submit", "cases.accept_all", "cases.decide"} <= set(acts)
    moments = [one["at"] for one in told["acts"]]
    assert moments == sorted(moments)
    accepted = told["acts"][acts.index("cases.accept_all")]
    running = [one for one in accepted["clocks"] if one["due_on"]]
    assert running
    for clock in running:
        assert clock["used"] == 0
        assert clock["left"] == clock["promised"]
    # the days used only grow
    for case in {one["case"] for one in running}:
        used = [clock["used"] for act in told["acts"] for clock in act["clocks"] if clock["case"] == case]
        assert used == sorted(used)
    before, after = told["burden"]["before"], told["burden"]["after"]
    assert before["fields"] > after["fields"]
    assert before["visits"] > after["visits"]
    assert all(one["closed_at"] and one["used"] <= one["promised"] for one in told["cases"])
    assert any(one["licence"] for one in told["cases"])


def test_in_a_terminal_it_is_told_day_by_day() -> None:
    told = walked("shop", "--from", "2026-03-02")
    assert "3月2日 周一" in told
    assert "分开办" in told
    assert "办结" in told


def test_an_unknown_journey_names_those_there_are() -> None:
    with pytest.raises(CommandError, match="shop"):
        walked("nowhere")
