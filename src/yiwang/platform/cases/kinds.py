"""Kinds of step: a registry, so that ``cases`` knows no money, parcels or queues. Rooms that own a kind register it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from yiwang.kernel.types import Role


@dataclass(frozen=True, slots=True)
class Kind:
    """Which role does a step of this kind; ``automatic`` does it by itself when its turn comes.

    ``automatic(case, task)`` runs inside the act that opened the step and returns the outcome, or ``None`` to leave the
    step to the role.
    """

    role: Role
    automatic: Callable[[Any, Any], str | None] | None = None


_kinds: dict[str, Kind] = {}


def register(name: str, kind: Kind) -> None:
    """Register a kind of step."""
    if name in _kinds:
        raise ValueError(f"step kind {name!r} is declared twice")
    _kinds[name] = kind


def get_kind(name: str) -> Kind:
    """Return a kind; an unknown one is a fault of the item's definition."""
    try:
        return _kinds[name]
    except KeyError:
        raise LookupError(f"there is no kind of step {name!r}") from None


def names() -> frozenset[str]:
    """Return every registered kind."""
    return frozenset(_kinds)
