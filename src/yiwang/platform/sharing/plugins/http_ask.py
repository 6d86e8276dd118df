"""A source that is asked whenever an answer is needed; what it says is not kept.

``POST address`` with ``{"numbers": [...], "datasets": {"code": ["column", ...]}, "purpose": {...}}`` answers
``{"answers": {"code": [{"number": "...", "at": "...", "values": {...}}, ...]}}``: the records that any of the numbers has, none
for none. A dataset that is left out of the answers is down. One system may answer for many datasets in one call.
The bearer token is the feed's secret. In between it is asked about nobody, to see whether it is well.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from django.utils.translation import gettext_lazy

from yiwang.kernel.plugins import Finding
from yiwang.kernel.types import FieldError
from yiwang.platform.sharing import calling, live
from yiwang.platform.sharing.connectors import Batch, Connector, Source, registry
from yiwang.platform.sharing.reaching import networks_found

_PROBE = 10.0
"""Seconds that a source has to say that it is well."""


@registry.register("http_ask")
class HttpAsk(Connector):
    """A source that answers about one subject at a time."""

    label = gettext_lazy("实时核验接口")
    address_hint = gettext_lazy("接口地址，http 或 https；有人要核验时才去问，不留存")
    live = True
    takes_secret = True

    def check_config(self) -> list[Finding]:
        """Look whether there is a network in which sources may lie."""
        return networks_found()

    def check(self, source: Source) -> list[FieldError]:
        """Look at the address."""
        return calling.faults(source)

    def batches(self, source: Source, token: Any) -> Generator[Batch, None, None]:
        """Read nothing in: only look whether the source answers for the dataset. Raises SourceFault."""
        with calling.client() as client:
            live.probe(client, source, _PROBE)
        yield from ()
