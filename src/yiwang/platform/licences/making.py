"""The licence as a document: Typst PDF with an embedded font, QR to the public check, PAdES signature."""

from __future__ import annotations


def make(licence: str) -> None:
    """Render and sign the PDF of a licence and note its digest."""
