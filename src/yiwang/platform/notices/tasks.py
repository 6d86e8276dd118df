"""Background work of the notices room.

Sending, at once when something new is there and every minute for the retries.
"""

from __future__ import annotations

import base64
import contextlib
import json

from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from yiwang.kernel.sealed import key_ring

_LOCK = "notices.send"
_PLACE = "notices.confirm_mail"
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


@app.task(name="notices.confirm_mail", queue="notices", retry=RetryStrategy(max_attempts=8, exponential_wait=4))
def ask_by_mail(key: str, sealed: str) -> None:
    """Send the mail that asks whether an address is right. All of it stands sealed in the job."""
    from yiwang.platform.notices.channels import Refused, mail

    to, title, text = json.loads(key_ring().open(base64.b64decode(sealed), _PLACE))
    with contextlib.suppress(Refused):  # there is no such mailbox: its owner sees that nothing comes
        mail.selected().send(to, title, text, key)


def ask_by_mail_soon(to: str, title: str, text: str, key: str) -> None:
    """Have that mail sent when this transaction is over."""
    sealed = key_ring().seal(json.dumps([to, title, text]).encode(), _PLACE)
    ask_by_mail.defer(key=key, sealed=base64.b64encode(sealed).decode())
