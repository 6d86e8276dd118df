"""English names of what the city's data name in Chinese: agencies, items, papers, steps, licences.

A case keeps the names that its edition had, in Chinese, for life. Whoever reads English finds the English name by the
Chinese one, in a table that the rooms fill; what has none stays as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from .values import is_english

Source = Callable[[], Iterable[tuple[str, str]]]
_sources: list[Source] = []
_KEPT = 300.0
_kept: tuple[float, Mapping[str, str]] = (0.0, {})


def names(source: Source) -> Source:
    """Let a function give Chinese names with their English ones; an empty one is passed over."""
    _sources.append(source)
    return source


def named(name: str) -> str:
    """Return a name in the reader's language, as far as it is known. The table is read anew every five minutes."""
    return _table().get(name, name) if name and is_english() else name


def forget() -> None:
    """Read the table anew at the next name: what is kept of a page must not say an older name than the city's data."""
    global _kept  # noqa: PLW0603
    _kept = (0.0, {})


def _table() -> Mapping[str, str]:
    global _kept  # noqa: PLW0603 (one value, replaced as a whole)
    until, table = _kept
    if time.monotonic() >= until:
        table = {chinese: english for source in _sources for chinese, english in source() if english}
        _kept = (time.monotonic() + _KEPT, table)
    return table
