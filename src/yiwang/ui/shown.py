"""Plain values that components draw: sections of a form, bars of a parallel chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

COLUMNS = 30
"""Most columns a chart has; longer work is drawn with several working days a column."""
ROOM = 28
"""Characters that fit side by side on the whole scale, on a phone too."""


@dataclass(frozen=True, slots=True)
class FormPart:
    """One section of a form: ``note`` says how far it is; without ``url`` it cannot be opened yet."""

    label: str
    url: str = ""
    note: str = ""
    current: bool = False
    done: bool = False
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """Working days ``start`` (from 1) for ``width`` days.

    ``kind``: empty, soft, joint, pause, left, done, orange, green.
    """

    start: int
    width: int
    words: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """One case: its name, what the bars mean in words, and the bars."""

    name: str
    say: str
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """Parallel work on one scale; make it with ``chart``."""

    lanes: tuple[Lane, ...]
    columns: int
    today: int = 0
    axis: tuple[str, ...] = ()
    axis_label: str = ""


def chart(
    lanes: Sequence[Lane], *, days: int = 0, today: int = 0, axis: Sequence[str] = (), axis_label: str = ""
) -> Chart:
    """Fit lanes onto a chart of ``days`` working days (the longest lane's if 0); ``today`` is a day, 0 for
    none.

    Above COLUMNS days several share a column; the axis, one mark a day, is then left out.
    """
    ends = (bar.start + bar.width - 1 for lane in lanes for bar in lane.bars)
    total = max(days, *ends, 1) if lanes else max(days, 1)
    step = ceil(total / COLUMNS)
    columns = ceil(total / step)
    drawn = tuple(
        replace(lane, bars=tuple(_fitting(_scaled(bar, step), columns) for bar in lane.bars)) for lane in lanes
    )
    return Chart(drawn, columns, ceil(today / step), tuple(axis) if step == 1 else (), axis_label)


def _fitting(bar: Bar, columns: int) -> Bar:
    """Leave out words that a bar has no room for; a lane says in words what its bars mean.

    Four characters are mostly two words of two: the first says enough.
    """
    room = ROOM * bar.width / columns
    for words in (bar.words, bar.words[:2] if len(bar.words) == 4 else ""):
        if sum(0.6 if char.isascii() else 1.0 for char in words) <= room:
            return replace(bar, words=words)
    return replace(bar, words="")


def _scaled(bar: Bar, step: int) -> Bar:
    first = (bar.start - 1) // step + 1
    last = (bar.start + bar.width - 2) // step + 1
    return replace(bar, start=first, width=last - first + 1)
