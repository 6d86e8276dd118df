"""What a check takes and gives: a finding, and what the linter knows of the world outside the item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from yiwang.platform.catalog.types import DataElement, SampleRef, Satisfier


class Severity(StrEnum):
    """An error blocks publishing; a warning is shown; what is ignored is not looked for."""

    ERROR = "error"
    WARNING = "warning"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One thing the linter found.

    ``where`` is the path of the field (``materials.0.hint``), ``position`` the first and the last-plus-one
    character in it, where the fault is in a piece of text.
    """

    rule: str
    where: str
    message: str
    suggestion: str = ""
    blocks: bool = True
    position: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class VagueWord:
    """A wording that a guide should not have. ``but`` names longer texts in which it is all right."""

    word: str
    suggestion: str = ""
    severity: Severity = Severity.WARNING
    but: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class LintContext:
    """What an item may refer to. ``None`` means "not known here": the check is then left out.

    ``licence_types`` and ``datasets`` map codes to names, so that a needless material can be told what would
    satisfy it; ``shared`` maps a paper's identity to what satisfies it in other items.
    """

    words: tuple[VagueWord, ...] = ()
    elements: Mapping[str, DataElement] | None = None
    licence_types: Mapping[str, str] | None = None
    datasets: Mapping[str, str] | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    """The yes-or-no questions that datasets answer (``dataset.?code``), and what they mean."""
    basic_codes: frozenset[str] | None = None
    item_types: frozenset[str] | None = None
    person_themes: frozenset[str] | None = None
    legal_themes: frozenset[str] | None = None
    agencies: Mapping[str, str] | None = None
    """Agency code to USCC."""
    functions: frozenset[str] | None = None
    """Functions of agencies, for steps that another agency does."""
    centres: frozenset[str] | None = None
    samples: Mapping[str, SampleRef] | None = None
    """Sample files by name."""
    shared: Mapping[str, tuple[Satisfier, ...]] = field(default_factory=dict)

    @cached_property
    def licence_names(self) -> Mapping[str, str]:
        """Name to code of every licence type."""
        return {name: code for code, name in (self.licence_types or {}).items() if name}

    @cached_property
    def dataset_names(self) -> Mapping[str, str]:
        """Name to code of every dataset."""
        return {name: code for code, name in (self.datasets or {}).items() if name}


NOTHING_KNOWN = LintContext()
