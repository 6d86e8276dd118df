"""Events as they go over the line: CloudEvents 1.0 in JSON, single and in batches."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from yiwang.platform.sharing.events.types import StoredEvent

BATCH = "application/cloudevents-batch+json"
SEQUENCE = 19
"""Digits of ``sequence``: an extension that sorts as text (CloudEvents, "Sequence")."""


def cloud_event(one: StoredEvent) -> dict[str, Any]:
    """Return an event as CloudEvents has it; ``source`` and ``id`` together are what it is told apart by."""
    address = f"/api/v1/topics/{one.topic}"
    return {
        "specversion": "1.0",
        "id": str(one.id),
        "source": address,
        "type": one.topic,
        "subject": one.subject,
        "time": one.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "dataschema": f"{address}#{one.version}",
        "sequence": f"{one.seq:0{SEQUENCE}d}",
        "data": dict(one.data),
    }


def written(one: StoredEvent) -> bytes:
    """Return an event as JSON."""
    return json.dumps(cloud_event(one), cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":")).encode()


def batch(events: Iterable[bytes]) -> bytes:
    """Return written events as one batch."""
    return b"[" + b",".join(events) + b"]"
