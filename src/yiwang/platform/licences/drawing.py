"""The licence on paper: values to PDF by Typst (``ui.typst``)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from yiwang.platform.licences.types import LicenceKind, ShownField
from yiwang.ui import typst

TEMPLATE = Path(__file__).parent / "typst" / "licence.typ"
SEAL_TEMPLATE = TEMPLATE.with_name("seal_alone.typ")
SEAL_PPI = 254
"""Pixels an inch: ten a millimetre."""
MILLIMETRE = 72 / 25.4

_SEALS = {
    LicenceKind.CERTIFICATE: (297, 26, 20, 41),
    LicenceKind.APPROVAL: (210, 27, 24 + 31, 41),
    LicenceKind.PROOF: (210, 27, 24 + 31, 41),
    LicenceKind.MATERIAL: (210, 27, 24 + 31, 41),
    LicenceKind.DOCUMENT: (148, 9, 6, 25),
}
"""Where the template prints the seal, in millimetres: page width, its distance from the right and the
lower edge, size.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """Everything that stands on a licence."""

    kind: LicenceKind
    title: str
    title_en: str
    number: str
    statement: str
    fields: tuple[ShownField, ...]
    issuer: str
    issued_on: str
    identifier: str
    check_url: str
    notice: str = ""
    """A line in small type that warns, such as that it is a demonstration."""
    until: str = ""
    """The last day (``2031-11-16``) for programs that read the PDF without the register; empty for one without end."""
    seal: str = ""
    """What stands at the foot of the seal; without it no seal is printed."""
    photo: bytes = b""
    """The holder's photograph, JPEG or PNG."""
    watermark: str = ""
    across: str = ""
    """What stands small and often across the page of a copy: its purpose."""


@lru_cache(maxsize=64)
def seal_picture(issuer: str, foot: str) -> bytes:
    """Draw a seal by itself as PNG on nothing; it is the same on all that an issuer seals. Raises MissingGlyph."""
    return typst.picture(SEAL_TEMPLATE, {"name": issuer, "foot": foot}, ppi=SEAL_PPI)


def draw(paper: Paper) -> bytes:
    """Draw a licence as PDF/A-2b. Raises MissingGlyph."""
    return typst.draw(TEMPLATE, _data(paper))


def seal_place(kind: LicenceKind, height: float) -> tuple[float, float, float, float]:
    """Return where the seal stands on the last page, in millimetres from the upper left corner: left, top, two sizes."""
    width, right, low, size = _SEALS[kind]
    return width - right - size, height - low - size, size, size


def seal_box(kind: LicenceKind) -> tuple[int, int, int, int]:
    """Return where the seal is printed on the last page, in points from the lower left corner."""
    width, right, low, size = _SEALS[kind]
    box = (width - right - size, low, width - right, low + size)
    left, lower, far, upper = (round(edge * MILLIMETRE) for edge in box)
    return left, lower, far, upper


def _data(paper: Paper) -> dict[str, Any]:
    data = {name: value for name, value in asdict(paper).items() if isinstance(value, str)}
    return data | {
        "kind": paper.kind.value,
        "rows": [_row(field) for field in paper.fields],
        "qr": typst.qr(paper.check_url),
        "photo": list(paper.photo),
        "seal": {"name": paper.issuer if paper.seal else "", "foot": paper.seal},
    }


def _row(field: ShownField) -> dict[str, Any]:
    row: dict[str, Any] = {"label": field.label, "label_en": field.label_en}
    if field.columns:
        return row | {"columns": field.columns, "rows": field.rows}
    return row | {"lines": field.lines}
