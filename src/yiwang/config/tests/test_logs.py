"""What is logged: the request's id, and never the number of a person or of a telephone."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
import yaml
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum import luhn

from yiwang.config import health
from yiwang.config.environment import ROOT
from yiwang.config.logs import configure, scrub
from yiwang.kernel import codes

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


DIGITS = "0123456789"
GROUPS = {
    "citizen id": ((18,), (6, 8, 4), (6, 4, 4, 4), (6, 4, 2, 2, 4), (3, 3, 8, 4), (6, 12), (14, 4)),
    "mobile": ((11,), (3, 4, 4), (3, 8), (7, 4), (4, 3, 4), (3, 3, 5)),
    "bank card": ((16,), (19,), (4, 4, 4, 4), (4, 4, 4, 4, 3), (6, 13)),
    "credit code": ((18,), (2, 6, 9, 1), (8, 10), (8, 9, 1), (4, 4, 4, 4, 2), (4, 4, 4, 6)),
}


@st.composite
def personal(draw: st.DrawFn) -> tuple[str, str]:
    """A number of each kind with its groups apart; and as it is without."""
    kind = draw(st.sampled_from(sorted(GROUPS)))
    groups = draw(st.sampled_from(GROUPS[kind]))
    text = lambda size, signs=DIGITS: draw(st.text(signs, min_size=size, max_size=size))  # noqa: E731
    if kind == "citizen id":
        bare = (
            text(6)
            + f"{draw(st.dates(date(1900, 1, 1), date(2029, 12, 31))):%Y%m%d}"
            + text(3)
            + text(1, DIGITS + "Xx")
        )
    elif kind == "mobile":
        bare = "1" + text(1, "3456789") + text(9)
    elif kind == "bank card":
        bare = "62" + text(sum(groups) - 3)
        bare += luhn.calc_check_digit(bare)
    else:
        bare = text(1, "159") + text(7) + text(9, "0123456789ABCDEFGHJKLMNPQRTUWXY")
        bare += codes.uscc_check(bare)
    between = draw(st.sampled_from([" ", "-", "  ", " - ", "\u2013", "\u3000", "%20", "+"]))
    ends = [sum(groups[:place]) for place in range(len(groups) + 1)]
    return between.join(bare[a:b] for a, b in pairwise(ends)), bare


@given(
    personal(),
    st.sampled_from(["", "号码：", "q=", "%3D", "(", '"', "+86 ", "a ", "，", "\\n"]),
    st.sampled_from(["", "。", ")", '"', "&x=1", " b", "号"]),
)
@example(("330302 19900101 1234", "330302199001011234"), "", "")
@example(("138-0000-0000", "13800000000"), "", "")
def test_a_number_is_covered_however_its_digits_are_grouped(number: tuple[str, str], before: str, after: str) -> None:
    written, bare = number
    line = scrub(None, "", f"{before}{written}{after}")
    assert "***" in line
    assert not any(character.isdigit() for character in line.removeprefix(before).removesuffix(after))
    assert bare not in line


AMOUNTS = st.decimals(0, 10**9, places=2).map(lambda value: f"{value:,}")
INSTANTS = st.floats(10**9, 4 * 10**9).map(lambda value: datetime.fromtimestamp(value, UTC))
ORDINARY = st.one_of(
    st.uuids().map(str),
    st.integers(0, 2**128 - 1).map(lambda value: str(uuid.UUID(int=value))),
    st.text(DIGITS, min_size=32, max_size=32).map(lambda value: str(uuid.UUID(value))),
    INSTANTS.map(lambda value: value.isoformat()),
    INSTANTS.map(str),
    INSTANTS.map(lambda value: str(int(value.timestamp() * 1000))),
    AMOUNTS,
    st.lists(AMOUNTS, min_size=2, max_size=4).map(" - ".join),
    st.lists(st.integers(0, 9999).map(str), min_size=2, max_size=2).map(" ".join),
    st.binary(min_size=32, max_size=32).map(bytes.hex),
)


@given(ORDINARY)
@example("2026-11-28 20:21:19.123456+00:00")
@example("2026-11-28 2026-12-01")
def test_amounts_instants_and_identifiers_are_left_alone(text: str) -> None:
    line = f'{{"value": "{text}", "event": "x"}}'
    assert scrub(None, "", line) == line


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
