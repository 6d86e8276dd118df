"""What may be a little old: worked out once and remembered by the process for some seconds.

It is the very value that is given to everybody: nobody changes it. (A cache that copies took 16 ms for the data elements of a
city, as long as some pages take altogether.) Who asks while it is being worked out waits for it: a busy process would do the
same work in every thread, and never give the memory back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")
MOST = 1000
"""Values that a process remembers; the names of some hold a user's scope."""
_kept: dict[str, tuple[float, Any]] = {}
_makers: dict[str, threading.RLock] = {}
_lock = threading.Lock()


def remembered(name: str, make: Callable[[], T], seconds: int = 60) -> T:
    """Return what ``make`` gives, at most ``seconds`` old; ``name`` says what it is, and of what."""
    until, value = _kept.get(name, (0.0, None))
    if time.monotonic() < until:
        return cast(T, value)
    with _lock:
        maker = _makers.setdefault(name, threading.RLock())
    with maker:
        until, value = _kept.get(name, (0.0, None))
        if time.monotonic() >= until:
            value = make()
            _make_room()
            _kept[name] = (time.monotonic() + seconds, value)
    return cast(T, value)


def forget(name: str = "") -> None:
    """Work it out anew next time, in this process: it was just changed. Without a name: everything."""
    if name:
        _kept.pop(name, None)
    else:
        _kept.clear()


def _make_room() -> None:
    """Drop the half that would be too old first: it is worked out again."""
    if len(_kept) >= MOST:
        with _lock:
            for name, _known in sorted(_kept.items(), key=lambda one: one[1][0])[: MOST // 2]:
                _kept.pop(name, None)
            _makers.clear()  # who is at work goes on; at worst somebody does the same
