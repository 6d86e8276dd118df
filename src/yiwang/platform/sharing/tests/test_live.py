"""Datasets that are asked at their source: no more than was granted, one call a system, nobody waits for who is down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from yiwang.kernel import clock
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.types import PartyKind
from yiwang.platform.sharing import live, queries
from yiwang.platform.sharing.answering import answered
from yiwang.platform.sharing.models import Dataset, Feed, Record, Run
from yiwang.platform.sharing.tests.datasets import CONSUMER, allowed, dataset, item, published
from yiwang.platform.sharing.tests.sources import feed_of, read, serving
from yiwang.platform.sharing.types import Answer, AnswerRule, Said, Want

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
PERSON, FIRM = "110101199003075715", "91330302MADEM0011Y"
ITEMS = (item("plate"), item("seats", kind=FieldKind.INTEGER), item("owed", kind=FieldKind.BOOLEAN))


@pytest.fixture(autouse=True)
def noon(settings: Any) -> Iterator[None]:
    settings.YIWANG_ASK_SECONDS = 2.0
    live.forget()
    with clock.at(NOON):
        yield
    live.forget()


def cars(code: str = "test_cars", **more: Any) -> Dataset:
    rule = AnswerRule(code="clear", label="没有欠费", expression="owed == false")
    return published(dataset(**({"code": code, "items": ITEMS, "answers": (rule,)} | more)))


def says(**values: Any) -> Callable[[dict[str, Any]], Any]:
    """Answer for every dataset that each of the numbers has this record."""

    def answer(asked: dict[str, Any]) -> Any:
        rows = [{"number": number, "at": "2026-03-01T00:00:00+08:00", "values": values} for number in asked["numbers"]]
        return {"answers": {code: rows for code in asked["datasets"]}}  # noqa: C420

    return answer


def ask(
    *fields: str, codes: tuple[str, ...] = ("test_cars",), numbers: tuple[str, ...] = (FIRM, PERSON)
) -> dict[str, Answer]:
    return queries.ask(numbers, {code: {field: [CONSUMER] for field in fields} for code in codes})


def test_no_more_is_asked_than_was_granted_and_of_nobody_else(testville: None, db: None) -> None:
    row = cars()
    allowed(row, fields=("plate",))
    with serving(says(plate="浙C1", seats=5, owed=True, colour="红")) as system:
        feed_of(row, "http_ask", address=system.url, secret="s3cret")
        found = ask("plate", "seats")["test_cars"]
        assert (found.values, found.number, found.available) == ({"plate": "浙C1"}, PERSON, True)
        assert found.at == datetime(2026, 2, 28, 16, tzinfo=UTC)
        assert set(found.fields) == {"plate"}
        (asked,) = system.asked
        assert asked["numbers"] == [PERSON], "a dataset about people is told nothing of a firm"
        assert asked["datasets"] == {"test_cars": ["plate"]}
        assert asked["purpose"] == {"functions": "fire", "items": CONSUMER.item}
        assert system.heads[0]["Authorization"] == "Bearer s3cret"
        ask("seats")
        assert len(system.asked) == 1, "what nobody granted is not asked"
    assert not Record.objects.filter(dataset=row).exists()


def test_a_yes_or_no_is_worked_out_here_from_its_columns_alone(testville: None, db: None) -> None:
    row = cars()
    allowed(row, fields=("?clear",))
    want = Want(dataset="test_cars", answer="clear")
    definition = queries.definitions(["test_cars"])["test_cars"]
    for owed, said in ((False, Said.YES), (True, Said.NO), (None, Said.UNKNOWN)):
        with serving(says(owed=owed, plate="浙C1")) as system:
            feed_of(row, "http_ask", address=system.url)
            assert answered(want, definition, ask("?clear")["test_cars"], clock.today()) == (said, {})
            assert system.asked[0]["datasets"] == {"test_cars": ["owed"]}


def test_one_call_a_system_and_all_systems_at_once(
    testville: None, db: None, django_assert_max_num_queries: Any
) -> None:
    begun = threading.Barrier(3, timeout=5)

    def slow(asked: dict[str, Any]) -> Any:
        begun.wait()  # nobody comes further before all three systems were asked
        return says(plate="浙C1")(asked)

    with ExitStack() as stack:
        systems = [stack.enter_context(serving(slow)) for _number in range(3)]
        for number in range(6):
            row = cars(f"test_cars_{number}")
            allowed(row)
            feed_of(row, "http_ask", address=systems[number % 3].url)
        kept = published(dataset(code="test_kept", items=(item("plate"),)))
        allowed(kept)
        names = tuple(f"test_cars_{number}" for number in range(6))
        with django_assert_max_num_queries(2):
            found = ask("plate", codes=(*names, "test_kept"))
        assert {code for code, one in found.items() if one.values == {"plate": "浙C1"}} == set(names)
        assert found["test_kept"].values is None
        assert [len(system.asked) for system in systems] == [1, 1, 1]


def test_nobody_waits_for_who_is_late_and_the_next_not_at_all(testville: None, db: None, settings: Any) -> None:
    settings.YIWANG_ASK_SECONDS = 0.3
    held = threading.Event()
    with serving(lambda asked: held.wait(10) and says()(asked)) as hanging, serving(says(plate="浙C1")) as well:
        for code, system in (("test_late", hanging), ("test_well", well)):
            row = cars(code)
            allowed(row)
            feed_of(row, "http_ask", address=system.url)
        began = time.monotonic()
        found = ask("plate", codes=("test_late", "test_well"))
        assert time.monotonic() - began < 2
        assert (found["test_late"].available, found["test_late"].values) == (False, None)
        assert found["test_well"].values == {"plate": "浙C1"}
        asked = len(hanging.asked)
        found = ask("plate", codes=("test_late", "test_well"))
        assert (len(hanging.asked), found["test_late"].available, found["test_well"].available) == (asked, False, True)
        held.set()
        live.forget()
        assert ask("plate", codes=("test_late",))["test_late"].available


GOOD = {"number": PERSON, "at": "2026-03-01T00:00:00+08:00", "values": {"plate": "浙C1"}}
WRONG: list[Any] = [
    (500, {}, {}),
    (401, {}, {}),
    (302, {"Location": "http://127.0.0.1:1/"}, b""),
    b"{",
    [],
    {"answers": []},
    {"answers": {}},
    {"answers": {"test_cars": {}}},
    {"answers": {"test_cars": ["x"]}},
    {"answers": {"test_cars": [{**GOOD, "number": "110101199003070011"}]}},
    {"answers": {"test_cars": [{**GOOD, "values": None}]}},
    {"answers": {"test_cars": [GOOD] * 401}},
]


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_what_is_no_answer_is_none(testville: None, db: None, wrong: Any) -> None:
    row = cars()
    allowed(row)
    with serving(lambda _asked: wrong) as system:
        feed_of(row, "http_ask", address=system.url)
        found = ask("plate")["test_cars"]
    assert (found.available, found.values) == (False, None)


def test_values_that_are_none_of_their_kind_are_unknown(testville: None, db: None) -> None:
    row = cars()
    allowed(row)
    with serving(says(plate=["x"], seats="viele", owed="是")) as system:
        feed_of(row, "http_ask", address=system.url, columns={})
        assert ask("plate", "seats", "owed")["test_cars"].values == {"owed": True}


def test_the_newest_of_the_first_number_that_has_any(testville: None, db: None) -> None:
    rows = [
        {"number": PERSON, "at": "2026-02-01T00:00:00+08:00", "values": {"plate": "旧"}},
        {"number": PERSON, "at": "2026-03-01T00:00:00+08:00", "values": {"plate": "新"}},
        {"number": PERSON, "at": "2027-01-01T00:00:00", "values": {}},
    ]
    row = cars()
    allowed(row)
    with serving(lambda _asked: {"answers": {"test_cars": rows[:2]}}) as system:
        feed_of(row, "http_ask", address=system.url)
        assert ask("plate")["test_cars"].values == {"plate": "新"}
        rows.reverse()
    with serving(lambda _asked: {"answers": {"test_cars": []}}) as system:
        feed_of(row, "http_ask", address=system.url)
        found = ask("plate")["test_cars"]
        assert (found.available, found.values, found.number) == (True, None, "")


def test_a_firm_s_dataset_is_told_nothing_of_people_and_without_a_number_nobody_is_asked(
    testville: None, db: None
) -> None:
    row = cars(subject=PartyKind.ORGANISATION)
    allowed(row)
    with serving(says(plate="浙C1")) as system:
        feed_of(row, "http_ask", address=system.url)
        assert ask("plate")["test_cars"].number == FIRM
        assert [one["numbers"] for one in system.asked] == [[FIRM]]
        assert ask("plate", numbers=(PERSON,))["test_cars"].available
        assert len(system.asked) == 1
        Feed.objects.update(failures=1)
        assert not ask("plate", numbers=(PERSON,))["test_cars"].available, (
            "whether it knows of somebody, nobody can tell"
        )
        assert ask("plate")["test_cars"].available, "who is asked and answers is well"


def test_it_is_looked_after_like_every_feed(testville: None, db: None, sign_in: Any) -> None:
    row = cars()
    with serving(says()) as system:
        feed = read(feed_of(row, "http_ask", address=system.url))
        assert (feed.failures, feed.last_error, feed.read_to) == (0, "", NOON)
        assert system.asked == [{"numbers": [], "datasets": {"test_cars": []}, "purpose": {}}]
        assert not Run.objects.exists(), "nothing was read in"
        assert "实时核验接口" in sign_in("steward").get("/desk/feeds/test_cars/").content.decode()
    feed = read(feed)
    assert (feed.failures, "ConnectError" in feed.last_error) == (1, True)
    with serving(lambda _asked: {"answers": {}}) as system:
        Feed.objects.update(address=system.url, next_at=NOON)
        assert "现在答不了" in read(feed).last_error


def test_who_is_switched_off_is_not_asked(testville: None, db: None) -> None:
    row = cars()
    allowed(row)
    with serving(says(plate="浙C1")) as system:
        Feed.objects.filter(pk=feed_of(row, "http_ask", address=system.url).pk).update(enabled=False)
        assert ask("plate")["test_cars"].values is None
        assert system.asked == []
