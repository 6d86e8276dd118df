"""A feed's clockwork and the shape of its rows: when it is due, how it backs off, how well it is. Pure."""

from __future__ import annotations

import hashlib
import math
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from yiwang.kernel.clock import SHANGHAI
from yiwang.kernel.fields import FieldKind
from yiwang.platform.sharing.types import DatasetItem, FeedHealth, UpdateCycle

SUBJECT, AT, DELETED = "subject", "at", "deleted"
OWN_COLUMNS = (SUBJECT, AT, DELETED)
"""What a row says besides the dataset's columns: whom it is about, when it was so, that it is so no more."""

# --- when ---

LONGEST_PAUSE = timedelta(hours=1)
_JITTER = 0.2
_CYCLES = {
    UpdateCycle.REALTIME: timedelta(seconds=60),
    UpdateCycle.DAILY: timedelta(days=1),
    UpdateCycle.WEEKLY: timedelta(days=7),
    UpdateCycle.MONTHLY: timedelta(days=30),
    UpdateCycle.QUARTERLY: timedelta(days=91),
    UpdateCycle.YEARLY: timedelta(days=365),
}
_GRACE = timedelta(minutes=10)
_STUBBORN = 3
"""After so many failures it is no hiccup any more."""


def interval(cycle: UpdateCycle, *, demo: bool = False) -> timedelta:
    """Return how long after it was read to the end a source is asked again."""
    return timedelta(seconds=5) if demo and cycle is UpdateCycle.REALTIME else _CYCLES[cycle]


def pause(failures: int, feed: uuid.UUID) -> timedelta:
    """Return how long to wait after so many failures in a row: 2**n seconds, at most an hour.

    Up to a fifth less, other for each feed and each try, so that feeds that failed together do not come back together; the
    same every time, so that it can be tested.
    """
    longest = min(timedelta(seconds=2 ** min(failures, 20)), LONGEST_PAUSE)
    digest = hashlib.sha256(f"{feed}:{failures}".encode()).digest()
    return longest * (1 - _JITTER * digest[0] / 255)


def health(*, enabled: bool, failures: int, read_to: datetime | None, cycle: UpdateCycle, now: datetime) -> FeedHealth:
    """Say how well a feed is. ``read_to``: up to when everything that the source had has been read."""
    if not enabled:
        return FeedHealth.OFF
    if failures >= _STUBBORN:
        return FeedHealth.BROKEN
    if failures:
        return FeedHealth.RETRYING
    if read_to is None:
        return FeedHealth.FIRST
    return FeedHealth.LATE if now - read_to > max(2 * interval(cycle), _GRACE) else FeedHealth.GOOD


# --- drift ---

FEW = 10
"""Rows of which one cannot tell that a column is gone, where a row may leave out what is empty."""


def drifted(
    known: Mapping[str, list[str]], unknown: Iterable[str], missing: Iterable[str], *, certain: bool
) -> dict[str, list[str]]:
    """Return what is known of a feed's drift after a batch, empty for none; one that is not certain only adds to it."""
    found = {"unknown": set(unknown), "missing": set(missing)}
    if not certain:
        found = {"unknown": found["unknown"] | set(known.get("unknown", ())), "missing": set(known.get("missing", ()))}
    return {name: sorted(names) for name, names in found.items()} if any(found.values()) else {}


# --- rows ---

SKEW = timedelta(minutes=10)
"""By how much a source's clock may go before ours: what it says of the near future is taken to be so now."""
MOST_COLUMNS = 300
_NAME = re.compile(r"[\w .\-()（）/:]{1,60}")
_DIGITS = re.compile(r"\d{6}")
_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[T ]00:00(:00(\.0+)?)?")
_SLASHED = re.compile(r"(\d{4})[/.年](\d{1,2})[/.月](\d{1,2})日?")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_WHOLE = re.compile(r"(-?\d+)\.0+")
_TRUTH = {"true": True, "1": True, "y": True, "yes": True, "t": True, "是": True} | {
    "false": False, "0": False, "n": False, "no": False, "f": False, "否": False,
}  # fmt: skip
_NUMBERS = {FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY}


def targets(columns: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return the dataset's column (of these ``names``, and what a row says besides) for each column of the source.

    What ``columns`` does not name keeps its name, unless another column stands for it; what it maps to nothing is known
    and not wanted.
    """
    taken = set(columns.values())
    own = {name: name for name in (*OWN_COLUMNS, *names) if name not in taken}
    return own | {name: to for name, to in columns.items() if to}


def shaped(
    rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str], items: Iterable[DatasetItem], now: datetime
) -> list[dict[str, Any]]:
    """Return rows as the dataset has them: columns by their names there, values in the form that is checked.

    Only the form changes, never what is said: ``2026/3/2`` is a date, ``1`` is true. What cannot be read so stays as it
    is, to be told as a fault. Of columns that nobody knows only the name is kept.
    """
    kinds: dict[str, FieldKind] = {item.name: item.kind for item in items}
    wanted = targets(columns, kinds)

    def one(row: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in list(row.items())[:MOST_COLUMNS]:
            to = wanted.get(name)
            if to is not None:
                made[to] = _value(to, kinds.get(to), _clean(value), now)
            elif name not in columns:
                made.setdefault(column_name(name), None)
        return made

    return [one(row) for row in rows]


def column_name(name: str) -> str:
    """Return a source's name of a column so that it can be shown: a table without a header has people in its first row."""
    return name if _NAME.fullmatch(name) and not _DIGITS.search(name) else "?"


def _clean(value: Any) -> Any:
    """Return a value that can be written: JSON allows halves of characters, Python reads infinity from it.

    Lists, objects and what is no number stand for no value of any kind: an empty list, which every check refuses.
    """
    if isinstance(value, list | dict | tuple) or (isinstance(value, float) and not math.isfinite(value)):
        return []
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "replace").decode()
    return value


def _value(name: str, kind: FieldKind | None, value: Any, now: datetime) -> Any:
    if name == AT:
        return _instant(value, now)
    if name == DELETED:
        return _truth(value) is True
    if name == SUBJECT:
        return _text(value)
    return _of_kind(kind, value) if kind else value


def _of_kind(kind: FieldKind, value: Any) -> Any:
    if kind is FieldKind.BOOLEAN:
        return _truth(value)
    if kind is FieldKind.DATE:
        return _date(value)
    if kind is FieldKind.INTEGER and isinstance(value, float | str):
        whole = _WHOLE.fullmatch(str(value))
        return whole[1] if whole else value
    return value if kind in _NUMBERS else _text(value)


def _truth(value: Any) -> Any:
    return value if isinstance(value, bool) else _TRUTH.get(str(value).strip().lower(), value)


def _text(value: Any) -> Any:
    """Write a number as text; nothing else becomes text by itself."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else value


def _date(value: Any) -> Any:
    text = str(value).strip()
    if found := _MIDNIGHT.fullmatch(text):
        return found[1]
    found = _SLASHED.fullmatch(text) or _COMPACT.fullmatch(text)
    if found is None:
        return value
    try:
        return date(*map(int, found.groups())).isoformat()
    except ValueError:
        return value


def _instant(value: Any, now: datetime) -> Any:
    """Read when a row was so; without an offset it is China's time, and a little in the future is now."""
    if isinstance(value, int | float):
        return value
    try:
        at = datetime.fromisoformat(str(_date(value or "")).strip())
        at = at if at.tzinfo else at.replace(tzinfo=SHANGHAI)
        return (min(at, now) if at - now <= SKEW else at).isoformat()
    except (ValueError, OverflowError):
        return value
