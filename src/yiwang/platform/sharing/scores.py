"""What is known of quality: the newest scores, how they went, who ranks where, and which rows wait to be mended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Avg, Count, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from yiwang.kernel import clock, codes, paging
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor
from yiwang.platform.sharing.documents import DEFINITION
from yiwang.platform.sharing.models import BadRow, CrossRuleRow, Dataset, QualityScore
from yiwang.platform.sharing.quality import read_rule
from yiwang.platform.sharing.rules import percent
from yiwang.platform.sharing.types import CrossRule, DatasetDefinition, FaultyRow, Ranked, RankedDataset, ScoreView

DAYS = 30
"""How many days a trend goes back."""
MOST_ROWS = 10_000
"""Rows of a table that is given to the source."""


def shown(dataset: Any) -> tuple[Decimal, datetime | None] | None:
    """Return what everybody is told of a dataset: its newest score, and when data last came; nothing before a first score."""
    rows = Dataset.objects.filter(pk=dataset, measured_at__isnull=False)
    found: tuple[Decimal, datetime | None] | None = rows.values_list("quality", "refreshed_at").first()
    return found


def standing(datasets: Iterable[Any]) -> dict[Any, tuple[int | None, Decimal | None, datetime | None]]:
    """Return of each dataset its number of records when last measured, its score, and when data last came; one query."""
    rows = QualityScore.objects.filter(dataset=OuterRef("pk")).order_by("-day").values("rows")[:1]
    found = Dataset.objects.filter(pk__in=list(datasets), measured_at__isnull=False)
    return {
        pk: (count, score, at)
        for pk, count, score, at in found.annotate(count=Subquery(rows)).values_list(
            "pk", "count", "quality", "refreshed_at"
        )
    }


def newest(dataset: Any) -> ScoreView | None:
    """Return the newest score of a dataset, by its identity."""
    row = QualityScore.objects.filter(dataset_id=dataset).order_by("-day").first()
    return row and _view(row)


def history(dataset: Any, days: int = DAYS) -> dict[date, ScoreView | None]:
    """Return every day up to today with its score, oldest first; days before the first score are left out."""
    rows = QualityScore.objects.filter(dataset_id=dataset, day__gt=clock.today() - timedelta(days=days))
    found = {row.day: _view(row) for row in rows.order_by("day")}
    begin = min(found, default=clock.today())
    return {day: found.get(day) for day in _days((clock.today() - begin).days + 1)}


def agencies(by: Actor) -> list[Ranked]:
    """Return the agencies whose datasets the actor answers for or watches, best first: the mean of their datasets' scores.

    Every dataset counts the same, however many records it has: each is a promise of its own.
    """
    measured = Dataset.objects.measured_for(by).filter(measured_at__isnull=False)
    names = ("agency__code", "agency__short_name", "agency__name")
    rows = (
        measured.values_list(*names).annotate(mean=Avg("quality"), number=Count("pk")).order_by("-mean", "agency__code")
    )
    then = QualityScore.objects.filter(dataset__in=measured, day__gt=_days(DAYS)[0] - timedelta(days=1))
    days: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for code, day, mean in then.values_list("dataset__agency__code", "day").annotate(mean=Avg("score")):
        days[code][day] = _mean(mean)
    return [
        Ranked(code=code, name=short or name, score=_mean(mean), datasets=number, days=_trend(days[code]))
        for code, short, name, mean, number in rows
    ]


def datasets(
    by: Actor, agency: str = "", size: int = 30, *, after: str = "", before: str = ""
) -> paging.Page[RankedDataset]:
    """Return a page of the datasets that the actor answers for or watches, of all agencies or one, worst first."""
    rows = Dataset.objects.measured_for(by).filter(measured_at__isnull=False).select_related("agency", "current")
    rows = rows.filter(agency__code=agency) if agency else rows
    found = paging.page(rows, ("quality", "code"), size, after=after, before=before)
    scores: dict[Any, dict[date, QualityScore]] = defaultdict(dict)
    for one in _recent(found.items):
        scores[one.dataset_id][one.day] = one
    return paging.Page(
        [_ranked(row, scores[row.pk]) for row in found.items if scores[row.pk]], found.next, found.previous
    )


def _recent(rows: Sequence[Dataset]) -> QuerySet[QualityScore]:
    return QualityScore.objects.filter(
        dataset__in=[row.pk for row in rows], day__gt=clock.today() - timedelta(days=DAYS)
    )


def _ranked(row: Dataset, scores: Mapping[date, QualityScore]) -> RankedDataset:
    return RankedDataset(
        code=row.code,
        name=row.name,
        score=row.quality,
        days=_trend({day: one.score for day, one in scores.items()}),
        definition=definition_of(row),
        agency_name=row.agency.short_name or row.agency.name,
        refreshed_at=row.refreshed_at,
        newest=_view(scores[max(scores)]),
    )


def get(code: str, by: Actor) -> Dataset:
    """Return a published dataset that the actor answers for or watches, with agency and edition. Raises ``NotFound``."""
    row: Dataset | None = Dataset.objects.measured_for(by).select_related("agency", "current").filter(code=code).first()
    if row is None:
        raise NotFound(_("没有这个数据集。"))
    return row


def provided(code: str) -> Dataset:
    """Return a published dataset with its agency, to see who provides it. Raises ``NotFound``."""
    row: Dataset | None = Dataset.objects.select_related("agency").filter(code=code, current__isnull=False).first()
    if row is None:
        raise NotFound(_("没有这个数据集。"))
    return row


def get_own(code: str, by: Actor) -> Dataset:
    """Return a published dataset of which the actor mends the rows. Raises ``NotFound``."""
    rows = Dataset.objects.editable_by(by).select_related("current").filter(code=code, current__isnull=False)
    row: Dataset | None = rows.first()
    if row is None:
        raise NotFound(_("没有这个数据集。"))
    return row


def definition_of(row: Dataset) -> DatasetDefinition:
    """Return a dataset as published, its edition at hand."""
    assert row.current is not None
    return DEFINITION.validate_python(row.current.content["definition"])


def cross_rules(here: Iterable[str]) -> dict[str, CrossRule]:
    """Return the rules between these datasets and others, by code."""
    rows = CrossRuleRow.objects.filter(here__code__in=list(here)).select_related("here", "there").order_by("code")
    return {row.code: read_rule(row) for row in rows}


def to_mend(code: str, by: Actor, size: int = 50, *, after: str = "", before: str = "") -> paging.Page[FaultyRow]:
    """Return a page of the rows of a dataset that wait to be mended, as far as they are the actor's to mend."""
    rows = BadRow.objects.visible_to(by).filter(dataset__code=code, mended_at=None).select_related("dataset__current")
    found = paging.page(rows, ("id",), size, after=after, before=before)
    return paging.Page([_faulty(row) for row in found.items], found.next, found.previous)


