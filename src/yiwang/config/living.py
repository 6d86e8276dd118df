"""A city in which something is going on: matters of invented people, begun in the past days, walked through the
ordinary acts in the order of time and left as they stand today.

Only for a city in which nobody has applied yet: the demo, once.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection

from yiwang.config import typed
from yiwang.config.journey import Journey, numbers_of, prepare
from yiwang.config.scenario import Scenario
from yiwang.config.staffing import Staff
from yiwang.kernel import clock, holidays, work
from yiwang.kernel.packs import Pack
from yiwang.kernel.types import SYSTEM, Door, Reach, Role
from yiwang.platform.cases import queries as cases
from yiwang.platform.directory import queries as directory
from yiwang.platform.licences import acts as licences
from yiwang.platform.licences import queries as licence_queries


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A matter begun so many working days ago: a journey of the pack, or a scenario said here.

    ``change`` takes the place of what the journey says.
    """

    days: int
    journey: str = ""
    matter: Scenario | None = None
    change: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What an agency did to a licence (``hold``, ``revoke``, ``withdraw``, ``cancel``) so many working days ago."""

    days: int
    type: str
    number: str
    act: str
    reason: str


def wanted() -> bool:
    """Tell whether the city is still as it was loaded."""
    return not cases.application_page(SYSTEM, size=1)[0]


def live(pack: Pack) -> int:
    """Let the pack's matters come to where they stand today; return how many. Raises PackError.

    What a crash takes of it is made again in a fresh database: commits need not wait for the disk.
    """
    with connection.cursor() as sql:
        sql.execute("SET synchronous_commit TO off")
    try:
        return _live(pack)
    finally:
        with connection.cursor() as sql:
            sql.execute("RESET synchronous_commit")


def _live(pack: Pack) -> int:
    begun = list(pack.rows("living/matters*.yaml", Begun))
    held = list(pack.rows("living/licences.yaml", Held))
    numbers, words = numbers_of(pack), typed.read(pack)
    scenarios = [scenario_of(pack, one) for one in begun]
    pack.stop_if_faulty()
    until = _before(clock.today(), 1)
    worker, staff = _Worker(), Staff()
    walks = []
    for one, scenario in zip(begun, scenarios, strict=True):
        start = _before(clock.today(), one.days)
        walks.append(
            prepare(
                scenario,
                numbers,
                start,
                words=words,
                until=until,
                door=Door.PORTAL,
                settle=worker.settle,
                watched=False,
                staff=staff,
            )
        )
    for _journey in _in_order(walks):
        worker.to(_journey.day)
    with _nine(until):
        work.drain()
    for one in held:
        _hold(one, staff)
    return len(walks)


def _in_order(walks: list[Journey]) -> Iterator[Journey]:
    """Walk all matters at once, always the one that is furthest back; yield it before each of its acts."""
    waiting = [(journey.moment, place, journey, journey.steps()) for place, journey in enumerate(walks)]
    heapq.heapify(waiting)
    while waiting:
        _moment, place, journey, steps = heapq.heappop(waiting)
        yield journey
        if next(steps, None) is not None:
            heapq.heappush(waiting, (journey.moment, place, journey, steps))


class _Worker:
    """Events and timers once a morning for everybody, as the worker had done them by then."""

    def __init__(self) -> None:
        self.day: date | None = None

    def to(self, day: date) -> None:
        """Let it be this morning."""
        if self.day is None or day > self.day:
            self.day = day
            with _nine(day):
                work.drain()

    def settle(self) -> None:
        """Nothing by itself: one morning is enough for all."""


def scenario_of(pack: Pack, begun: Begun) -> Scenario:
    """Return what a matter is; what it refers to and is not there becomes a fault of the pack."""
    scenario = begun.matter
    if begun.journey:
        path = pack.root / "journeys" / f"{begun.journey}.yaml"
        content = pack.yaml(path) if path.exists() else {}
        scenario = pack.make(path, content | (begun.change or {}), Scenario)
    if scenario is None:
        pack.fault(pack.root / "living", 1, f"no such matter: {begun.journey or 'neither journey nor matter'}")
        return Scenario(person="")
    return scenario


def _hold(held: Held, staff: Staff) -> None:
    found = licence_queries.find_by_number(held.type, held.number)
    if found is None:
        raise LookupError(f"{held.type} {held.number} is not in the pack")
    issuer = directory.find_agency_by_uscc(found.issuer_code)
    assert issuer is not None
    by = staff.who(Role.DECIDER, Reach(issuer.path, issuer.region))
    with _nine(_before(clock.today(), held.days)):
        getattr(licences, held.act)(found.id, reason=held.reason, by=by, key=f"living:{held.type}:{held.number}")


def _before(day: date, workdays: int) -> date:
    """Return the working day so many working days before ``day``; years without a calendar count by the week."""
    days = holidays.for_region("", provisional=True)
    while workdays:
        day -= timedelta(days=1)
        workdays -= days.is_workday(day)
    return day


def _nine(day: date) -> Any:
    return clock.at(datetime.combine(day, time(9), tzinfo=clock.SHANGHAI))
