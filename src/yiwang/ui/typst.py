"""PDFs drawn by Typst: one compiler for each template, embedded fonts, and no letter that they lack.

Typst draws an empty box for a letter that no font has, and says nothing (in a person's name that is a wrong document).
So every letter is looked up in the fonts first: ``MissingGlyph`` names those that are missing.
"""

from __future__ import annotations

import json
import threading
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yiwang.kernel import clock
from yiwang.ui.fonts import typst_font_dirs

if TYPE_CHECKING:
    from typst import Compiler

DRAWN = "svg:"
"""Values that begin so are pictures, not text."""


class MissingGlyph(ValueError):
    """No font has these letters: the document is not made. Add a font that has them."""

    def __init__(self, letters: set[str]) -> None:
        self.letters = letters
        named = ", ".join(f"{letter} (U+{ord(letter):04X})" for letter in sorted(letters))
        super().__init__(f"no font has: {named}")


def draw(template: Path, data: Mapping[str, Any], *, at: datetime | None = None) -> bytes:
    """Draw a template as PDF/A-2b, made ``at`` (or now); it finds ``data`` as JSON in ``sys.inputs.data``.

    Texts are tidied (``tidy``); pictures made by ``qr`` are given as they are. Raises MissingGlyph.
    """
    made = int((at or clock.now()).timestamp())
    return _draw(template, data, format="pdf", pdf_standards="a-2b", timestamp=made)


def picture(template: Path, data: Mapping[str, Any], *, ppi: float) -> bytes:
    """Draw a template of one page as PNG, so many pixels an inch; else as ``draw``."""
    return _draw(template, data, format="png", ppi=ppi)


def _draw(template: Path, data: Mapping[str, Any], **how: Any) -> bytes:
    tidied = _tidy_all(data)
    if missing := _letters(tidied) - _covered():
        raise MissingGlyph(missing)
    with _one_at_a_time:
        return bytes(
            _compiler(template).compile(sys_inputs={"data": json.dumps(tidied, ensure_ascii=False)}, **how),
        )


def tidy(text: str) -> str:
    """Compose letters and drop what is not printed: control and format characters."""
    text = unicodedata.normalize("NFC", text.replace("\t", " ").replace("\n", " "))
    return "".join(letter for letter in text if unicodedata.category(letter) not in {"Cc", "Cf"})


@lru_cache(maxsize=16)
def qr(url: str) -> str:
    """Return a QR code as a picture for the template (``bytes(data.qr.slice(4))``); a document is drawn more than once."""
    import segno

    out = BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind="svg", xmldecl=False, border=2)
    return DRAWN + out.getvalue().decode()


def _tidy_all(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.startswith(DRAWN) else tidy(value)
    if isinstance(value, Mapping):
        return {key: _tidy_all(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_tidy_all(one) for one in value]
    return value


def _letters(value: Any) -> set[str]:
    if isinstance(value, str):
        return set() if value.startswith(DRAWN) else set(value)
    if isinstance(value, Mapping):
        return set().union(*(_letters(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(_letters(one) for one in value))
    return set()


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
                font.setGlyphOrder([""] * font["maxp"].numGlyphs)  # else each glyph would get a name first
                family = str(font["name"].getBestFamilyName())
                letters = set(font.getBestCmap())
                families[family] = families[family] & letters if family in families else letters
    return frozenset(chr(code) for letters in families.values() for code in letters)


_one_at_a_time = threading.Lock()


@lru_cache(maxsize=8)
def _compiler(template: Path) -> Compiler:
    """Return this process's compiler of a template, with its fonts loaded; it is used by one thread at a time."""
    import typst

    return typst.Compiler(
        str(template),
        root=str(template.parent),
        font_paths=[str(folder) for folder in typst_font_dirs()],
        ignore_system_fonts=True,
    )
