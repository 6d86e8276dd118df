"""What may be published, what an answer means, how long to wait. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from yiwang.platform.sharing.events.types import Delivery, EventFault, NewEvent, Topic
from yiwang.platform.sharing.rules import faults

MOST = 500
"""Most events of one call."""
LARGEST = 65_536
"""Most bytes of one event's data, as JSON."""
LONGEST = 120
"""Most characters of an event's own id and of its subject."""
REFUSALS = 5
"""How often an event is refused until somebody has to look."""
LONGEST_PAUSE = 600.0
"""Seconds that the back-off grows to."""
CONTENT = frozenset({400, 409, 413, 422})
"""Answers that speak of what was sent. Whatever else is not 2xx (401, 404, 429, 5xx, a redirect) speaks of the subscriber:
nothing is wrong with the event, and the whole subscription waits.
"""
GONE = 410


def event_faults(topic: Topic, events: Sequence[NewEvent], now: datetime) -> list[EventFault]:
    """Return everything that is wrong with events, in words of ``sharing.rules.FAULTS`` and ``unknown``, ``twice``."""
    found: list[EventFault] = []
    seen: set[str] = set()
    for place, one in enumerate(events):
        found += [EventFault(place, item, word) for item, word in _own_faults(one, seen, now)]
        found += [EventFault(place, item, word) for item, word in _data_faults(topic, one, now.date())]
        seen.add(one.id)
    return found


def _own_faults(one: NewEvent, seen: set[str], now: datetime) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in (("id", one.id), ("subject", one.subject)):
        if not value.strip():
            found.append((name, "required"))
        elif len(value) > LONGEST:
            found.append((name, "length"))
        elif "\0" in value:
            found.append((name, "kind"))
    if one.id in seen:
        found.append(("id", "twice"))
    if one.at.tzinfo is None:
        found.append(("at", "kind"))
    elif one.at > now + timedelta(minutes=5):  # other clocks go a little fast
        found.append(("at", "max"))
    return found


def _data_faults(topic: Topic, one: NewEvent, today: date) -> list[tuple[str, str]]:
    names = {item.name for item in topic.items}
    found = [(item.name, word) for item in topic.items for word in faults(item, one.data.get(item.name), today=today)]
    found += [(name[:60], "unknown") for name in sorted(set(one.data) - names)]
    written = json.dumps(dict(one.data), ensure_ascii=False, default=str)
    if len(written.encode(errors="replace")) > LARGEST:
        found.append(("data", "length"))
    if "\\u0000" in written:
        found.append(("data", "kind"))
    return found


def meaning(status: int) -> Delivery:
    """Return what a subscriber's answer means."""
    if 200 <= status < 300:
        return Delivery.TAKEN
    if status == GONE:
        return Delivery.GONE
    return Delivery.REFUSED if status in CONTENT else Delivery.FAILED


def pause(failures: int, chance: float, wanted: float = 0.0) -> float:
    """Return the seconds until the next try: they double up to ten minutes, with ``chance`` (0 to 1) taking up to half away,
    so that those who failed together do not come back together. ``wanted`` is what the subscriber asked for.
    """
    grown = min(2.0 ** min(failures - 1, 20), LONGEST_PAUSE)
    return max(grown * (1 - chance / 2), min(wanted, LONGEST_PAUSE))
