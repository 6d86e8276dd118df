"""Background work of identity: bringing one-time codes to telephones."""

from __future__ import annotations

import base64
import json

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from yiwang.kernel.sealed import key_ring

_PLACE = "identity.send_code"
_AGAIN = RetryStrategy(max_attempts=4, wait=15)
"""A code lives five minutes: within the first of them it is tried again, then never."""


@app.task(name="identity.send_code", queue="notices", retry=_AGAIN)
def send_code(key: str, sealed: str) -> None:
    """Send a text to a telephone. Both stand sealed in the job."""
    from yiwang.platform.identity.ports import code_senders

    phone, text = json.loads(key_ring().open(base64.b64decode(sealed), _PLACE))
    code_senders.selected().send(phone, text, key)


def send_code_soon(phone: str, text: str, key: str) -> None:
    """Have a text sent when this transaction is over."""
    sealed = key_ring().seal(json.dumps([phone, text]).encode(), _PLACE)
    send_code.defer(key=key, sealed=base64.b64encode(sealed).decode())
