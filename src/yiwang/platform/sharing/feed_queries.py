"""What stewards see of feeds: how each dataset's data come in, and the runs."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from yiwang.kernel import clock, paging
from yiwang.kernel.problems import NotFound
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, Role
from yiwang.platform.sharing import feeding
from yiwang.platform.sharing.documents import DEFINITION
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.managers import DatasetQuerySet, at_agency
from yiwang.platform.sharing.models import QUALITY, BadRow, Dataset, Feed, Record, Run
from yiwang.platform.sharing.types import (
    DatasetDefinition,
    Drift,
    FeedLine,
    FeedView,
    PastRecord,
    RunState,
    RunView,
    UpdateCycle,
)

LISTS: dict[str, dict[str, Any]] = {
    "connected": {"feed__isnull": False},
    "trouble": {"feed__failures__gt": 0},
    "open": {"feed__isnull": True},
}
"""Which datasets a list shows."""


def feeds(by: Actor, which: str, size: int = 30, *, after: str = "", before: str = "") -> paging.Page[Any]:
    """Return a page of the datasets that the actor looks after, by code, each with its feed and newest run.

    ``which`` is one of ``LISTS``. Three queries.
    """
    newest = _came_in().filter(dataset=OuterRef("pk")).order_by("-began_at").values("pk")[:1]
    rows = _mine(by).filter(**LISTS[which]).select_related("feed", "agency", "current")
    found = paging.page(rows.annotate(newest=Subquery(newest)), ("code",), size, after=after, before=before)
    runs = Run.objects.in_bulk([row.newest for row in found.items if row.newest])
    to_mend = paging.counts({row.code: [_open(row.pk)] for row in found.items})
    return paging.Page(
        [_line(row, runs.get(row.newest), str(to_mend[row.code])) for row in found.items], found.next, found.previous
    )


def get_feed(code: str, by: Actor) -> tuple[uuid.UUID, DatasetDefinition, FeedView | None]:
    """Return a dataset that the actor looks after, and its feed if it has one. Raises ``NotFound``."""
    row = _get(code, by)
    return row.pk, _definition(row), _feed(row)


def runs(code: str, by: Actor, count: int = 20) -> list[RunView]:
    """Return the newest runs of a dataset. Raises ``NotFound``."""
    return [_run(row) for row in _came_in().filter(dataset=_get(code, by)).order_by("-began_at")[:count]]


def own_definition(code: str, by: Actor) -> DatasetDefinition:
    """Return a dataset whose records the actor may look into: a steward of its own agency's. Raises ``NotFound``."""
    return _definition(_own(code, by))


def is_own(code: str, by: Actor) -> bool:
    """Tell whether the actor may look into a dataset's records."""
    return _owned(code, by).exists()


def _owned(code: str, by: Actor) -> QuerySet[Dataset]:
    own = at_agency(by, roles=frozenset({Role.DATA_STEWARD}))
    rows: QuerySet[Dataset] = Dataset.objects.filter(own, code=code, current__isnull=False)
    return rows


def _own(code: str, by: Actor) -> Dataset:
    row = _owned(code, by).select_related("current").first()
    if row is None:
        raise NotFound(_("没有这个数据集。"))
    return row


def as_of(code: str, number: str, valid_on: date, by: Actor) -> list[PastRecord]:
    """Return what a dataset of the actor's own agency says of a subject at the end of a day, in the order of its beginning.

    The day is that of which the agency says that it was so. When a row came in is not kept with it, so what was known on that
    day nobody can say; what has been deleted since by its rule is not there. The reading has to be logged. Raises
    ``NotFound``. Three queries.
    """
    row = _own(code, by)
    end = datetime.combine(min(valid_on, clock.today()) + timedelta(days=1), time(), clock.SHANGHAI)
    rows = Record.objects.filter(dataset=row, subject_index=blind_index(number.strip(), SUBJECT), valid_from__lt=end)
    # One query by each of the two indexes; the condition on number 0 is that of ``record_past``.
    past = rows.filter(Q(valid_to__isnull=False) | Q(id=0), valid_to__gte=end)
    found = sorted([*rows.filter(valid_to=None), *past], key=lambda one: (one.valid_from, one.pk))
    return [PastRecord(values=one.values, valid_from=one.valid_from, valid_to=one.valid_to) for one in found]


def _came_in() -> QuerySet[Run]:
    return Run.objects.exclude(connector=QUALITY)


def source_columns(code: str) -> dict[str, str]:
    """Return by a dataset's column what its source calls it, where that is another name."""
    columns = Feed.objects.filter(dataset__code=code).values_list("columns", flat=True).first() or {}
    return {to: name for name, to in columns.items() if to}


def _mine(by: Actor) -> DatasetQuerySet:
    rows: DatasetQuerySet = Dataset.objects.editable_by(by).filter(current__isnull=False)
    return rows


def _get(code: str, by: Actor) -> Dataset:
    row: Dataset | None = _mine(by).select_related("feed", "agency", "current").filter(code=code).first()
    if row is None:
        raise NotFound(_("没有这个数据集。"))
    return row


def _open(dataset: uuid.UUID) -> Any:
    return BadRow.objects.filter(dataset=dataset, mended_at=None)


def _definition(row: Dataset) -> DatasetDefinition:
    assert row.current is not None
    return DEFINITION.validate_python(row.current.content["definition"])


def _line(row: Dataset, run: Run | None, to_mend: str) -> FeedLine:
    assert row.current is not None
    definition = row.current.content["definition"]
    return FeedLine(
        dataset=row.code,
        name=definition["name"],
        name_en=definition["name_en"],
        agency_name=row.agency.short_name or row.agency.name,
        cycle=UpdateCycle(definition["cycle"]),
        feed=_feed(row),
        run=_run(run) if run else None,
        to_mend=to_mend,
    )


def _feed(row: Dataset) -> FeedView | None:
    feed: Feed | None = getattr(row, "feed", None)
    if feed is None or row.current is None:
        return None
    return FeedView(
        id=feed.pk,
        connector=feed.connector,
        address=feed.address,
        settings=feed.settings,
        columns=feed.columns,
        has_secret=bool(feed.secret),
        enabled=feed.enabled,
        health=feeding.health(
            enabled=feed.enabled,
            failures=feed.failures,
            read_to=feed.read_to,
            cycle=UpdateCycle(row.current.content["definition"]["cycle"]),
            now=clock.now(),
        ),
        failures=feed.failures,
        next_at=feed.next_at,
        last_ok_at=feed.last_ok_at,
        read_to=feed.read_to,
        last_error=feed.last_error,
        drift=_drift(feed.drift),
    )


def _run(row: Run) -> RunView:
    return RunView(
        row.connector,
        RunState(row.state),
        row.began_at,
        row.ended_at,
        row.read,
        row.added,
        row.changed,
        row.removed,
        row.unchanged,
        row.older,
        row.rejected,
        _drift(row.drift),
        row.error,
    )


def _drift(found: dict[str, list[str]]) -> Drift:
    return Drift(tuple(found.get("unknown", ())), tuple(found.get("missing", ())))
