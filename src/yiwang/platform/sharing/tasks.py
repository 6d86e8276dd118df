"""Background work of the sharing room: thin calls to acts."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

_AGAIN = RetryStrategy(max_attempts=6, exponential_wait=3)


@app.periodic(cron="0 20 * * *")
@app.task(name="sharing.measure_all", queue="default", queueing_lock="sharing.measure_all", retry=_AGAIN)
def measure_all(timestamp: int) -> int:
    """Every night (04:00 in China; the schedule is in UTC): measure the quality of every dataset."""
    from yiwang.platform.sharing import sweep

    return sweep.measure_all()
