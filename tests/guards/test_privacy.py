"""Personal data stay where they are sealed: not in the trail, not in events, not in the log."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import models
from django.test import Client

from yiwang.kernel import clock
from yiwang.kernel.models import AuditEntry, Event
from yiwang.kernel.sealed import SealedTextField
from yiwang.platform.identity.models import Person

from .world import NOON, build

NEWCOMER = {"number": "11010119900307571X", "phone": "13912345678", "name": "测试新来者"}


def personal() -> set[str]:
    """Return what belongs to somebody of Testville: numbers, telephones, addresses and names."""
    rows = Person.objects.values_list("number", "phone", "address", "name")
    return {value for row in rows for value in row if value and len(value) > 3} | set(NEWCOMER.values())


def told(rows: Iterable[Any], secrets: set[str]) -> Iterator[str]:
    """Yield every row that says something personal."""
    for row in rows:
        text = row if isinstance(row, str) else json.dumps(row, ensure_ascii=False, default=str)
        yield from (f"{secret} in {text[:300]}" for secret in secrets if secret in text)


class Lines(logging.Handler):
    """Keeps what would be written, as the platform's own formatter writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []
        self.setFormatter(logging.getLogger().handlers[0].formatter)

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(self.format(record))


@pytest.fixture
def lines() -> Iterator[list[str]]:
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.kept
    root.removeHandler(handler)
    root.setLevel(level)


def live(world: Any) -> None:
    """Do what people do with personal numbers in their hands, rightly and wrongly, and make a page fall over."""
    key, number, phone = uuid.uuid4().hex, NEWCOMER["number"], NEWCOMER["phone"]
    anybody, clerk = Client(raise_request_exception=False), world.visitors["intake"].fresh()
    anybody.post("/sign-up/", {"f-phone": phone, "phone": phone, "key": key})
    anybody.post("/reset/", {"f-login": phone, "login": phone, "key": key})
    anybody.post("/sign-in/", {"method": "password", "login": phone, "password": number})
    anybody.get("/search/", {"q": number})
    anybody.get(f"/verify/{number}")
    anybody.get("/progress/", {"number": number, "code": phone})
    clerk.get("/desk/find/", {"q": number})
    clerk.post("/desk/serve/party/", {"number": number})
    registered = {**NEWCOMER, "document": "citizen_id", "consent": "yes", "key": key}
    assert clerk.post("/desk/serve/register/", registered).status_code == 200
    clerk.post("/desk/serve/register/", registered | {"phone": f"{phone}0", "key": uuid.uuid4().hex})
    clerk.post("/desk/people/", {"do": "find", "q-document": "citizen_id", "q-number": number, "q-purpose": "代办"})


@pytest.mark.slow
@pytest.mark.django_db
def test_nothing_personal_is_told(
    testville: None, tmp_path: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build(tmp_path)
    with clock.at(NOON):
        live(world)
        monkeypatch.setattr("yiwang.platform.cases.desk.lists.search", lambda _actor, words: 1 / 0)
        answer = world.visitors["intake"].fresh().get("/desk/find/", {"q": NEWCOMER["number"]})
        assert answer.status_code == 500
    secrets = personal()
    assert len(secrets) > 15
    entries = AuditEntry.objects.all()
    assert entries.count() > 60
    assert list(told(entries.values("name", "actor_label", "purpose", "detail", "subject_id"), secrets)) == []
    assert list(told(Event.objects.values("subject_id", "payload"), secrets)) == []
    assert any("ZeroDivisionError" in line for line in lines)
    assert list(told(lines, secrets)) == []


def test_what_tells_something_is_seen() -> None:
    assert list(told([{"detail": {"phone": "13912345678"}}], {"13912345678"}))
    assert list(told(["one line with 测试新来者 in it"], {"测试新来者"}))


@pytest.mark.parametrize("number", ["11010119900307571X", "13912345678"])
@pytest.mark.parametrize(
    "how", ["{}", "GET /desk/find/?q={}", "号码{}有误", '{{"number": "{}"}}', "Key (phone)=({}) exists"]
)
def test_a_number_that_gets_into_the_log_is_covered(lines: list[str], number: str, how: str) -> None:
    logging.getLogger("planted").warning(
        "planted", extra={"value": how.format(number), "more": [number, {"x": number}]}
    )
    (line,) = lines
    assert "***" in line
    assert number not in line


def exposed(tables: Iterable[type[models.Model]]) -> Iterator[str]:
    """Yield columns whose name says that they hold a personal number or an address of a person, and that are not sealed."""
    words = {"phone", "mobile", "citizen_id", "id_number", "destination", "answers", "facts"}
    for table in tables:
        for column in table._meta.concrete_fields:
            if column.name in words and not isinstance(column, SealedTextField):
                yield f"{table._meta.label}.{column.name}"


PUBLIC = {"directory.Agency.phone", "directory.ServiceCentre.phone"}
"""Telephones of offices."""


def test_personal_columns_are_sealed() -> None:
    from django.apps import apps

    own = [
        table
        for table in apps.get_models()
        if table.__module__.startswith("yiwang.") and ".tests." not in table.__module__
    ]
    assert len(own) > 40
    assert set(exposed(own)) == PUBLIC


def test_a_column_that_is_not_sealed_is_seen() -> None:
    class Planted(models.Model):
        phone = models.CharField(max_length=20)

        class Meta:
            app_label = "guards_planted"

    assert list(exposed([Planted])) == ["guards_planted.Planted.phone"]
