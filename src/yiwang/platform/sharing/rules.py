"""What may stand in a column and in a record: the check that every way into the store goes through; and how good a dataset
is, worked out from what the checks counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, partial, reduce
from typing import Any

from yiwang.kernel import codes, expressions
from yiwang.kernel.calendar import add_months
from yiwang.kernel.fields import FieldKind
from yiwang.platform.sharing.types import DatasetDefinition, DatasetItem, Dimension, UpdateCycle

FAULTS = ("required", "kind", "options", "pattern", "min", "max", "length")
"""Every word that ``faults`` may return, in its order."""
RULE, CROSS = "rule:", "cross:"
"""How the words for rules begin, before their code: those of a dataset, and those between two."""
_INTEGER = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_MONEY = re.compile(r"-?[0-9]+(\.[0-9]{1,2})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBERS = {FieldKind.INTEGER: _INTEGER, FieldKind.DECIMAL: _DECIMAL, FieldKind.MONEY: _MONEY}


Test = Callable[[Any], bool]


def is_missing(value: object) -> bool:
    """Tell whether nothing stands there: no value, or a text of blanks only."""
    return value is None or (isinstance(value, str) and not value.strip())


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record's values without those that are missing."""
    return {
        name: value
        for name, value in values.items()
        if (value != "" and not value.isspace() if type(value) is str else not is_missing(value))
    }


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
    size = _size(item.kind) if item.min or item.max else None
    if size is not None and item.min and size(text) < size(item.min):
        found.append("min")
    if size is not None and item.max and size(text) > size(item.max):
        found.append("max")
    if item.max_length and len(text) > item.max_length:
        found.append("length")
    return found


def quick(item: DatasetItem, today: date) -> Test:
    """Return a test that finds most of the values that are right, without looking for what is wrong with the others: where
    it says yes, ``faults`` says nothing; where it says no, ``faults`` has to be asked.
    """
    tests = [_QUICK.get(item.kind, _quick_text)(item, today)]
    if item.options:
        tests.append(frozenset(item.options).__contains__)
    if item.pattern:
        tests.append(partial(_fits, re.compile(item.pattern)))
    if item.max_length:
        tests.append(partial(_is_short, item.max_length))
    return reduce(_both, tests)


def _both(one: Test, other: Test) -> Test:
    return lambda value: one(value) and other(value)


def _fits(pattern: re.Pattern[str], value: str) -> bool:
    return pattern.fullmatch(value) is not None


def _is_short(most: int, value: str) -> bool:
    return len(value) <= most


def _quick_text(item: DatasetItem, today: date) -> Test:
    if item.kind in _CODES:  # of those that have no quick test
        return lambda _value: False
    return lambda value: type(value) is str and not value.isspace() and value != ""


def _quick_truth(item: DatasetItem, today: date) -> Test:
    # As text it has to fit what else is asked of it.
    plain = not (item.options or item.pattern or item.max_length)
    return lambda value: plain and type(value) is bool


def _quick_number(item: DatasetItem, today: date) -> Test:
    shape = _NUMBERS[item.kind].fullmatch
    if not (item.min or item.max):
        return lambda value: type(value) is str and shape(value) is not None
    least = Decimal(item.min) if item.min else Decimal("-Infinity")
    most = Decimal(item.max) if item.max else Decimal("Infinity")
    return lambda value: type(value) is str and shape(value) is not None and least <= Decimal(value) <= most


def _quick_date(item: DatasetItem, today: date) -> Test:
    # Days that are written alike have the order of their text.
    least, most = (
        date.fromisoformat(bound).isoformat() if bound else end for bound, end in ((item.min, ""), (item.max, "~"))
    )
    return lambda value: type(value) is str and least <= value <= most and _is_known_date(value)


def _quick_citizen_id(item: DatasetItem, today: date) -> Test:
    last = f"{today:%Y%m%d}"

    def test(value: Any) -> bool:
        if type(value) is not str or _CITIZEN_ID.fullmatch(value) is None or not codes.is_province(value[:2]):
            return False
        born = value[6:14]
        return "1850" <= born <= last and _is_known_day(born) and codes.citizen_id_check(value[:17]) == value[17]

    return test


_CITIZEN_ID = re.compile(r"[0-9]{17}[0-9X]")
_QUICK: dict[FieldKind, Callable[[DatasetItem, date], Test]] = {
    **dict.fromkeys(_NUMBERS, _quick_number),
    FieldKind.BOOLEAN: _quick_truth,
    FieldKind.DATE: _quick_date,
    FieldKind.CITIZEN_ID: _quick_citizen_id,
}


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


_is_known_date = lru_cache(maxsize=1 << 16)(_is_date)
"""There are not many days, and each stands in many records."""


