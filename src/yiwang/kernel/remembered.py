"""What may be a little old: worked out once and remembered by the process for some seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar, cast

from django.core.cache import cache

T = TypeVar("T")


def remembered(name: str, make: Callable[[], T], seconds: int = 60) -> T:
    """Return what ``make`` gives, at most ``seconds`` old; ``name`` says what it is, and of what."""
    return cast(T, cache.get_or_set(_key(name), make, seconds))


def forget(name: str) -> None:
    """Work it out anew next time, in this process: it was just changed."""
    cache.delete(_key(name))


def _key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
