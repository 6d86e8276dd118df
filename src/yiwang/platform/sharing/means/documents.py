"""Schemes and reports in and out: the checked Python form of what stands in the tables."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from yiwang.platform.sharing.documents import by_digest
from yiwang.platform.sharing.means.types import Report, Scheme, SchemeView

SCHEME: TypeAdapter[Scheme] = TypeAdapter(Scheme)
REPORT: TypeAdapter[Report] = TypeAdapter(Report)


def dump_scheme(scheme: Scheme) -> dict[str, Any]:
    """Return a scheme as plain JSON values."""
    return SCHEME.dump_python(scheme, mode="json")  # type: ignore[no-any-return]


def read_edition(row: Any) -> SchemeView:
    """Read the row of an edition."""
    return SchemeView(row.id, row.number, row.digest, row.published_at, by_digest(SCHEME, row.digest, row.content))


def dump_report(report: Report) -> dict[str, Any]:
    """Return a report as plain JSON values."""
    return REPORT.dump_python(report, mode="json")  # type: ignore[no-any-return]
