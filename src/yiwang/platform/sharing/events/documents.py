"""Topics as documents: the checked form of what stands in their rows."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from yiwang.platform.sharing.events.types import Topic

TOPIC: TypeAdapter[Topic] = TypeAdapter(Topic)


def dump_topic(topic: Topic) -> dict[str, Any]:
    """Return a topic as plain JSON values."""
    found: dict[str, Any] = TOPIC.dump_python(topic, mode="json")
    return found
