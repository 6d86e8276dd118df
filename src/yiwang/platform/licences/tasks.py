"""Background work of the licences room: making the signed document; taking over what was digitised, in a loop of its own."""

from __future__ import annotations

import threading
import uuid

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from yiwang.kernel import work


@app.task(
    name="licences.make_document",
    queue="documents",
    retry=RetryStrategy(max_attempts=12, exponential_wait=3),
)
def make_document(licence: str) -> None:
    """Render and sign a licence's PDF; while the seal service is away it is tried again, ever more slowly."""
    from yiwang.platform.licences import acts

    acts.make_once(uuid.UUID(licence))


@work.loop("digitised licences", pause=1.0)
def take_over(stop: threading.Event) -> int:
    """Take over what waits, turn after turn."""
    from yiwang.platform.licences import acts

    done = 0
    while not stop.is_set() and (rows := acts.work_on()):
        done += rows
    return done
