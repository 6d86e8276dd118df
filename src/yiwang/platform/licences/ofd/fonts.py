"""Fonts that stand alone: the subset in a PDF names its glyphs by number, a reader of OFD looks letters up."""

from __future__ import annotations

from io import BytesIO

from yiwang.platform.licences.ofd.face import Font


def glyph_of(font: Font) -> dict[str, int]:
    """Return the glyph that each letter has in the font on its own; a second glyph for one letter is told in the page."""
    found: dict[str, int] = {}
    for glyph, letter in sorted(font.letters.items()):
        if len(letter) == 1:
            found.setdefault(letter, glyph)
    return found


def alone(font: Font) -> bytes:
    """Return the font's program with a table of letters, names and measures, as TrueType asks of a file."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.ttLib import TTFont

    program = TTFont(BytesIO(font.program), recalcTimestamp=False)
    order = program.getGlyphOrder()
    builder = FontBuilder(font=program)
    builder.setupCharacterMap({ord(letter): order[glyph] for letter, glyph in glyph_of(font).items()})
    family, _dash, style = font.name.partition("-")
    builder.setupNameTable(
        {"familyName": family, "styleName": style or "Regular", "fullName": font.name, "psName": font.name}
    )
    ascent, descent = program["hhea"].ascent, program["hhea"].descent
    builder.setupOS2(
        sTypoAscender=ascent, sTypoDescender=descent, usWinAscent=max(ascent, 0), usWinDescent=max(-descent, 0),
        usWeightClass=700 if is_bold(font) else 400, fsType=0,
    )  # fmt: skip
    out = BytesIO()
    program.save(out)
    return out.getvalue()


def is_bold(font: Font) -> bool:
    """Tell whether it is a bold face."""
    return font.name.endswith("Bold")


def is_serif(font: Font) -> bool:
    """Tell whether it is a face with serifs (宋体)."""
    return "Serif" in font.name
