"""Retries and words, pure."""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import datetime, timedelta

from yiwang.platform.notices.types import DEFAULT_LANGUAGE, TemplateSpec, Text

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
PATIENCE = timedelta(days=3)
"""After this a message is old news: the inbox still has it."""

PLACES = frozenset(
    {"title", "name", "agency", "due", "day", "points", "number", "code", "tail", "accepted", "total", "text"}
)
"""What a template may ask for; never a person's number."""


def pause(tries: int) -> timedelta:
    """Return how long to wait after the given number of tries: doubled each time, up to an hour."""
    doublings: int = min(max(tries - 1, 0), 20)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def gives_up(created_at: datetime, now: datetime) -> bool:
    """Tell whether a destination that was never reached is given up."""
    return now - created_at > PATIENCE


def choose(spec: TemplateSpec, language: str) -> tuple[str, Text]:
    """Return the language and words for a reader: theirs, or the city's where there are none."""
    if language in spec.texts:
        return language, spec.texts[language]
    return DEFAULT_LANGUAGE, spec.texts[DEFAULT_LANGUAGE]


def fill(words: str, values: Mapping[str, str]) -> str:
    """Put values into their places. Raises KeyError for a place without a value."""
    return string.Formatter().vformat(words, (), dict(values))


def faults(spec: TemplateSpec) -> list[str]:
    """Return what is wrong with a template: a language missing, a place that nobody fills."""
    found = [] if DEFAULT_LANGUAGE in spec.texts else [f"{spec.kind}: no words in {DEFAULT_LANGUAGE}"]
    for language, text in spec.texts.items():
        for words in (text.title, text.body, text.short):
            try:
                places = {
                    name for _text, name, _format, _conversion in string.Formatter().parse(words) if name is not None
                }
            except ValueError as error:
                found.append(f"{spec.kind}.{language}: {error}")
                continue
            found += [f"{spec.kind}.{language}: unknown place {{{name}}}" for name in sorted(places - PLACES)]
    return found
