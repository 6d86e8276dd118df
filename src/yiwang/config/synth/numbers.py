"""Numbers with right check characters that belong to nobody: how they are shared out, and how each is made.

Whatever could be anybody's is made so that it can't be: where the real series never goes (the letter O on a number
plate or in a passport number, ``DEM`` in an organisation code). A citizen id has no such gap: there the *name* says
that the person is invented.
"""

from __future__ import annotations

from yiwang.config.synth.days import compact
from yiwang.kernel.codes import citizen_id_check, organisation_code_check, uscc_check

SLOT_WIDTH = 2
"""People of one sex born on one day that a neighbourhood can number; the next is born a day later."""
SLOTS = 500 // SLOT_WIDTH
"""Neighbourhoods that can number people of one region: 500 numbers a sex and day."""

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_SERIES = _ALPHABET[10:]
_RESERVED = 2 * 31 * 31
"""``…DEM0xx`` and ``…DEM1xx`` are left to the pack's own bodies."""
_SERIES_SIZE = 31**3 - _RESERVED
_PLATE = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"

PROVINCES = dict(
    zip(
        (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66)),
        "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新",
        strict=True,
    )
)
"""The one-character names of the provinces on plates and titles, by the first two digits of a region."""


def citizen_number(region: str, born: int, male: bool, slot: int, turn: int) -> str:
    """Return a citizen id. Sequence numbers are given out from 999 downwards, a neighbourhood ``slot`` after another."""
    sequence = (999 if male else 998) - 2 * (slot * SLOT_WIDTH + turn)
    body = f"{region}{compact(born)}{sequence:03d}"
    return body + citizen_id_check(body)


def firm_code(category: str, region: str, place: int) -> str:
    """Return the social credit code of the ``place``-th body: category and registering region before ``M?DEM…``."""
    series, rest = divmod(place, _SERIES_SIZE)
    a, rest = divmod(rest + _RESERVED, 961)
    b, c = divmod(rest, 31)
    body = f"M{_SERIES[series]}DEM{_ALPHABET[a]}{_ALPHABET[b]}{_ALPHABET[c]}"
    body = f"{category}{region}{body}{organisation_code_check(body)}"
    return body + uscc_check(body)


FIRMS_MOST = _SERIES_SIZE * len(_SERIES)
"""How many bodies there are numbers for."""


def plate(city: str, serial: int) -> str:
    """Return a number plate that begins with the letter O, which is never issued."""
    made = ""
    for _i in range(4):
        serial, digit = divmod(serial, len(_PLATE))
        made = _PLATE[digit] + made
    return f"{PROVINCES[int(city[:2])]}{chr(64 + int(city[2:4]))}·O{made}"


PLATES_MOST = len(_PLATE) ** 4

_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_YEARS = "ABCDEFGHJKLMNPRSTVWXY123456789"


def vin(year: int, serial: int) -> str:
    """Return a vehicle identification number (GB 16735) of the invented maker ``LYW``."""
    head, tail = f"LYWDEMA{serial // 10_000_000 % 10}", f"{_VIN_YEARS[(year - 2010) % 30]}{serial % 10_000_000:07d}"
    draft = f"{head}0{tail}"
    total = sum((_VIN_VALUES.get(c) or int(c)) * weight for c, weight in zip(draft, _VIN_WEIGHTS, strict=True))
    return f"{head}{'0123456789X'[total % 11]}{tail}"


def phone(salt: int) -> str:
    """Return a mobile number of the pack's invented ten thousand; they repeat."""
    return f"1990000{salt % 10_000:04d}"


def pick(salt: int, tag: int, of: int) -> int:
    """Return a number below ``of`` that hangs on ``salt`` and ``tag`` only: a detail that nothing else asks for."""
    mixed = (salt ^ tag * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    mixed = (mixed ^ mixed >> 31) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    return (mixed >> 32) * of >> 32
