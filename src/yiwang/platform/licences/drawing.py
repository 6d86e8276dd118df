"""The licence on paper: values to PDF by Typst, in embedded fonts, with no letter that they lack.

Typst draws an empty box for a letter that no font has, and says nothing (in a person's name that is a
wrong document). So every letter is looked up in the fonts first: ``MissingGlyph`` names those that are
missing.
"""

from __future__ import annotations

import json
import threading
import unicodedata
from dataclasses import asdict, dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import segno

from yiwang.kernel import clock
from yiwang.platform.licences.types import LicenceKind, ShownField
from yiwang.ui.fonts import typst_font_dirs

if TYPE_CHECKING:
    from typst import Compiler

TEMPLATE = Path(__file__).parent / "typst" / "licence.typ"
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


class MissingGlyph(ValueError):
    """No font has these letters: the document is not made. Add a font that has them."""

    def __init__(self, letters: set[str]) -> None:
        self.letters = letters
        named = ", ".join(f"{letter} (U+{ord(letter):04X})" for letter in sorted(letters))
        super().__init__(f"no font has: {named}")


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
    seal: str = ""
    """What stands at the foot of the seal; without it no seal is printed."""
    watermark: str = ""


def draw(paper: Paper) -> bytes:
    """Draw a licence as PDF/A-2b. Raises MissingGlyph."""
    data = _data(paper)
    if missing := _letters(data) - _covered():
        raise MissingGlyph(missing)
    with _one_at_a_time:
        pdf = _compiler().compile(
            format="pdf",
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            pdf_standards="a-2b",
            timestamp=int(clock.now().timestamp()),
        )
    assert isinstance(pdf, bytes)
    return pdf


def seal_box(kind: LicenceKind) -> tuple[int, int, int, int]:
    """Return where the seal is printed on the last page, in points from the lower left corner."""
    width, right, low, size = _SEALS[kind]
    box = (width - right - size, low, width - right, low + size)
    left, lower, far, upper = (round(edge * MILLIMETRE) for edge in box)
    return left, lower, far, upper


def _data(paper: Paper) -> dict[str, Any]:
    fields = [_row(field) for field in paper.fields]
    data = {name: _clean(value) for name, value in asdict(paper).items() if isinstance(value, str)}
    return data | {
        "kind": paper.kind.value,
        "rows": fields,
        "qr": _qr(paper.check_url),
        "seal": {"name": _clean(paper.issuer) if paper.seal else "", "foot": paper.seal},
    }


def _row(field: ShownField) -> dict[str, Any]:
    row: dict[str, Any] = {"label": _clean(field.label), "label_en": _clean(field.label_en)}
    if field.columns:
        row["columns"] = [_clean(text) for text in field.columns]
        row["rows"] = [[_clean(text) for text in cells] for cells in field.rows]
    else:
        row["lines"] = [_clean(text) for text in field.lines]
    return row


def _clean(text: str) -> str:
    """Compose letters and drop what is not printed: control and format characters."""
    text = unicodedata.normalize("NFC", text.replace("\t", " ").replace("\n", " "))
    return "".join(letter for letter in text if unicodedata.category(letter) not in {"Cc", "Cf"})


def _letters(value: Any) -> set[str]:
    if isinstance(value, str):
        return set(value)
    if isinstance(value, dict):
        return set().union(*(_letters(one) for key, one in value.items() if key != "qr"))
    return set().union(*(_letters(one) for one in value))


def _qr(url: str) -> str:
    out = BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind="svg", xmldecl=False, border=2)
    return out.getvalue().decode()


@lru_cache(maxsize=1)
def _covered() -> frozenset[str]:
    """Return the letters that some family has in every weight that is used."""
    from fontTools.ttLib import TTCollection, TTFont

    families: dict[str, set[int]] = {}
    for folder in typst_font_dirs():
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() == ".ttc":
                fonts = list(TTCollection(path, lazy=True))
            elif path.suffix.lower() in {".ttf", ".otf"}:
                fonts = [TTFont(path, lazy=True)]
            else:
                continue
            for font in fonts:
                family = str(font["name"].getBestFamilyName())
                letters = set(font.getBestCmap())
                families[family] = families[family] & letters if family in families else letters
    return frozenset(chr(code) for letters in families.values() for code in letters)


_one_at_a_time = threading.Lock()


@lru_cache(maxsize=1)
def _compiler() -> Compiler:
    """Return the compiler of this process, with its fonts loaded; it is used by one thread at a time."""
    import typst

    return typst.Compiler(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=[str(folder) for folder in typst_font_dirs()],
        ignore_system_fonts=True,
    )
