"""Identifiers of things: UUID version 7 (RFC 9562), which sort by the time they were made.

Rows written one after another then lie side by side in every index, and ``order_by("id")`` is the order of
making.
"""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

_RANDOM_BITS = 74
_lock = threading.Lock()
_last = 0
"""The last id made, without its version and variant bits: 48 bits of milliseconds, then 74 random bits."""


def uuid7() -> uuid.UUID:
    """Make an identifier that is greater than every one made before in this process, also when the clock
    goes back.

    Within one millisecond the random part grows by a random step (RFC 9562, 6.2, method 2), so ids stay
    hard to guess and processes that share a machine do not meet.
    """
    global _last  # noqa: PLW0603 - the order is a property of the process
    with _lock:
        fresh = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        if fresh >> _RANDOM_BITS <= _last >> _RANDOM_BITS:
            fresh = _last + 1 + secrets.randbits(32)
        _last = fresh
    high, low = fresh >> 62, fresh & (1 << 62) - 1
    millis, counter = high >> 12, high & 0xFFF
    return uuid.UUID(int=millis << 80 | 7 << 76 | counter << 64 | 0b10 << 62 | low)


def made_at(identifier: uuid.UUID) -> datetime:
    """Return the instant (UTC, to the millisecond) in a version 7 identifier. Raises ValueError for other
    versions.
    """
    if identifier.version != 7:
        raise ValueError("only version 7 identifiers carry a time")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=identifier.int >> 80)
