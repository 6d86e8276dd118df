"""What may stand in a column: the check of single values that every way into the store goes through."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from yiwang.kernel import codes
from yiwang.kernel.fields import FieldKind
from yiwang.platform.sharing.types import DatasetItem

FAULTS = ("required", "kind", "options", "pattern", "min", "max", "length")
"""Every word that ``faults`` may return, in its order."""
_INTEGER = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_MONEY = re.compile(r"-?[0-9]+(\.[0-9]{1,2})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBERS = {FieldKind.INTEGER: _INTEGER, FieldKind.DECIMAL: _DECIMAL, FieldKind.MONEY: _MONEY}


def is_missing(value: object) -> bool:
    """Tell whether nothing stands there: no value, or a text of blanks only."""
    return value is None or (isinstance(value, str) and not value.strip())


def faults(item: DatasetItem, value: object, *, today: date = date.max) -> list[str]:
    """Return what is wrong with a value of this column, in words of ``FAULTS``; nothing: it may stand there.

    Values are those of JSON: numbers may come as text too (sums of money keep their form), dates are ``YYYY-MM-DD``,
    truth is only ``true`` or ``false``. A code has to stand as it is written in the standard, because it is found by
    its index. Whatever is of the wrong kind is told once: it has no size. ``today`` bounds the births in citizen ids.
    """
    if is_missing(value):
        return ["required"] if item.required else []
    if not _is_of_kind(item.kind, value, today):
        return ["kind"]
    text = _written(value)
    found = []
    if item.options and text not in item.options:
        found.append("options")
    if item.pattern and not re.fullmatch(item.pattern, text):
        found.append("pattern")
    size = _size(item.kind)
    if size is not None and item.min and size(text) < size(item.min):
        found.append("min")
    if size is not None and item.max and size(text) > size(item.max):
        found.append("max")
    if item.max_length and len(text) > item.max_length:
        found.append("length")
    return found


def _size(kind: FieldKind) -> Callable[[str], Decimal] | None:
    """Return what makes values of this kind comparable; a date counts its days. None: they have no bounds."""
    if kind is FieldKind.DATE:
        return lambda text: Decimal(date.fromisoformat(text).toordinal())
    return Decimal if kind in _NUMBERS else None


def _is_of_kind(kind: FieldKind, value: object, today: date) -> bool:
    if kind is FieldKind.BOOLEAN:
        return isinstance(value, bool)
    if kind in _NUMBERS:
        number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        # A number is read as it is written, so that 1e400, infinity and "not a number" are none.
        return (number or isinstance(value, str)) and bool(_NUMBERS[kind].fullmatch(_written(value)))
    if not isinstance(value, str):
        return False
    if kind is FieldKind.DATE:
        return _is_date(value)
    parse = _CODES.get(kind)
    return parse is None or _is_code(parse, value, today)


def _written(value: object) -> str:
    """Return a number without an exponent; other values as they are."""
    return f"{Decimal(str(value)):f}" if isinstance(value, float | Decimal) else str(value)


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


_CODES: dict[FieldKind, Callable[[str, date], str]] = {
    FieldKind.CITIZEN_ID: lambda text, today: codes.parse_citizen_id(text, today=today).value,
    FieldKind.USCC: lambda text, _today: codes.parse_uscc(text).value,
    FieldKind.PHONE: lambda text, _today: codes.parse_phone(text) and text,
    FieldKind.REGION: lambda text, _today: codes.parse_region(text).value and text,
}
"""How codes are read: each gives the way in which it has to stand. Telephones and regions are written in many."""


def _is_code(parse: Callable[[str, date], str], text: str, today: date) -> bool:
    try:
        return parse(text, today) == text
    except codes.CodeError:
        return False
