"""Rate limits: so many times in so long for one key, counted in the database for all processes.

What was counted stays counted whatever becomes of the transaction around it: the count goes over a connection of its own,
so that who fails on purpose is counted too.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from yiwang.kernel import clock, models
from yiwang.kernel.problems import TooMany

_USE = """
    INSERT INTO kernel_use (slot, used, ends_at) SELECT slot, times, %s FROM unnest(%s::bytea[], %s::int[]) one (slot, times)
    ON CONFLICT (slot) DO UPDATE SET used = kernel_use.used + EXCLUDED.used RETURNING slot, used
"""
SHORT = 60
"""Seconds of a window after which one just tries again."""
_USED = "SELECT slot, used FROM kernel_use WHERE slot = %s"


@dataclass(frozen=True, slots=True)
class Use:
    """How a limit stands after a use: how many are allowed, how many are left, seconds until the window ends."""

    limit: int
    left: int
    reset: int


def count(key: str, limit: int, window: int, times: int = 1) -> Use:
    """Count one more use of ``key`` (or so many) in this window of ``window`` seconds; returns how the limit stands.

    Raises TooMany (``retry_after`` in seconds) from the use after ``limit`` on, until the window ends.
    """
    used, ends, reset = _used({key: times}, window)
    if used[key] > limit:
        raise _too_many(window, ends, reset)
    return Use(limit, limit - used[key], reset)


_SHARE = 100
_ahead: dict[bytes, tuple[int, datetime]] = {}
_ahead_lock = threading.Lock()
"""Uses that this process has counted beforehand, by slot, and when they lapse."""


def over(allowed: Mapping[str, int], window: int) -> set[str]:
    """Count one more use of each key, all at once; returns the keys that were used more often than is ``allowed``.

    For what happens often: a process counts a hundredth of what is allowed at a time, and uses that up before it asks again.
    No more than is allowed are let through; as many as processes still hold, fewer.
    """
    wanted = {key: max(1, limit // _SHARE) for key, limit in allowed.items() if not _had(key, window)}
    if not wanted:
        return set()
    used, ends, _reset = _used(wanted, window)
    spent = {key for key in wanted if used[key] > allowed[key]}
    with _ahead_lock:
        now = datetime.fromtimestamp(time.time(), UTC)
        for lapsed in [slot for slot, (_left, until) in _ahead.items() if until <= now]:
            del _ahead[lapsed]
        for key in wanted.keys() - spent:
            slot, until, _reset = _slot(key, window)
            if until == ends:  # else the window ended while it was counted
                _ahead[slot] = _ahead.get(slot, (0, ends))[0] + wanted[key] - 1, ends
    return spent


def _had(key: str, window: int) -> bool:
    """Take one of the uses that were counted beforehand, if there is one."""
    slot = _slot(key, window)[0]
    with _ahead_lock:
        left, ends = _ahead.get(slot, (0, None))
        if left and ends:
            _ahead[slot] = left - 1, ends
    return left > 0


def look(key: str, limit: int, window: int, times: int = 1) -> None:
    """Raise TooMany where so many more uses would be too many; count nothing."""
    slot, ends, reset = _slot(key, window)
    rows = _apart(_USED, [slot]) if settings.YIWANG_SHARED_LIMITS else [(slot, cache.get(slot.hex(), 0))]
    if sum(used for _one, used in rows) + times > limit:
        raise _too_many(window, ends, reset)


def forget() -> int:
    """Delete what was counted in windows that are over; returns how many."""
    return models.Use.objects.filter(ends_at__lt=datetime.now(UTC)).delete()[0]


def _used(times: Mapping[str, int], window: int) -> tuple[dict[str, int], datetime, int]:
    """Count so many uses of each key; returns how often each was used, when the window ends, and in how many seconds."""
    slots = {}
    for key in times:
        slots[key], ends, reset = _slot(key, window)
    if settings.YIWANG_SHARED_LIMITS:
        # In one order for everybody: whoever waits for a row holds none that the other waits for.
        ordered = sorted(times, key=lambda key: slots[key])
        found = dict(_apart(_USE, [ends, [slots[key] for key in ordered], [times[key] for key in ordered]]))
    else:
        found = {slot: _count_here(slot, window, times[key]) for key, slot in slots.items()}
    return {key: found[slot] for key, slot in slots.items()}, ends, reset


def _count_here(slot: bytes, window: int, times: int) -> int:
    cache.add(slot.hex(), 0, window)
    return cache.incr(slot.hex(), times)


def _apart(sql: str, values: list[Any]) -> list[tuple[bytes, int]]:
    """Run a statement outside the transaction that may be open here; return its rows: slots with how often each was used."""
    pool = connection.pool  # type: ignore[attr-defined]
    pool.open()
    with pool.connection() as apart:
        apart.autocommit = True  # one journey, not three
        return [(bytes(slot), used) for slot, used in apart.execute(sql, values).fetchall()]


def _slot(key: str, window: int) -> tuple[bytes, datetime, int]:
    """Return where the uses of this window are counted, when it ends, and in how many seconds."""
    now = time.time()
    slot = hashlib.sha256(f"{key}:{window}:{int(now // window)}".encode()).digest()
    ends = (now // window + 1) * window
    return slot, datetime.fromtimestamp(ends, UTC), max(1, round(ends - now))


def _too_many(window: int, ends: datetime, reset: int) -> TooMany:
    """Say from when it works again; nobody has to know that of a window that is over in a moment."""
    at = ends.astimezone(clock.SHANGHAI)
    words = {"day": date_format(at, _("n月j日")), "time": f"{at:%H:%M}"}
    if window <= SHORT:
        told = _("您操作得太快了，请过一会儿再试。")
    elif at.date() == datetime.fromtimestamp(ends.timestamp() - reset, clock.SHANGHAI).date():
        told = _("次数用完了，%(time)s 起可以再试。") % words
    else:
        told = _("次数用完了，%(day)s %(time)s 起可以再试。") % words
    return TooMany(told, retry_after=reset)


def client_address(request: HttpRequest) -> str:
    """Return the client's address as the last proxy that may be believed saw it
    (``YIWANG_TRUSTED_PROXIES``).
    """
    trusted: int = settings.YIWANG_TRUSTED_PROXIES
    hops = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if trusted and len(hops) >= trusted:
        return hops[-trusted]
    return str(request.META.get("REMOTE_ADDR", ""))
