"""Background work of the licences room: making the signed document."""

from __future__ import annotations

import uuid

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app


@app.task(
    name="licences.make_document",
    queue="documents",
    retry=RetryStrategy(max_attempts=12, exponential_wait=3),
)
def make_document(licence: str) -> None:
    """Render and sign a licence's PDF; while the seal service is away it is tried again, ever more slowly."""
    from yiwang.platform.licences import acts

    acts.make_once(uuid.UUID(licence))
