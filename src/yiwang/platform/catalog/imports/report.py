"""What came of a file: counts, and a note with row and reason for everything that was not plain."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

MAX_NOTES = 2_000


class NoteLevel(StrEnum):
    """A refused row is not there; a warned one is; something worth knowing is neither."""

    REJECTED = "rejected"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Note:
    """One thing about one row. ``row`` counts lines of the file from 1; 0 means the whole file."""

    row: int
    code: str
    level: NoteLevel
    reason: str
    """Stable name of the reason (``code.pseudo``, ``limit.none`` …)."""
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """How an import went. Rows: ``read`` = ``landed`` + ``rejected``; ``warned`` of the landed have a warning,
    ``unchanged`` of them were there already.
    """

    name: str
    format: str
    applied: bool
    read: int = 0
    landed: int = 0
    unchanged: int = 0
    warned: int = 0
    rejected: int = 0
    notes: tuple[Note, ...] = ()
    more_notes: int = 0
    """Notes beyond the first two thousand, counted only."""


@dataclass(slots=True)
class Tally:
    """A report in the making."""

    read: int = 0
    landed: int = 0
    unchanged: int = 0
    warned: int = 0
    rejected: int = 0
    notes: list[Note] = field(default_factory=list)
    more: int = 0

    def note(self, *notes: Note) -> None:
        """Keep notes, the first two thousand."""
        room = max(MAX_NOTES - len(self.notes), 0)
        self.notes += notes[:room]
        self.more += len(notes[room:])

    def report(self, name: str, format_name: str, *, applied: bool) -> Report:
        """Finish."""
        return Report(
            name,
            format_name,
            applied,
            self.read,
            self.landed,
            self.unchanged,
            self.warned,
            self.rejected,
            tuple(self.notes),
            self.more,
        )
