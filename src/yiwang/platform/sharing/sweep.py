"""What the worker does every night over the whole store: measure each published dataset, as the system."""

from __future__ import annotations

import logging

from yiwang.kernel import clock
from yiwang.kernel.types import SYSTEM
from yiwang.platform.sharing import acts, quality
from yiwang.platform.sharing.models import Dataset

log = logging.getLogger(__name__)


class NotMeasured(Exception):
    """Some datasets could not be measured: the others are, and when it is tried again only these are left."""


def measure_all() -> int:
    """Measure the datasets that have no score of today; return how many. Raises NotMeasured after the last one."""
    today = clock.today()
    left = Dataset.objects.filter(current__isnull=False).exclude(scores__day=today).select_related("current")
    failed: list[str] = []
    done = 0
    with quality.Hands() as hands:
        for row in list(left.order_by("code")):
            try:
                found = quality.measure(row, hands=hands)
                acts.note_measure(row.pk, found, by=SYSTEM, key=f"measure:{today.isoformat()}:{row.pk}")
            except Exception:
                log.exception("sharing.not_measured", extra={"dataset": row.code})
                failed.append(row.code)
            else:
                done += 1
    if failed:
        raise NotMeasured(", ".join(failed))
    return done
