"""How values stand in cells: numbers, yes and no, JSON, and the digits of foreign code tables.

Digits of foreign code tables live in this file only (STANDARDS 1). Every codec reads what it writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

NONE_WORDS = frozenset({"", "无", "/", "—", "-"})
_YES, _NO = frozenset({"1", "是", "支持", "true", "yes"}), frozenset({"0", "否", "不支持", "false", "no"})


class CellError(ValueError):
    """A cell cannot be read; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How a value stands in a cell. ``read`` raises CellError."""

    read: Callable[[str], Any]
    write: Callable[[Any], str]


def _integer(text: str) -> int:
    try:
        return int(text.removesuffix(".0"))
    except ValueError:
        raise CellError(_("应为整数。")) from None


def _limit(text: str) -> int | None:
    return None if text in NONE_WORDS else _integer(text)


def _boolean(text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise CellError(_("应为 1（是）或 0（否）。"))


def read_json(text: str) -> Any:
    """Read JSON. Raises CellError."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise CellError(_("应为 JSON。")) from None


def dump(value: Any) -> str:
    """Write JSON in one form; what is empty is an empty cell."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")) if value else ""


def _choice(**names: str | bool) -> Codec:
    """Digits (without the leading underscore) to our name; the name itself is read too."""
    by_digit = {digit.removeprefix("_"): name for digit, name in names.items()}
    to_digit = {name: digit for digit, name in reversed(by_digit.items())}

    def read(text: str) -> str | bool:
        key = text.removesuffix(".0")
        if key in by_digit:
            return by_digit[key]
        if text in to_digit:
            return text
        raise CellError(_("应为 %(values)s 之一。") % {"values": "、".join(by_digit)})

    return Codec(read, lambda value: to_digit.get(value, str(value)))


def choices(one: Codec) -> Codec:
    """Several values of one code table, with commas between."""
    return Codec(
        lambda text: [one.read(part.strip()) for part in text.replace("，", ",").split(",") if part.strip()],
        lambda values: ",".join(one.write(value) for value in values),
    )


def _strings(text: str) -> list[str]:
    if text.startswith("["):
        made = read_json(text)
        if isinstance(made, list):
            return [str(part) for part in made]
    return [part.strip() for part in text.replace("，", ",").split(",")]


def _join(values: list[str]) -> str:
    simple = all(value and value == value.strip() and not set(value) & set(",，[") for value in values)
    return ",".join(values) if simple else dump(values)


def _numbers(text: str) -> list[int]:
    numbers = [_integer(part.strip()) for part in text.replace("，", ",").split(",") if part.strip()]
    return [] if numbers == [0] else numbers


def json_or(made_of: Callable[[str], list[Any]], empty: str = "") -> Codec:
    """A JSON list, or prose as older lists have it in its place: ``made_of`` says what that comes to."""

    def read(text: str) -> Any:
        if text.startswith(("[", "{")):
            return read_json(text)
        return [] if text.strip() in NONE_WORDS else made_of(text)

    return Codec(read, lambda value: dump(value) or empty)


_ARTICLE = re.compile(r"《([^《》]+)》\s*((?:第[^《》，。；;\s]{1,12}条[^《》，。；;\s]{0,12})?)")


def laws(text: str) -> list[dict[str, str]]:
    """Read a legal basis told in one sentence: every 《…》 with its 第…条; without any, the sentence is the title."""
    found = [{"law": law, "article": article, "text": ""} for law, article in _ARTICLE.findall(text)]
    return found or [{"law": text, "article": "", "text": ""}]


def prose_lines(text: str) -> list[str]:
    """Return the lines of a text, without their numbers."""
    lines = (
        re.sub(r"^\s*[（(]?[\d一二三四五六七八九十]{1,3}[)）.、．]\s*", "", line).strip() for line in text.splitlines()
    )
    return [line for line in lines if line]


TEXT = Codec(str, lambda value: "" if value is None else str(value))
INTEGER = Codec(_integer, str)
LIMIT = Codec(_limit, str)
BOOLEAN = Codec(_boolean, lambda value: "1" if value else "0")
JSON = Codec(read_json, dump)
STRINGS = Codec(_strings, _join)
NUMBERS = Codec(_numbers, lambda values: ",".join(map(str, values)) or "0")
UNIT = _choice(_1="workday", _2="day", _3="month")
NATURE = _choice(_1="statutory", _2="authorised", _3="entrusted", _9="other")
CASE_TYPE = _choice(_1="immediate", _2="committed", _9="committed")
SERVES = _choice(
    _1="person",
    _2="enterprise",
    _3="institution",
    _4="social_organisation",
    _5="unincorporated",
    _6="administration",
    _9="other",
)
RESULT = _choice(_10="licence", _20="approval", _99="other", _30="other")
AREA = _choice(_1="national", _2="cross_province", _3="cross_city", _4="cross_county")
NECESSITY = _choice(_1="required", _2="optional", _3="deferrable")
SOURCE = _choice(_10="applicant", _20="government", _99="other")
FORM = _choice(_1="paper", _2="electronic", _3="both")
PROHIBITS = _choice(_1=False, _2=True)
ORIGINAL = _choice(_1="original", _2="copy", _3="both")
SPECIAL = json_or(lambda text: [{"code": "special", "name": text, "basis": ""}], empty="无")
FLOW = json_or(lambda text: [])
"""Prose in place of the steps is kept by ``derived``."""
