"""The short form of JSON-LD 1.1: which names stand for which terms, and everything in a fixed order."""

from __future__ import annotations

import json
from typing import Any

from rdflib import Graph, URIRef
from rdflib.namespace import CSVW, DCAT, DCTERMS, FOAF, RDFS, SKOS, XSD

from yiwang.platform.sharing.exports.statements import PREFIXES, VCARD

TEXTS = (DCTERMS.title, DCTERMS.description, FOAF.name, RDFS.label, SKOS.prefLabel, VCARD.fn, DCAT.keyword)
LINKS = (
    CSVW.base,
    CSVW.datatype,
    DCAT.accessService,
    DCAT.accessURL,
    DCAT.contactPoint,
    DCAT.dataset,
    DCAT.distribution,
    DCAT.endpointDescription,
    DCAT.endpointURL,
    DCAT.landingPage,
    DCAT.mediaType,
    DCAT.servesDataset,
    DCAT.service,
    DCAT.theme,
    DCAT.themeTaxonomy,
    DCTERMS.accessRights,
    DCTERMS.accrualPeriodicity,
    DCTERMS.conformsTo,
    DCTERMS.format,
    DCTERMS.language,
    DCTERMS.license,
    DCTERMS.provenance,
    DCTERMS.publisher,
    DCTERMS.relation,
    DCTERMS.rights,
    DCTERMS.spatial,
    DCTERMS.temporal,
    DCTERMS.type,
    FOAF.homepage,
    SKOS.broader,
    SKOS.inScheme,
    VCARD.hasTelephone,
)
DATES = {
    DCTERMS.issued: XSD.dateTime,
    DCTERMS.modified: XSD.dateTime,
    DCAT.startDate: XSD.date,
    DCAT.endDate: XSD.date,
}


def context() -> dict[str, Any]:
    """Return the context: a term goes by its bare name, and texts, links and dates need no more words."""
    terms: dict[URIRef, dict[str, Any]] = {term: {"@container": "@language"} for term in TEXTS}
    terms |= {term: {"@type": "@id"} for term in LINKS}
    terms[DCTERMS.identifier] = {}
    terms |= {term: {"@type": _short(kind)} for term, kind in DATES.items()}
    terms[CSVW.column] = {"@type": "@id", "@container": "@list"}
    named = {_short(term): rest for term, rest in terms.items()}
    made = {name.partition(":")[2]: {"@id": name} | rest for name, rest in sorted(named.items())}
    return {"@version": 1.1} | {prefix: str(namespace) for prefix, namespace in PREFIXES.items()} | made


def _short(term: URIRef) -> str:
    for prefix, namespace in PREFIXES.items():
        if term.startswith(str(namespace)):
            return f"{prefix}:{term.removeprefix(str(namespace))}"
    raise ValueError(term)


def written(graph: Graph) -> bytes:
    """Return the document, the catalogue first."""
    names = context()
    document = json.loads(graph.serialize(format="json-ld", context=names))
    nodes = [_ordered(node) for node in document.get("@graph", ())]
    nodes.sort(key=lambda node: (node.get("@type") != "dcat:Catalog", node["@id"]))
    text = json.dumps({"@context": names, "@graph": nodes}, ensure_ascii=False, indent=1)
    return f"{text}\n".encode()


def _ordered(value: Any, name: str = "") -> Any:
    """Put names and values in order, but for lists, whose order means something."""
    if isinstance(value, dict):
        return {key: _ordered(value[key], key) for key in sorted(value)}
    if isinstance(value, list) and name not in {"column", "@list"}:
        return sorted(map(_ordered, value), key=lambda one: json.dumps(one, ensure_ascii=False))
    return value
