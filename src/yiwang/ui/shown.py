"""Plain values that components draw: sections of a form, bars of a parallel chart, lines over days."""

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


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart over days: what it is, and its way through a box of ``LINES``, in the words of an SVG path."""

    label: str
    path: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Shares in per cent over days, on one scale from 0 to 100; make it with ``lines``. A table beside says the numbers."""

    lines: tuple[Line, ...]
    words: str
    first: str = ""
    last: str = ""


LINES = (300, 100)
"""Width and height of the box in which lines are drawn; the page stretches it."""
TREND = (96, 24)
"""The same for a small line in a table."""
LEAST = 10.0
"""Per cent that a small line spans at least: a tenth of a point is no cliff."""


def lines(
    series: Sequence[tuple[str, Sequence[float | None]]], *, words: str, first: str = "", last: str = ""
) -> Lines:
    """Draw series of as many days each; ``None`` is a day that is not known, and leaves a gap."""
    return Lines(tuple(Line(label, line_path(values, *LINES)) for label, values in series), words, first, last)


def line_path(values: Sequence[float | None], width: int, height: int, low: float = 0.0, high: float = 100.0) -> str:
    """Return the way of a line through a box, the first value at its left edge; one that stands alone is a dot."""
    step = width / max(len(values) - 1, 1)
    drawn, before = [], False
    for number, value in enumerate(values):
        if value is not None:
            share = (min(max(value, low), high) - low) / (high - low)
            drawn.append(f"{'L' if before else 'M'}{number * step:.1f} {height * (1 - share):.1f}")
            alone = not before and (number + 1 == len(values) or values[number + 1] is None)
            drawn += ["h0"] if alone else []
        before = value is not None
    return "".join(drawn)


def trend_path(values: Sequence[float | None]) -> str:
    """Return the way of a small line: as high as its values differ, but no higher than ``LEAST`` makes them."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    spare = max(LEAST - (max(known) - min(known)), 0.0) / 2 + 1
    return line_path(values, *TREND, min(known) - spare, max(known) + spare)
