"""What a process remembers: once for all who ask, no longer than was said."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from yiwang.kernel import remembered as module
from yiwang.kernel.remembered import forget, remembered


@pytest.fixture(autouse=True)
def _nothing() -> Iterator[None]:
    forget()
    yield
    forget()


def test_who_asks_at_the_same_time_waits_for_the_one_answer() -> None:
    together, made, found = threading.Barrier(6), [], []

    def make() -> object:
        time.sleep(0.05)
        made.append(remembered("within", object))
        return object()

    def ask() -> None:
        together.wait()
        found.append(remembered("x", make))

    threads = [threading.Thread(target=ask) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(set(map(id, found))) == 1, "the very same"
    assert len(found) == 6


def test_it_is_worked_out_anew_when_it_is_too_old_or_was_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(module, "time", type("Clock", (), {"monotonic": staticmethod(lambda: now[0])}))
    made: list[int] = []

    def ask(name: str = "x", seconds: int = 60) -> int:
        return remembered(name, lambda: made.append(1) or len(made), seconds)  # type: ignore[func-returns-value]

    assert [ask(), ask()] == [1, 1]
    now[0] = 59.9
    assert ask() == 1
    now[0] = 60.0
    assert ask() == 2
    assert ask("y") == 3
    forget("x")
    assert [ask(), ask("y")] == [4, 3]


def test_what_cannot_be_worked_out_is_not_remembered() -> None:
    with pytest.raises(ZeroDivisionError):
        remembered("x", lambda: 1 // 0)
    assert remembered("x", lambda: 7) == 7


def test_what_lasts_longest_stays_where_there_is_no_room() -> None:
    remembered("long", lambda: "kept", 6000)
    for number in range(2 * module.MOST):
        remembered(f"short {number}", lambda: "once", 60)
        assert len(module._kept) <= module.MOST
    assert remembered("long", lambda: "anew", 6000) == "kept"
