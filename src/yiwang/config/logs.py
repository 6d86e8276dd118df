"""Structured logs: one JSON object a line, an event name instead of a sentence, a request id, never a personal number."""

from __future__ import annotations

import logging.config
import re
from typing import Any

import structlog

_GAP = "(?:[ -]|%20|\\+)?"
_PERSONAL = re.compile(
    rf"(?<![0-9A-Za-z])(?:\d{{6}}{_GAP}\d{{8}}{_GAP}\d{{3}}[\dXx]|1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}})(?![0-9A-Za-z])"
)


def scrub(_logger: Any, _method: str, line: str) -> str:
    """Cover anything that looks like a citizen id or a mobile number, whatever put it there.

    It works on the finished line: a number also hides in the address of a request, in a list, in a traceback.
    """
    return _PERSONAL.sub("***", line)


def configure(level: str, *, plain: bool = False) -> None:
    """Send every logger of the process through structlog."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
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
            "loggers": {"django.request": {"level": "ERROR"}, "procrastinate": {"level": "WARNING"}},
        }
    )
