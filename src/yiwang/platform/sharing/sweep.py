"""What the worker does every night over the whole store: measure each published dataset, delete what is kept no longer."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable

from yiwang.kernel import clock
from yiwang.kernel.types import SYSTEM
from yiwang.platform.sharing import acts, keeping, quality
from yiwang.platform.sharing.models import Dataset

log = logging.getLogger(__name__)


class Unfinished(Exception):
    """Some datasets failed: the others are done, and when it is tried again only these are left."""


def measure_all() -> int:
    """Measure the datasets that have no score of today; return how many. Raises Unfinished after the last one."""
    today = clock.today()
    left = Dataset.objects.filter(current__isnull=False).exclude(scores__day=today).select_related("current")
    with quality.Hands() as hands:

        def measure(row: Dataset) -> int:
            found = quality.measure(row, hands=hands)
            acts.note_measure(row.pk, found, by=SYSTEM, key=f"measure:{today.isoformat()}:{row.pk}")
            return 1

        return _each(list(left.order_by("code")), measure)


def forget_all() -> int:
    """Delete from every dataset what is kept no longer; return how many rows. Raises Unfinished after the last one."""

    def forget(row: Dataset) -> int:
        done = 0
        while any(rows.exists() for rows in keeping.overdue(row.pk)):
            done += acts.forget(row.pk, by=SYSTEM, key=uuid.uuid4().hex)
        return done

    return _each(Dataset.objects.order_by("code"), forget)


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