@lru_cache(maxsize=1 << 16)
def _is_known_day(digits: str) -> bool:
    return _is_date(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")


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


# --- whole records ---

Fault = tuple[str, str]
"""Column and word; the column is empty where a rule is about the whole record."""


class Checker:
    """All that a record of a dataset can be wrong in by itself, made ready once for many records."""

    def __init__(self, definition: DatasetDefinition, today: date) -> None:
        self._items = [(item, item.name, item.required, quick(item, today)) for item in definition.items]
        self._today = today
        self._rules = [(RULE + rule.code, expressions.compile(rule.expression)) for rule in definition.rules]
        asked = frozenset[str]().union(*(rule.names for _word, rule in self._rules))
        self._numbers = [item.name for item in definition.items if item.kind in _NUMBERS and item.name in asked]

    def faults(self, values: Mapping[str, Any]) -> list[Fault]:
        """Return what is wrong with what was ``given``. A rule is not asked about a column that is wrong: that was told
        already.
        """
        found: list[Fault] = []
        for item, name, required, is_right in self._items:
            value = values.get(name)
            if value is None:
                if required:
                    found.append((name, "required"))
            elif not is_right(value):
                found += [(name, word) for word in faults(item, value, today=self._today)]
        if not self._rules:
            return found
        wrong = {name for name, _word in found}
        data = self._data(values, wrong)
        for word, rule in self._rules:
            if (not wrong or wrong.isdisjoint(rule.names)) and not _holds(rule, data):
                found.append(("", word))
        return found

    def _data(self, values: Mapping[str, Any], wrong: set[str]) -> dict[str, Any]:
        """Return the values as rules take them: numbers that came as text are numbers."""
        numbers = {name: Decimal(str(values[name])) for name in self._numbers if name in values and name not in wrong}
        return {**values, **numbers, "today": self._today.isoformat()}


def _holds(rule: expressions.Expression, data: Mapping[str, Any]) -> bool:
    try:
        return rule.evaluate(data).value is True
    except expressions.ExpressionError:
        return False  # a value that the expression cannot take, such as a number that is too long to be exact


def same(kind: FieldKind, one: object, other: object) -> bool:
    """Tell whether two values say the same: numbers by their size, all others as they are written."""
    if kind in _NUMBERS and all(_is_of_kind(kind, value, date.max) for value in (one, other)):
        return Decimal(str(one)) == Decimal(str(other))
    return str(one).strip() == str(other).strip()


# --- how good a dataset is ---

PROMISES = {
    UpdateCycle.REALTIME: timedelta(days=1),
    UpdateCycle.DAILY: timedelta(days=1),
    UpdateCycle.WEEKLY: timedelta(days=7),
    UpdateCycle.MONTHLY: timedelta(days=31),
    UpdateCycle.QUARTERLY: timedelta(days=92),
    UpdateCycle.YEARLY: timedelta(days=366),
}
"""How old data may be. What comes in real time has a day: at night there may be nothing to tell."""
WEIGHTS = {Dimension.COMPLETENESS: 30, Dimension.ACCURACY: 40, Dimension.TIMELINESS: 30}
"""What counts how much, where the city's table ``quality_weights`` does not say otherwise."""


def timeliness(cycle: UpdateCycle, refreshed_at: datetime | None, now: datetime) -> Fraction:
    """Return 1 within the promise, falling evenly to 0 at three times it; 0 for what never came."""
    if refreshed_at is None:
        return Fraction(0)
    promise, age = PROMISES[cycle], now - refreshed_at
    late = Fraction((age - promise) // _TICK, 2 * promise // _TICK)
    return min(max(1 - late, Fraction(0)), Fraction(1))


_TICK = timedelta(microseconds=1)


def percent(share: Fraction) -> Decimal:
    """Return a share in per cent with one decimal, rounded down everywhere: what is not perfect never reads 100."""
    return Decimal(int(share * 1000)).scaleb(-1)


def score(shares: Mapping[Dimension, Fraction | None], weights: Mapping[Dimension, int] = WEIGHTS) -> Decimal:
    """Return 0 to 100 by the weights. A share that is not known does not count: of no rows nothing is wrong, or right."""
    known = {one: share for one, share in shares.items() if share is not None and weights.get(one, 0) > 0}
    whole = sum(weights[one] for one in known)
    return percent(
        sum((share * weights[one] for one, share in known.items()), Fraction(0)) / whole if whole else Fraction(0)
    )


# --- guardians ---

ADULT = 18
"""Years from which nobody else sees who looked (民法典 arts. 17, 27)."""
CONFIRMED = timedelta(days=30)
"""How long it counts that somebody was found to be a guardian: what ends it early (a court, an adoption) shows by then."""


def ward_until(born_on: date, confirmed_on: date) -> date:
    """Return the last day on which a guardian sees who looked at a child's data: before the child is of age, and while it
    counts that they are the guardian. A birthday on the 29th of February is kept on the 1st of March.
    """
    try:
        of_age = born_on.replace(year=born_on.year + ADULT)
    except ValueError:
        of_age = date(born_on.year + ADULT, 3, 1)
    return min(of_age - timedelta(days=1), confirmed_on + CONFIRMED)


# --- how long records are kept ---

YEAR = 12
"""Months after which a mended row is deleted, where its dataset does not delete sooner."""


def kept_until(ended: date, months: int) -> date:
    """Return the last day on which something that ended on a day is kept (民法典 arts. 201-203: the day itself is not
    counted, the term ends with its last day).
    """
    return add_months(ended, months)


def gone_before(months: int, today: date) -> date:
    """Return the last day of which nothing is kept any more: what ended on it, or before, has to be deleted today."""
    day = add_months(today, -months)
    # Short months: what ended on the 30th and on the 31st of January may both be kept until the 28th of February.
    return day if kept_until(day, months) < today else day - timedelta(days=1)
