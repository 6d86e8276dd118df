"""Kill -9 of web, worker, database and the agencies' systems while data are fetched from them and events are told to them:
both ends hold the same afterwards, and who is told has every event, in order for each subject.
"""

from __future__ import annotations

import json
import random
import threading
import time
import traceback
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import yaml

from yiwang.config.environment import ROOT
from yiwang.config.simulate import running, stores
from yiwang.config.simulate.listening import Listener
from yiwang.kernel.sealed import KeyRing
from yiwang.platform.sharing.inspecting import PLACE
from yiwang_client import Client, Event

from .city import PACK, City, wait_for
from .judge import Judge
from .killer import KILLS, SEED, Killer
from .people import Ledger
from .pusher import client

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

DATASET, ITEMS, SUM = "population", ("number", "name", "age"), "age"
"""What is fetched in the meantime, items that every pack's has, and the one whose sum is taken."""
LISTENERS = 5
SUBJECTS = 12
MOST = 40  # events of a call, and rows that an agency changes at a time
SETTLE = 180  # seconds: a subscriber that failed often is tried again after a while
IN_FLIGHT = 0.6
SECRET = "only-for-tests-0123456789"
BEFOREHAND = """
import uuid
from yiwang.doors.openapi.acts import register_client
from yiwang.kernel.types import SYSTEM
from yiwang.platform.directory import queries

agency = queries.get_agency("{agency}")
register_client(
    "{name}", "{name}", "{secret}", ["data:publish"], "断电时也说得到", agency=agency.id, by=SYSTEM, key=uuid.uuid4().hex
)
"""


@dataclass
class Source:
    """An agency's own store that changes all the time: rows are written anew, go, and come again."""

    store: stores.Store
    random: random.Random
    changed: int = 0
    gone: list[stores.Row] = field(default_factory=list)

    def change(self) -> None:
        """Change some rows."""
        rows = list(self.store.good(DATASET))
        for row in self.random.sample(rows, min(MOST, len(rows))):
            values: dict[str, Any] | None = row.values | {SUM: self.random.randrange(100)}
            if len(rows) > 1 and self.random.random() < 0.1:
                values, _none = None, self.gone.append(row)
            self.store.change(DATASET, row.subject, row.own, values, datetime.now(UTC))
            self.changed += 1
        if self.gone and self.random.random() < 0.5:
            row = self.gone.pop()
            self.store.change(DATASET, row.subject, row.own, row.values, datetime.now(UTC))


@dataclass
class Traffic:
    """What goes on: rows change and are fetched, events are published; what was acknowledged is kept."""

    city: City
    source: Source
    topic: dict[str, Any]
    client: Client
    random: random.Random
    failures: list[str]
    published: list[Event] = field(default_factory=list)
    flying: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def count(self) -> int:
        """How many calls were acknowledged."""
        return len(self.published) // MOST

    def run(self) -> None:
        """Go on until it is over."""
        try:
            while not self.over.is_set():
                self.source.change()
                self.fetch()
                events = [self._event(len(self.published) + place) for place in range(MOST)]
                self.flying = 1
                assert self.client.publish(self.topic["code"], events) == MOST, "sent again, it is answered as before"
                self.flying = 0
                self.published += events
        except BaseException:
            self.failures.append(traceback.format_exc())

    def fetch(self) -> None:
        """Let everything be due now that nobody is fetching; nobody waits for what failed a moment ago."""
        try:
            with psycopg.connect(self.city.database_url()) as connection:
                connection.execute("UPDATE sharing_feed SET next_at = now() WHERE claim IS NULL")
        except (psycopg.OperationalError, OSError):
            return

    def _event(self, number: int) -> Event:
        subject = f"C{self.random.randrange(SUBJECTS)}"
        data = {item["name"]: _value(item, f"{self.topic['run']} {number}") for item in self.topic["items"]}
        return Event(id=f"chaos-{self.topic['run']}-{number}", subject=subject, at=datetime.now(UTC), data=data)


def _value(item: dict[str, Any], mark: str) -> str:
    """Return what an item of an event says: of every text, the event's own mark."""
    if item.get("options"):
        return str(item["options"][0])
    return {"uscc": "91339901MADEM0011Y", "date": "2026-03-02"}.get(item.get("kind", "text"), mark)


