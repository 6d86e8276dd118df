"""What is asked and what is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a document is."""

    ITEM = "item"
    EVENT = "event"


class Tier(StrEnum):
    """Why something was found; in this order."""

    EXACT = "0"
    EVENT = "1"
    NAME = "2"
    HEAD = "3"
    NEAR = "4"
    """Not all of the words in name and key words: the nearest first."""


@dataclass(frozen=True, slots=True)
class Synonym:
    """What people say, and what it is called (``synonyms.yaml``)."""

    words: tuple[str, ...]
    means: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The city's own words: for the tokeniser, and from what people say to what it is called."""

    words: tuple[str, ...] = ()
    synonyms: tuple[Synonym, ...] = ()


Alternative = tuple[str, ...]
"""Tokens that must all be there."""
Group = tuple[Alternative, ...]
"""Ways to say one thing; one of them must be there."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, understood."""

    text: str
    groups: tuple[Group, ...]
    names: frozenset[str]
    """Folded names that the whole query may mean: what bears one of them comes first."""
    latin: tuple[str, ...] = ()
    """Words in Latin letters: English, or pinyin that the dictionary of terms explains."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Narrowing by who, where, online, agency, theme and kind; empty does not narrow."""

    who: str = ""
    where: str = ""
    online: str = ""
    function: str = ""
    """What an agency does (``amr``): all its bodies in all counties."""
    theme: str = ""
    """A theme's code with the letter of its list: ``p`` for persons, ``l`` for legal persons."""
    kind: str = ""
    agency: str = ""
    """One body."""

    @classmethod
    def read(cls, data: Mapping[str, str]) -> Filters:
        """Read them from an address; what no facet can be is left out."""
        read = {name: _clean(data.get(name, "")) for name in cls.__dataclass_fields__}
        return cls(**read | ({"where": ""} if read["where"] == "all" else {}))


def _clean(text: str) -> str:
    return text if len(text) <= 40 and all(char.isalnum() or char in "-_" for char in text) else ""


class Candidate(NamedTuple):
    """A document that matches, with what ranking needs: a tuple, as some hundreds are made for each query."""

    id: int
    kind: str
    group: str
    target: str
    name: str
    name_en: str
    short_name: str
    summary: str
    agency: str
    agency_name: str
    region: str
    level: int
    audience: Sequence[str]
    themes: Sequence[str]
    online: bool
    popularity: int
    icon: str
    folded: str
    folded_short: str
    known: str
    """Folded key words and English name, a space between."""
    rank: float
    in_text: bool = False
    near: float | None = None
    """How much of what was asked stands in name and key words, where not all of it does: 0 to 1."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of the results. ``places`` is how many bodies carry out the same item."""

    kind: Kind
    target: str
    name: str
    name_en: str
    summary: str
    agency_name: str
    online: bool
    icon: str
    places: int = 1


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A way to narrow, with how many it leaves among those counted."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Results:
    """One page of results."""

    hits: tuple[Hit, ...]
    total: int
    capped: bool
    """There are more than were looked at."""
    facets: dict[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    page: int = 1
    pages: int = 1
    meant: tuple[str, ...] = ()
    """您是不是要找."""
    instead: str = ""
    """What was searched for in place of a query that finds nothing."""
