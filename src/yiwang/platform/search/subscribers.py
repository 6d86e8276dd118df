"""The index follows what is published, in the delivery of each event."""

from __future__ import annotations

import uuid

from yiwang.kernel.events import Happening, subscribe
from yiwang.platform.catalog import acts as catalog
from yiwang.platform.search import index


@subscribe("search", catalog.PUBLISHED)
def published(happening: Happening) -> None:
    """Index the edition."""
    index.index_item(uuid.UUID(happening.subject_id), uuid.UUID(happening.payload["edition"]))


@subscribe("search", catalog.SUSPENDED)
def suspended(happening: Happening) -> None:
    """Take the item out."""
    index.drop(happening.subject_id)


@subscribe("search", catalog.LIFE_EVENT_PUBLISHED)
def life_event_published(happening: Happening) -> None:
    """Index the life event."""
    index.index_event(happening.payload["code"])
