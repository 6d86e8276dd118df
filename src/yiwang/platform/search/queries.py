"""Finding: bounded in what is looked at, however much there is.

A query looks at up to some hundreds of documents that match in name or key words, and at the text only
where those are
few. Every matching exact name and life event is among them; ranking and counting then cost the same at any
size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from django.core.cache import cache
from django.db import connection, transaction
from django.utils.translation import gettext as _

from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.types import RegionLevel
from yiwang.platform.search import rules, words
from yiwang.platform.search.models import SearchTerm
from yiwang.platform.search.types import (
    Asked,
    Candidate,
    FacetValue,
    Filters,
    Group,
    Hit,
    Kind,
    Results,
)

HEADS = 400
"""Most documents looked at for a match in name or key words."""
TEXTS = 200
ENOUGH = 40
"""So many matches in name or key words, and the text is not looked at."""
FEW = 5
"""With fewer items that match in name or key words, what has only some of the words is looked at too."""
SIZE = 20
LAST_PAGE = 5
MEANT = 3
FACETS = 6

_COLUMNS = (
    'id, kind, "group", target, name, name_en, short_name, summary, agency, agency_name, region, level,'
    " audience, themes, online, popularity, icon, known"
)
_RANK = "ts_rank('{0.05, 0.2, 0.5, 1.0}', head, q.words)"
_HEADS = f"""
    WITH q AS MATERIALIZED (
        SELECT %(words)s::tsquery AS words, %(events)s::tsquery AS events, %(narrow)s::tsquery AS narrow
    )
    (SELECT {_COLUMNS}, 1.0 FROM search_searchdocument, q
     WHERE (folded = ANY(%(names)s) OR folded_short = ANY(%(names)s))
       AND (%(free)s OR head @@ q.narrow) LIMIT 60)
    UNION ALL
    (SELECT {_COLUMNS}, {_RANK} FROM search_searchdocument, q WHERE head @@ q.events LIMIT 30)
    UNION ALL
    (SELECT {_COLUMNS}, {_RANK} FROM search_searchdocument, q WHERE head @@ q.words LIMIT {HEADS})
"""  # noqa: S608 (only constants of this module are put in)
_TEXTS = f"""
    SELECT {_COLUMNS}, ts_rank('{{0.05, 0.2, 0.5, 1.0}}', body, q.words) FROM search_searchdocument,
        (SELECT %(words)s::tsquery AS words) q
    WHERE body @@ q.words LIMIT {TEXTS}
"""  # noqa: S608
_SOME = f"""
    WITH q AS MATERIALIZED (SELECT %(pairs)s::tsquery AS pairs, %(words)s::tsquery AS words)
    (SELECT {_COLUMNS}, {_RANK} FROM search_searchdocument, q WHERE head @@ q.pairs LIMIT {TEXTS})
    UNION ALL
    (SELECT {_COLUMNS}, {_RANK} FROM search_searchdocument, q WHERE head @@ q.words LIMIT {TEXTS})
