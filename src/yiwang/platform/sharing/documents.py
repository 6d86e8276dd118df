"""Documents in and out: the checked Python form of what stands in drafts, editions and packs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import TypeAdapter

from yiwang.platform.sharing.types import DatasetDefinition, DatasetView, GuardianSource

T = TypeVar("T")
DEFINITION: TypeAdapter[DatasetDefinition] = TypeAdapter(DatasetDefinition)
GUARDIAN_SOURCE: TypeAdapter[GuardianSource] = TypeAdapter(GuardianSource)


def dump_definition(definition: DatasetDefinition) -> dict[str, Any]:
    """Return a definition as plain JSON values."""
    return DEFINITION.dump_python(definition, mode="json")  # type: ignore[no-any-return]


def read_edition(row: Any) -> DatasetView:
    """Read the row of an edition, its dataset with it."""
    content = row.content
    return DatasetView(
        id=row.dataset_id,
        edition=row.id,
        number=row.number,
        digest=row.digest,
        published_at=row.published_at,
        resource_code=content["resource_code"],
        agency_name=content["agency"]["short_name"] or content["agency"]["name"],
        agency_path=content["agency"]["path"],
        definition=by_digest(DEFINITION, row.digest, content["definition"]),
    )


_read: dict[str, Any] = {}
_MOST = 500


def by_digest(kind: TypeAdapter[T], digest: str, document: Any) -> T:
    """Read a document that never changes, known by its digest: once in a process."""
    return read_once(kind, digest, lambda: document)


def read_once(kind: TypeAdapter[T], name: str, fetch: Callable[[], Any]) -> T:
    """Fetch and read a document that never changes under its name, unless it was read before in this process."""
    if name not in _read:
        if len(_read) >= _MOST:
            _read.clear()
        _read[name] = kind.validate_python(fetch())
    return _read[name]  # type: ignore[no-any-return]
