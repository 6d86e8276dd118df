"""Every route as every visitor: how it is walked, what an answer is called, and the table in which the answers stand.

``routes.txt`` is the permission matrix of all addresses. A line is an address, a method and a letter for each visitor, in
the groups of ``world``:

    o  comes in            >  is led on (what was asked was done, or another page says more)
    !  comes in, but what was sent is wrong, or it cannot be done now
    ?  is asked to sign in .  is refused            -  is told that there is nothing here
    x  the address does not take this method

``acts.txt`` and ``api.txt`` say the same of acts and of the interface. A new address is missing in the table and fails the
test. ``make tables`` writes the tables anew: look at the difference line by line, every letter that became ``o``, ``>`` or
``!`` is a door that opened.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

HERE = Path(__file__).parent
IN = frozenset("o>!")
"""Answers of somebody who came in."""
UNASKED = "~"
"""Stands for whoever was not asked this time; the table knows what they were answered when it was written."""


@dataclass(frozen=True, slots=True)
class Route:
    """An address as Django knows it."""

    path: str
    pattern: URLPattern
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """Namespace and name."""
        return ":".join([*self.names, self.pattern.name or ""])


def routes(resolver: Any = None, prefix: str = "", names: tuple[str, ...] = ()) -> Iterator[Route]:
    """Yield every address there is."""
    for one in (resolver or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            inner = (*names, one.namespace) if one.namespace else names
            yield from routes(one, prefix + str(one.pattern), inner)
        elif isinstance(one, URLPattern):
            yield Route(prefix + str(one.pattern), one, names)


def letter(status: int, location: str = "") -> str:
    """Return what an answer is called."""
    if status == 401 or location.startswith("/sign-in/"):
        return "?"
    if status in (403, 404, 405):
        return {403: ".", 404: "-", 405: "x"}[status]
    if status < 300:
        return "o"
    if status < 400:
        return ">"
    return "!" if status < 500 and status != 429 else "*"


Table = dict[str, str]
"""Address and method, and a letter for each column."""


def read(name: str) -> Table:
    """Read a table: the row's name, two spaces or more, letters; lines that begin with ``#`` are for people."""
    table = {}
    for line in (HERE / name).read_text().splitlines():
        name, _gap, letters = line.partition("  ")
        if line and not line.startswith("#"):
            table[name] = "".join(letters.split())
    return table


def write(name: str, table: Table, groups: Mapping[str, tuple[str, ...]]) -> None:
    """Write a table, with the columns' names above it; the comments above the first line stay."""
    head = []
    for line in (HERE / name).read_text().splitlines() if (HERE / name).exists() else []:
        if line and not line.startswith("#"):
            break
        head.append(line)
    lines = [line for line in head if line.startswith("#:")]
    width = min(max(map(len, table), default=0), 72) + 2
    for group, columns in groups.items():
        lines.append(f"# {group}: {' '.join(columns)}")
    for row, letters in table.items():
        cells, start = [], 0
        for columns in groups.values():
            cells.append(letters[start : start + len(columns)])
            start += len(columns)
        lines.append(f"{f'{row}  ':{width}}{' '.join(cells)}".rstrip())
    (HERE / name).write_text("\n".join(lines) + "\n")


def differences(expected: Table, found: Table, columns: tuple[str, ...]) -> list[str]:
    """Say what is missing, what is gone, and who is answered otherwise than the table says."""
    said = [f"{row}: not in the table" for row in found if row not in expected]
    said += [f"{row}: in the table, but there is no such address" for row in expected if row not in found]
    for row in found.keys() & expected.keys():
        for column, wanted, got in zip(columns, expected[row].ljust(len(columns)), found[row], strict=True):
            if got not in (wanted, UNASKED):
                said.append(f"{row}: {column} gets {got!r}, the table says {wanted!r}")
    return sorted(said)


def writing() -> bool:
    """Tell whether the tables are written anew."""
    return bool(os.environ.get("YIWANG_WRITE_TABLES"))


def settle(name: str, found: Table, groups: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Compare with the table, or write it anew if that is asked for."""
    if writing():
        write(name, found, groups)
    return differences(read(name), found, tuple(one for columns in groups.values() for one in columns))


def some_uuid() -> uuid.UUID:
    """Return an id that nothing has."""
    return uuid.UUID(int=7 << 76 | 2 << 62)
