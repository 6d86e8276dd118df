"""What counts as unusual, and what came of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class WatchKind(StrEnum):
    """What is unusual: many different people in some hours, reading at night or on a day off, without any case, of oneself,
    or of relatives and in a matter that names the officer.
    """

    MANY = "many"
    OFF_HOURS = "off_hours"
    NO_CASE = "no_case"
    SELF = "self"
    FAMILY = "family"


@dataclass(frozen=True, slots=True, kw_only=True)
class KinSource:
    """Where it stands who is related to whom: columns with relatives' numbers, under a person's. ``agency`` keeps the platform,
    and asks under a grant for the item ``watching``.
    """

    dataset: str
    agency: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRule:
    """A rule of ``watching.yaml``.

    ``reads`` are the beginnings of names of readings that count (``cases.read``; checks are ``check``); empty: all of them.
    ``most`` and ``hours`` are for MANY: more different people than that in so many hours. ``opens`` and ``closes`` (local
    time) are for OFF_HOURS: what lies outside of them, and every day that is no working day. ``kin`` is for FAMILY: whom the
    registers name as relatives, beside those whose matter names the officer.
    """

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    name: str
    name_en: str = ""
    kind: WatchKind
    reads: tuple[str, ...] = ()
    most: Annotated[int, Field(ge=1, le=100_000)] = 50
    hours: Annotated[int, Field(ge=1, le=48)] = 24
    opens: Annotated[str, Field(pattern=_TIME)] = "07:00"
    closes: Annotated[str, Field(pattern=_TIME)] = "20:00"
    kin: tuple[KinSource, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One reading by an officer, or one check that they set off.

    ``kind`` is ``read`` or ``check``, ``ref`` its number in the trail or its identity; ``subject`` tells people apart among
    those of one kind, and says of nobody who they are.
    """

    kind: str
    ref: str
    at: datetime
    name: str
    officer: uuid.UUID
    subject: str
    matter: bool = False
    """Whether it was for a case or an application."""
    own: bool = False
    family: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusual:
    """What one officer did against one rule on one local day."""

    rule: WatchRule
    officer: uuid.UUID
    day: date
    looks: tuple[Look, ...]


class AlertState(StrEnum):
    """How an alert stands. ASKED: the officer's agency has to explain; ANSWERED: it did; EXPLAINED and WRONG are findings."""

    OPEN = "open"
    ASKED = "asked"
    ANSWERED = "answered"
    EXPLAINED = "explained"
    WRONG = "wrong"


FINDINGS = (AlertState.EXPLAINED, AlertState.WRONG)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """An alert as those who watch, and the officer's agency, see it: the officer by number, of the people only how many."""

    id: uuid.UUID
    rule_name: str
    rule_name_en: str
    officer: str
    agency_name: str
    day: date
    state: AlertState
    count: int
    first_at: datetime
    last_at: datetime
    due_on: date | None
    late: bool
    question: str = ""
    explanation: str = ""
    explained_by: str = ""
    finding: str = ""
    closed_by: str = ""
    closed_at: datetime | None = None

    @property
    def name(self) -> str:
        """The rule's name, as ``ui`` picks between languages."""
        return self.rule_name

    @property
    def name_en(self) -> str:
        """The same in English."""
        return self.rule_name_en


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A reading as evidence: when, what was done, what for; a check with its dataset and number."""

    at: datetime
    kind: str
    ref: str
    name: str
    purpose: str
    what: str = ""
