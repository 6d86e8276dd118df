"""A source that sends by itself what changed, as soon as it did: ``POST /api/v1/datasets/CODE/records``.

Nothing is fetched, so nothing is tried again: what was not taken is sent again by its sender. A call without rows says that
nothing is new; without any call for longer than its cycle the feed is late.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from django.utils.translation import gettext_lazy

from yiwang.platform.sharing.connectors import Batch, Connector, Source, registry


@registry.register("push")
class Push(Connector):
    """An agency's system that sends."""

    label = gettext_lazy("部门推送")
    pushed = True
    silence_is_news = False
    sparse = True

    def batches(self, source: Source, token: Any) -> Generator[Batch, None, None]:
        """Fetch nothing."""
        yield from ()
