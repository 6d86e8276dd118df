"""Search in 100,000 documents.

Documents are made of the pack's own words and of invented ones, drawn by frequency as in real text (Zipf): a few words
stand in most documents, most in few. Queries are of one to three words, asked as people do.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from django.db import connection

from bench.measure import ROOT, Report, milliseconds, percentile, times
from yiwang.platform.search import index, queries, rules, words
from yiwang.platform.search.index import Entry
from yiwang.platform.search.models import SearchDocument, SearchTerm, VocabularyRow
from yiwang.platform.search.types import Filters

DOCUMENTS, QUERIES = times(100_000), times(2000)
AGENCIES, REGIONS, THEMES = 400, 13, 30
COMMON = [
    "申请",
    "证明",
    "登记",
    "许可",
    "备案",
    "变更",
    "注销",
    "审批",
    "材料",
    "企业",
    "个人",
    "单位",
    "居民",
    "资格",
    "设立",
    "服务",
    "管理",
    "经营",
    "生产",
    "建设",
]
SIGNS = (
    "安保本成城村大地电东房分福港高工公古光广海和河花华环火机基家建江教金京经景居开康科矿老乐理力利林龙路马美门"
    "民明南农平桥青清区全泉人日融山商上社生石食市水税寺台泰特体天田通土外万网文西夏乡校新兴秀学医银英永油园远云"
    "运长镇政职中州竹住装"
)


def dictionary(chance: random.Random) -> list[str]:
    """Return 40,000 words, the most frequent first: common ones, the pack's, invented ones."""
    terms = (ROOT / "packs" / "wenzhou" / "terms.txt").read_text("utf-8").split()
    invented = {"".join(chance.choices(SIGNS, k=chance.choice((2, 2, 2, 3)))) for _ in range(60_000)}
    return [*COMMON, *terms, *sorted(invented)][:40_000]


class Corpus:
    """Draws words by Zipf's law, s = 1."""

    def __init__(self, seed: int = 7) -> None:
        self.chance = random.Random(seed)
        self.words = dictionary(self.chance)
        total = 0.0
        self.steps = [total := total + 1 / rank for rank in range(1, len(self.words) + 1)]

    def draw(self, count: int) -> list[str]:
        """Return words by frequency."""
        return self.chance.choices(self.words, cum_weights=self.steps, k=count)

    def document(self) -> tuple[list[str], list[str], list[str]]:
        """Return the words of a document's name, key words and text."""
        return self.draw(4), self.draw(3), self.draw(70)


class Asking:
    """Asks as people do: half for one word, most others for words of one thing, some with a slip, some for nothing."""

    def __init__(self, count: int, seed: int = 11) -> None:
        self.corpus = Corpus(seed)
        known = Corpus()
        self.things = [[*name, *words] for name, words, _text in (known.document() for _ in range(count // 20))]

    def query(self) -> str:
        """Return a query of one to three words."""
        chance = self.corpus.chance
        how = chance.random()
        if how < 0.5:
            return self.corpus.draw(1)[0]
        words = chance.sample(chance.choice(self.things), chance.choice((2, 2, 3)))
        if how < 0.9:
            return chance.choice(("", " ")).join(words)
        if how < 0.95:
            at = chance.randrange(len(words[0]))
            return words[0][:at] + chance.choice(SIGNS) + words[0][at + 1 :]
        return " ".join(self.corpus.draw(3))


def entries(corpus: Corpus, count: int) -> Iterator[Entry]:
    """Make documents as the index has them, some 180 signs of text each."""
    chance = random.Random(3)  # of its own, so that the words can be drawn again without it
    for number in range(count):
        drawn = corpus.document()
        title = "".join(drawn[0])
        name, known, text = (words.tokens("".join(part)) for part in drawn)
        region = f"3303{chance.randrange(REGIONS):02}"
        agency = f"{region}-{chance.randrange(AGENCIES // REGIONS)}"
        audience = chance.choice((["person"], ["organisation"], ["person", "organisation"]))
        themes = [str(chance.randrange(THEMES))]
        online = chance.random() < 0.7
        facets = rules.facet_lexemes(
            kind="item", agency=agency, region=region, audience=audience, themes=themes, online=online
        )
        head = [("A", name), ("B", known), ("C", [agency])]
        yield Entry(
            SearchDocument(
                key=f"bench:{number}",
                source=f"bench:{number}",
                kind="item",
                group=str(number // 3),
                target=str(number),
                name=title,
                folded=rules.fold(title),
                known=" ".join(rules.fold(word) for word in drawn[1]),
                summary="".join(text)[:60],
                agency=agency,
                agency_name=agency,
                region=region,
                level=4,
                audience=audience,
                themes=themes,
                online=online,
                head=rules.vector(head, facets),
                body=rules.vector([*head, ("D", text)], facets),
            ),
            ((title, 1),),
        )


def run(report: Report) -> None:
    """Fill the index and measure."""
    corpus = Corpus()
    document = {"words": corpus.words, "synonyms": []}
    VocabularyRow.objects.update_or_create(id=1, defaults={"document": document, "digest": "bench"})
    words.forget()
    SearchDocument.objects.all().delete()
    SearchTerm.objects.all().delete()
    began = time.perf_counter()
    index.write(entries(corpus, DOCUMENTS))
    index.note_common_words()
    took = time.perf_counter() - began
    with connection.cursor() as sql:
        sql.execute("VACUUM ANALYZE search_searchdocument")
        sql.execute("VACUUM ANALYZE search_searchterm")
        sql.execute("SELECT pg_total_relation_size('search_searchdocument') / 1048576")
        size = sql.fetchone()[0]
    asking = Asking(DOCUMENTS)
    found = {"plain": _ask(asking), "narrowed": _ask(asking, where="330305")}
    report.figure("p99", found["plain"][99], " ms", at_most=25)
    report.figure("narrowed_p99", found["narrowed"][99], " ms", at_most=25)
    report.figure("p50", found["plain"][50], " ms")
    report.details = {
        "documents": DOCUMENTS,
        "queries": QUERIES,
        "milliseconds": found,
        "build_s": round(took, 1),
        "size_mb": size,
    }


def _ask(asking: Asking, **narrow: str) -> dict[int, float]:
    """Search many times; return milliseconds by percentile."""
    asked = [asking.query() for _number in range(QUERIES)]
    for text in asked[:100]:
        queries.search(text)
    filters = Filters(**narrow)
    took = [milliseconds(lambda text=text: queries.search(text, filters)) for text in asked]  # type: ignore[misc]
    return {percent: percentile(took, percent) for percent in (50, 95, 99, 100)}
