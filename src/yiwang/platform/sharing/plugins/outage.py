"""A source that is always down: proves that a feed backs off and nobody waits for it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.platform.sharing.connectors import Batch, Connector, Source, SourceFault, registry


@registry.register("outage")
class Outage(Connector):
    """Never answers."""

    label = gettext_lazy("中断的数据源")

    def batches(self, source: Source, token: Any) -> Generator[Batch, None, None]:
        """Fail."""
        raise SourceFault(_("数据源总是中断。"))
        yield  # a generator, as every connector's
