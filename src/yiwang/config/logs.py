"""Structured logs: one JSON object a line, an event name instead of a sentence, a request id, never a personal number."""

from __future__ import annotations

import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

from yiwang.kernel import codes

_BETWEEN = "(?:%20|[ +\u00a0\u3000\u2010-\u2015\u2212-]){1,3}"
"""How people part the digits of a long number, also in an address."""


def _grouped(*groups: str) -> str:
    """Return a pattern of groups of characters written together or apart, each with blanks or hyphens between."""
    return f"{''.join(groups)}|{_BETWEEN.join(groups)}"


_DAY = "(?:0[1-9]|[12][0-9]|3[01])"
_MONTH = "(?:0[1-9]|1[0-2])"
_YEAR = "(?:19|20)[0-9]{2}"
_LAST = "[0-9]{3}[0-9Xx]"
_NUMBERS = "|".join(
    (
        "[0-9]{17}[0-9Xx]",
        *(
            _BETWEEN.join((region, *birth, _LAST))
            for region in ("[0-9]{6}", f"[0-9]{{3}}{_BETWEEN}[0-9]{{3}}")
            for birth in ((_YEAR + _MONTH + _DAY,), (_YEAR, _MONTH + _DAY), (_YEAR, _MONTH, _DAY))
        ),
        f"[0-9]{{6}}{_BETWEEN}{_YEAR}{_MONTH}{_DAY}{_LAST}",
        f"[0-9]{{6}}{_YEAR}{_MONTH}{_DAY}{_BETWEEN}{_LAST}",
        *(
            f"(?:86{_BETWEEN}|86)?(?:{_grouped(*groups)})"
            for groups in (
                ("1[3-9][0-9]", "[0-9]{4}", "[0-9]{4}"),
                ("1[3-9][0-9]", "[0-9]{8}"),
                ("1[3-9][0-9]{5}", "[0-9]{4}"),
                ("1[3-9][0-9]{2}", "[0-9]{3}", "[0-9]{4}"),
                ("1[3-9][0-9]", "[0-9]{3}", "[0-9]{5}"),
            )
        ),
    )
)
_FOUR = "[0-9]{4}"
_CARD = "|".join(
    (
        "[0-9]{16,19}",
        _BETWEEN.join((_FOUR, _FOUR, _FOUR, _FOUR)) + f"(?:{_BETWEEN}[0-9]{{1,3}})?",
        f"[0-9]{{6}}{_BETWEEN}[0-9]{{10,13}}",
    )
)
_SIGN = "[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]"
_USCC = "|".join(
    _BETWEEN.join(f"{_SIGN}{{{count}}}" for count in counts)
    for counts in ((18,), (2, 6, 9, 1), (2, 6, 10), (8, 9, 1), (8, 10), (4, 4, 4, 4, 2), (4, 4, 4, 6), (6, 6, 6))
)
# Not within a longer word, such as a digest; but after a sign that an address writes as %3D, or a line writes as \n.
_BEGIN = r"(?:(?<![0-9A-Za-z])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"
_END = "(?![0-9A-Za-z])"
_PERSONAL = re.compile(f"{_BEGIN}(?:{_NUMBERS}){_END}")
_CODES = re.compile(f"{_BEGIN}(?=[159ANYany])(?:{_USCC}){_END}")
_CARDS = re.compile(f"{_BEGIN}(?=62|4|5[1-5])(?:{_CARD}){_END}")
_PART = re.compile(_BETWEEN)


def _cover_code(found: re.Match[str]) -> str:
    bare = _PART.sub("", found[0]).upper()
    return "***" if codes.uscc_check(bare[:17]) == bare[17] else found[0]


def _cover_card(found: re.Match[str]) -> str:
    return "***" if _luhn(_PART.sub("", found[0])) else found[0]


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(sum(divmod(one, 10)) for one in doubled) % 10 == 0


def scrub(_logger: Any, _method: str, line: str | MutableMapping[str, Any]) -> str:
    """Cover anything that looks like a citizen id, a mobile number, a bank card or a credit code, whatever put it there,
    and also where its digits are written in groups. Cards and codes are known by their check digit.

    It looks at the line as it will be written: what an exception, a request or a nested value holds is text by then.
    """
    return _CARDS.sub(_cover_card, _CODES.sub(_cover_code, _PERSONAL.sub("***", str(line))))


def _as_words(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Make words of whole numbers that look personal: a line of JSON may hold a covered word, but no covered number."""
    return {name: str(value) if isinstance(value, int) and value >= 10**10 else value for name, value in entry.items()}


def configure(level: str, *, plain: bool = False) -> None:
    """Send every logger of the process through structlog."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _as_words,
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=False) if plain else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer, scrub],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                "django.template": {
                    "level": "INFO"
                },  # for a name that is missing it would tell all that the page knows
                "django.request": {"level": "ERROR"},
                "procrastinate": {"level": "WARNING"},
                "httpx": {"level": "WARNING"},  # it would tell every address, and what is asked in it
            },
        }
    )
