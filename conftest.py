"""What all tests share: the database, and Testville, a small invented city."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from yiwang.config.tests.database import django_db_setup

__all__ = ["django_db_setup"]


def _forget() -> None:
    """Empty what processes keep in memory of a city."""
    from django.core.cache import cache

    from yiwang.platform.directory import city

    cache.clear()
    city._kept = (0.0, None)


@pytest.fixture(scope="module")
def loaded_testville(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Load Testville once for a module, in a transaction that its tests' own transactions stand in."""
    from django.conf import settings
    from django.db import transaction

    from yiwang.config.management.commands.pack import load
    from yiwang.kernel.packs import Pack

    with django_db_blocker.unblock(), transaction.atomic():
        _forget()
        load(Pack(Path(settings.YIWANG_PACK_DIR) / "testville"))
        yield
        transaction.set_rollback(True)


@pytest.fixture
def testville(loaded_testville: None, db: None, settings: Any, tmp_path: Path) -> Iterator[None]:
    """Give a test Testville, stored files of its own and nothing remembered of earlier tests."""
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.YIWANG_STATE_DIR = tmp_path
    _forget()
    yield
    _forget()


@pytest.fixture
def person_id(testville: None) -> Callable[[str], uuid.UUID]:
    """Return a function that gives the id of the person who signs in by this name."""
    from yiwang.platform.identity.models import Account

    def find(login: str) -> uuid.UUID:
        found = Account.objects.get(login=login).person_id
        assert found is not None
        return found

    return find


@pytest.fixture
def sign_in(testville: None) -> Callable[[str], Any]:
    """Return a function that gives a browser in which this person, or member of staff, has signed in."""
    from django.test import Client

    def enter(login: str) -> Client:
        client = Client()
        answer = client.post("/sign-in/", {"method": "demo", "login": login})
        assert answer.status_code == 302, answer.content
        return client

    return enter


@pytest.fixture
def journey(person_id: Callable[[str], uuid.UUID]) -> Callable[..., Any]:
    """Return a function that makes a journey through Testville: ``journey("elder", "old_age")``; walk its
    ``steps``.

    ``correction`` is item, material and message of a correction that is asked for on the way.
    """
    from yiwang.config.journey import CorrectionPlan, Journey, Scenario

    def make(
        login: str,
        life_event: str,
        start: date = date(2026, 3, 2),
        answers: dict[str, Any] | None = None,
        correction: tuple[str, str, str] | None = None,
    ) -> Journey:
        plan = (
            CorrectionPlan(**dict(zip(("item", "material", "message"), correction, strict=True)))
            if correction
            else None
        )
        scenario = Scenario(
            life_event=life_event,
            person=login,
            answers=answers or {"place_region": "339901001"},
            correction=plan,
        )
        return Journey(scenario, person_id(login), None, start)

    return make


@pytest.fixture
def deliver(testville: None) -> Callable[..., int]:
    """Return a function that hands every event so far to one subscriber.

    The real delivery waits for transactions to end, which a test's own never does.
    """
    from yiwang.kernel.events import Happening, subscribers
    from yiwang.kernel.models import Event

    def hand_out(subscriber: str, *names: str) -> int:
        handlers = subscribers()[subscriber]
        rows = Event.objects.filter(name__in=names or handlers).order_by("seq")
        for row in rows:
            handlers[row.name](Happening(row.id, row.at, row.name, row.subject_id, row.payload))
        return len(rows)

    return hand_out
