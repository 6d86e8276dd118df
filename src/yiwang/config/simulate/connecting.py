"""The platform's side: every dataset of a simulated agency gets a feed from its system."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from yiwang.config.simulate.running import Place
from yiwang.kernel.packs import Pack
from yiwang.kernel.types import SYSTEM
from yiwang.platform.sharing import queries
from yiwang.platform.sharing.acts import save_feed
from yiwang.platform.sharing.types import DatasetDefinition, FeedSpec, RecordSpec, SharingMethod, UpdateCycle

_PLAIN: dict[str, Any] = {"timeout": 10, "trust_env": False}
"""Systems are on this machine: no proxy of the environment stands between."""


def connect(places: Sequence[Place]) -> int:
    """Give every dataset the feed that it has to have; return how many feeds had to be said anew.

    What changes by the minute and may only be asked about is asked at its source; all else is read in.
    """
    said = 0
    known = queries.feed_addresses()
    definitions = queries.definitions(code for place in places for code in place.datasets)
    for place in places:
        for code in place.datasets:
            if code not in definitions:
                continue
            spec = _spec(place, definitions[code])
            if known.get(code) != (spec.connector, spec.address):
                save_feed(queries.id_of(code), spec, by=SYSTEM, key=f"simulate:{code}:{spec.address}:{time.time_ns()}")
                said += 1
    return said


def _spec(place: Place, definition: DatasetDefinition) -> FeedSpec:
    if definition.cycle is UpdateCycle.REALTIME and definition.methods == (SharingMethod.CHECK,):
        return FeedSpec(connector="http_ask", address=f"{place.url}/ask", secret=place.token)
    return FeedSpec(connector="http_pull", address=f"{place.url}/rows/{definition.code}", secret=place.token)


def behave(place: Place, **said: Any) -> dict[str, Any]:
    """Tell a system how to behave (see ``system``)."""
    answer = httpx.post(f"{place.url}/behave", json=said, headers={"Authorization": f"Bearer {place.token}"}, **_PLAIN)
    return dict(answer.raise_for_status().json())


def is_up(place: Place) -> bool:
    """Tell whether a system answers."""
    try:
        return httpx.get(f"{place.url}/healthz", **_PLAIN).is_success
    except httpx.HTTPError:
        return False


def outages(root: Path) -> dict[str, list[str]]:
    """Return the datasets, by agency, of which the pack says that their source is down."""
    pack = Pack(root)
    down = {spec.dataset for spec in pack.rows("records/*.yaml", RecordSpec) if not spec.available}
    found: dict[str, list[str]] = {}
    for one in pack.rows("datasets/*.yaml", DatasetDefinition):
        if one.code in down:
            found.setdefault(one.agency, []).append(one.code)
    pack.stop_if_faulty()
    return found
