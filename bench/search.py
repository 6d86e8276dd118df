"""How fast search is in 100,000 documents: `python bench/search.py [documents]`.

Documents are made of a pack's own words and of invented ones, drawn by frequency as in real text (Zipf): a
few words
stand in most documents, most in few. Queries are of one to three words. One line a figure: name value goal
ok|short; a
copy as JSON goes to bench/results/.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GOAL_P99 = 25.0
QUERIES = 2000
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


def entries(corpus: Corpus, count: int) -> Iterator[object]:
    """Make documents as the index has them, some 180 signs of text each."""
    from yiwang.platform.search import rules, words
    from yiwang.platform.search.index import Entry
    from yiwang.platform.search.models import SearchDocument

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


def measure(asking: Asking, name: str, **narrow: str) -> dict[str, float]:
    """Search many times; return milliseconds."""
    from yiwang.platform.search import queries
    from yiwang.platform.search.types import Filters

    asked = [asking.query() for _ in range(QUERIES)]
    for text in asked[:100]:
        queries.search(text)
    took = []
    for text in asked:
        began = time.perf_counter()
        queries.search(text, Filters(**narrow))
        took.append((time.perf_counter() - began) * 1000)
    cuts = statistics.quantiles(took, n=1000)
    figures = {"p50": cuts[499], "p95": cuts[949], "p99": cuts[989], "max": max(took)}
    ok = "ok" if figures["p99"] <= GOAL_P99 else "short"
    for key, value in figures.items():
        print(f"{name}.{key} {value:.2f} ms", f"goal {GOAL_P99} {ok}" if key == "p99" else "")
    return figures


def run(count: int) -> None:
    """Fill an empty database and measure."""
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command("migrate", verbosity=0)
    from yiwang.platform.search import index, words
    from yiwang.platform.search.models import SearchDocument, SearchTerm

    corpus = Corpus()
    words.teach(words.Vocabulary(words=tuple(corpus.words)))
    found: dict[str, object] = {"documents": count, "queries": QUERIES}
    if SearchDocument.objects.count() != count:
        SearchDocument.objects.all().delete()
        SearchTerm.objects.all().delete()
        began = time.perf_counter()
        index.write(entries(corpus, count))  # type: ignore[arg-type]
        found["build_s"] = time.perf_counter() - began
        print(f"build {found['build_s']:.1f} s for {count} documents")
        with connection.cursor() as sql:
            sql.execute("VACUUM ANALYZE search_searchdocument")
            sql.execute("VACUUM ANALYZE search_searchterm")
    with connection.cursor() as sql:
        sql.execute("SELECT pg_total_relation_size('search_searchdocument') / 1048576")
        found["size_mb"] = sql.fetchone()[0]
        print(f"size {found['size_mb']} MB")
    asking = Asking(count)
    found["plain"] = measure(asking, "search")
    found["narrowed"] = measure(asking, "search.where", where="330305")
    target = ROOT / "bench" / "results" / "search.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


def main() -> None:
    """Run on an embedded database of the bench's own, or on DATABASE_URL's."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yiwang.config.settings")
    state = Path(os.environ.setdefault("YIWANG_STATE_DIR", str(ROOT / ".yiwang" / "bench")))
    state.mkdir(parents=True, exist_ok=True)
    from yiwang.config import postgres

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with postgres.running(state) as url:
        os.environ.setdefault("DATABASE_URL", url)
        run(count)


if __name__ == "__main__":
    main()
