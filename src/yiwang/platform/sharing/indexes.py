"""Blind indexes: by what a record is found, and told from others, without saying what stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yiwang.kernel.digest import sha256_of
from yiwang.kernel.sealed import blind_index

SUBJECT = "subject"
"""Scope of the blind index under which a subject's records stand."""


def own_index(key: Sequence[str], values: dict[str, Any]) -> bytes:
    """Return what tells a record from its subject's others in the dataset; empty without a key of its own."""
    return blind_index(sha256_of([values.get(name) for name in key]), "own") if key else b""


def values_index(values: dict[str, Any]) -> bytes:
    """Return what tells these values from others without saying what they are."""
    return blind_index(sha256_of(values), "values")
