"""What is done every night over the whole store: each published dataset is measured, as the system."""

from __future__ import annotations

import uuid

from yiwang.kernel import clock
from yiwang.kernel.types import SYSTEM
from yiwang.platform.sharing import acts, quality
from yiwang.platform.sharing.connectors import live_connectors
from yiwang.platform.sharing.managers import DatasetQuerySet
from yiwang.platform.sharing.models import Dataset


def unmeasured() -> list[uuid.UUID]:
    """Return the published datasets that have no score of today, by code; what is asked at its source is not kept, and has
    none.
    """
    return list(_left().order_by("code").values_list("pk", flat=True))


def _left() -> DatasetQuerySet:
    found: DatasetQuerySet = (
        Dataset.objects.filter(current__isnull=False)
        .exclude(scores__day=clock.today())
        .exclude(feed__enabled=True, feed__connector__in=live_connectors())
    )
    return found


def measure(pk: uuid.UUID) -> bool:
    """Measure a dataset, unless it has been measured today, or is published no more; tell whether it was."""
    row = _left().select_related("current").filter(pk=pk).first()
    if row is None:
        return False
    acts.note_measure(pk, quality.measure(row), by=SYSTEM, key=f"measure:{clock.today().isoformat()}:{pk}")
    return True


def measure_all() -> int:
    """Measure all that have no score of today, one after the other; return how many."""
    return sum(map(measure, unmeasured()))
