"""What datasets say of a subject, as far as those who need it may have it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, FilteredRelation, OuterRef, Q, When
from django.db.models.functions import JSONObject

from yiwang.kernel import clock, limits
from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.remembered import remembered
from yiwang.kernel.sealed import blind_index
from yiwang.platform.sharing import granting, live
from yiwang.platform.sharing.answering import needed
from yiwang.platform.sharing.connectors import Source, live_connectors
from yiwang.platform.sharing.documents import DEFINITION, by_digest, read_once
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.models import Dataset, DatasetEdition, Feed, Grant
from yiwang.platform.sharing.types import (
    Allowance,
    Answer,
    Consumer,
    DatasetDefinition,
    GrantState,
)

_ASKED = Compiled(
    lambda: (
        Dataset.objects.filter(code__any=Slot("codes"), current__isnull=False)
        .annotate(
            record=FilteredRelation(
                "records",
                condition=Q(records__subject_index__any=Slot("keys"), records__valid_to__isnull=True),
            ),
            allowed=ArraySubquery(
                Grant.objects.filter(
                    dataset=OuterRef("pk"), state=GrantState.GRANTED.value, function__any=Slot("functions")
                ).values(
                    json=JSONObject(
                        id="id",
                        function="function",
                        region="region",
                        items="items",
                        fields="fields",
                        expires_on="expires_on",
                        begins_on="begins_on",
                        per_minute="per_minute",
                    )
                )
            ),
            live=Case(When(Q(feed__enabled=True, feed__connector__in=live_connectors()), then=F("feed__id"))),
        )
        .values_list(
            "code",
            "record__subject_index",
            "name",
            "agency__short_name",
            "agency__name",
            "basis",
            "available",
            "record__values",
            "record__at",
            "allowed",
            "live",
            "current_id",
        )
    )
)


class UnknownDatasets(LookupError):
    """Datasets that are not published, by their codes."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(*codes)
        self.codes = codes


Wanted = Mapping[str, Mapping[str, Sequence[Consumer]]]
"""What is wanted of each dataset: its columns with who needs them; the column ``""`` asks whether there is a record, which any
grant of the dataset allows.
"""
Each = list[dict[str, Answer]]
"""For each subject, what each dataset says."""


def ask(numbers: Sequence[str], wanted: Wanted, *, counted: bool = False) -> dict[str, Answer]:
    """Return what datasets say of a subject that is known by these numbers, as far as those who need it may have it.

    What nobody has a grant for is not in the answer's ``fields``; what is not published is left out. Of several numbers the
    first that has a record counts, of several records the newest. One query; where datasets are asked at their source, one
    more, and one call a system.

    ``counted`` counts it against the rates of the grants, in one more statement: a dataset of which a grant's rate is used
    up is not asked, and answers as if it were down.
    """
    held = _held(numbers, wanted)
    spent = _spent(held) if counted else frozenset()
    told = _ask_sources({code: one for code, one in held.items() if code not in spent}, numbers, wanted)
    return {
        code: replace(one.answer, available=False) if code in spent else told.of(one, numbers)
        for code, one in held.items()
    }


def ask_each(numbers: Sequence[str], wanted: Wanted, *, ready: Callable[[Each], None]) -> Each:
    """Return for each of these subjects what ``ask`` would of it alone, with as many queries and calls as for one.

    ``ready`` is called with what is known before any source is asked. Raises ``UnknownDatasets`` before that.
    """
    held = _held(numbers, wanted)
    if unknown := [code for code in wanted if code not in held]:
        raise UnknownDatasets(unknown)
    here = _Told()
    ready([{code: here.of(one, (number,)) for code, one in held.items()} for number in numbers])
    told = _ask_sources(held, numbers, wanted)
    return [{code: told.of(one, (number,)) for code, one in held.items()} for number in numbers]


