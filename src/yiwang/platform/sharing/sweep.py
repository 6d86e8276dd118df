"""What the worker does every night over the whole store: measure each published dataset, delete what is kept no longer."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable

from yiwang.kernel import clock
from yiwang.kernel.types import SYSTEM
from yiwang.platform.sharing import acts, keeping, quality
from yiwang.platform.sharing.connectors import live_connectors, registry
from yiwang.platform.sharing.managers import DatasetQuerySet
from yiwang.platform.sharing.models import Dataset

log = logging.getLogger(__name__)


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


class Unfinished(Exception):
    """Some datasets failed: the others are done, and when it is tried again only these are left."""


def forget_all() -> int:
    """Delete from every dataset what is kept no longer, and files that were read; return how many rows and files. Raises
    Unfinished after the last one.
    """
    cleared = sum(registry.get(name).clear() for name in registry)

    def forget(row: Dataset) -> int:
        done = 0
        while any(rows.exists() for rows in keeping.overdue(row.pk)):
            done += acts.forget(row.pk, by=SYSTEM, key=uuid.uuid4().hex)
        return done

    return cleared + _each(Dataset.objects.order_by("code"), forget)


def _each(rows: Iterable[Dataset], work: Callable[[Dataset], int]) -> int:
    done, failed = 0, []
    for row in rows:
        try:
            done += work(row)
        except Exception:
            log.exception("sharing.unfinished", extra={"dataset": row.code})
            failed.append(row.code)
    if failed:
        raise Unfinished(", ".join(failed))
    return done
