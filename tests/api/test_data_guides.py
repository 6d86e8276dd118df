"""The guides for stewards and for those who connect data are right: their examples are carried out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from yiwang.config.environment import ROOT
from yiwang.kernel import clock
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.types import SYSTEM, PartyKind
from yiwang.platform.sharing import acts, live, queries
from yiwang.platform.sharing.answering import answered
from yiwang.platform.sharing.models import Record
from yiwang.platform.sharing.rules import Checker
from yiwang.platform.sharing.tests.datasets import CONSUMER, allowed, dataset, item, published
from yiwang.platform.sharing.tests.sources import feed_of, held, read, serving
from yiwang.platform.sharing.types import AnswerRule, DatasetItem, QualityRule, Want

GUIDES = Path(ROOT) / "docs" / "guides"
PERSON = "110101199003075715"
NOON = datetime(2026, 12, 2, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    live.forget()
    with clock.at(NOON):
        yield
    live.forget()


def parts(guide: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", (GUIDES / guide).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_a_source_that_answers_as_the_guide_says_is_read(testville: None, db: None) -> None:
    (page,) = (json.loads(one) for one in parts("feeds.md", "json") if '"rows"' in one)
    cars = published(dataset(code="test_cars", key=("plate",), items=(item("plate", required=True),)))
    last = {"rows": [], "next": page["next"], "more": False}
    with serving(lambda query: last if "since" in query else page) as source:
        feed = read(feed_of(cars, "http_pull", address=source.url))
    assert feed.last_error == ""
    assert [one.get("since") for one in source.asked] == [None, page["next"]]
    plates = {row["plate"]: row.get("deleted", False) for row in page["rows"]}
    assert held(cars) == [{"plate": plate} for plate, gone in plates.items() if not gone]


def test_a_source_is_asked_and_answers_as_the_guide_says(testville: None, db: None, settings: Any) -> None:
    settings.YIWANG_ASK_SECONDS = 2.0
    (said,) = (one for one in parts("feeds.md", "http") if "POST" in one)
    asked, answer = (json.loads(one) for one in re.findall(r"^\{.*?^$|^\{.*\Z", said, re.MULTILINE | re.DOTALL))
    ((code, columns),) = asked["datasets"].items()
    kinds = {"hazard": FieldKind.BOOLEAN}
    items = tuple(item(name, kind=kinds.get(name, FieldKind.TEXT)) for name in columns)
    gas = published(dataset(code=code, subject=PartyKind.ORGANISATION, items=items))
    allowed(gas, fields=tuple(columns))
    with serving(lambda _asked: answer) as source:
        feed_of(gas, "http_ask", address=source.url)
        found = queries.ask(asked["numbers"], {code: {name: [CONSUMER] for name in columns}})[code]
    (got,) = source.asked
    assert (got["numbers"], got["datasets"], set(got["purpose"])) == (
        asked["numbers"], asked["datasets"], set(asked["purpose"])
    )  # fmt: skip
    (row,) = answer["answers"][code]
    assert (found.values, found.number, found.at) == (
        row["values"], row["number"], datetime.fromisoformat(row["at"])
    )  # fmt: skip


def test_a_dataset_is_described_as_the_guide_says(testville: None, db: None) -> None:
    (text,) = parts("data-stewards.md", "yaml")
    said = yaml.safe_load(text)
    definition = dataset(
        code="test_cards",
        items=TypeAdapter(tuple[DatasetItem, ...]).validate_python(said["items"]),
        rules=TypeAdapter(tuple[QualityRule, ...]).validate_python(said["rules"]),
        answers=TypeAdapter(tuple[AnswerRule, ...]).validate_python(said["answers"]),
    )
    cards, checker = published(definition), Checker(definition, NOON.date())
    allowed(cards, fields=tuple(f"?{one.code}" for one in definition.answers))
    for number, example in enumerate(said["examples"]):
        faults = [list(one) for one in checker.faults(example["row"])]
        assert faults == example["faults"], example
        acts.bring_in(cards.pk, ({"subject": PERSON, **example["row"]},), by=SYSTEM, key=f"card-{number}")
        assert Record.objects.filter(dataset=cards, valid_to=None).exists() is not bool(faults)
        for code, word in example["says"].items():
            found = queries.ask([PERSON], {cards.code: {f"?{code}": [CONSUMER]}})[cards.code]
            said_of = answered(Want(dataset=cards.code, answer=code), definition, found, clock.today())
            assert said_of[0].value == word, example
        Record.objects.filter(dataset=cards).delete()
