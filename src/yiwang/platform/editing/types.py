"""What the editors' desk shows of any kind of thing: findings of its check, its editions."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

DESK = "editors"
"""The source of drafts that were written here; any other source's draft replaces what lies there."""


class Finding(Protocol):
    """One thing that a check of a draft found; what ``blocks`` must be mended before publishing."""

    @property
    def where(self) -> str:
        """Path of the field, with dots."""

    @property
    def message(self) -> str:
        """What is wrong."""

    @property
    def suggestion(self) -> str:
        """What would be right; may be empty."""

    @property
    def blocks(self) -> bool:
        """Whether nobody may publish it so."""


@dataclass(frozen=True, slots=True)
class EditionEntry:
    """A line of the history of what was published."""

    id: uuid.UUID
    number: int
    digest: str
    published_at: datetime
    published_by: str
    note: str = ""


def entries(editions: Any) -> list[EditionEntry]:
    """Return editions (a query of rows that have these columns) as a history, newest first; one query."""
    columns = ("id", "number", "digest", "published_at", "published_by", "note")
    return [EditionEntry(*row) for row in editions.order_by("-number").values_list(*columns)]
