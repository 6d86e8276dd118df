"""Digests over values: one canonical JSON form, hashed with SM3 (GB/T 32905) or SHA-256.

Editions, idempotency keys and the audit trail compare digests made in different years by different
processes, also of values that went through a ``jsonb`` column in between, so the form leaves no choice: see
``canonical``.
"""

from __future__ import annotations

import enum
import hashlib
import json
import math
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives import hashes


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of ``value`` in UTF-8: keys sorted by code point, no spaces, no escapes but
    the needed.

    Decimal: a string without exponent or trailing zeros (``"1.5"``). Float: whole ones as integers, others
    in the shortest form that reads back the same. Date: ISO 8601. Instant: UTC, ``Z``, as many microsecond
    digits as there are. UUID: lower-case with hyphens. Enumeration: its value. Tuple: a list.

    Raises TypeError for anything else (sets have no order, bytes no form) and for keys that are not strings;
    ValueError for NaN, infinity and instants without a time zone.
    """
    return _ENCODER.encode(_plain(value)).encode()


def sm3_hex(data: bytes) -> str:
    """Return the SM3 digest as 64 lower-case hexadecimal digits."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize().hex()


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 digest as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sm3_of(value: Any) -> str:
    """Return the SM3 digest of the canonical form of ``value``; errors as of ``canonical``."""
    return sm3_hex(canonical(value))


def sha256_of(value: Any) -> str:
    """Return the SHA-256 digest of the canonical form of ``value``; errors as of ``canonical``."""
    return sha256_hex(canonical(value))


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_PLAIN = frozenset({str, int, bool, type(None)})


def _plain(value: Any) -> Any:
    kind = type(value)  # documents are large, and hardly anything else is in them
    if kind in _PLAIN:
        return value
    if kind is dict and all(type(key) is str for key in value):
        return {key: item if type(item) in _PLAIN else _plain(item) for key, item in value.items()}
    if kind is list:
        return [item if type(item) in _PLAIN else _plain(item) for item in value]
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("NaN and infinity have no canonical form")
        return int(value) if value.is_integer() else value
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("NaN and infinity have no canonical form")
        text = format(value, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("keys must be strings")
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return [_plain(item) for item in value]
    raise TypeError(f"no canonical form for {type(value).__name__}")
