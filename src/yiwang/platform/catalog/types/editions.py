"""Published editions as others read them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from yiwang.platform.catalog.types.definition import Definition
from yiwang.platform.catalog.types.elements import DataElement


@dataclass(frozen=True, slots=True)
class EditionPage:
    """A page of a list of editions; ``next`` and ``previous`` are cursors, empty at the ends."""

    items: tuple[EditionView, ...]
    next: str = ""
    previous: str = ""


@dataclass(frozen=True, slots=True)
class SampleRef:
    """A sample file: the digest of its bytes in the store, and what it is."""

    digest: str
    media_type: str


@dataclass(frozen=True, slots=True)
class PaperName:
    """What a paper is called; ``reused``: some item takes it from an earlier time instead of asking for it again."""

    name: str
    name_en: str = ""
    reused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionView:
    """A published edition: frozen, numbered, with a content hash."""

    id: uuid.UUID
    number: int
    digest: str
    published_at: datetime
    definition: Definition
    elements: dict[str, DataElement]
    """Every data element that the edition's form uses, as it was on that day."""
    agency_name: str
    agency_short: str
    agency_path: str
    region: str
    files: dict[str, SampleRef] = field(default_factory=dict)
    """Samples, blank forms and pictures by the names that the definition calls them."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What our records say of an implementation beside its content: whose it is, its id, last edition and state.

    ``version`` 0: never published.
    """

    agency_name: str
    agency_uscc: str
    id: uuid.UUID | None = None
    version: int = 0
    state: str = "draft"


@dataclass(frozen=True, slots=True)
class Draft:
    """An item as editors have it: its content as plain values, and how it stands."""

    document: dict[str, Any]
    standing: Standing
