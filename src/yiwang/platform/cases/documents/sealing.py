"""The electronic seal of a document's agency, through the licences' signature port."""

from __future__ import annotations

from yiwang.platform.cases.models import Document
from yiwang.platform.licences import signing

DEMO_NOTICE = "演示文书，内容均为虚构，没有法律效力。"
_MILLIMETRE = 72 / 25.4
BOX = (210 - 28 - 40, 24, 210 - 28, 24 + 40)
"""Where the template prints the seal on the last page, in millimetres from the lower left corner."""


def seal(pdf: bytes, document: Document, check_url: str) -> bytes:
    """Sign a document for its agency. Raises Unavailable."""
    left, low, right, high = (round(edge * _MILLIMETRE) for edge in BOX)
    return signing.sign(
        pdf,
        issuer_code=document.content["issuer_code"],
        issuer_name=document.content["issuer_name"],
        identifier=document.number,
        check_url=check_url,
        box=(left, low, right, high),
    )


def foot() -> str:
    """Return what stands at the foot of the printed seal."""
    return "演示印章" if _demo() else "政务服务专用章"


def notice() -> str:
    """Return the warning that a demonstration's documents carry."""
    return DEMO_NOTICE if _demo() else ""


def _demo() -> bool:
    return signing.signatures.selected().demo
