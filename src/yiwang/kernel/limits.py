"""Rate limits: so many times in so long for one key, counted in the cache.

Each process counts for itself where the cache is local memory; a shared cache (Redis) makes the limit exact.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext as _

from yiwang.kernel.problems import TooMany


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
    slot, reset = _slot(key, window)
    cache.add(slot, 0, window)
    try:
        used = cache.incr(slot, times)
    except ValueError:  # pushed out of the cache between the two calls
        used = times
    if used > limit:
        raise _too_many(reset)
    return Use(limit, limit - used, reset)


def look(key: str, limit: int, window: int, times: int = 1) -> None:
    """Raise TooMany where so many more uses would be too many; count nothing."""
    slot, reset = _slot(key, window)
    if cache.get(slot, 0) + times > limit:
        raise _too_many(reset)


def _slot(key: str, window: int) -> tuple[str, int]:
    """Return where the uses of this window are counted, and in how many seconds it ends."""
    now = time.time()
    return f"limit:{key}:{int(now // window)}", max(1, round(window - now % window))


def _too_many(reset: int) -> TooMany:
    return TooMany(_("您操作得太快了，请过一会儿再试。"), retry_after=reset)


def client_address(request: HttpRequest) -> str:
    """Return the client's address as the last proxy that may be believed saw it
    (``YIWANG_TRUSTED_PROXIES``).
    """
    trusted: int = settings.YIWANG_TRUSTED_PROXIES
    hops = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if trusted and len(hops) >= trusted:
        return hops[-trusted]
    return str(request.META.get("REMOTE_ADDR", ""))
