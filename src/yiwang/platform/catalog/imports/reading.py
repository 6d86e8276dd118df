"""Reading foreign text with bounded memory: the encoding is found out, an endless line is passed over."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from yiwang.platform.catalog.imports.formats import FileRefused

MAX_LINE = 1_048_576
"""Bytes of a line, and of a CSV record; a whole item with its children takes some 20,000."""
_CHUNK = 65_536
_ENCODINGS = ("utf-8", "gb18030")


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end. ``text`` is None where it was too long to keep; ``quotes`` counts its quotation marks."""

    number: int
    text: str | None
    quotes: int


def encoding_of(path: Path) -> str:
    """Find out in which encoding a text file is: UTF-8 with or without mark, or GB18030 (with GBK and GB2312).

    Raises FileRefused for anything else. Reads the file once in pieces.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileRefused("encoding", _("文件是 UTF-16 编码，请另存为 UTF-8。"))
    for name in _ENCODINGS:
        if _decodes(path, name):
            return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else name
    raise FileRefused("encoding", _("认不出文件的编码，请另存为 UTF-8。"))


def _decodes(path: Path, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if _odd(decoder.decode(chunk)):
                    return False
            return not _odd(decoder.decode(b"", final=True))
    except UnicodeDecodeError:
        return False


def _odd(text: str) -> bool:
    """Tell whether a text holds what no text holds: GB18030 gives a meaning to nearly any bytes."""
    return any(
        character not in "\t\n\r" and unicodedata.category(character) in {"Cc", "Co", "Cn"} for character in set(text)
    )


def lines(path: Path, encoding: str) -> Iterator[Line]:
    """Read line by line; of a line over the limit only its quotation marks are counted."""
    with path.open("rb") as file:
        if encoding == "utf-8-sig":
            file.seek(len(codecs.BOM_UTF8))
        number, kept, size, quotes = 1, bytearray(), 0, 0
        while chunk := file.read(_CHUNK):
            *ended, rest = chunk.split(b"\n")
            for piece in ended:
                yield _line(number, kept + piece, size + len(piece), quotes + piece.count(b'"'), encoding)
                number, size, quotes = number + 1, 0, 0
                kept.clear()
            size += len(rest)
            quotes += rest.count(b'"')
            if size <= MAX_LINE:
                kept += rest
            else:
                kept.clear()
        if size:
            yield _line(number, kept, size, quotes, encoding)


def _line(number: int, raw: bytes | bytearray, size: int, quotes: int, encoding: str) -> Line:
    if size > MAX_LINE:
        return Line(number, None, quotes)
    return Line(number, raw.decode("utf-8" if encoding == "utf-8-sig" else encoding), quotes)


def records_in(path: Path) -> int:
    """Count the lines of a text that do not end within quotation marks, without reading them: header and rows."""
    count, quoted, rest = 0, False, b""
    with path.open("rb") as file:
        while chunk := file.read(16 * _CHUNK):
            for place, piece in enumerate(chunk.split(b'"')):
                quoted = quoted ^ (place > 0)
                if not quoted:
                    count += piece.count(b"\n")
            rest = chunk[-1:]
    return count + (rest not in (b"", b"\n"))


def neutral(text: str) -> str:
    """Write a cell so that no spreadsheet takes it for a formula (OWASP: CSV injection)."""
    return f"'{text}" if _formula(text.lstrip("'")) else text


def plain(text: str) -> str:
    """Read a cell that ``neutral`` wrote."""
    return text[1:] if text.startswith("'") and _formula(text.lstrip("'")) else text


def is_formula(text: str) -> bool:
    """Tell whether a cell would be taken for a formula."""
    return _formula(text)


def _formula(text: str) -> bool:
    return text.startswith(("=", "+", "-", "@", "\t", "\r"))
