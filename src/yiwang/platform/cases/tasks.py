"""Background work of the cases room: thin calls to acts."""

from __future__ import annotations

import uuid

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

_AGAIN = RetryStrategy(max_attempts=12, exponential_wait=3)


@app.task(name="cases.make_documents", queue="documents", retry=_AGAIN)
def make_documents(documents: list[str]) -> None:
    """Draw, seal and store documents; while the seal service is away it is tried again, ever more slowly."""
    from yiwang.platform.cases import acts

    for one in documents:
        acts.make_once(uuid.UUID(one))


@app.periodic(cron="*/10 * * * *")
@app.task(name="cases.recheck_waiting", queue="default", queueing_lock="cases.recheck_waiting", retry=_AGAIN)
def recheck_waiting(timestamp: int) -> int:
    """Ask again the sources that were down when cases were handed in."""
    from yiwang.platform.cases import sweep

    return sweep.recheck_waiting(str(timestamp))


@app.periodic(cron="20 19 * * *")
@app.task(name="cases.nightly", queue="default", queueing_lock="cases.nightly", retry=_AGAIN)
def nightly(timestamp: int) -> int:
    """Every night (03:20 in China; the schedule is in UTC): delete old drafts, recount provisional due dates."""
    from yiwang.platform.cases import sweep

    return sweep.discard_old_drafts(str(timestamp)) + sweep.recount_provisional(str(timestamp))
