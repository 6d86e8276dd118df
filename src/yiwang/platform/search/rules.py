"""Understanding a query, ranking, near misses. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from yiwang.platform.search.types import Asked, Candidate, Filters, Group, Kind, Tier, Vocabulary

LONGEST_QUERY = 40
STOP = frozenset(
    """
    的 了 呢 吗 吧 啊 呀 我 你 您 我要 我想 想 要 怎么 怎样 如何 怎么办 哪里 在哪 在哪里 什么
    需要 可以 能 请问 一下 办 办理 申请 申领 去 到 给 和 与 及 或 有 是 在 一个 一家 手续 流程
    材料 哪些 多少 多久 没 没有 不 就 都 还 也 又 从 跟 被 把 让 这 那 个 家 只 之 为 对 会 要不要 能不能
    the a an of for to how do i apply
    """.split()  # noqa: SIM905 (a list of words reads as words)
)
"""Words that say nothing of what is looked for."""
_PUNCTUATION = re.compile(r"[^\w]+", re.UNICODE)
_LATIN = re.compile(r"[a-z0-9]+")
FUZZY = {"zh": "z", "ch": "c", "sh": "s", "ang": "an", "eng": "en", "ing": "in", "l": "n", "f": "h"}
"""Sounds that speakers of the region mix up, from longer to shorter."""


def fold(text: str) -> str:
    """Return a text as it is compared: one width, lower case, no punctuation or spaces."""
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", text).lower())


def understand(text: str, vocabulary: Vocabulary, cut: Callable[[str], list[str]]) -> Asked:
    """Read a query: what people say is found whole and joined with what it means; the rest is cut into
    tokens.

    ``cut`` is the tokeniser. Words that say nothing are dropped, unless nothing else is there.
    """
    plain = " ".join(_PUNCTUATION.sub(" ", unicodedata.normalize("NFKC", text[:LONGEST_QUERY]).lower()).split())
    said = {fold(word): synonym.means for synonym in vocabulary.synonyms for word in synonym.words}
    groups: list[Group] = []
    names = {fold(plain)}
    rest = plain
    for word in sorted((word for word in said if word and word in rest), key=len, reverse=True):
        if word not in rest:
            continue
        rest = rest.replace(word, " ")
        groups.append(tuple(dict.fromkeys(_tokens(one, cut) for one in (word, *said[word]))))
        if not rest.strip() or not _meaningful(rest, cut):
            names |= {fold(meaning) for meaning in said[word]}
    latin = tuple(_LATIN.findall(rest))
    groups += [((token,),) for token in _meaningful(_LATIN.sub(" ", rest), cut)]
    if not groups and not latin:
        groups = [((token,),) for token in _tokens(plain, cut)]
    return Asked(plain, tuple(dict.fromkeys(groups)), frozenset(names - {""}), latin)


def _tokens(text: str, cut: Callable[[str], list[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(token for token in (fold(one) for one in cut(fold(text))) if token))


def _meaningful(text: str, cut: Callable[[str], list[str]]) -> list[str]:
    return [token for part in text.split() for token in _tokens(part, cut) if token not in STOP]


def lexeme(text: str) -> str:
    """Quote a token for ``tsquery`` and ``tsvector``."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def to_tsquery(groups: Sequence[Group], filters: Filters, regions: Sequence[str], *, any_of: bool = False) -> str:
    """Write a query for PostgreSQL; filters are lexemes like any other, so that one index answers for all."""
    parts = []
    for group in groups:
        ways = [" & ".join(lexeme(token) for token in way) for way in group if way]
        if ways:
            parts.append("(" + " | ".join(f"({way})" for way in ways) + ")")
    words = (" | " if any_of else " & ").join(parts)
    narrow = facet_query(filters, regions)
    return " & ".join(part for part in (f"({words})" if words else "", narrow) if part)


MOST_PAIRED = 6


