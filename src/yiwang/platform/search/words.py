"""The tokeniser and the sounds of words, with the city's own words in both. One dictionary for a process."""

from __future__ import annotations

import os
import threading
import time
from functools import lru_cache

import rjieba
from pydantic import TypeAdapter

from yiwang.platform.search import rules
from yiwang.platform.search.models import VocabularyRow
from yiwang.platform.search.types import Vocabulary

# Without its table of phrases pypinyin takes 14 MB of memory instead of 57; the readings below do for the
# words we meet.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")

import pypinyin

READINGS: dict[str, str] = dict(
    pair.strip().split(" ", 1)  # type: ignore[misc]
    for pair in ["\n    银行 yin hang", "行业 hang ye", "会计 kuai ji", "重庆 chong qing", "重新 chong xin", "重复 chong fu", "\n    长者 zhang zhe", "校长 xiao zhang", "还款 huan kuan", "还贷 huan dai", "归还 gui huan", "退还 tui huan", "\n    返还 fan huan", "乐清 yue qing", "调动 diao dong", "调查 diao cha", "调档 diao dang", "音乐 yin yue", "\n    便宜 pian yi", "西藏 xi zang", "朝阳 chao yang", "率 lv", "传记 zhuan ji", "人参 ren shen", "\n    参差 cen ci", "大夫 dai fu", "都市 du shi", "首都 shou du", "供给 gong ji", "给予 ji yu", "\n    给付 ji fu", "补给 bu ji", "降服 xiang fu", "处分 chu fen", "勘察 kan cha", "储藏 chu cang", "\n    单位 dan wei", "教书 jiao shu", "看守 kan shou", "量具 liang ju", "剥离 bo li", "核实 he shi", "\n    差旅 chai lv", "出差 chu chai", "角色 jue se", "厂 chang", "石 shi", "曾 zeng", "\n    行 xing", "车 che", "区 qu", "藏 cang\n    "]
)
"""Readings that a sign by itself does not tell."""

VOCABULARY: TypeAdapter[Vocabulary] = TypeAdapter(Vocabulary)
_KEPT = 30.0
_lock = threading.Lock()
_kept: tuple[float, str, Vocabulary] = (0.0, "", Vocabulary())


def vocabulary() -> Vocabulary:
    """Return the city's words, looked at again every half minute; new ones are taught to the tokeniser."""
    global _kept  # noqa: PLW0603 (one small value, replaced as a whole)
    until, digest, known = _kept
    if time.monotonic() < until:
        return known
    with _lock:
        row = VocabularyRow.objects.first()
        if row is None:
            known, digest = Vocabulary(), ""
        elif row.digest != digest:
            known, digest = VOCABULARY.validate_python(row.document), row.digest
            teach(known)
        _kept = (time.monotonic() + _KEPT, digest, known)
    return known


def forget() -> None:
    """Read the vocabulary anew at the next word."""
    global _kept  # noqa: PLW0603
    _kept = (0.0, "", Vocabulary())


def teach(words: Vocabulary) -> None:
    """Teach the tokeniser words that no dictionary has."""
    for word in {*words.words, *(said for synonym in words.synonyms for said in synonym.words)}:
        if len(word) > 1 and not rjieba.has_word(word):
            rjieba.add_word(word, None, None)


def cut(text: str) -> list[str]:
    """Cut a text into tokens, long words also into their parts."""
    return rjieba.cut_for_search(text)  # type: ignore[no-any-return]


def tokens(text: str) -> list[str]:
    """Cut a text into tokens as they stand in the index."""
    return [token for token in (rules.fold(one) for one in cut(text)) if token]


@lru_cache(maxsize=1)
def _sounds() -> None:
    pypinyin.load_phrases_dict(
        {word: [[sound] for sound in reading.split()] for word, reading in READINGS.items() if len(word) > 1}
    )
    pypinyin.load_single_dict({ord(word): sound for word, sound in READINGS.items() if len(word) == 1})


def pinyin(text: str) -> tuple[str, str]:
    """Return the sound of a text without tones, and its initials: ``shipin``, ``sp``."""
    _sounds()
    syllables = [one for one in pypinyin.lazy_pinyin(rules.fold(text)) if one]
    return "".join(syllables), "".join(one[0] for one in syllables)
