"""The tokeniser and the sounds of words, with the city's own words in both.

Queries must be cut as the index was, so a tokeniser knows the words of one vocabulary and no others: one that learnt on
would cut some words differently from a process that began later.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import rjieba
from pydantic import TypeAdapter

from yiwang.platform.search import rules
from yiwang.platform.search.models import VocabularyRow
from yiwang.platform.search.types import Vocabulary

# Without its table of phrases pypinyin takes 14 MB of memory instead of 57; the readings below do for the
# words we meet.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")

import pypinyin

VOCABULARY: TypeAdapter[Vocabulary] = TypeAdapter(Vocabulary)
_KEPT = 30.0
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Known:
    until: float = 0.0
    digest: str = ""
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    common: Mapping[str, float] = field(default_factory=dict)


_kept = _Known()
_tokeniser: Any = rjieba  # the module is a tokeniser too; another one takes 24 MB
_taught = Vocabulary()  # what it knows beside its own dictionary


def vocabulary() -> Vocabulary:
    """Return the city's words, looked at again every half minute; new ones are taught to the tokeniser."""
    return _known().vocabulary


def common() -> Mapping[str, float]:
    """Return the words that stand in many documents, each with its share."""
    return _known().common


def _known() -> _Known:
    global _kept  # noqa: PLW0603 (one small value, replaced as a whole)
    known = _kept
    if time.monotonic() < known.until:
        return known
    with _lock:
        row = VocabularyRow.objects.first()
        if row is None:
            known = _Known()
        elif row.digest != known.digest:
            known = _Known(digest=row.digest, vocabulary=VOCABULARY.validate_python(row.document))
            teach(known.vocabulary)
        _kept = replace(known, until=time.monotonic() + _KEPT, common=row.common if row else {})
    return _kept


def forget() -> None:
    """Read the vocabulary anew at the next word."""
    global _kept  # noqa: PLW0603
    _kept = _Known()


def teach(words: Vocabulary) -> None:
    """Have a tokeniser that knows the words that no dictionary has: these, and none that another vocabulary had."""
    global _tokeniser, _taught
    if words == _taught:
        return
    tokeniser = rjieba.Jieba() if _taught != Vocabulary() else rjieba
    for word in {*words.words, *(said for synonym in words.synonyms for said in synonym.words)}:
        if len(word) > 1 and not tokeniser.has_word(word):
            tokeniser.add_word(word, None, None)
    _tokeniser, _taught = tokeniser, words


def cut(text: str) -> list[str]:
    """Cut a text into tokens, long words also into their parts."""
    return _tokeniser.cut_for_search(text)  # type: ignore[no-any-return]


def tokens(text: str) -> list[str]:
    """Cut a text into tokens as they stand in the index."""
    return [token for token in (rules.fold(one) for one in cut(text)) if token]


@lru_cache(maxsize=1)
def _sounds() -> None:
    """Teach pypinyin the readings of ``readings.txt``, once."""
    lines = Path(__file__).with_name("readings.txt").read_text("utf-8").splitlines()
    readings = dict(line.split(" ", 1) for line in lines if not line.startswith("#"))
    pypinyin.load_phrases_dict(
        {word: [[sound] for sound in reading.split()] for word, reading in readings.items() if len(word) > 1}
    )
    pypinyin.load_single_dict({ord(word): sound for word, sound in readings.items() if len(word) == 1})


def pinyin(text: str) -> tuple[str, str]:
    """Return the sound of a text without tones, and its initials: ``shipin``, ``sp``."""
    _sounds()
    syllables = [one for one in pypinyin.lazy_pinyin(rules.fold(text)) if one]
    return "".join(syllables), "".join(one[0] for one in syllables)