def pairs(groups: Sequence[Group], rare: int = MOST_PAIRED) -> list[Group]:
    """Return every two of the first few groups as one that needs both, if one of them is among the first ``rare``.

    A word and a part of it are not two.
    """
    return [
        tuple((*one, *other) for one in first for other in second)
        for (at, first), (_, second) in combinations(enumerate(groups[:MOST_PAIRED]), 2)
        if at < rare and not any(one in other or other in one for one in first[0] for other in second[0])
    ]


def facet_query(filters: Filters, regions: Sequence[str]) -> str:
    """Write the filters alone."""
    chosen = {
        "w": filters.who,
        "o": filters.online,
        "a": filters.agency,
        "f": filters.function,
        "t": filters.theme,
        "k": filters.kind,
    }
    parts = [lexeme(f"{mark}={value}") for mark, value in chosen.items() if value]
    if regions:
        parts.append("(" + " | ".join(lexeme(f"r={region}") for region in regions) + ")")
    return " & ".join(parts)


def facet_lexemes(
    *,
    kind: str,
    agency: str,
    region: str,
    audience: Iterable[str],
    themes: Iterable[str],
    online: bool,
    function: str = "",
) -> list[str]:
    """Return the lexemes under which a document is narrowed to."""
    return [
        f"k={kind}",
        f"a={agency}",
        f"f={function}",
        f"r={region}",
        f"o={'yes' if online else 'no'}",
        *(f"w={one}" for one in audience),
        *(f"t={one}" for one in themes),
    ]


def vector(weighted: Iterable[tuple[str, Iterable[str]]], facets: Iterable[str]) -> str:
    """Write a ``tsvector``: tokens with a weight (A to D) each, facets without."""
    places: dict[str, list[str]] = {}
    at = 0
    for weight, tokens in weighted:
        for token in tokens:
            at = min(at + 1, 16383)
            marks = places.setdefault(token, [])
            if len(marks) < 20:
                marks.append(f"{at}{weight}")
    parts = [f"{lexeme(token)}:{','.join(marks)}" for token, marks in places.items()]
    return " ".join(parts + [lexeme(facet) for facet in facets])


def tier(found: Candidate, asked: Asked) -> Tier:
    """Say why a document was found: exact name, life event, all words in the name, key words, or only nearly."""
    if found.folded in asked.names or found.folded_short in asked.names:
        return Tier.EXACT
    if found.near is not None:
        return Tier.NEAR
    if found.kind == Kind.EVENT:
        return Tier.EVENT
    name = found.folded + found.folded_short
    if asked.groups and all(any(all(token in name for token in way) for way in group) for group in asked.groups):
        return Tier.NAME
    return Tier.HEAD


NEAR_ENOUGH, BETTER_THAN_NOTHING = 0.5, 0.3
"""So much of what was asked must stand in name and key words for a document that has not all of it."""
IN_TEXT = 0.4
"""What a word is worth that stands only in the guide's text."""
COMMON = 0.01
"""A word in more than this share of documents says less."""
LITTLE = 0.3
"""How much less a word says that stands nowhere, or is a single sign."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that was asked: its words as they were typed, each with how much it says, and what they mean."""

    said: tuple[tuple[str, float], ...]
    meant: tuple[tuple[str, ...], ...]
    says: float

    def there(self, text: str) -> float:
        """Return how much of it stands in a text, from 0 to ``says``.

        As it was typed: a word that is not there counts a little by those of its signs that are. What it means: all or
        nothing, half a name means another thing.
        """
        if self.meant and any(all(token in text for token in way) for way in self.meant):
            return self.says
        there = 0.0
        for token, says in self.said:
            there += says if token in text else says * _part(token, text)
        return there


@dataclass(frozen=True, slots=True)
class Scale:
    """How much each thing of a query says."""

    things: tuple[Thing, ...]
    words: frozenset[str]
    """All its words of more than one sign."""
    says: float


