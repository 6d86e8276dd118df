"""What is logged: the request's id, and never the number of a person or of a telephone."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import yaml
from django.test import Client

from yiwang.config import health
from yiwang.config.environment import ROOT
from yiwang.config.logs import configure

PEOPLE = yaml.safe_load((ROOT / "packs" / "testville" / "people.yaml").read_text("utf-8"))
NUMBERS = {str(one[name]) for one in PEOPLE for name in ("number", "phone") if one.get(name)}


@pytest.fixture
def written() -> Iterator[StringIO]:
    """What production would write, of every logger and down to the last detail."""
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    configure("DEBUG")
    (handler,) = [one for one in root.handlers if one not in kept]
    assert isinstance(handler, logging.StreamHandler)
    text = StringIO()
    handler.setStream(text)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)  # statements, which production never logs
    yield text
    root.handlers[:] = kept
    root.setLevel(level)


@pytest.mark.parametrize(
    "value",
    [
        "339901196505011116",
        "33990119650501111x",
        "19900000001",
        {"deep": [{"phone": "19900000001"}]},
        "/sign-in/?next=%2Fsearch%2F%3Fq%3D339901196505011116",
        19900000001,
    ],
)
def test_a_number_is_covered_wherever_it_stands(written: StringIO, value: Any) -> None:
    logging.getLogger("x").warning("x.happened", extra={"value": value})
    logging.getLogger("x").warning("told %s", value)
    try:
        raise ValueError(value)
    except ValueError:
        logging.getLogger("x").exception("x.failed")
    text = written.getvalue()
    assert "19900000001" not in text
    assert "339901196505011116" not in text
    assert "33990119650501111" not in text
    assert text.count("***") == 3
    assert all(json.loads(line) for line in text.splitlines())


def test_digests_and_codes_are_left_alone(written: StringIO) -> None:
    logging.getLogger("x").warning("x.happened", extra={"digest": "a13912345678b", "task": "330131018001"})
    assert "***" not in written.getvalue()


def test_a_journey_leaves_no_number_in_the_logs(
    written: StringIO, journey: Callable[..., Any], sign_in: Callable[[str], Client]
) -> None:
    walk = journey("elder", "old_age")
    for _stage in walk.steps():
        pass
    browser = sign_in("elder")
    browser.get(f"/search/?q={PEOPLE[0]['number']}")
    browser.get(f"/nowhere/{PEOPLE[0]['phone']}/")
    browser.post("/sign-in/", {"method": "password", "login": PEOPLE[0]["number"], "password": "wrong"})
    logging.getLogger("x").info("x.end")

    text = written.getvalue()
    assert "x.end" in text
    assert len(NUMBERS) > 5
    assert not {number for number in NUMBERS if number in text}


@pytest.mark.django_db
def test_every_line_of_a_request_has_its_id(written: StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> list[str]:
        logging.getLogger("x").warning("x.happened")
        raise RuntimeError("no matter what")

    monkeypatch.setattr(health, "pending_migrations", breaks)
    answer = Client(raise_request_exception=False).get("/readyz", headers={"X-Request-ID": "from-the-proxy-1"})
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] == "from-the-proxy-1"
    assert {line["logger"] for line in lines} >= {"x", "django.request"}
    assert {line["request_id"] for line in lines} == {"from-the-proxy-1"}
    assert any("no matter what" in line.get("exception", "") for line in lines)
