"""The language of parts (WCAG 2.2, 3.1.2): what stays Chinese on an English page says so, and is read aloud as Chinese.

Names, reasons and whatever people wrote come from everywhere; it is marked where all pages leave the house.
"""

from __future__ import annotations

import re

_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"[{_HAN}](?:[^A-Za-z&<{_HAN}]*[{_HAN}])*")
"""Han with the figures and signs between them: an address is one part."""
_PIECE = re.compile(
    r"<(?P<closed>script|style|textarea|title|svg)\b.*?</(?P=closed)\s*>|<!--.*?-->"
    rf"|<option(?P<option>[^>]*>[^<]*[{_HAN}])|<[^>]*>|(?P<text>[^<]+)",
    re.DOTALL,
)
"""Elements that hold nothing but text are left alone, except options, which bear the mark themselves."""


def mark_chinese(page: str) -> str:
    """Return the page with its Chinese text marked; its text and its other marks stay as they are."""
    return _PIECE.sub(_marked, page)


def _marked(piece: re.Match[str]) -> str:
    if text := piece["text"]:
        return _RUN.sub(r'<i lang="zh-CN">\g<0></i>', text)
    return f'<option lang="zh-CN"{piece["option"]}' if piece["option"] else piece[0]
