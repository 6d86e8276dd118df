"""A matter of invented people as data: who, what for, what they answer, what goes wrong on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from yiwang.platform.oversight.types import Level

DRAFT = "draft"
"""What is left as a draft is filled in and not handed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionPlan:
    """Which item asks for a correction of which material, and in what words; it may stay unanswered."""

    item: str
    material: str
    message: str
    answered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A special procedure for which an item's clock stops, and stays stopped."""

    procedure: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a bad rating led to: what was found, what was put right, what the rater said when called."""

    finding: str
    measures: str
    call_back: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """How each case is rated once it has ended, and how the agency put right, within its time, what was rated badly."""

    level: Level
    reasons: tuple[int, ...] = ()
    answered: Answered | None = None

    def __post_init__(self) -> None:
        if self.answered and not self.level.bad:
            raise ValueError("only a bad rating is answered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A matter of invented people: a life event, or single items in a region. What is not said goes well."""

    life_event: str = ""
    items: tuple[str, ...] = ()
    region: str = ""
    """Where single items are applied for; a life event asks it itself."""
    person: str
    answers: dict[str, Any] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    """What the person types where no source knows, by data element; the pack's own words stand behind it. Of a table, rows with
    ``;`` between them, cells with ``/``.
    """
    organisation: str = ""
    correction: CorrectionPlan | None = None
    leave: str = ""
    """Kind of step that nobody does (or ``DRAFT``): the matter lies there, on its clock."""
    compare: str = ""
    """Scheme by which the applicant's economy is compared as soon as the case is accepted; the family is asked to agree."""
    stop: Stop | None = None
    refuse: str = ""
    """Reason for which every case is refused."""
    defer: bool = False
    """Whether what may be made up later is made up later."""
    withdraw: str = ""
    """Reason for which the applicant withdraws after acceptance."""
    visit_in_days: int = 3
    rating: Rated | None = None
