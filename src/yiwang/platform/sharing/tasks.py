"""Background work of the sharing room: thin calls to acts.

Jobs are for what ends soon: a source or a subscriber that is slow, or the first reading of a million rows, would keep others
waiting. So feeds and events run in loops of their own beside the worker's jobs.
"""

from __future__ import annotations

import contextlib
import threading
import uuid

from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from yiwang.kernel import work
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import SYSTEM
from yiwang.platform.sharing import runner
from yiwang.platform.sharing.events import sender
from yiwang.platform.sharing.means import acts as means
from yiwang.platform.sharing.watch import looking

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


@app.task(name="sharing.compare_again", queue="default", priority=-1, retry=_AGAIN)
def compare_again(comparison: str, key: str) -> None:
    """Compare a family again, as something was down; where the case went on without it there is nothing to do."""
    with contextlib.suppress(NotFound):
        means.compare_again(uuid.UUID(comparison), by=SYSTEM, key=key)


@app.task(name="sharing.check_again", queue="default", priority=-1, retry=_AGAIN)
def check_again(reask: str, key: str) -> None:
    """Ask again what was degraded in an agency's call."""
    from yiwang.platform.sharing.acts import asking

    with contextlib.suppress(NotFound):
        asking.check_again(uuid.UUID(reask), by=SYSTEM, key=key)


@app.periodic(cron="30 19 * * *")
@app.task(name="sharing.forget_all", queue="default", queueing_lock="sharing.forget_all", retry=_AGAIN)
def forget_all(timestamp: int) -> int:
    """Every night (03:30 in China), before it is measured: delete what is kept no longer."""
    from yiwang.platform.sharing import sweep

    return sweep.forget_all()


@work.loop("feeds", pause=1.0, threads=2)
def run_feeds(stop: threading.Event) -> int:
    """Run what is due."""
    return runner.run_due(stop)


@work.loop("watch", pause=15.0)
def watch_readings(stop: threading.Event) -> int:
    """Look at what officers read since the last time."""
    seen = 0
    while not stop.is_set() and (found := looking.look()):
        seen += found
    return seen


@work.loop("outgoing", pause=sender.PAUSE)
def send_events(stop: threading.Event) -> int:
    """Send what is due to subscribers."""
    return sender.turn()
