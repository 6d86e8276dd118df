"""What changed between two documents: old and new value for every leaf that differs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_KEYS = ("code", "element", "basic_code")
"""What names a row of a list: rows that moved are the same rows. Others go by their place."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``old`` or ``new`` is None where the value was not there before or is no more."""

    path: tuple[str, ...]
    old: Any
    new: Any


def changes(old: Any, new: Any, path: tuple[str, ...] = ()) -> Iterator[Change]:
    """Yield every difference, in the new document's order."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys((*new, *old)):
            yield from changes(old.get(name), new.get(name), (*path, str(name)))
    elif _rows(old) and _rows(new) and (old or new):
        before, after = _named(old), _named(new)
        for name in dict.fromkeys((*after, *before)):
            yield from changes(before.get(name), after.get(name), (*path, name))
        if before.keys() == after.keys() and list(before) != list(after):
            yield Change(path, list(before), list(after))
    elif old != new and not (_empty(old) and _empty(new)):
        yield Change(path, old, new)


def _rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, Mapping) for row in value)


def _named(rows: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    key = next((key for key in _KEYS if rows and all(row.get(key) for row in rows)), "")
    names = [str(row[key]) if key else str(number) for number, row in enumerate(rows, 1)]
    if len(set(names)) < len(names):
        names = [str(number) for number in range(1, len(rows) + 1)]
    return dict(zip(names, rows, strict=True))


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {}, False)
