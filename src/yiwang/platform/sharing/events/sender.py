"""The worker's threads that send events: a loop leases what is due, each subscription is served in a thread of its own.

Those that failed or were slow last time have threads apart, so that however many of them hang, the others go on.
"""

from __future__ import annotations

import logging
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

from django.db import close_old_connections, connection

from yiwang.platform.sharing.events import posting, sending

log = logging.getLogger(__name__)
PAUSE = 0.1
"""Seconds between two looks for what is due."""
THREADS = {False: 48, True: 12}
"""How many at once: of the well, and of the doubtful."""


class Pool:
    """Threads for one kind of subscription; it leases no more than there are free threads for."""

    def __init__(self, *, doubtful: bool) -> None:
        self.doubtful = doubtful
        self.size = THREADS[doubtful]
        self._busy = 0
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(self.size, thread_name_prefix="events-doubtful" if doubtful else "events")

    def turn(self) -> int:
        """Begin to serve what is due; return how many."""
        with self._lock:
            free = self.size - self._busy
        leased = sending.lease(free, doubtful=self.doubtful) if free else []
        with self._lock:
            self._busy += len(leased)
        for pk, lease in leased:
            self._threads.submit(self._serve, pk, lease)
        return len(leased)

    def _serve(self, pk: uuid.UUID, lease: uuid.UUID) -> None:
        try:
            close_old_connections()
            sending.deliver(pk, lease, apart=connection.close)
        except Exception:
            # The lease runs out by itself; whatever it was, the others are not to hear of it.
            log.exception("events.delivery_failed", extra={"subscription": str(pk)})
        finally:
            connection.close()
            with self._lock:
                self._busy -= 1


_pools: list[Pool] = []


def turn() -> int:
    """Hang up on who is too late, then begin to serve what is due; return how many."""
    if not _pools:
        _pools.extend(Pool(doubtful=doubtful) for doubtful in (False, True))
    posting.cut_late()
    return sum(pool.turn() for pool in _pools)
