"""Writing the index: one document for each item of each body, and for each life event.

Subscribers write what changed in the delivery of its event; ``rebuild`` writes all anew, in one
transaction, while
searches go on in the old one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from django.db import connection, transaction

from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import EditionView, LifeEvent, ServiceObject
from yiwang.platform.directory import queries as directory
from yiwang.platform.search import rules, words
from yiwang.platform.search.facets import AUDIENCES
from yiwang.platform.search.models import SearchDocument, SearchTerm, VocabularyRow
from yiwang.platform.search.types import Kind

BATCH = 500
FULLY_ONLINE = 7
TERM_LENGTH = 60
WEIGHT_NAME, WEIGHT_KNOWN, WEIGHT_EVENT = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Entry:
    """What goes into the index for one thing: its row, and terms that may be suggested."""

    row: SearchDocument
    terms: tuple[tuple[str, int], ...]


def item_entry(implementation: uuid.UUID, edition: EditionView) -> Entry:
    """Make the entry of an item as one body carries it out."""
    definition = edition.definition
    audience = ["person"] if ServiceObject.PERSON in definition.serves else []
    if set(definition.serves) - {ServiceObject.PERSON}:
        audience.append("organisation")
    online = definition.channels.online and len(definition.channels.depth) >= FULLY_ONLINE
    themes = [*(f"p{code}" for code in definition.person_themes), *(f"l{code}" for code in definition.legal_themes)]
    facets = rules.facet_lexemes(
        kind=Kind.ITEM,
        agency=definition.agency,
        region=edition.region,
        audience=audience,
        themes=themes,
        online=online,
        function=directory.functions().get(definition.agency, ""),
    )
    name = _tokens(definition.name, definition.short_name, definition.name_en)
    known = _tokens(*definition.keywords)
    about = _tokens(edition.agency_name, edition.agency_short, _region_name(edition.region), definition.result.name)
    text = _tokens(
        definition.plain,
        definition.plain_en,
        *(condition.text for condition in definition.conditions),
        *(material.name for material in definition.materials),
        *(f"{one.question} {one.answer}" for one in definition.faq),
        *definition.mistakes,
        *(basis.law for basis in definition.legal_basis),
    )
    head = [("A", name), ("B", known), ("C", about)]
    row = SearchDocument(
        key=f"item:{definition.task_code}:{definition.handle_code}",
        source=str(implementation),
        edition=edition.id,
        kind=Kind.ITEM.value,
        group=definition.basic_code,
        target=definition.task_code,
        name=definition.name,
        name_en=definition.name_en,
        short_name=definition.short_name,
        folded=rules.fold(definition.name),
        folded_short=rules.fold(definition.short_name),
        known=_known(*definition.keywords, definition.name_en),
        summary=definition.plain[:400],
        agency=definition.agency,
        agency_name=edition.agency_name,
        region=edition.region,
        level=definition.level,
        audience=audience,
        themes=themes,
        online=online,
        icon="file",
        head=rules.vector(head, facets),
        body=rules.vector([*head, ("D", text)], facets),
    )
    terms = [(definition.name, WEIGHT_NAME), (definition.short_name, WEIGHT_KNOWN)]
    return Entry(row, tuple(terms + [(word, WEIGHT_NAME) for word in definition.keywords]))


def event_entry(event: LifeEvent) -> Entry:
    """Make the entry of a life event."""
    themes = [f"{AUDIENCES.get(event.audience, '')}{event.theme}"] if event.theme else []
    facets = rules.facet_lexemes(
        kind=Kind.EVENT, agency="", region="", audience=[event.audience], themes=themes, online=True
    )
    # A life event is carried out everywhere: no region narrows it away.
    facets = [facet for facet in facets if facet not in ("a=", "f=", "r=")] + ["r=*"]
    head = [
        ("A", _tokens(event.name, event.name_en)),
        ("B", _tokens(*event.keywords)),
        ("C", _tokens(event.summary)),
    ]
    text = _tokens(event.summary_en, *(item.because for item in event.items), *event.tips)
    row = SearchDocument(
        key=f"event:{event.code}",
        source=event.code,
        kind=Kind.EVENT.value,
        group=f"event:{event.code}",
        target=event.code,
        name=event.name,
        name_en=event.name_en,
        folded=rules.fold(event.name),
        known=_known(*event.keywords, event.name_en),
        summary=event.summary[:400],
        audience=[event.audience],
        themes=themes,
        online=True,
        icon=event.icon,
        head=rules.vector(head, facets),
        body=rules.vector([*head, ("D", text)], facets),
    )
    terms = ((event.name, WEIGHT_EVENT), *((word, WEIGHT_EVENT) for word in event.keywords))
    return Entry(row, terms)


def write(entries: Iterable[Entry]) -> int:
    """Write entries over those that are there; returns how many."""
    fields = [column.name for column in SearchDocument._meta.fields if column.name not in {"id", "key", "popularity"}]
    written = 0
    waiting = iter(entries)
    while batch := list(islice(waiting, BATCH)):
        SearchDocument.objects.bulk_create(
            [entry.row for entry in batch], update_conflicts=True, unique_fields=["key"], update_fields=fields
        )
        write_terms(term for entry in batch for term in entry.terms)
        written += len(batch)
    return written


def write_terms(terms: Iterable[tuple[str, int]]) -> None:
    """Add terms to the dictionary; the greater weight stays."""
    wanted: dict[str, int] = {}
    for term, weight in terms:
        if 2 <= len(term) <= TERM_LENGTH:
            wanted[term] = max(weight, wanted.get(term, 0))
    known = dict(SearchTerm.objects.filter(term__in=list(wanted)).values_list("term", "weight"))
    rows = [_term(term, weight) for term, weight in wanted.items() if known.get(term, 0) < weight]
    SearchTerm.objects.bulk_create(rows, update_conflicts=True, unique_fields=["term"], update_fields=["weight"])


def _term(term: str, weight: int) -> SearchTerm:
    sound, initials = words.pinyin(term)
    folded = rules.fold(term)
    return SearchTerm(
        term=term,
        folded=folded,
        pinyin=sound[:400],
        initials=initials[:80],
        fuzzy=rules.fuzzy(sound)[:400],
        deletes=rules.deletes(folded) if rules.SLIP_SHORTEST <= len(folded) <= rules.SLIP_LONGEST + 1 else [],
        weight=weight,
    )


def index_item(implementation: uuid.UUID, edition: uuid.UUID) -> None:
    """Index one published edition, unless it is (whoever loads a city builds the index at once)."""
    if SearchDocument.objects.filter(source=str(implementation), edition=edition).exists():
        return
    words.vocabulary()
    write([item_entry(implementation, catalog.get_edition(edition))])


def index_event(code: str) -> None:
    """Index one published life event."""
    words.vocabulary()
    write([event_entry(catalog.get_life_event(code))])


def drop(source: str) -> None:
    """Take out what is no longer published; its terms go with the next rebuild."""
    SearchDocument.objects.filter(source=source).delete()


def rebuild() -> int:
    """Write the whole index and dictionary anew; returns how many documents there are."""
    _region_name.cache_clear()
    with transaction.atomic():
        vocabulary = words.vocabulary()
        SearchTerm.objects.all().delete()
        written = write(_everything())
        kept = {entry.source for entry in SearchDocument.objects.only("source").iterator()}
        published = {str(pk) for pk, _edition in catalog.published_implementations()}
        published |= {event.code for event in catalog.life_events()}
        SearchDocument.objects.filter(source__in=kept - published).delete()
        names = "\n".join(SearchTerm.objects.values_list("folded", flat=True))
        useful = (one for one in vocabulary.synonyms if any(rules.fold(mean) in names for mean in one.means))
        write_terms((word, WEIGHT_EVENT) for one in useful for word in one.words)
        write_terms((word, WEIGHT_NAME) for word in vocabulary.words)
        note_common_words()
    return written


def note_common_words() -> None:
    """Note which words stand in more than a share of the documents, with theirs: in a ranking they say less."""
    total = SearchDocument.objects.count()
    with connection.cursor() as sql:
        sql.execute(
            "SELECT word, ndoc FROM ts_stat('SELECT head FROM search_searchdocument') WHERE ndoc > %s",
            [total * rules.COMMON],
        )
        common = {word: documents / total for word, documents in sql.fetchall() if "=" not in word}
    VocabularyRow.objects.update(common=common, documents=total)
    words.forget()


def _everything() -> Iterator[Entry]:
    waiting = iter(catalog.published_implementations())
    while batch := list(islice(waiting, BATCH)):
        editions = catalog.get_editions([edition for _pk, edition in batch])
        for implementation, edition in batch:
            yield item_entry(implementation, editions[edition])
    for event in catalog.life_events():
        yield event_entry(event)


def _known(*words: str) -> str:
    return " ".join(filter(None, map(rules.fold, words)))


def _tokens(*texts: str) -> list[str]:
    return [token for text in texts if text for token in words.tokens(text)]


@lru_cache(maxsize=4096)
def _region_name(code: str) -> str:
    region = directory.find_region(code)
    return region.name if region else ""
