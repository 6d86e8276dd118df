"""The tokeniser and the sounds of words, with the city's own words in both. One dictionary for a process."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from yiwang.platform.search import rules
from yiwang.platform.search.models import VocabularyRow
from yiwang.platform.search.types import Vocabulary

_COMMON = range(0x3400, 0xA000)
"""Characters whose sounds are known: the blocks of Unicode in which all of GB 2312 and the names of places are."""
VOCABULARY: TypeAdapter[Vocabulary] = TypeAdapter(Vocabulary)
_KEPT = 30.0
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Known:
    until: float = 0.0
    digest: str = ""
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    words: frozenset[str] = frozenset()
    """What the tokeniser must know beside its own dictionary."""
    common: Mapping[str, float] = field(default_factory=dict)
    documents: int = 0


_kept = _Known()
_taught: tuple[frozenset[str] | None, Any] = (None, None)
"""The words that the tokeniser in use was taught, and it."""
_tokenising = threading.Lock()
"""Held by whoever cuts or teaches: a tokeniser that is being taught cannot be asked, and says so by an error."""


def vocabulary() -> Vocabulary:
    """Return the city's words, looked at again every half minute; with new ones comes a new tokeniser."""
    return _known().vocabulary


def common() -> Mapping[str, float]:
    """Return the words that stand in many documents, each with its share."""
    return _known().common


def documents_with(token: str) -> float:
    """Return roughly how many documents bear a word in name or key words; 0 for those that are not common."""
    known = _known()
    return known.common.get(token, 0) * known.documents


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
            vocabulary = VOCABULARY.validate_python(row.document)
            said = (word for synonym in vocabulary.synonyms for word in synonym.words)
            taught = frozenset(word for word in (*vocabulary.words, *said) if len(word) > 1)
            known = _Known(digest=row.digest, vocabulary=vocabulary, words=taught)
        common, documents = (row.common, row.documents) if row else ({}, 0)
        _kept = replace(known, until=time.monotonic() + _KEPT, common=common, documents=documents)
    return _kept


def forget() -> None:
    """Read the vocabulary anew at the next word."""
    global _kept  # noqa: PLW0603
    _kept = _Known()


def _tokeniser(words: frozenset[str]) -> Any:
    """Return a tokeniser that knows these words too.

    It never learns another vocabulary's on top: what a process learned of another would cut the same text otherwise
    than the process that wrote the index.
    """
    global _taught  # noqa: PLW0603 (one small value, replaced as a whole)
    known, made = _taught
    if words is not known:  # sets are compared word by word, one with itself too: not at every cut
        if words != known:
            import rjieba  # the module is a tokeniser too: 24 MB, and so is every other one; many processes cut nothing

            made = rjieba.Jieba() if known else rjieba
            for word in sorted(words):
                if not made.has_word(word):
                    made.add_word(word, None, None)
        _taught = (words, made)
    return made


def cut(text: str) -> list[str]:
    """Cut a text into tokens, long words also into their parts."""
    words = _known().words
    with _tokenising:
        return _tokeniser(words).cut_for_search(text)  # type: ignore[no-any-return]


def tokens(text: str) -> list[str]:
    """Cut a text into tokens as they stand in the index."""
    return [token for token in (rules.fold(one) for one in cut(text)) if token]


@lru_cache(maxsize=1)
def _sounds() -> Any:
    """Return pypinyin, with the readings of ``readings.txt`` and of common characters only.

    It is imported where it is first needed: a web process seldom is. With all its tables it takes 57 MB.
    """
    os.environ |= {"PYPINYIN_NO_PHRASES": "true", "PYPINYIN_NO_DICT_COPY": "true"}
    import pypinyin
    from pypinyin.constants import PINYIN_DICT

    first = {code: sys.intern(sounds.partition(",")[0]) for code, sounds in PINYIN_DICT.items() if code in _COMMON}
    PINYIN_DICT.clear()
    PINYIN_DICT.update(first)
    lines = Path(__file__).with_name("readings.txt").read_text("utf-8").splitlines()
    readings = dict(line.split(" ", 1) for line in lines if not line.startswith("#"))
    pypinyin.load_phrases_dict(
        {word: [[sound] for sound in reading.split()] for word, reading in readings.items() if len(word) > 1}
    )
    pypinyin.load_single_dict({ord(word): sound for word, sound in readings.items() if len(word) == 1})
    return pypinyin


def pinyin(text: str) -> tuple[str, str]:
    """Return the sound of a text without tones, and its initials: ``shipin``, ``sp``."""
    syllables = [one for one in _sounds().lazy_pinyin(rules.fold(text)) if one]
    return "".join(syllables), "".join(one[0] for one in syllables)
