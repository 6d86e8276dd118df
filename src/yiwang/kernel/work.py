"""Loops inside the worker: the kernel's own (events, timers, seals of the audit trail, old uses) and those of rooms."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection

from yiwang.kernel import audit, events, limits, timers

log = logging.getLogger(__name__)
Work = Callable[[threading.Event], object]
_loops: list[tuple[str, float, Work]] = [
    ("events", 0.5, lambda _stop: events.deliver_all()),
    ("timers", 1.0, lambda _stop: timers.ring_due()),
    ("seal", 30.0, lambda _stop: audit.seal()),
    ("limits", 300.0, lambda _stop: limits.forget()),
]


def loop(name: str, pause: float, threads: int = 1) -> Callable[[Work], Work]:
    """Register a room's loop: called again and again, ``pause`` seconds from start to start, in so many threads.

    For work that may take long, which as a job would keep other jobs waiting. It ends soon after ``stop`` is set.
    """

    def register(work: Work) -> Work:
        _loops.extend([(name, pause, work)] * threads)
        return work

    return register


def run_loops(stop: threading.Event) -> list[threading.Thread]:
    """Start the loops as daemon threads; they end soon after ``stop`` is set."""
    threads = [
        threading.Thread(target=_loop, args=(stop, name, pause, work), name=f"loop-{name}", daemon=True)
        for name, pause, work in _loops
    ]
    for thread in threads:
        thread.start()
    return threads


def drain(patience: float = 30.0) -> None:
    """Do at once what the loops would do in time (for commands and tests).

    Events are delivered when every transaction older than theirs has ended, so this waits for those of other people,
    up to ``patience`` seconds; within a transaction of one's own there is nothing to wait for.
    """
    deadline = time.monotonic() + patience
    while True:
        while events.deliver_all() + timers.ring_due():
            pass
        if connection.in_atomic_block or not events.blocked() or time.monotonic() > deadline:
            return
        time.sleep(0.05)


def _loop(stop: threading.Event, name: str, pause: float, work: Work) -> None:
    while not stop.is_set():
        began, least = time.monotonic(), 0.0
        try:
            work(stop)
        except (OperationalError, InterfaceError):
            log.warning("worker.database_away", extra={"loop": name})
            least = 1.0
        except Exception:
            log.exception("worker.loop_failed", extra={"loop": name})
        connection.close()  # the pool is small: who waits for the next turn keeps nobody else waiting
        stop.wait(max(least, pause - (time.monotonic() - began)))
