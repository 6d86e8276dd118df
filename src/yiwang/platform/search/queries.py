"""Finding: bounded in what is looked at, however much there is.

A query looks at up to some hundreds of documents that match in name or key words, and at the text only where those are
few. Every matching exact name and life event is among them; ranking and counting then cost the same at any size.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from django.db import connection, transaction

from yiwang.platform.catalog import queries as catalog
from yiwang.platform.search import facets, rules, words
from yiwang.platform.search.models import SearchTerm
from yiwang.platform.search.types import (
    Asked,
    Candidate,
    Filters,
    Group,
    Hit,
    Kind,
    Results,
)

HEADS = 400
"""Most documents looked at for a match in name or key words."""
TEXTS = 200
BROWSED = 1000
"""Most documents looked at where only filters are chosen."""
ENOUGH = 40
"""So many matches in name or key words, and the text is not looked at."""
TELLING = 1000
"""A word in more documents than that does not tell on its own which of them is meant."""
FEW = 5
"""With fewer items that match in name or key words, what has only some of the words is looked at too."""
SIZE = 20
LAST_PAGE = 5
MEANT = 3

_COLUMNS = ", ".join(f'"{name}"' for name in Candidate._fields[: Candidate._fields.index("rank")])
"""What a row begins with; its rank comes last, so that a row is a candidate."""
_RANK = "ts_rank('{0.05, 0.2, 0.5, 1.0}', head, q.words)"
_HEADS = f"""
    WITH q AS MATERIALIZED (
        SELECT %(words)s::tsquery AS words, %(events)s::tsquery AS events, %(narrow)s::tsquery AS narrow
    )
    (SELECT {_COLUMNS}, 1.0 FROM search_searchdocument, q
     WHERE (folded = ANY(%(names)s) OR (folded_short = ANY(%(names)s) AND folded_short <> ''))
       AND (%(free)s OR head @@ q.narrow) LIMIT 60)
    UNION ALL
    (SELECT {_COLUMNS}, {_RANK} FROM search_searchdocument, q WHERE head @@ q.events LIMIT 30)
    UNION ALL
    (SELECT {_COLUMNS}, {_RANK} FROM search_searchdocument, q WHERE head @@ q.words LIMIT {HEADS})
"""  # noqa: S608 (only constants of this module are put in)
_TEXTS = f"""
    SELECT {_COLUMNS}, 0::float8 FROM search_searchdocument WHERE body @@ %(words)s::tsquery LIMIT {TEXTS}
"""  # noqa: S608
_SOME = f"""
    WITH q AS MATERIALIZED (SELECT %(pairs)s::tsquery AS pairs, %(words)s::tsquery AS words)
    (SELECT {_COLUMNS}, {_RANK} FROM search_searchdocument, q WHERE head @@ q.pairs LIMIT {TEXTS})
    UNION ALL
    (SELECT {_COLUMNS}, {_RANK} FROM search_searchdocument, q WHERE head @@ q.words LIMIT {TEXTS})
"""  # noqa: S608 (only constants of this module are put in)


_BROWSE = f"""
    SELECT {_COLUMNS}, 0::float8 FROM search_searchdocument WHERE head @@ %(narrow)s::tsquery LIMIT {BROWSED}
"""  # noqa: S608


def search(text: str, filters: Filters | None = None, page: int = 1) -> Results:
    """Find what somebody means; a slip of the pen finds what was meant. Filters alone show all that they leave."""
    filters = filters or Filters()
    text, within = _place(text, filters)
    asked = _explain_latin(_ask(text))
    if not asked.groups and not asked.names:
        return _browse(asked, within, page)
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
    texts = [one._replace(near=rules.nearness(one, scale)) if one.in_text else one for one in found]
    nears = [one._replace(near=rules.nearness(one, scale)) for one in more]
    return texts + [one for one in nears if (one.near or 0) >= least]


def _browse(asked: Asked, filters: Filters, page: int) -> Results:
    """Show everything of a theme or an agency; nothing for nothing chosen."""
    narrow = rules.facet_query(filters, _regions(filters.where))
    if not narrow:
        return Results((), 0, False)
    with connection.cursor() as sql:
        sql.execute(_BROWSE, {"narrow": narrow})
        rows = sql.fetchall()
    return _results([Candidate(*row) for row in rows], len(rows) >= BROWSED, asked, filters, page)


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
    return facets.labels()["county"]


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
        found = {row[0]: Candidate(*row) for row in reversed(rows)}
        capped = len(rows) >= HEADS
        if len(found) < ENOUGH:
            sql.execute(_TEXTS, {"words": query})
            texts = sql.fetchall()
            capped = capped or len(texts) >= TEXTS
            for row in texts:
                found.setdefault(row[0], Candidate(*row, in_text=True))
    return list(found.values()), capped


def _near(asked: Asked, filters: Filters) -> list[Candidate]:
    """Find what has some of the words, first of all two of them: how near it is, name and key words tell.

    What has but one word, and that one of thousands of documents, is not near: which of them would be looked at?
    """
    if sum(len(way) for group in asked.groups for way in group) < 2:
        return []
    regions, many = _regions(filters.where), words.documents_with
    tokens = sorted(
        {token for group in asked.groups for way in group for token in way}, key=lambda one: (many(one), one)
    )
    telling = [token for token in tokens if many(token) <= TELLING] or tokens[:1]
    groups = sorted(asked.groups, key=lambda group: max(map(many, group[0])))
    rare = sum(max(map(many, group[0])) <= TELLING for group in groups)
    apart = rules.to_tsquery([((token,),) for token in telling], filters, regions, any_of=True)
    pairs = rules.to_tsquery(rules.pairs(groups, max(rare, 1)), filters, regions, any_of=True) or apart
    with connection.cursor() as sql:
        sql.execute(_SOME, {"pairs": pairs, "words": apart})
        return [Candidate(*row) for row in {row[0]: row for row in sql.fetchall()}.values()]


def _results(found: list[Candidate], capped: bool, asked: Asked, filters: Filters, page: int) -> Results:
    ranked = rules.collapse(rules.order(found, asked))
    pages = min(max(1, -(-len(ranked) // SIZE)), LAST_PAGE)
    page = min(max(page, 1), pages)
    shown = ranked[(page - 1) * SIZE : page * SIZE]
    return Results(
        hits=tuple(
            Hit(
                Kind(one.kind),
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
        facets=facets.of([one for one, _places in ranked], found, filters),
        page=page,
        pages=pages,
    )


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
