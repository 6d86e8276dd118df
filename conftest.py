"""What all tests share: the database, and Testville, a small invented city."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as how_to_draw

from yiwang.config.tests.browser import browser, debugging_port
from yiwang.config.tests.database import django_db_setup

# A busy machine is no fault of what is tested.
how_to_draw.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
how_to_draw.load_profile("house")

__all__ = ["browser", "debugging_port", "django_db_setup"]


def _forget() -> None:
    """Empty what processes keep in memory of a city."""
    from django.core.cache import caches

    from yiwang.kernel import remembered
    from yiwang.platform.catalog import queries as catalog
    from yiwang.platform.directory import city
    from yiwang.platform.search import words
    from yiwang.ui import names

    for one in caches.all(initialized_only=True):
        one.clear()
    remembered.forget()
    city._kept = (0.0, None)
    catalog._editions.clear()
    words.forget()
    names.forget()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, in whatever order the rest comes: no core shall wait for it at the end.

    Who strikes at a city of processes stands together: each core would start a city of its own.
    """
    items.sort(key=lambda item: ("chaos" not in item.keywords, "slow" not in item.keywords))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in which order the tests ran: with ``make test ARGS=--randomly-seed=…`` they run in it again."""
    if config.pluginmanager.hasplugin("randomly"):
        terminalreporter.write_line(f"order: --randomly-seed={config.getoption('randomly_seed')}")


@pytest.fixture(scope="session", autouse=True)
def as_served() -> None:
    """Look for sentences as a server does (``yiwang serve``), and let no test's client list all static files at its start."""
    from django.conf import settings

    from yiwang.ui import catalogues

    catalogues.join_all()
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def forget() -> Iterator[Callable[[], None]]:
    """Let no test remember another's city; gives what forgets, for a test that changes the city under way."""
    _forget()
    yield _forget
    _forget()


@pytest.fixture
def testville(db: None, settings: Any, tmp_path: Path) -> None:
    """Give a test Testville (``config.tests.database`` chose the database in which it is loaded) and files of its own."""
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.YIWANG_STATE_DIR = tmp_path


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
def deliver(db: None) -> Callable[..., int]:
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
