"""Formats that items come in: a registry, so that a province's own exchange format is one more file.

A format reads rows and says what each means in our terms; it neither knows the database nor decides what may land.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from yiwang.kernel.plugins import Plugin, Registry

MAX_ROWS = 100_000
"""Most rows of one file: a province's whole list fits, and one transaction holds it."""


class FileRefused(ValueError):
    """The file as a whole cannot be imported: nothing of it lands. ``reason`` is stable, the message for the person."""

    def __init__(self, reason: str, message: str, row: int = 0) -> None:
        super().__init__(message)
        self.reason = reason
        self.row = row


@dataclass(frozen=True, slots=True)
class Body:
    """The implementing body as the file names it."""

    uscc: str
    name: str
    region: str = ""
    region_name: str = ""


@dataclass(slots=True)
class Row:
    """One item of a file. ``document`` is a definition as JSON values; ``None`` for a limit means that there is none.

    ``notes`` are reason and message of what is irregular; ``elsewhere`` says that the file's items were published by
    others and are only to be shown; ``guid`` is the row's id there, ``in_force`` false says that it is not in use.
    """

    number: int
    code: str
    document: dict[str, Any]
    body: Body
    elsewhere: bool = False
    notes: list[tuple[str, str]] = field(default_factory=list)
    guid: str = ""
    in_force: bool = True


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be read, with the reason."""

    number: int
    code: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Tables:
    """What a format may look up: code tables from label to code, and agencies' codes."""

    person_themes: Mapping[str, str] = field(default_factory=dict)
    legal_themes: Mapping[str, str] = field(default_factory=dict)


class ImportFormat(Plugin):
    """A format. ``suffixes`` are the endings of the file names that it is for."""

    suffixes: ClassVar[tuple[str, ...]] = ()

    def count(self, path: Path) -> int:
        """Return about how many rows the file has, without reading them; 0 where that cannot be told."""
        return 0

    def rows(self, path: Path, tables: Tables) -> Iterator[Row | Refused]:
        """Read a file in pieces, one row after the other. Raises FileRefused."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to import: where it lies, what it was called, its content hash (the same content is the same file)."""

    path: Path
    name: str
    sha256: str

    @classmethod
    def of(cls, path: Path) -> SourceFile:
        """Describe a file on disk. Raises OSError."""
        with path.open("rb") as file:
            return cls(path, path.name, hashlib.file_digest(file, "sha256").hexdigest())


registry: Registry[ImportFormat] = Registry("catalog.import_formats", default="csv")


def format_for(path: Path) -> str:
    """Return the name of the format that a file's ending tells. Raises FileRefused."""
    from django.utils.translation import gettext as _

    for name in registry:
        if path.suffix.lower() in registry.get(name).suffixes:
            return name
    raise FileRefused("format", _("看不出文件的格式，请用 --format 指明。"))
