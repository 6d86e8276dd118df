"""What the text of a page lets one guess: only proposals, a clerk decides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from yiwang.platform.papers.types import Proposal

HEAD = 200
"""A paper's name stands among its first signs, blanks not counted."""
_BLANK = re.compile(r"\s+")
_NUMBER = re.compile(
    r"(?:编号|证号|证书号|字号|号码|注册号|许可证号|登记号)[为是]?[:：]?"
    r"([A-Za-z0-9](?:[A-Za-z0-9()（）〔〕\[\]/-]{3,38})[A-Za-z0-9])"
)
_UNTIL = re.compile(r"(?=(?:有效期|期限|截止).{0,8}?(\d{4}[年./-].{0,40}))")
_DAY = re.compile(r"(\d{4})[年./-](\d{1,2})[月./-](\d{1,2})")


def propose(text: str, names: Mapping[str, str]) -> Proposal:
    """Guess a paper from the text of its first page; ``names`` are the catalogue's, by identity.

    The longest name that stands near the top, a number behind a word for one, the last day of what is said to be valid.
    """
    packed = _BLANK.sub("", text)
    found = [(len(name), identity) for identity, name in names.items() if _BLANK.sub("", name) in packed[:HEAD]]
    number = _NUMBER.search(packed)
    return Proposal(max(found)[1] if found else "", number[1] if number else "", _until(packed))


def _until(packed: str) -> date | None:
    days = next(filter(None, map(_DAY.findall, _UNTIL.findall(packed))), [])
    try:
        return date(*map(int, days[-1])) if days else None
    except ValueError:
        return None


def groups(numbers: list[int], begins: set[int]) -> list[list[int]]:
    """Return pages that lie together: a new group begins where one is marked, or a page between is missing."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number not in begins and found[-1][-1] == number - 1:
            found[-1].append(number)
        else:
            found.append([number])
    return found
