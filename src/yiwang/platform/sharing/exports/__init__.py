"""The catalogue of data for other systems: DCAT-AP 3.0 as Turtle or JSON-LD, and CSV under the national heads.

``info`` is what a caller says of the catalogue, ``dcat`` makes the graph, ``json_ld`` its short form, ``table`` the CSV,
``vocabularies`` holds what is taken from foreign lists, ``words`` what is told in sentences.

rdflib is imported when it is needed: it costs a fifth of a second, which no process shall pay at its start.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from yiwang.platform.sharing.exports.info import CatalogueInfo, Provider
from yiwang.platform.sharing.exports.table import csv_lines
from yiwang.platform.sharing.types import DatasetView

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["CatalogueInfo", "Provider", "csv_lines", "graph", "json_ld", "turtle"]


def graph(datasets: Iterable[DatasetView], *, catalogue: CatalogueInfo) -> Graph:
    """Return the catalogue as a graph that fulfils DCAT-AP 3.0 on its own: whatever it names is described in it."""
    from yiwang.platform.sharing.exports.dcat import Export

    views = list(datasets)
    export = Export(catalogue, frozenset(view.definition.code for view in views))
    export.catalogue(max((view.published_at for view in views), default=None))
    for view in views:
        export.dataset(view)
    return export.graph


def turtle(graph: Graph) -> bytes:
    """Write a graph as Turtle (W3C, RDF 1.1) in UTF-8; the same graph gives the same bytes."""
    return graph.serialize(format="turtle", encoding="utf-8")


def json_ld(graph: Graph) -> bytes:
    """Write a graph as JSON-LD 1.1 with a compact context, in UTF-8; the same graph gives the same bytes."""
    from yiwang.platform.sharing.exports.compact import written

    return written(graph)
