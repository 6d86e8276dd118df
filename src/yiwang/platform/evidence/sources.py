"""Where facts come from: each source a plugin that answers many paths in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from yiwang.kernel.plugins import Plugin, Registry
from yiwang.kernel.types import Party
from yiwang.platform.evidence.types import Known
from yiwang.platform.sharing.types import Consumer

__all__ = ["Answers", "Known", "Paths", "Source", "Subject", "sources"]


@dataclass(slots=True)
class Answers:
    """What a source answered: known paths, paths whose holder is down (with its name), and yes-or-no questions that were
    answered with no (``False``) or could not be answered (``None``).
    """

    known: dict[str, Known] = field(default_factory=dict)
    absent: dict[str, Known] = field(default_factory=dict)
    down: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is asked about: the principal, and for an organisation its legal representative; with their numbers.

    ``person`` and ``organisation`` hold the attributes that identity knows.
    """

    principal: Party
    numbers: tuple[str, ...]
    """Document numbers under which records may stand: the organisation's code first, then persons'."""
    parties: tuple[Party, ...]
    person: Mapping[str, Any]
    organisation: Mapping[str, Any]
    actor: Mapping[str, Any]
    checked_at: datetime


Paths = Mapping[str, Sequence[Consumer]]
"""What is asked of a source: its own paths (``licence_type.field``, ``dataset.field``, ``dataset.?rule``), each with who
needs it.
"""


class Source(Plugin):
    """A source of facts."""

    label: Any = ""

    def answer(self, subject: Subject, paths: Paths) -> Answers:
        """Answer what is known of these paths; a fixed number of queries however many there are."""
        return Answers()


sources: Registry[Source] = Registry("evidence.sources", default="identity")
