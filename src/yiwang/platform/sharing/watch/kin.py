"""Whose relatives they are whom an officer read about: asked of registers, under a grant for ``WATCHING`` (ADR 13).

Nobody learns what a register says. It is compared with the blind index of an officer's own number, and what comes of it is that
there is an alert or none; so it is no check that a person's page would show beside each reading.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from yiwang.kernel.sealed import blind_index
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing.means import asking
from yiwang.platform.sharing.means.types import SchemeWant
from yiwang.platform.sharing.types import Consumer
from yiwang.platform.sharing.watch.types import KinSource

WATCHING = "watching"
"""What a grant for this names in the place of an item."""
NUMBER = "citizen_id"
"""Scope of the blind index of an officer's own number, as of a person's."""


def kin_of(numbers: Collection[str], sources: Iterable[KinSource]) -> dict[str, frozenset[bytes]]:
    """Return by number the indexes of relatives, of those who have any in the registers that are kept here.

    What is not granted or only asked about at its source says nothing. Three queries for each agency that asks.
    """
    if not numbers:
        return {}
    by_agency: dict[str, list[KinSource]] = {}
    for one in sources:
        by_agency.setdefault(one.agency, []).append(one)
    found: dict[str, set[str]] = {}
    for code, some in by_agency.items():
        agency = directory.get_agency(code)
        wants = tuple(SchemeWant(dataset=one.dataset, fields=one.columns) for one in some)
        consumer = Consumer(agency.function, agency.region, WATCHING)
        for reply in asking.ask(asking.Asked(tuple(numbers), wants, consumer), here=True):
            said = {str(value) for row in reply.rows for value in row.values.values() if value}
            found.setdefault(reply.number, set()).update(said - {reply.number})
    return {number: frozenset(blind_index(one, NUMBER) for one in kin) for number, kin in found.items() if kin}
