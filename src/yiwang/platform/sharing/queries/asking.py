"""What datasets say of a subject, as far as those who need it may have it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, FilteredRelation, OuterRef, Q, When
from django.db.models.functions import JSONObject

from yiwang.kernel import clock
from yiwang.kernel.compiled import Compiled, Slot
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


def ask(
    numbers: Sequence[str], wanted: Mapping[str, Mapping[str, Sequence[Consumer]]], *, strict: bool = False
) -> dict[str, Answer]:
    """Return what datasets say of a subject that is known by these numbers, as far as those who need it may have it.

    ``wanted`` names for each dataset its columns with who needs them; the column ``""`` asks whether there is a record,
    which any grant of the dataset allows. What nobody has a grant for is not in the answer's ``fields``. Of several
    numbers the first that has a record counts, of several records the newest. One query; where datasets are asked at their
    source, one more, and one call a system.

    ``strict``: raises ``UnknownDatasets``, before any source is asked, unless all are published; else such are left out.
    """
    keys = [blind_index(number, SUBJECT) for number in numbers]
    functions = {one.function for fields in wanted.values() for consumers in fields.values() for one in consumers}
    today = clock.today()
    found: dict[str, tuple[int, float, Answer]] = {}
    lives: dict[str, uuid.UUID] = {}
    rows = _ASKED(codes=sorted(wanted), keys=keys, functions=sorted(functions))
    for code, index, name, short, agency, basis, available, values, at, allowed, feed, edition in rows:
        rank = keys.index(bytes(index)) if index is not None else len(keys)
        age = -at.timestamp() if at else 0.0
        if code in found and found[code][:2] <= (rank, age):
            continue
        if feed is not None:
            lives[code] = feed
        grants = [_allowance(one) for one in allowed]
        given_by = {
            field: given
            for field, consumers in wanted[code].items()
            if (given := granting.allowing(grants, field, consumers, today)) is not None
        }
        found[code] = (
            rank,
            age,
            Answer(
                code,
                name,
                short or agency,
                basis,
                available,
                {field: one.id for field, one in given_by.items()},
                values,
                at,
                numbers[rank] if rank < len(keys) else "",
                {one.id: one.per_minute for one in given_by.values()},
                edition,
            ),
        )
    if strict and (unknown := [code for code in wanted if code not in found]):
        raise UnknownDatasets(unknown)
    answers = {code: answer for code, (_rank, _age, answer) in found.items()}
    granted = {code: pk for code, pk in lives.items() if answers[code].fields}
    return answers | _at_source(granted, answers, numbers, _purpose(wanted)) if granted else answers


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


def _at_source(
    feeds: Mapping[str, uuid.UUID], answers: Mapping[str, Answer], numbers: Sequence[str], purpose: Mapping[str, str]
) -> dict[str, Answer]:
    """Ask agencies' systems for no more than what was granted."""
    known = sources_of_feeds(feeds.values())
    wanted = [
        live.Wanted(one, needed(one.definition, answers[code].fields), ailing) for code, (one, ailing) in known.items()
    ]
    told = live.ask(wanted, numbers, purpose)
    found = {}
    for code in feeds:
        one = answers[code]
        records = [(number, rows) for number in numbers if (rows := told.records.get((code, number)))]
        if code not in known or code in told.down:
            found[code] = replace(one, available=False)
        elif records:
            number, rows = records[0]
            values, at = max(rows, key=lambda row: row[1])
            found[code] = replace(one, available=True, values=dict(values), at=at, number=number)
        else:
            found[code] = replace(one, available=True, values=None, at=None, number="")
    return found


def _purpose(wanted: Mapping[str, Mapping[str, Sequence[Consumer]]]) -> dict[str, str]:
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
