"""What evidence answers: for every datum and every material of an application, how it stands."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from yiwang.kernel.fields import FieldSpec
from yiwang.platform.catalog.rules import MergedSection


class FactState(StrEnum):
    """How a datum or a material stands.

    KNOWN from a source; GIVEN by the applicant; DEGRADED: its source is down, the case goes on and the decision waits
    for the re-check; COMMITTED (告知承诺); DEFERRED (容缺后补); LATER: the result of another case of this application;
    ASK: the applicant must give it; NEEDLESS: it does not apply here.
    """

    KNOWN = "known"
    GIVEN = "given"
    DEGRADED = "degraded"
    COMMITTED = "committed"
    DEFERRED = "deferred"
    LATER = "later"
    ASK = "ask"
    NEEDLESS = "needless"


@dataclass(frozen=True, slots=True)
class Known:
    """One answer of a source."""

    value: Any
    source_name: str
    at: datetime | None = None
    basis: str = ""
    ref: str = ""
    number: str = ""
    """The number of the subject under which it stood; never kept."""
    grant: uuid.UUID | None = None
    """The grant by which a dataset answered."""
    asked: str = ""
    """Which yes-or-no question it was, as a person reads it, where the answer was not yes."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A datum with where it comes from, when it was true there, and on what basis it may be used."""

    element: str
    state: FactState
    value: Any = None
    source: str = ""
    """Name of the evidence source."""
    source_name: str = ""
    """The agency or record, as the person reads it."""
    at: datetime | None = None
    basis: str = ""
    ref: str = ""
    """The record it stands in (``licence:…``, ``dataset:…``), for the log of its use."""


@dataclass(frozen=True, slots=True)
class MaterialFact:
    """How a material stands. ``ref`` names what satisfies it: a licence identifier, a dataset check, a stored file."""

    material: str
    name: str
    state: FactState
    items: tuple[str, ...] = ()
    """Basic codes of the items that need it."""
    ref: str = ""
    source: str = ""
    source_name: str = ""
    at: datetime | None = None
    kind: str = ""
    why: str = ""
    """Why it must be given though a dataset was asked: no more than that it did not say yes."""
    may_commit: bool = False
    may_defer: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Burden:
    """What an application costs a person: fields to fill, materials to bring, visits, working days to wait."""

    fields: int
    materials: int
    visits: int
    days: int


@dataclass(frozen=True, slots=True)
class BurdenReport:
    """Apart (each item by itself, one after the other) versus together (one application here)."""

    apart: Burden
    together: Burden


@dataclass(frozen=True, slots=True)
class Resolution:
    """Everything about one application: facts by element, materials by identity, sources that are down, the burden."""

    facts: dict[str, Fact]
    materials: dict[str, MaterialFact]
    down: tuple[str, ...] = ()
    barred: str = ""
    """Why this party's word is not taken for a paper at present (告知承诺, 容缺受理); empty where it is."""
    burden: BurdenReport | None = None
    datasets: Mapping[str, Known] = field(default_factory=dict)
    """What datasets answered, by path, also where a question was not answered with yes: for writing down what was asked."""
    form: tuple[MergedSection, ...] = ()
    """The one form with all that is known and was typed; every field of it stands in ``facts``."""

    @property
    def fields(self) -> Iterator[FieldSpec]:
        """Every field of the form, in order."""
        return (spec for section in self.form for spec in section.fields)
