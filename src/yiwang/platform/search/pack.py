"""Search's part of a pack.

What people say (``synonyms.yaml``) and words for the tokeniser (``terms.txt``).
"""

from __future__ import annotations

from yiwang.kernel.digest import sha256_of
from yiwang.kernel.packs import Pack
from yiwang.platform.search import index, words
from yiwang.platform.search.models import VocabularyRow
from yiwang.platform.search.types import Synonym, Vocabulary


def load(pack: Pack) -> None:
    """Load the city's words and build the index of what the pack published."""
    path = pack.root / "terms.txt"
    terms = tuple(dict.fromkeys(path.read_text("utf-8").split())) if path.exists() else ()
    synonyms = tuple(pack.rows("synonyms.yaml", Synonym))
    for synonym in synonyms:
        if not synonym.words or not synonym.means:
            pack.fault(pack.root / "synonyms.yaml", 1, f"words and means are needed: {synonym}")
    pack.stop_if_faulty()
    document = words.VOCABULARY.dump_python(Vocabulary(terms, synonyms), mode="json")
    VocabularyRow.objects.update_or_create(id=1, defaults={"document": document, "digest": sha256_of(document)})
    words.forget()
    index.rebuild()
