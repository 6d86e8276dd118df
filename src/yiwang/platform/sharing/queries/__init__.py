"""What the shared store answers, by use: the catalogue, asking, grants, checks, objections."""

from yiwang.platform.sharing.inspecting import SUBJECT
from yiwang.platform.sharing.queries.asking import ask, own_index, rates, values_index
from yiwang.platform.sharing.queries.checked import check_of, checks_of, papers_replaced, papers_replaced_since
from yiwang.platform.sharing.queries.granted import WAITING, get_grant, grants, grants_waiting
from yiwang.platform.sharing.queries.listing import (
    Facts,
    Filters,
    catalogue,
    column_labels,
    count,
    definitions,
    editable_by,
    edition_document,
    edition_history,
    every,
    facts,
    get_dataset,
    id_of,
    lines,
    lint_context,
    names,
    resource_code,
    source_of,
)
from yiwang.platform.sharing.queries.objected import get_objection, objections, objections_waiting

__all__ = [
    "SUBJECT",
    "WAITING",
    "Facts",
    "Filters",
    "ask",
    "catalogue",
    "check_of",
    "checks_of",
    "column_labels",
    "count",
    "definitions",
    "editable_by",
    "edition_document",
    "edition_history",
    "every",
    "facts",
    "get_dataset",
    "get_grant",
    "get_objection",
    "grants",
    "grants_waiting",
    "id_of",
    "lines",
    "lint_context",
    "names",
    "objections",
    "objections_waiting",
    "own_index",
    "papers_replaced",
    "papers_replaced_since",
    "rates",
    "resource_code",
    "source_of",
    "values_index",
]
