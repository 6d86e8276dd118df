"""Background work of the sharing room: thin calls to acts."""

from __future__ import annotations

import uuid

from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

_AGAIN = RetryStrategy(max_attempts=6, exponential_wait=3)


@app.periodic(cron="0 20 * * *")
@app.task(name="sharing.measure_all", queue="default", queueing_lock="sharing.measure_all", retry=_AGAIN)
def measure_all(timestamp: int) -> int:
    """Every night (04:00 in China; the schedule is in UTC): have the quality of every dataset measured."""
    from yiwang.platform.sharing import sweep

    left = sweep.unmeasured()
    for pk in left:
        try:
            with transaction.atomic():
                measure.configure(queueing_lock=f"sharing.measure:{pk}").defer(dataset=str(pk))
        except AlreadyEnqueued:
            continue  # from last night, and still to come
    return len(left)


@app.task(name="sharing.measure", queue="default", priority=-1, retry=_AGAIN)
def measure(dataset: str) -> bool:
    """Measure one dataset: a job of its own, so that one that fails holds up no other. Whatever else waits goes before."""
    from yiwang.platform.sharing import sweep

    return sweep.measure(uuid.UUID(dataset))
