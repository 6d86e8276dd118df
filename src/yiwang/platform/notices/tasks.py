"""Background work of the notices room.

Sending, at once when something new is there and every minute for the retries.
"""

from __future__ import annotations

from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

_LOCK = "notices.send"
_AGAIN = RetryStrategy(max_attempts=10, wait=5)
"""When the database goes away in the middle; no longer apart than what is new may wait."""


@app.periodic(cron="* * * * *")
@app.task(name="notices.send", queue="notices", queueing_lock=_LOCK, retry=_AGAIN)
def send(timestamp: int = 0) -> None:
    """Send what is due."""
    from yiwang.platform.notices import acts

    acts.send_due()


def wake() -> None:
    """Have what is due sent soon after this transaction.

    One waiting job is enough for any number of messages.
    """
    try:
        with transaction.atomic():
            send.defer()
    except AlreadyEnqueued:
        pass
