"""Rules in and out."""

from __future__ import annotations

from pydantic import TypeAdapter

from yiwang.platform.sharing.watch.types import WatchRule

RULE: TypeAdapter[WatchRule] = TypeAdapter(WatchRule)
