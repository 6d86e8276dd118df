"""Background work of the licences room: making the signed document."""

from __future__ import annotations

from procrastinate.contrib.django import app


@app.task(name="licences.make_document", queue="documents", retry=5)
def make_document(licence: str) -> None:
    """Render and sign a licence's PDF."""
    from yiwang.platform.licences import making

    making.make(licence)