"""  # noqa: S608 (only constants of this module are put in)


def search(text: str, filters: Filters | None = None, page: int = 1) -> Results:
    """Find what somebody means. Nothing asked finds nothing; a slip of the pen finds what was meant."""
    filters = filters or Filters()
    text, within = _place(text, filters)
    asked = _explain_latin(_ask(text))
    if not asked.groups and not asked.names:
        return Results((), 0, False)
    found, capped = _candidates(asked, within)
    if found:
        few = len(asked.groups) > 1 and len({one.group for one in found if not one.in_text}) < FEW
        return _results(_measured(found, _near(asked, within) if few else [], asked), capped, asked, filters, page)
    useful = (term for term in near_terms(asked) if _candidates(_ask(term), within)[0])
    meant = tuple(islice(useful, MEANT))
    if meant:
        instead = _ask(meant[0])
        found, capped = _candidates(instead, within)
        return replace(
            _results(_measured(found, [], instead), capped, instead, filters, page), meant=meant, instead=meant[0]
        )
    near = _near(asked, within)
    return _results(_measured([], near, asked), len(near) >= TEXTS, asked, filters, page)


def _measured(found: list[Candidate], near: list[Candidate], asked: Asked) -> list[Candidate]:
    """Say how near each is that has not all of the words in name or key words; leave out what is too far."""
    known = {one.id for one in found}
    more = [one for one in near if one.id not in known]
    scale = rules.scale(asked, [*found, *more], words.common())
    least = rules.NEAR_ENOUGH if found else rules.BETTER_THAN_NOTHING
    texts = [replace(one, near=rules.nearness(one, asked, scale)) if one.in_text else one for one in found]
    nears = [replace(one, near=rules.nearness(one, asked, scale)) for one in more]
    return texts + [one for one in nears if (one.near or 0) >= least]


def _place(text: str, filters: Filters) -> tuple[str, Filters]:
    """Read a county that stands in the query as where; what is left is what is looked for."""
    if filters.where:
        return text, filters
    for name, code in _counties().items():
        rest = text.replace(name, " ", 1)
        if rest != text and rules.fold(rest):
            return rest, replace(filters, where=code)
    return text, filters


def _counties() -> dict[str, str]:
    """Return names of counties, longest first, to their codes."""
    return _labels()["county"]


def _ask(text: str) -> Asked:
    return rules.understand(text, words.vocabulary(), words.cut)


def _explain_latin(asked: Asked) -> Asked:
    """Join words in Latin letters with the terms that sound so: pinyin whole or begun, or initials."""
    if not asked.latin:
        return asked
    groups: list[Group] = list(asked.groups)
    names = set(asked.names)
    for word in asked.latin:
        terms = complete(word, 5) if word.isalpha() and len(word) > 1 else []
        ways = [(word,), *(tuple(words.tokens(term)) for term in terms)]
        groups.append(tuple(dict.fromkeys(ways)))
        if len(asked.latin) == 1 and not asked.groups:
            names |= {rules.fold(term) for term in terms}
    return replace(asked, groups=tuple(groups), names=frozenset(names))


def _regions(where: str) -> list[str]:
    return [*catalog.region_chain(where), "*"] if where else []


def _candidates(asked: Asked, filters: Filters) -> tuple[list[Candidate], bool]:
    regions = _regions(filters.where)
    query = rules.to_tsquery(asked.groups, filters, regions)
    narrow = rules.facet_query(filters, regions)
    events = f"({query}) & 'k=event'"
    with connection.cursor() as sql:
        sql.execute(
            _HEADS,
            {
                "words": query,
                "events": events,
                "narrow": narrow,
                "free": not narrow,
                "names": sorted(asked.names),
            },
        )
        rows = sql.fetchall()
        found = {row[0]: _candidate(row) for row in reversed(rows)}
        capped = len(rows) >= HEADS
        if len(found) < ENOUGH:
            sql.execute(_TEXTS, {"words": query})
            texts = sql.fetchall()
            capped = capped or len(texts) >= TEXTS
            for row in texts:
                found.setdefault(row[0], replace(_candidate(row), in_text=True))
    return list(found.values()), capped


def _near(asked: Asked, filters: Filters) -> list[Candidate]:
    """Find what has some of the words, first of all two of them: how near it is, name and key words tell."""
    if sum(len(way) for group in asked.groups for way in group) < 2:
        return []
    regions = _regions(filters.where)
    apart = [((token,),) for token in sorted({token for group in asked.groups for way in group for token in way})]
    words = rules.to_tsquery(apart, filters, regions, any_of=True)
    pairs = rules.to_tsquery(rules.pairs(asked.groups), filters, regions, any_of=True) or words
    with connection.cursor() as sql:
        sql.execute(_SOME, {"pairs": pairs, "words": words})
        return [_candidate(row) for row in {row[0]: row for row in sql.fetchall()}.values()]


def _candidate(row: Sequence[object]) -> Candidate:
    pk, kind, *middle, rank = row
    values = dict(zip(_FIELDS, middle, strict=True))
    values["audience"], values["themes"] = tuple(values["audience"]), tuple(values["themes"])  # type: ignore[arg-type]
    return Candidate(id=pk, kind=Kind(kind), rank=float(rank), **values)  # type: ignore[arg-type]


_FIELDS = tuple(name.strip(' "') for name in _COLUMNS.split(","))[2:]


def _results(found: list[Candidate], capped: bool, asked: Asked, filters: Filters, page: int) -> Results:
    ranked = rules.collapse(rules.order(found, asked))
    pages = min(max(1, -(-len(ranked) // SIZE)), LAST_PAGE)
    page = min(max(page, 1), pages)
    shown = ranked[(page - 1) * SIZE : page * SIZE]
    return Results(
        hits=tuple(
            Hit(
                one.kind,
                one.target,
                one.name,
                one.name_en,
                one.summary,
                one.agency_name,
                one.online,
                one.icon,
                places,
            )
            for one, places in shown
        ),
        total=len(ranked),
        capped=capped,
        facets=_facets([one for one, _places in ranked], found, filters),
        page=page,
        pages=pages,
    )


def _facets(ranked: list[Candidate], found: list[Candidate], filters: Filters) -> dict[str, tuple[FacetValue, ...]]:
    """Count what narrowing would leave among the documents looked at.

    Agencies and regions over all their bodies.
    """
    agencies = {one.agency: one.agency_name for one in found if one.agency}
    labels = _labels()
    return {
        "kind": _facet(Counter(one.kind.value for one in ranked), labels["kind"], filters.kind),
        "who": _facet(Counter(who for one in ranked for who in one.audience), labels["who"], filters.who),
        "online": _facet(Counter("yes" for one in ranked if one.online), {"yes": _("全程网办")}, filters.online),
        "where": _facet(Counter(one.region for one in found if one.region), labels["where"], filters.where),
        "agency": _facet(Counter(one.agency for one in found if one.agency), agencies, filters.agency),
        "theme": _facet(Counter(theme for one in ranked for theme in one.themes), labels["theme"], filters.theme),
    }


def _facet(counts: Counter[str], labels: dict[str, str], chosen: str) -> tuple[FacetValue, ...]:
    values = [
        FacetValue(value, labels[value], count, value == chosen)
        for value, count in counts.most_common()
        if value in labels
    ]
    return tuple(values[:FACETS])


def _labels() -> dict[str, dict[str, str]]:
    """Return what facets are called; code tables and regions are kept for some minutes."""
    kept: dict[str, dict[str, str]] | None = cache.get("search.labels")
    if kept is None:
        counties = directory.regions_at(RegionLevel.COUNTY)
        regions = directory.regions_at(RegionLevel.CITY) + counties
        kept = {
            "theme": catalog.code_table("person_themes") | catalog.code_table("legal_themes"),
            "where": {one.code: one.name for one in regions},
            "county": {one.name: one.code for one in sorted(counties, key=lambda one: -len(one.name))},
        }
        cache.set("search.labels", kept, 300)
    return kept | {
        "kind": {Kind.EVENT.value: _("一件事"), Kind.ITEM.value: _("事项")},
        "who": {"person": _("个人"), "organisation": _("法人")},
    }


# --- the dictionary of terms ---


def complete(text: str, limit: int = 8) -> list[str]:
    """Return terms that begin so.

    As written, by pinyin, or by initials; the weightiest and shortest first.
    """
    begun = rules.fold(text)
    if not begun:
        return []
    found: dict[str, tuple[int, int]] = {}
    columns = ["folded"] + (["pinyin", "initials"] if begun.isascii() and begun.isalpha() else [])
    for column in columns:
        rows = SearchTerm.objects.filter(**{f"{column}__startswith": begun}).order_by(column)
        for term, weight in rows.values_list("term", "weight")[:200]:
            found.setdefault(term, (-weight, len(term)))
    return sorted(found, key=lambda term: (found[term], term))[:limit]


def near_terms(asked: Asked) -> list[str]:
    """Return terms that sound the same, or differ by a slip of the pen; the nearest first."""
    text = rules.fold(asked.text)
    if len(text) < 2:
        return []
    sound, _initials = words.pinyin(text)
    near: dict[str, tuple[int, int, int]] = {}
    same = SearchTerm.objects.filter(fuzzy=rules.fuzzy(sound)).exclude(folded=text)
    for term, weight, spoken in same.values_list("term", "weight", "pinyin")[:20]:
        near[term] = (0 if spoken == sound else 1, -weight, len(term))
    if rules.SLIP_SHORTEST <= len(text) <= rules.SLIP_LONGEST:
        for term, weight, folded in _slips(text):
            apart = rules.distance(text, folded)
            if apart <= 2:
                near.setdefault(term, (1 + apart, -weight, len(term)))
    return sorted(near, key=lambda term: (near[term], term))[: MEANT * 2]


def _slips(text: str) -> list[tuple[str, int, str]]:
    """Return terms that share a deletion with the text.

    The planner takes a dozen rare elements for a tenth of the table and would read all of it: here it may not.
    """
    rows = SearchTerm.objects.filter(deletes__overlap=rules.deletes(text)).exclude(folded=text)
    with transaction.atomic(), connection.cursor() as sql:
        sql.execute("SET LOCAL enable_seqscan = off")
        found = list(rows.values_list("term", "weight", "folded")[:100])
        sql.execute("SET LOCAL enable_seqscan = on")
    return found
