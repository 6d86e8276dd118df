"""What a column may hold. Pure."""

from __future__ import annotations

from typing import Any

from yiwang.platform.sharing.types import DatasetItem


def faults(item: DatasetItem, value: Any) -> list[str]:
    """Return what is wrong with a value: machine words."""
    if value in (None, ""):
        return ["required"] if item.required else []
    return []
