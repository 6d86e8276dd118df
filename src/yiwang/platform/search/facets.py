"""Ways to narrow: what they are called, how many each leaves, what there is altogether."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.db import connection
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from yiwang.kernel.remembered import remembered
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.types import RegionLevel
from yiwang.platform.search.types import Candidate, FacetValue, Filters, Kind

FACETS = 14
KEPT = 300
"""Seconds for which names and counts are kept."""
AUDIENCES = {"person": "p", "organisation": "l"}
"""The two lists of themes have codes of their own: in the index a theme bears its list's letter."""

_COUNTS = """
    SELECT 'theme', theme, count(DISTINCT "group") FROM search_searchdocument, unnest(themes) theme
    WHERE kind = 'item' GROUP BY 2
    UNION ALL
    SELECT 'agency', agency, count(DISTINCT "group") FROM search_searchdocument WHERE kind = 'item' GROUP BY 2
"""


def of(ranked: Sequence[Candidate], found: Sequence[Candidate], filters: Filters) -> dict[str, tuple[FacetValue, ...]]:
    """Count what narrowing would leave among the documents looked at; agencies and regions over all their bodies."""
    names, functions = labels(), directory.functions()
    letters = [AUDIENCES[filters.who]] if filters.who in AUDIENCES else list(AUDIENCES.values())
    themes = Counter(theme for one in ranked for theme in one.themes if theme[:1] in letters)
    bodies = {one.agency: one.agency_name for one in found if one.agency}
    return {
        "kind": _facet(Counter(one.kind for one in ranked), names["kind"], filters.kind),
        "who": _facet(Counter(who for one in ranked for who in one.audience), names["who"], filters.who),
        "online": _facet(Counter("yes" for one in ranked if one.online), {"yes": _("全程网办")}, filters.online),
        "where": _facet(Counter(one.region for one in found if one.region), names["where"], filters.where),
        "function": _facet(
            Counter(functions[one.agency] for one in ranked if one.agency in functions),
            names["function"],
            filters.function,
        ),
        "theme": _facet(themes, _told_apart(names["theme"], names["who"], themes), filters.theme),
        "agency": _facet(Counter([filters.agency]), bodies, filters.agency) if filters.agency else (),
    }


def _facet(counts: Counter[str], names: dict[str, str], chosen: str) -> tuple[FacetValue, ...]:
    values = [
        FacetValue(value, names[value], count, value == chosen)
        for value, count in sorted(counts.items(), key=lambda one: (one[0] != chosen, -one[1]))
        if value in names
    ]
    return tuple(values[:FACETS])


def _told_apart(names: dict[str, str], audiences: dict[str, str], shown: Counter[str]) -> dict[str, str]:
    """Say for whom a theme is where both lists show one of that name."""
    often = Counter(names[one] for one in shown if one in names)
    whose = {letter: audiences[who] for who, letter in AUDIENCES.items()}
    return {
        value: _("%(name)s（%(who)s）") % {"name": name, "who": whose[value[0]]} if often[name] > 1 else name
        for value, name in names.items()
    }


def labels() -> dict[str, dict[str, str]]:
    """Return what the values of every facet are called, in the reader's language."""
    language = get_language() or ""
    english = language.startswith("en")
    return remembered(f"search.labels:{language}", lambda: _read_labels(english=english), KEPT) | {
        "kind": {Kind.EVENT.value: _("一件事"), Kind.ITEM.value: _("事项")},
        "who": {"person": _("个人"), "organisation": _("法人")},
    }


def _read_labels(*, english: bool) -> dict[str, dict[str, str]]:
    counties = directory.regions_at(RegionLevel.COUNTY)
    themes: dict[str, str] = {}
    for who, letter in AUDIENCES.items():
        table = catalog.code_table("legal_themes" if who == "organisation" else "person_themes", english=english)
        themes |= {f"{letter}{code}": label for code, label in table.items()}
    functions: dict[str, str] = {}
    for agency in directory.agencies():  # the higher ones first: the city's own body gives the name
        functions.setdefault(agency.function, (agency.name_en if english else "") or agency.short_name)
    return {
        "theme": themes,
        "function": functions,
        "where": {one.code: one.name for one in directory.regions_at(RegionLevel.CITY) + counties},
        "county": {one.name: one.code for one in sorted(counties, key=lambda one: -len(one.name))},
    }


def counts() -> tuple[dict[str, int], dict[str, int]]:
    """Return how many items there are by theme and by agency, most first; kept for some minutes."""
    return remembered("search.counts", _read_counts, KEPT)


def _read_counts() -> tuple[dict[str, int], dict[str, int]]:
    with connection.cursor() as sql:
        sql.execute(_COUNTS)
        rows = sql.fetchall()
    by_theme = {value: number for kind, value, number in rows if kind == "theme"}
    by_agency = {value: number for kind, value, number in rows if kind == "agency" and value}
    return by_theme, by_agency
