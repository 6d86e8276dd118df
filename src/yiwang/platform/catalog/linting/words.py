"""Vague wording and catch-alls (兜底条款; STANDARDS 3.6, rule 11), in what people read, not in quoted law."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml
from django.utils.translation import gettext as _
from pydantic import TypeAdapter

from yiwang.platform.catalog.linting.findings import LintContext, LintFinding, Severity, VagueWord
from yiwang.platform.catalog.types import Definition

_BREAK = "\x00"
_OWN = (
    "name",
    "short_name",
    "plain",
    "quantity_limit",
    "intermediary",
    "power_content",
    "rights",
    "online_flow",
    "counter_flow",
)
_PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("conditions", ("text",)),
    ("materials", ("name", "issuer", "source_note", "hint", "standard", "note", "mistakes")),
    ("situations", ("name", "note")),
    ("process", ("name",)),
    ("special_procedures", ("name",)),
    ("commitments", ("text", "liability")),
    ("fees", ("name", "standard", "note", "reduction")),
    ("faq", ("question", "answer")),
)
"""What is looked at. Quotations of the law are left out: “规定的其他条件” is how laws are written."""


@lru_cache(maxsize=1)
def builtin_words() -> tuple[VagueWord, ...]:
    """Return the list that every city begins with (``vague_words.yaml`` beside this file)."""
    text = files(__package__).joinpath("vague_words.yaml").read_text(encoding="utf-8")
    return TypeAdapter(tuple[VagueWord, ...]).validate_python(yaml.safe_load(text))


def merged_words(*lists: Iterable[VagueWord]) -> tuple[VagueWord, ...]:
    """Join lists: a later entry replaces an earlier one of the same word, ``ignore`` takes it out."""
    words = {entry.word: entry for entries in lists for entry in entries if entry.word}
    return tuple(entry for entry in words.values() if entry.severity is not Severity.IGNORE)


def check(definition: Definition, context: LintContext) -> Iterator[LintFinding]:
    """Find every vague word; a longer one hides the shorter ones in it."""
    if not context.words:
        return
    pattern, entries = _compiled(context.words)
    pieces = list(_prose(definition))
    # One search over everything: most items have no hit at all.
    if pattern.search(_BREAK.join(text for _where, text in pieces)) is None:
        return
    for where, text in pieces:
        for match in pattern.finditer(text):
            entry = entries[match.group()]
            if _fine(entry, text, match.start(), match.end()):
                continue
            yield LintFinding(
                "words.vague",
                ".".join(str(part) for part in where),
                _("“%(word)s”说得含糊，办事的人不知道要做什么。") % {"word": entry.word},
                entry.suggestion,
                entry.severity is Severity.ERROR,
                match.span(),
            )


def _prose(definition: Definition) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for name in _OWN:
        if text := getattr(definition, name):
            yield (name,), text
    for index, text in enumerate(definition.mistakes):
        yield ("mistakes", index), text
    for part, names in _PARTS:
        for index, row in enumerate(getattr(definition, part)):
            for name in names:
                value: Any = getattr(row, name)
                if isinstance(value, tuple):
                    for number, text in enumerate(value):
                        yield (part, index, name, number), text
                elif value:
                    yield (part, index, name), value
    if definition.channels.visits_reason:
        yield ("channels", "visits_reason"), definition.channels.visits_reason
    if definition.channels.booking_rule:
        yield ("channels", "booking_rule"), definition.channels.booking_rule


@lru_cache(maxsize=8)
def _compiled(words: tuple[VagueWord, ...]) -> tuple[re.Pattern[str], dict[str, VagueWord]]:
    longest_first = sorted(words, key=lambda entry: -len(entry.word))
    return re.compile("|".join(re.escape(entry.word) for entry in longest_first)), {
        entry.word: entry for entry in words
    }


def _fine(entry: VagueWord, text: str, start: int, end: int) -> bool:
    for longer in entry.but:
        at = longer.find(entry.word)
        while at >= 0:
            begin = start - at
            if begin >= 0 and text.startswith(longer, begin):
                return True
            at = longer.find(entry.word, at + 1)
    return False
