"""Background work of the machine door: tokens that are over are thrown away."""

from __future__ import annotations

from oauth2_provider.models import clear_expired
from procrastinate.contrib.django import app


@app.periodic(cron="40 19 * * *")
@app.task(name="openapi.clear_tokens", queue="default", queueing_lock="openapi.clear_tokens")
def clear_tokens(timestamp: int) -> None:
    """Throw expired tokens away (nightly, UTC): nobody can use them, and the table would only grow."""
    clear_expired()
