"""Making statements in a graph: a thin hand on rdflib that knows how this catalogue puts texts, dates and lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import CSVW, DCAT, DCTERMS, FOAF, RDF, RDFS, SKOS, XSD, Namespace

from yiwang.platform.sharing.exports.words import Words

ADMS = Namespace("http://www.w3.org/ns/adms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
VERSION = URIRef(f"{DCAT}version")
"""New in DCAT 3, so rdflib's list of terms does not have it yet."""
PREFIXES = {
    "adms": ADMS,
    "csvw": CSVW,
    "dcat": DCAT,
    "dct": DCTERMS,
    "foaf": FOAF,
    "rdf": RDF,
    "rdfs": RDFS,
    "skos": SKOS,
    "vcard": VCARD,
    "xsd": XSD,
}


class Statements:
    """A graph that is being written."""

    def __init__(self) -> None:
        self.graph = Graph(bind_namespaces="none")
        self._described: set[str] = set()
        for prefix, namespace in PREFIXES.items():
            self.graph.bind(prefix, namespace)

    def once(self, node: str) -> bool:
        """Tell whether a node that many name is still to be described."""
        fresh = node not in self._described
        self._described.add(node)
        return fresh

    def kind(self, address: str, *kinds: URIRef) -> URIRef:
        """Say what something is, and return it."""
        node = URIRef(address)
        self.link(node, RDF.type, *kinds)
        return node

    def link(self, node: URIRef, term: URIRef, *others: URIRef | None) -> None:
        """Say that a node stands in a relation to others."""
        for other in others:
            if other is not None:
                self.graph.add((node, term, other))

    def text(self, node: URIRef, term: URIRef, words: Words) -> None:
        """Say something in Chinese and in English, where there is something to say."""
        for text, language in zip(words, ("zh", "en"), strict=True):
            if text:
                self.graph.add((node, term, Literal(text, lang=language)))

    def value(self, node: URIRef, term: URIRef, value: Any, datatype: URIRef | None = None) -> None:
        """Say a value; dates, numbers and truth values bring their own type."""
        self.graph.add((node, term, Literal(value, datatype=datatype)))

    def listed(self, node: URIRef, term: URIRef, others: Sequence[URIRef]) -> None:
        """Say several nodes in an order that means something.

        The cells of the list get names from the node's, lest two exports of the same catalogue differ.
        """
        name = re.sub("[^0-9A-Za-z]", lambda sign: f"x{ord(sign.group()):x}", node)
        cells = [BNode(f"{name}-{number}") for number in range(len(others))]
        links = [*cells, RDF.nil]
        self.graph.add((node, term, links[0]))
        for cell, other, following in zip(cells, others, links[1:], strict=True):
            self.graph.add((cell, RDF.first, other))
            self.graph.add((cell, RDF.rest, following))
