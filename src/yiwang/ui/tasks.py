"""Background work of the store."""

from __future__ import annotations

from procrastinate.contrib.django import app

from yiwang.kernel import clock


@app.periodic(cron="10 18 * * *")
@app.task(name="ui.sweep", queue="default", queueing_lock="ui.sweep")
def sweep(timestamp: int) -> int:
    """Every night (02:10 in China; the schedule is in UTC): delete the files that nobody refers to any more."""
    from yiwang.ui import keeping

    return keeping.sweep(clock.now())
