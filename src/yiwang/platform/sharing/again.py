"""When what was down is asked again: soon, then after longer and longer waits, until the city's time for it is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from yiwang.platform.catalog import queries as catalog

LIMIT = "again"
"""Entry of the table ``sharing_limits``, in hours since it was asked first."""
FIRST_WAIT = timedelta(minutes=5)
"""Five minutes, then twice as long each time."""


def next_at(at: datetime, attempt: int) -> datetime | None:
    """Return when to ask again after an attempt (the first is 1) that found something down, or nothing: it was asked for
    long enough.
    """
    most = timedelta(hours=int(catalog.code_table("sharing_limits").get(LIMIT, "12")))
    since_first = FIRST_WAIT * (2**attempt - 1)
    return at + FIRST_WAIT * 2 ** (attempt - 1) if since_first <= most else None
