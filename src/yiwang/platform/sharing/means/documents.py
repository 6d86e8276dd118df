"""Schemes and reports in and out: the checked Python form of what stands in the tables."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter

from yiwang.platform.sharing.means.types import Report, Scheme, SchemeView

T = TypeVar("T")

SCHEME: TypeAdapter[Scheme] = TypeAdapter(Scheme)
REPORT: TypeAdapter[Report] = TypeAdapter(Report)


def dump_scheme(scheme: Scheme) -> dict[str, Any]:
    """Return a scheme as plain JSON values."""
    return SCHEME.dump_python(scheme, mode="json")  # type: ignore[no-any-return]


def read_edition(row: Any) -> SchemeView:
    """Read the row of an edition."""
    return SchemeView(row.id, row.number, row.digest, row.published_at, by_digest(SCHEME, row.digest, row.content))


_read: dict[str, Any] = {}
_MOST = 500


def by_digest(kind: TypeAdapter[T], digest: str, document: Any) -> T:
    """Read a document that never changes, known by its digest: once in a process."""
    if digest not in _read:
        if len(_read) >= _MOST:
            _read.clear()
        _read[digest] = kind.validate_python(document)
    return _read[digest]  # type: ignore[no-any-return]


def dump_report(report: Report) -> dict[str, Any]:
    """Return a report as plain JSON values."""
    return REPORT.dump_python(report, mode="json")  # type: ignore[no-any-return]