def scale(asked: Asked, found: Iterable[Candidate], common: Mapping[str, float]) -> Scale:
    """Weigh words: long ones say more, those in many documents less (``common``: in what share), unknown ones little."""
    texts = [known_text(one) for one in found]
    weights = {}
    for token in {token for group in asked.groups for way in group for token in way}:
        share = common.get(token, COMMON)
        there = any(token in text for text in texts)
        full = there and len(token) > 1
        weights[token] = len(token) * max(0.1, math.log(share) / math.log(COMMON)) * (1 if full else LITTLE)
    things = []
    for said, *meant in asked.groups:
        typed = tuple((token, weights[token]) for token in _smallest(said))
        things.append(Thing(typed, tuple(_smallest(way) for way in meant), sum(says for _token, says in typed)))
    words = frozenset(token for token in weights if len(token) > 1)
    return Scale(tuple(things), words, sum(thing.says for thing in things))


def known_text(found: Candidate) -> str:
    """Return what a document is known by: names and key words."""
    return f"{found.folded} {found.folded_short} {found.known}"


def nearness(found: Candidate, by: Scale) -> float:
    """Return how much of what was asked stands in name and key words, from 0 to 1; single signs alone say nothing."""
    text = known_text(found)
    if not found.in_text and not any(token in text for token in by.words):
        return 0
    there = sum(thing.there(text) for thing in by.things) / (by.says or 1)
    return there + (1 - there) * IN_TEXT if found.in_text else there


def _smallest(way: Sequence[str]) -> tuple[str, ...]:
    """Return the tokens that hold no other: what a long word was cut into, not the word as well."""
    return tuple(one for one in way if not any(other != one and other in one for other in way))


def _part(token: str, text: str) -> float:
    """Return what a word counts of whose signs only some stand in a text."""
    return 0 if token.isascii() else len([sign for sign in token if sign in text]) / len(token) / 3


def order(found: Iterable[Candidate], asked: Asked) -> list[Candidate]:
    """Put the best first.

    By tier, nearness, life events before items, then rank, use, the higher body, the shorter name. Nothing depends on
    when a document was written.
    """
    return sorted(
        found,
        key=lambda one: (
            tier(one, asked).value,
            -(one.near or 0),
            one.kind != Kind.EVENT,
            -round(one.rank, 3),
            -one.popularity,
            one.level,
            len(one.name),
            one.region,
            one.name,
            one.target,
        ),
    )


def collapse(found: Iterable[Candidate]) -> list[tuple[Candidate, int]]:
    """Show an item once, however many bodies carry it out: the best of them and their number."""
    best: dict[str, Candidate] = {}
    places: dict[str, int] = {}
    for one in found:
        best.setdefault(one.group, one)
        places[one.group] = places.get(one.group, 0) + 1
    return [(one, places[group]) for group, one in best.items()]


# --- near misses ---


def fuzzy(pinyin: str) -> str:
    """Return a sound without the differences that people mix up (zh/z, ang/an, n/l …)."""
    for old, new in FUZZY.items():
        pinyin = pinyin.replace(old, new)
    return pinyin


SLIP_SHORTEST, SLIP_LONGEST = 3, 12
"""Texts of so many signs are searched for a slip; longer ones are found by some of their words."""


def deletes(text: str) -> list[str]:
    """Return the text and every text with one sign left out: two texts one slip apart share one of these."""
    return sorted({text, *(text[:at] + text[at + 1 :] for at in range(len(text)))})


def distance(one: str, other: str, at_most: int = 2) -> int:
    """Return how many slips (sign added, left out, changed, two exchanged) lie between texts.

    ``at_most + 1`` if more.
    """
    if abs(len(one) - len(other)) > at_most:
        return at_most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, char in enumerate(one, 1):
        now = [row]
        for column, sign in enumerate(other, 1):
            cost = min(last[column] + 1, now[-1] + 1, last[column - 1] + (char != sign))
            if row > 1 and column > 1 and char == other[column - 2] and one[row - 2] == sign:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        before, last = last, now
    return min(last[-1], at_most + 1)
