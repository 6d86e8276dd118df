"""A loop of the worker between its turns: it goes on after an error, and keeps no connection from others."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connections

from yiwang.kernel import work

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def running(pause: float, does: work.Work) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=work._loop, args=(stop, "a loop", pause, does), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def test_a_loop_that_waits_for_its_next_turn_holds_no_connection() -> None:
    held: list[Any] = []
    given = threading.Event()

    def does(_stop: threading.Event) -> None:
        mine = connections["default"]
        mine.ensure_connection()
        close = mine.close

        def closed() -> None:
            close()
            given.set()

        mine.close = closed  # type: ignore[method-assign]
        held.append(mine)

    with running(60.0, does):
        assert given.wait(10), "the connection was kept"
        assert held[0].connection is None
    assert len(held) == 1


def test_a_loop_goes_on_after_an_error_and_after_a_database_that_was_away() -> None:
    errors: list[Exception] = [ValueError("wrong"), OperationalError("away")]
    ended = threading.Event()

    def does(_stop: threading.Event) -> None:
        connections["default"].ensure_connection()
        if errors:
            raise errors.pop(0)
        ended.set()

    with running(0.01, does):
        assert ended.wait(10)
