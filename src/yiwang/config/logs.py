"""Structured logs: one JSON object a line, an event name instead of a sentence, a request id, never a personal number."""

from __future__ import annotations

import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

# Not within a longer word, such as a digest; but after a sign that an address writes as %3D.
_PERSONAL = re.compile(r"(?:(?<![0-9A-Za-z])|(?<=%[0-9A-Fa-f]{2}))(?:\d{17}[\dXx]|1[3-9]\d{9})(?![0-9A-Za-z])")


def scrub(_logger: Any, _method: str, line: str | MutableMapping[str, Any]) -> str:
    """Cover anything that looks like a citizen id or a mobile number, whatever put it there.

    It looks at the line as it will be written: what an exception, a request or a nested value holds is text by then.
    """
    return _PERSONAL.sub("***", str(line))


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