@dataclass(slots=True)
class _Held:
    """What is here of a dataset: the answer without a record, the feed by which its source is asked, and by number the newest
    record.
    """

    answer: Answer
    feed: uuid.UUID | None
    records: dict[str, tuple[Mapping[str, Any], datetime]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the sources said, of the datasets that were asked about there; all others answer with what is here."""

    asked: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    found: live.Found = field(default_factory=live.Found)

    def of(self, one: _Held, numbers: Sequence[str]) -> Answer:
        """Return the answer about a subject known by these numbers."""
        code = one.answer.dataset
        if code not in self.asked:
            number = next((number for number in numbers if number in one.records), "")
            if not number:
                return one.answer
            values, at = one.records[number]
            return replace(one.answer, values=values, at=at, number=number)
        if code not in self.known or code in self.found.down:
            return replace(one.answer, available=False)
        records = self.found.records
        number = next((number for number in numbers if records.get((code, number))), "")
        if not number:
            return replace(one.answer, available=True)
        values, at = max(records[code, number], key=lambda row: row[1])
        return replace(one.answer, available=True, values=dict(values), at=at, number=number)


def _held(numbers: Sequence[str], wanted: Wanted) -> dict[str, _Held]:
    by_key = {blind_index(number, SUBJECT): number for number in numbers}
    functions = {one.function for fields in wanted.values() for consumers in fields.values() for one in consumers}
    today = clock.today()
    found: dict[str, _Held] = {}
    rows = _ASKED(codes=sorted(wanted), keys=list(by_key), functions=sorted(functions))
    for code, index, name, short, agency, basis, available, values, at, allowed, feed, edition in rows:
        if code not in found:
            grants = [_allowance(one) for one in allowed]
            given_by = {
                column: given
                for column, consumers in wanted[code].items()
                if (given := granting.allowing(grants, column, consumers, today)) is not None
            }
            answer = Answer(
                code,
                name,
                short or agency,
                basis,
                available,
                {column: one.id for column, one in given_by.items()},
                rates={one.id: one.per_minute for one in given_by.values()},
                edition=edition,
            )
            found[code] = _Held(answer, feed)
        if index is not None:
            records, number = found[code].records, by_key[bytes(index)]
            if number not in records or records[number][1] < at:
                records[number] = (values, at)
    return found


def _spent(held: Mapping[str, _Held]) -> frozenset[str]:
    """Count one use of each grant; return the datasets of which one was used more often than it allows."""
    rates = {f"grant:{pk}": rate for one in held.values() for pk, rate in one.answer.rates.items()}
    over = limits.over(rates, 60)
    return frozenset(code for code, one in held.items() if any(f"grant:{pk}" in over for pk in one.answer.rates))


def _ask_sources(held: Mapping[str, _Held], numbers: Sequence[str], wanted: Wanted) -> _Told:
    """Ask agencies' systems for no more than what was granted."""
    feeds = {code: one.feed for code, one in held.items() if one.feed is not None and one.answer.fields}
    if not feeds:
        return _Told()
    known = sources_of_feeds(feeds.values())
    asked = [
        live.Wanted(one, needed(one.definition, held[code].answer.fields), ailing)
        for code, (one, ailing) in known.items()
    ]
    return _Told(frozenset(feeds), frozenset(known), live.ask(asked, numbers, _purpose(wanted)))


def are_asked_at_source(codes: Iterable[str]) -> bool:
    """Tell whether one of these datasets is asked at its source (as it was half a minute ago, at most)."""
    rows = Feed.objects.filter(enabled=True, connector__in=live_connectors())
    known = remembered("sharing.live", lambda: frozenset(rows.values_list("dataset__code", flat=True)), 30)
    return not known.isdisjoint(codes)


_EDITION = Compiled(lambda: DatasetEdition.objects.filter(pk=Slot("pk")).values_list("content__definition"))


def definition_of(answer: Answer) -> DatasetDefinition:
    """Return the definition by which a dataset answered; one query the first time in a process, then none."""
    return read_once(DEFINITION, str(answer.edition), lambda: _EDITION.first(pk=answer.edition)[0])


def sources_of_feeds(feeds: Iterable[uuid.UUID]) -> dict[str, tuple[Source, bool]]:
    """Return by dataset what a connector is told of these feeds, and whether the source is ailing; one query."""
    rows = Feed.objects.filter(pk__in=list(feeds)).select_related("dataset__current")
    return {
        row.dataset.code: (source_of_feed(row), row.failures > 0) for row in rows if row.dataset.current is not None
    }


def source_of_feed(row: Feed) -> Source:
    """Return what a connector is told of a feed; its dataset and the published edition are at hand."""
    edition = row.dataset.current
    assert edition is not None
    definition = by_digest(DEFINITION, edition.digest, edition.content["definition"])
    return Source(definition, row.address, row.settings, row.columns, row.secret)


def feed_addresses() -> dict[str, tuple[str, str]]:
    """Return connector and address of every feed, by dataset."""
    rows = Feed.objects.values_list("dataset__code", "connector", "address")
    return {code: (connector, address) for code, connector, address in rows}


def is_all_read() -> bool:
    """Tell whether every source has been read to its end once, but for those that do not answer."""
    return not Feed.objects.filter(enabled=True, read_to=None, failures=0).exists()


def _purpose(wanted: Wanted) -> dict[str, str]:
    """Return what a source is told of who asks: the functions of the agencies, and the items."""
    consumers = {one for fields in wanted.values() for each in fields.values() for one in each}
    return {
        "functions": ",".join(sorted({one.function for one in consumers})),
        "items": ",".join(sorted({one.item for one in consumers})),
    }


def _allowance(one: Mapping[str, Any]) -> Allowance:
    return Allowance(
        id=uuid.UUID(one["id"]),
        function=one["function"],
        region=one["region"],
        items=tuple(one["items"]),
        fields=tuple(one["fields"]),
        expires_on=one["expires_on"] and date.fromisoformat(one["expires_on"]),
        begins_on=one["begins_on"] and date.fromisoformat(one["begins_on"]),
        per_minute=one["per_minute"],
    )


def rates(grants: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Return how many checks a minute each grant allows; one query, none for none."""
    wanted = list(grants)
    return dict(Grant.objects.filter(pk__in=wanted).values_list("id", "per_minute")) if wanted else {}