def all_to_mend(code: str, by: Actor) -> list[FaultyRow]:
    """Return the oldest ``MOST_ROWS`` rows to mend: what the source mends comes again, and the next ones follow."""
    rows = BadRow.objects.visible_to(by).filter(dataset__code=code, mended_at=None).select_related("dataset__current")
    return [_faulty(row) for row in rows.order_by("id")[:MOST_ROWS]]


def waiting(dataset: Any, by: Actor) -> paging.Count:
    """Return how many rows wait to be mended, as far as they are the actor's to mend."""
    return paging.more_than(BadRow.objects.visible_to(by).filter(dataset_id=dataset, mended_at=None))


def _faulty(row: BadRow) -> FaultyRow:
    current = row.dataset.current
    key = current.content["definition"]["key"] if current else ()
    subject = str(row.values.get("subject") or "")
    return FaultyRow(
        run=row.run_id,
        file=row.file,
        line=row.line,
        at=row.at,
        subject=codes.mask_id(subject),
        key={name: row.values.get(name) for name in key},
        faults=tuple((name, word) for name, word in row.faults),
    )


def _view(row: QualityScore) -> ScoreView:
    return ScoreView(
        day=row.day,
        measured_at=row.measured_at,
        rows=row.rows,
        expected=row.expected,
        filled=row.filled,
        sound=row.sound,
        columns=row.columns,
        faults=tuple((name, word, rows) for name, word, rows in row.faults),
        completeness=row.completeness,
        accuracy=row.accuracy,
        timeliness=row.timeliness,
        score=row.score,
    )


def _days(number: int) -> list[date]:
    return [clock.today() - timedelta(days=ago) for ago in reversed(range(number))]


def _trend(scores: Mapping[date, Decimal]) -> tuple[Decimal | None, ...]:
    return tuple(scores.get(day) for day in _days(DAYS))


def _mean(mean: Decimal) -> Decimal:
    """Round a mean of scores as scores are rounded."""
    return percent(Fraction(mean) / 100)
