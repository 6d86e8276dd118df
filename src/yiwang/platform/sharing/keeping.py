"""How long the store keeps what is over (留存期限): what of a dataset has to be deleted by now, and what goes next.

个人信息保护法 arts. 19 and 47: no longer than its purpose needs; the term is the dataset's own, in its newest edition also
when it was withdrawn. Nothing here reads what stands in a record.
"""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from django.db.models import Min, QuerySet

from yiwang.kernel import clock
from yiwang.kernel.types import Actor
from yiwang.platform.sharing.models import BadRow, Dataset, DatasetEdition, Record
from yiwang.platform.sharing.rules import YEAR, gone_before, kept_until

_DAY = timedelta(days=1)


def months_of(dataset: uuid.UUID) -> int:
    """Return for how many months a dataset keeps what is no longer valid; 0: for ever."""
    newest = DatasetEdition.objects.filter(dataset_id=dataset).order_by("-number")
    return newest.values_list("content__definition__retention_months", flat=True).first() or 0


def overdue(dataset: uuid.UUID) -> list[QuerySet[Record] | QuerySet[BadRow]]:
    """Return what has to be deleted today, oldest first: records that ended, rows that were mended, and rows that never were.

    A row that waits to be mended goes by the dataset's term too: what could not be taken must not be kept for longer than
    what was. A row of line 0 stands for a record that is still in the store, and stays with it.
    """
    months, today = months_of(dataset), clock.today()
    mended = clock.end_of(gone_before(min(months or YEAR, YEAR), today))
    found: list[QuerySet[Record] | QuerySet[BadRow]] = [
        BadRow.objects.filter(dataset_id=dataset, mended_at__isnull=False, mended_at__lt=mended).order_by("mended_at")
    ]
    if months:
        ended = clock.end_of(gone_before(months, today))
        refused = BadRow.objects.filter(dataset_id=dataset, mended_at=None, line__gt=0, at__lt=ended)
        records = Record.objects.filter(dataset_id=dataset, valid_to__isnull=False, valid_to__lt=ended)
        found += [refused.order_by("at"), records.order_by("valid_to")]
    return found


def next_day(code: str, by: Actor) -> date | None:
    """Return the day on which the oldest record that is no longer valid is deleted, for the dataset's own stewards;
    nothing for others, and if none ever is.
    """
    dataset = Dataset.objects.editable_by(by).filter(code=code).values_list("pk", flat=True).first()
    months = months_of(dataset) if dataset else 0
    if not months:
        return None
    ended = Record.objects.filter(dataset_id=dataset, valid_to__isnull=False).aggregate(first=Min("valid_to"))["first"]
    return ended and max(kept_until(clock.legal_date(ended), months) + _DAY, clock.today())
