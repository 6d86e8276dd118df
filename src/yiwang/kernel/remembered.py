"""What may be a little old: worked out once and remembered by the process for some seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar, cast

from django.core.cache import cache

T = TypeVar("T")


def remembered(name: str, about: object, make: Callable[[], T], seconds: int = 60) -> T:
    """Return what ``make`` gives, at most ``seconds`` old. ``name`` says what it is, ``about`` (its ``repr``) of what."""
    key = f"{name}:{hashlib.sha256(repr(about).encode()).hexdigest()}"
    return cast(T, cache.get_or_set(key, make, seconds))
