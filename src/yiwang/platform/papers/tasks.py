"""Background work of the papers room: taking scans apart, in a loop of its own, as a page may take long to read; and what
is kept no longer.
"""

from __future__ import annotations

import threading

from procrastinate.contrib.django import app

from yiwang.kernel import work


@work.loop("scanned papers", pause=0.5)
def take_apart(stop: threading.Event) -> None:
    """Take apart what waits."""
    from yiwang.platform.papers import acts

    while not stop.is_set() and acts.work_on():
        pass


@app.periodic(cron="0 18 * * *")
@app.task(name="papers.forget", queue="default", queueing_lock="papers.forget")
def forget(timestamp: int) -> int:
    """Every night (02:00 in China; the schedule is in UTC): let pages go that nobody put into a paper, and papers that ended."""
    from yiwang.platform.papers import acts

    return acts.forget()