@pytest.fixture
def topic(city: City) -> dict[str, Any]:
    """A topic about firms, whose agency has a client that publishes."""
    rows = yaml.safe_load((ROOT / "packs" / PACK / "topics.yaml").read_text("utf-8"))
    found = next(row for row in rows if row["code"].startswith("amr."))
    found["run"] = f"chaos{uuid.uuid4().hex[:8]}"
    wanted = BEFOREHAND.format(agency=found["agency"], name=found["run"], secret=SECRET)
    ran = city.run("shell", "--no-imports", "-c", wanted)
    assert ran.returncode == 0, ran.stderr
    return dict(found)


def test_what_agencies_have_and_are_told_is_the_same_at_both_ends(city: City, topic: dict[str, Any]) -> None:
    folder = city.state_dir / "agencies"
    chance = random.Random(SEED)
    places = {place.agency: place for place in running.places(folder)}
    listeners = sorted(agency for agency in places if agency != topic["agency"] or len(places) <= LISTENERS)[:LISTENERS]
    listening = city.run("simulate", "listen", topic["code"], *listeners)
    assert listening.returncode == 0, listening.stderr
    provider = next(agency for agency, place in places.items() if DATASET in place.datasets)
    source = Source(stores.Store(folder / f"{provider}.sqlite"), chance)
    judge, failures = Judge(city, Ledger()), []
    with client(city.address, topic["run"], SECRET) as platform:
        traffic = Traffic(city, source, topic, platform, chance, failures)
        targets = [city.web_process, city.worker, city.database, city.backend, city.agency, city.agencies]
        killer = Killer(city, traffic, random.Random(SEED), failures, targets, IN_FLIGHT, pause=2)
        began = time.monotonic()
        going = threading.Thread(target=traffic.run)
        going.start()
        try:
            killer.run()
        finally:
            traffic.over.set()
            going.join()
    struck = time.monotonic() - began

    ring = KeyRing.parse(json.loads((city.state_dir / "secrets.json").read_text())["data_keys"])

    def fetched() -> Counter[tuple[str, ...]]:
        """Return the rows that the platform holds."""
        rows = judge.rows(
            'SELECT "values" FROM sharing_record t JOIN sharing_dataset d ON d.id = t.dataset_id'
            " WHERE d.code = %s AND valid_to IS NULL",
            DATASET,
        )
        return Counter(_line(json.loads(ring.open(sealed, PLACE))) for (sealed,) in rows)

    def heard(agency: str) -> list[tuple[str, str]]:
        """Return subject and mark of the events that an agency was told, in the order in which it took them."""
        told = Listener(stores.Store(folder / f"{agency}.sqlite")).heard()
        return [(one["subject"], one["data"]["name"]) for one in told if topic["run"] in one["data"]["name"]]

    def is_settled() -> bool:
        traffic.fetch()
        told = all(len(heard(agency)) >= len(traffic.published) for agency in listeners)
        return told and fetched() == there

    if not failures:
        _count_as_dead(city)
    there = Counter(_line(row.values) for row in source.store.good(DATASET))
    if not failures:
        wait_for(is_settled, SETTLE, every=0.5)
    report = {
        "pack": PACK, "seed": SEED, "kills": killer.struck, "events": len(traffic.published), "listeners": len(listeners),
        "changed": source.changed, "seconds": round(struck), "settled": round(time.monotonic() - began - struck),
    }  # fmt: skip
    print(json.dumps(report))  # noqa: T201 - what `make chaos` shows
    assert not failures, "\n".join([str(report), *failures])
    assert len(killer.struck) == KILLS

    here = fetched()
    assert sum(here.values()) == sum(there.values())
    assert _sum(here) == _sum(there)
    assert here == there
    said = [(event.subject, str(event.data["name"])) for event in traffic.published]
    stream = judge.rows("SELECT count(*) FROM sharing_topicmessage WHERE published_by = %s", topic["run"])
    assert stream == [(len(said),)], "an event is in the stream once"
    for agency in listeners:
        assert _by_subject(heard(agency)) == _by_subject(said), agency


def _count_as_dead(city: City) -> None:
    """Whoever held a feed or a subscription counts as dead from now on: nobody waits for the minute that it takes."""
    with psycopg.connect(city.database_url()) as connection:
        connection.execute("UPDATE sharing_feed SET next_at = now()")
        connection.execute("UPDATE sharing_subscription SET leased_until = now()")


def _line(values: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(values[name]) for name in ITEMS)


def _sum(rows: Counter[tuple[str, ...]]) -> int:
    return sum(int(row[ITEMS.index(SUM)]) * count for row, count in rows.items())


def _by_subject(events: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the marks of each subject's events in their order."""
    found: dict[str, list[str]] = {}
    for subject, mark in events:
        found.setdefault(subject, []).append(mark)
    return found
