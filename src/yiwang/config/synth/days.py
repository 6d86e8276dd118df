"""Days as ordinals: comparing and counting are whole numbers, writing one down is a look into a table."""

from __future__ import annotations

from datetime import date

FIRST_YEAR, LAST_YEAR = 1900, 2120
_BASE = date(FIRST_YEAR, 1, 1).toordinal()
_ISO = [date.fromordinal(day).isoformat() for day in range(_BASE, date(LAST_YEAR, 12, 31).toordinal() + 1)]


def iso(day: int) -> str:
    """Return a day as ``YYYY-MM-DD``."""
    return _ISO[day - _BASE]


def year_of(day: int) -> int:
    """Return the year of a day."""
    return int(_ISO[day - _BASE][:4])


def month_of(day: int) -> str:
    """Return a day's month as ``YYYY-MM``."""
    return _ISO[day - _BASE][:7]


def compact(day: int) -> str:
    """Return a day as ``YYYYMMDD``."""
    return _ISO[day - _BASE].replace("-", "")


def day_of(year: int, month: int, day: int) -> int:
    """Return the ordinal of a day."""
    return date(year, month, day).toordinal()


def birthday(born: int, years: int) -> int:
    """Return the day on which so many years are full: for 29 February the first of March."""
    on = date.fromordinal(born)
    try:
        return on.replace(year=on.year + years).toordinal()
    except ValueError:
        return date(on.year + years, 3, 1).toordinal()


def age(born: int, day: int) -> int:
    """Return the full years on a day."""
    first, last = _ISO[born - _BASE], _ISO[day - _BASE]
    return int(last[:4]) - int(first[:4]) - (last[5:] < first[5:])


def months_between(first: int, last: int) -> int:
    """Return the full months from one day to another, never less than none."""
    a, b = date.fromordinal(first), date.fromordinal(last)
    return max(0, (b.year - a.year) * 12 + b.month - a.month - (b.day < a.day))


def add_months(day: int, months: int) -> int:
    """Return the first day of the month that comes so many months after the day's own."""
    on = date.fromordinal(day)
    month = on.year * 12 + on.month - 1 + months
    return date(month // 12, month % 12 + 1, 1).toordinal()


def instant(day: int, salt: int) -> str:
    """Return an instant in the office hours of a day (9 to 16 o'clock in China), in UTC; ``salt`` spreads them."""
    return f"{_ISO[day - _BASE]}T0{1 + salt % 7}:{salt // 7 % 60:02d}:00+00:00"
