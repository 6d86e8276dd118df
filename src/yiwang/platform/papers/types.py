"""What others may see of kept papers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from yiwang.kernel.types import Party


class ScanState(StrEnum):
    """Whether a scan is still being taken apart."""

    RUNNING = "running"
    DONE = "done"


class PaperState(StrEnum):
    """How far a paper may be relied on.

    SCANNED: trust C, good for nothing yet; CHECKED: compared with the original, trust B; REFUSED: it was wrong, its pages may
    be put together anew; WITHDRAWN: its owner took it back.
    """

    SCANNED = "scanned"
    CHECKED = "checked"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Turn(StrEnum):
    """What a clerk does to a page that lies wrong. RAW: leave it as it was scanned, not straightened."""

    LEFT = "left"
    RIGHT = "right"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the text of a page lets one guess; empty where it says nothing."""

    identity: str = ""
    number: str = ""
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class PageView:
    """A page of a scan. ``angle`` is by how many degrees it was straightened, either way, ``fault`` why it cannot be shown."""

    number: int
    begins: bool
    angle: float
    fault: str
    unread: bool
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class PaperView:
    """A paper: pages of one scan under a name of the catalogue."""

    id: uuid.UUID
    scan: uuid.UUID
    owner: Party
    owner_name: str
    identity: str
    name: str
    number: str
    valid_until: date | None
    state: PaperState
    pages: tuple[int, ...]
    digest: str
    """Of its PDF in the store; empty when it was forgotten."""
    named_at: datetime
    named_by: str
    checked_at: datetime | None
    checked_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScanView:
    """A scan and how far it is; ``loose`` pages are in no paper yet, ``unchecked`` papers wait for the original."""

    id: uuid.UUID
    owner: Party
    owner_name: str
    agency_name: str
    by: str
    began_at: datetime
    state: ScanState
    total: int
    done: int
    loose: int = 0
    unchecked: int = 0


@dataclass(frozen=True, slots=True)
class KeptFile:
    """The file of a kept paper."""

    id: uuid.UUID
    identity: str
    name: str
    digest: str
    size: int
    pages: int


@dataclass(frozen=True, slots=True)
class Use:
    """In which application a paper was used, and when."""

    at: datetime
    title: str
    application_id: uuid.UUID
