"""Agencies' systems as processes: what they have arrives whole, whoever is killed; who is down holds up nobody."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from yiwang.config.simulate import connecting, dropping, house, running, stores, tables, telling
from yiwang.config.simulate.listening import Listener
from yiwang.kernel import clock
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.tests import forked
from yiwang.platform.sharing import live, runner
from yiwang.platform.sharing.models import Feed, Record
from yiwang.platform.sharing.tests.datasets import dataset, item, published
from yiwang.platform.sharing.tests.sources import feed_of, held, read

PACKS = Path(django_settings.YIWANG_PACK_DIR)
NOBODY = stores.Size(people=0)
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


class Running:
    """The command, running."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.folder = folder
        self.process = forked.begin("simulate", "--folder", str(folder), "agencies", *more)
        self.places = self.wait()

    def wait(self, killed: int = 0) -> dict[str, running.Place]:
        """Wait until each system answers, by a process of now and not by the one that was killed."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.is_alive():
            found = running.places(self.folder)
            mine = [place for place in found if place.pid != killed and _is_of(place.pid, self.process.pid)]
            if mine and mine == found and all(map(connecting.is_up, found)):
                return {place.agency: place for place in found}
            time.sleep(0.05)
        raise AssertionError("the systems do not answer")

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End them."""
        os.kill(self.process.pid, number)
        self.process.join(20)
        assert not self.process.is_alive()


def _is_of(pid: int, parent: int) -> bool:
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) == parent
    return False


@pytest.fixture(scope="module")
def _systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    found = Running(tmp_path_factory.mktemp("simulated") / "agencies", "--pack", "testville", "--people", "0")
    yield found
    found.end()


@pytest.fixture
def systems(_systems: Running) -> Running:
    """Systems that run, know what they knew, and are well."""
    _systems.places = _systems.wait()
    for place in _systems.places.values():
        connecting.behave(place)
    live.forget()
    return _systems


def store(systems: Running, agency: str) -> stores.Store:
    return stores.Store(systems.folder / f"{agency}.sqlite")


def settle(places: dict[str, running.Place], codes: set[str] | None = None) -> None:
    """Read until every feed (of these datasets) has been read to its end."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        Feed.objects.filter(claim=None).update(next_at=clock.now())
        runner.run_due()
        wanted = {code for place in places.values() for code in place.datasets if codes is None or code in codes}
        if not Feed.objects.filter(dataset__code__in=wanted).filter(failures__gt=0).exists():
            return
    raise AssertionError("feeds do not come to their end")


def here(code: str) -> Counter[str]:
    rows = Record.objects.filter(dataset__code=code, valid_to=None)
    return Counter(json.dumps(row.values, sort_keys=True, ensure_ascii=False) for row in rows)


def there(systems: Running, agency: str, code: str) -> Counter[str]:
    return Counter(
        json.dumps(row.values, sort_keys=True, ensure_ascii=False) for row in store(systems, agency).good(code)
    )


# --- stores ---


def test_a_store_is_made_once_for_each_city(tmp_path: Path) -> None:
    root, folder = PACKS / "testville", tmp_path / "agencies"
    assert stores.size_of(folder) is None
    agencies = stores.prepare(root, folder, NOBODY)
    assert sum(map(len, agencies.values())) == 4
    assert stores.size_of(folder) == NOBODY
    amr = stores.Store(folder / "339901-amr.sqlite")
    assert amr.counts()["legal_persons"] == (2, 0)
    amr.change("legal_persons", "x", "[]", {"name": "新"}, datetime.now(UTC))
    assert stores.prepare(root, folder, NOBODY) == agencies
    assert amr.counts()["legal_persons"] == (3, 0), "it is the agency's own: it stays as it is"
    stores.prepare(root, folder, stores.Size(people=0, seed=8))
    assert amr.counts()["legal_persons"] == (2, 0)


def test_changes_come_in_their_order_and_bad_rows_are_told_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "agencies"
    stores.prepare(PACKS / "testville", folder, NOBODY)
    amr = stores.Store(folder / "339901-amr.sqlite")
    (first, second) = amr.since("legal_persons", 0, 10)
    amr.change("legal_persons", first.subject, "[null]", {"name": "x"}, datetime.now(UTC))
    amr.change("legal_persons", second.subject, _own(amr, second.subject), None, datetime.now(UTC))
    after = amr.since("legal_persons", second.seq, 10)
    assert [(row.subject, row.gone) for row in after] == [(first.subject, False), (second.subject, True)]
    assert [row.subject for row in amr.about("legal_persons", [first.subject, second.subject])] == [first.subject] * 2


def _own(found: stores.Store, subject: str) -> str:
    import sqlite3

    with sqlite3.connect(found.path) as file:
        return str(file.execute("SELECT own FROM record WHERE subject = ?", (subject,)).fetchone()[0])


# --- processes ---


def test_each_is_a_process_that_knows_its_callers_and_comes_again(systems: Running) -> None:
    places = systems.places
    assert len({place.pid for place in places.values()}) == len(places) > 1
    amr = places["339901-amr"]
    rows = f"{amr.url}/rows/legal_persons"
    good = {"Authorization": f"Bearer {amr.token}"}
    assert httpx.get(rows, headers=good).json()["next"] > 0
    for wrong in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Bearer {places['339900'].token}"}):
        assert httpx.get(rows, headers=wrong).status_code == 401
        assert httpx.post(f"{amr.url}/ask", headers=wrong, json={}).status_code == 401
        assert httpx.post(f"{amr.url}/behave", headers=wrong, json={}).status_code == 401
    assert httpx.get(f"{amr.url}/rows/drainage_network", headers=good).status_code == 404, "another agency's"
    assert httpx.get(f"{rows}?since=x", headers=good).status_code == 400
    assert oct((systems.folder / running.NOTE).stat().st_mode)[-3:] == "600", "tokens are nobody else's business"
    os.kill(amr.pid, signal.SIGKILL)
    again = systems.wait(killed=amr.pid)["339901-amr"]
    assert (again.port, again.token) == (amr.port, amr.token)
    assert again.pid != amr.pid


@pytest.mark.slow
def test_nobody_stays_behind_and_who_comes_back_is_where_it_was(tmp_path: Path) -> None:
    first = Running(tmp_path / "agencies", "--pack", "testville", "--people", "0")
    first.end(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(map(connecting.is_up, first.places.values())):
        time.sleep(0.05)
    assert not any(map(connecting.is_up, first.places.values()))
    again = Running(first.folder, "--pack", "testville", "--people", "0")
    try:
        assert {a: (p.port, p.token) for a, p in again.places.items()} == {
            a: (p.port, p.token) for a, p in first.places.items()
        }
    finally:
        again.end()
    assert not any(map(connecting.is_up, again.places.values()))


@pytest.mark.slow
def test_it_fails_as_it_is_told(systems: Running) -> None:
    amr = systems.places["339901-amr"]
    rows = f"{amr.url}/rows/legal_persons"
    good: dict[str, Any] = {"headers": {"Authorization": f"Bearer {amr.token}"}, "timeout": 1.0}
    connecting.behave(amr, outage="refuse")
    assert httpx.get(rows, **good).status_code == 503
    connecting.behave(amr, outage="garbage")
    assert not httpx.get(rows, **good).content.startswith(b"{")
    for outage, error in (("hang", httpx.ReadTimeout), ("cut", httpx.RemoteProtocolError)):
        connecting.behave(amr, outage=outage)
        with pytest.raises(error):
            httpx.get(rows, **good)
    connecting.behave(amr, outage="refuse", datasets=["penalties"])
    assert httpx.get(rows, **good).status_code == 200, "the outage is about another dataset"
    connecting.behave(amr, latency=200)
    began = time.monotonic()
    assert httpx.get(rows, **good).status_code == 200
    assert time.monotonic() - began > 0.09
    os.kill(amr.pid, signal.SIGKILL)
    systems.wait(killed=amr.pid)
    assert httpx.post(f"{amr.url}/behave", json={"outage": "x"}, **good).status_code == 400
    assert store(systems, "339901-amr").behaviour()["latency"] == 200, "it behaves so after its death, too"


# --- the platform reads from them ---


def test_what_they_have_arrives_whole_and_what_changes_follows(systems: Running, testville: None, db: None) -> None:
    Record.objects.all().delete()
    places = systems.places
    assert connecting.connect(list(places.values())) == 4
    assert connecting.connect(list(places.values())) == 0
    kept = {code for place in places.values() for code in place.datasets}
    settle(places, kept)
    for agency, place in places.items():
        for code in kept & set(place.datasets):
            assert here(code) == there(systems, agency, code), code
    amr = store(systems, "339901-amr")
    gone = amr.since("legal_persons", 0, 1)[0]
    amr.change("legal_persons", gone.subject, _own(amr, gone.subject), None, datetime.now(UTC))
    settle(places, {"legal_persons"})
    assert here("legal_persons") == there(systems, "339901-amr", "legal_persons")
    assert sum(here("legal_persons").values()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("outage", ["refuse", "garbage", "cut"])
def test_who_is_down_holds_up_nobody_and_is_seen_at_the_desk(
    systems: Running, testville: None, db: None, sign_in: Any, outage: str
) -> None:
    places = systems.places
    connecting.connect(list(places.values()))
    connecting.behave(places["339901-amr"], outage=outage)
    connecting.behave(places["339900"], outage="refuse", datasets=["drainage_network"])
    for _turn in range(3):
        Feed.objects.update(next_at=clock.now())
        runner.run_due()
    failing = set(Feed.objects.filter(failures__gte=3).values_list("dataset__code", flat=True))
    assert failing == {"legal_persons", "drainage_network"}
    assert Feed.objects.get(dataset__code="population").read_to
    assert "中断" in sign_in("steward").get("/desk/feeds/?show=trouble").content.decode()
    connecting.behave(places["339901-amr"])
    settle(places, {"legal_persons"})
    assert here("legal_persons") == there(systems, "339901-amr", "legal_persons")


# --- files ---

ROWS = [
    (f"{n:018d}", {"name": f'名{n}，"引"', "sum": n / 4, "well": n % 2 == 0, "many": ["甲", "乙"]}) for n in range(5)
]
COLUMNS = ("name", "sum", "well", "many")


@pytest.fixture
def dropper(tmp_path: Path) -> dropping.Dropper:
    stores.prepare(PACKS / "testville", tmp_path / "agencies", NOBODY)
    found = stores.Store(tmp_path / "agencies" / "339901-amr.sqlite")
    codes = ("a", "b", "c", "d", "e")
    for code in codes:
        for subject, values in ROWS:
            found.change(code, subject, "[]", values, NOON)
    return dropping.Dropper(found, tmp_path / "feeds" / "339901-amr", dict.fromkeys(codes, COLUMNS))


def read_files(dropper: dropping.Dropper, code: str) -> list[list[str]]:
    """Read what lies there, oldest first, without the headers."""
    found: list[list[str]] = []
    for path in sorted((dropper.folder / code).iterdir()):
        if path.suffix == ".xlsx":
            lines = [[cell or "" for cell in row] for row in load_workbook(path).active.values]
        else:
            content = path.read_bytes()
            text = content.decode("utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "gb18030")
            lines = list(csv.reader(io.StringIO(text)))
        assert lines[0] == ["subject", "at", *COLUMNS, "deleted"]
        found += lines[1:]
    return found


def test_files_hold_what_there_is_then_what_changed(dropper: dropping.Dropper) -> None:
    dropper.drop()
    assert not dropper.folder.exists(), "nobody asked"
    assert not dropper.ask("legal_persons"), "which is no file"
    kinds = set()
    for code in dropper.columns:
        assert dropper.ask(code)
        kinds |= {path.suffix for path in (dropper.folder / code).iterdir()}
        rows = read_files(dropper, code)
        assert [(one[0], one[2], one[4], one[5]) for one in rows] == [
            (subject, values["name"], json.dumps(values["well"]), '["甲", "乙"]') for subject, values in ROWS
        ]
        assert {one[-1] for one in rows} == {"false"}
    assert kinds == {".csv", ".xlsx"}
    empty = dropping.Dropper(dropper.store, dropper.folder, {"nothing": COLUMNS})
    assert empty.ask("nothing")
    assert read_files(empty, "nothing") == [], "a file that says so"
    dropper.drop()
    assert len(read_files(dropper, "a")) == len(ROWS), "nothing changed"
    dropper.store.change("a", ROWS[0][0], "[]", None, NOON)
    handed = dropper.store.handed_over()
    dropper.drop()
    dropper.store.hand_over("a", handed["a"])  # killed before it noted what it had put down
    dropper.drop()
    assert [(one[0], one[-1]) for one in read_files(dropper, "a")[len(ROWS) :]] == [(ROWS[0][0], "true")]


@pytest.mark.parametrize("outage", ["refuse", "hang", "garbage", "cut"])
def test_who_is_down_brings_nothing_or_nonsense_and_later_all(dropper: dropping.Dropper, outage: str) -> None:
    dropper.store.behave({"outage": outage, "datasets": ["a"]})
    for code in ("a", "b"):
        dropper.ask(code)
    dropper.drop()
    files = list((dropper.folder / "a").iterdir()) if (dropper.folder / "a").exists() else []
    assert len(files) == (1 if outage in ("garbage", "cut") else 0), "nonsense comes once"
    assert len(read_files(dropper, "b")) == len(ROWS), "the outage is about another dataset"
    for file in files:
        file.unlink()
    dropper.store.behave({})
    dropper.drop()
    assert len(read_files(dropper, "a")) == len(ROWS)


# --- sent by themselves ---


class Taken:
    """A platform that takes rows, or dies when it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[dict[str, Any]], str]] = []
        self.dies = ""

    def __enter__(self) -> Taken:
        return self

    def __exit__(self, *_any: object) -> None:
        pass

    def push(self, dataset: str, rows: Any, *, key: str = "") -> None:
        if self.dies == "before":
            raise ConnectionError
        self.calls.append((dataset, list(rows), key))
        if self.dies == "after":
            raise ConnectionError


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Taken:
    found = Taken()
    monkeypatch.setattr(telling.Platform, "client", lambda _self, _said: found)
    return found


def test_what_changes_is_sent_once_whoever_dies(dropper: dropping.Dropper, taken: Taken) -> None:
    teller = telling.Teller(dropper.store, {"a": COLUMNS, "b": COLUMNS})
    teller.ask(["a"])
    assert teller.tell() == 0, "it does not know the platform yet"
    teller.platform.meet({"base_url": "x", "client_id": "i", "client_secret": "s"})
    taken.dies = "before"
    with pytest.raises(ConnectionError):
        teller.tell()
    taken.dies = "after"
    with pytest.raises(ConnectionError):
        teller.tell()
    taken.dies = ""
    assert teller.tell() == len(ROWS)
    (first, again) = taken.calls[:2]
    assert first == again, "the same rows with the same key: they count once"
    assert [(row["subject"], row["name"]) for row in first[1]] == [(who, values["name"]) for who, values in ROWS]
    assert all(set(row) == {"subject", "at", *COLUMNS} for row in first[1])
    assert teller.tell() == 0
    assert len(taken.calls) == 2, "nothing new, and it was said a moment ago"
    dropper.store.change("a", ROWS[0][0], "[]", None, NOON)
    dropper.store.behave({"outage": "refuse"})
    assert teller.tell() == 0
    dropper.store.behave({})
    assert teller.tell() == 1
    assert taken.calls[-1][1][0]["deleted"] is True
    assert {dataset for dataset, _rows, _key in taken.calls} == {"a"}, "nobody asked for the other"
    files = dropping.Dropper(dropper.store, dropper.folder, {"c": COLUMNS})
    files.ask("c")
    assert [path.name for path in dropper.folder.iterdir()] == ["c"], "what is sent is not put down as well"
    taken.calls.clear()
    teller.platform.meet({"round": "anew"})
    teller.ask(["a", "c"])
    teller.tell()
    assert {dataset for dataset, _rows, _key in taken.calls} == {"a"}, "nor the other way round"
    assert first[2] not in {key for _dataset, _rows, key in taken.calls}, "asked for anew, it counts anew"


def test_who_has_nothing_new_says_so_now_and_then(
    dropper: dropping.Dropper, taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    teller = telling.Teller(dropper.store, {"empty": COLUMNS})
    teller.platform.meet({"base_url": "x"})
    teller.ask(["empty"])
    for seconds in (0.0, telling.QUIET - 1, telling.QUIET + 1):
        monkeypatch.setattr(telling.time, "monotonic", lambda seconds=seconds: 1000.0 + seconds)
        teller.tell()
    assert [(dataset, rows) for dataset, rows, _key in taken.calls] == [("empty", [])] * 2


# --- read from an agency's database ---


@pytest.mark.slow
def test_tables_are_read_as_they_are_and_as_they_change(testville: None, db: None, dropper: dropping.Dropper) -> None:
    """Through the real connector, as a login that may read its own tables and nothing else."""
    folder, columns = dropper.store.path.parent, {"a": COLUMNS, "b": COLUMNS}
    tokens = {"339901-amr": "geheim'1", "339900": "geheim2"}
    logins = tables.prepare(os.environ["DATABASE_URL"], folder, tokens)
    with psycopg.connect(os.environ["DATABASE_URL"]) as server:
        row = server.execute("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if row != (True,):
        assert logins == {}
        pytest.skip("this server lets its user make no logins")
    login = logins["339901-amr"]
    kept = tables.Tables(dropper.store, login, columns)
    kept.keep()
    items = tuple(
        item(name, kind=FieldKind(kind))
        for name, kind in (("name", "text"), ("sum", "decimal"), ("well", "boolean"), ("many", "text"))
    )
    cars = published(dataset(code="test_a", key=(), items=items))
    how = {"user": login.user, "schema": login.user, "table": "a", "change": "row_seq"}
    feed = feed_of(
        cars, "sql_pull", address=login.address, settings=how, columns={"row_id": ""}, secret=tokens["339901-amr"]
    )
    assert (read(feed).last_error, feed.drift) == ("", {})
    assert len(held(cars)) == len(ROWS)
    assert {"name": '名1，"引"', "sum": "0.25", "well": False, "many": '["甲", "乙"]'} in held(cars)
    dropper.store.change("a", ROWS[0][0], "[]", {"name": "改了"}, datetime.now(UTC))
    dropper.store.change("a", ROWS[1][0], "[]", None, datetime.now(UTC))
    kept.keep()
    assert read(feed).last_error == ""
    assert len(held(cars)) == len(ROWS) - 1
    assert {"name": "改了"} in held(cars)

    dropper.store.behave({"outage": "refuse", "datasets": ["a"]})
    kept.keep()
    assert "42501" in read(feed).last_error
    dropper.store.behave({"outage": "hang"})
    kept.keep()
    assert "OperationalError" in read(feed).last_error
    dropper.store.behave({})
    kept.keep()
    assert read(feed).last_error == ""

    url = urlsplit(login.address)
    with psycopg.connect(
        host="127.0.0.1", port=url.port, dbname=url.path[1:], user=logins["339900"].user, password="geheim2"
    ) as stranger, pytest.raises(psycopg.errors.InsufficientPrivilege):  # fmt: skip
        stranger.execute(f'SELECT * FROM "{login.user}".a')

    shutil.rmtree(folder)
    assert tables.prepare(os.environ["DATABASE_URL"], folder.parent, {}) == {}
    tables.prepare(os.environ["DATABASE_URL"], folder.parent / "other", {"339900": "x"})
    with psycopg.connect(login.owner) as server:
        rows = server.execute("SELECT FROM pg_roles WHERE rolname = ANY(%s)", ([login.user, logins["339900"].user],))
        assert rows.fetchall() == [], "nobody's tables are nobody's"


def test_there_are_no_tables_where_nobody_lets_us(tmp_path: Path) -> None:
    assert tables.prepare("postgresql://u:p@db.example/x", tmp_path, {"a": "b"}) == {}, "not on this machine"
    assert tables.prepare("postgresql://u:p@127.0.0.1:1/x", tmp_path, {"a": "b"}) == {}, "nobody there"


# --- a house, from desk to desk ---


@pytest.fixture
def desks(tmp_path: Path) -> dict[str, house.Desk]:
    """The three desks, in this process, and what they publish handed on as the platform would."""
    folder = tmp_path / "agencies"
    folder.mkdir()
    return {name: house.Desk(f"1-{name}", stores.Store(folder / f"{name}.sqlite")) for name in house.LISTENS}


CONTRACT = house.Contract(
    unit_number="33030200000000GB00000F000000",
    seller_number="339901198501011119",
    buyer_number="339901199002022221",
    price="2000000",
    area="141.5",
)


def hand_on(desks: dict[str, house.Desk], handed: list[int], order: random.Random) -> None:
    """Deliver everything to everybody who listens, some twice and in any order of topics, until nothing new is said."""
    for desk in desks.values():
        desk.meet({"secrets": {"x": "aa"}})
    while True:
        fresh = []
        for desk in desks.values():
            with desk.inbox.connect() as line:
                rows = line.execute("SELECT place, topic, subject, data FROM outbox WHERE NOT sent").fetchall()
                line.execute("UPDATE outbox SET sent = 1")
            fresh += [
                {"id": f"{topic}:{place}", "type": topic, "subject": s, "data": json.loads(d)}
                for place, topic, s, d in rows
            ]
        if not fresh:
            return
        fresh += order.sample(fresh, len(fresh) // 2)
        order.shuffle(fresh)
        for event in fresh:
            for name, topics in house.LISTENS.items():
                if event["type"] in topics:
                    desks[name].inbox.apply([event], desks[name]._apply)
                    handed.append(1)


@pytest.mark.parametrize("seed", range(5))
def test_a_house_is_typed_once_and_every_desk_knows_it(desks: dict[str, house.Desk], seed: int) -> None:
    numbers = [desks["housing"].sign(CONTRACT) for _count in range(3)]
    handed: list[int] = []
    hand_on(desks, handed, random.Random(seed))
    assert len(handed) >= 3 * 5
    for number in numbers:
        at = {name: desk.contracts()[number] for name, desk in desks.items()}
        assert at["tax"]["known"]["amount"] == "30000.00", "more than 140 square metres: 1.5 %"
        assert at["tax"]["known"]["owner_number"] == CONTRACT.buyer_number
        assert at["natural_resources"]["known"]["price"] == CONTRACT.price
        assert at["housing"]["known"]["certificate"] == at["tax"]["known"]["certificate"]
        typed = {name: [item for item, by in one["told"].items() if not by] for name, one in at.items()}
        assert set(typed["housing"]) == {"contract_number", "signed_on", *house.Contract.__slots__}
        assert {"unit_number", "buyer_number", "price", "area"}.isdisjoint(typed["natural_resources"] + typed["tax"])
    assert CONTRACT.buyer_number not in desks["tax"].page()


def test_what_is_not_the_platforms_is_not_believed(desks: dict[str, house.Desk]) -> None:
    tax = desks["tax"]
    event = {"type": house.SIGNED, "id": "1", "subject": "WZ1", "data": {"contract_number": "WZ1"}}
    body, now = json.dumps([event]).encode(), int(time.time())

    def signed(secret: str, at: int = now) -> dict[str, str]:
        code = hmac.new(bytes.fromhex(secret), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return {"Yiwang-Signature": f"t={at},v1={code}"}

    assert not tax.take(signed("aa"), body), "it knows no platform yet"
    tax.meet({"secrets": {house.SIGNED: "aa"}})
    assert not tax.take(signed("bb"), body)
    assert not tax.take(signed("aa", now - 3600), body)
    assert not tax.take({}, body)
    assert not tax.contracts()
    assert tax.take(signed("aa"), body)
    assert list(tax.contracts()) == ["WZ1"]
    assert not tax.take(signed("aa"), body), "the very same delivery again"


def test_whatever_a_system_is_told_it_has_once_and_in_order(tmp_path: Path) -> None:
    told = Listener(stores.Store(tmp_path / "any.sqlite"))
    told.platform.meet({"secrets": {"a.topic": "aa"}})
    events = [{"type": "a.topic", "id": str(n), "subject": "某", "data": {"place": n}} for n in range(3)]

    def deliver(*which: int, secret: str = "aa") -> bool:
        body, now = json.dumps([events[n] for n in which]).encode(), int(time.time())
        code = hmac.new(bytes.fromhex(secret), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
        return told.take({"Yiwang-Signature": f"t={now},v1={code}"}, body)

    assert [deliver(0, 1), deliver(1, 2), deliver(2, secret="bb")] == [True, True, False]
    assert [(one["topic"], one["id"], one["data"]) for one in told.heard()] == [
        ("a.topic", str(n), {"place": n}) for n in range(3)
    ]


def test_tell_and_list_and_nobody_there(systems: Running, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = ["--folder", str(systems.folder)]
    call_command("simulate", *folder, "list")
    rows = json.loads(capsys.readouterr().out)
    assert {row["agency"] for row in rows} == set(systems.places)
    assert systems.places["339901-amr"].token not in json.dumps(rows)
    call_command("simulate", *folder, "tell", "339901-amr", "--outage", "refuse")
    assert store(systems, "339901-amr").behaviour()["outage"] == "refuse"
    with pytest.raises(CommandError, match="339901-nobody"):
        call_command("simulate", *folder, "tell", "339901-nobody")
    with pytest.raises(CommandError, match="have run yet"):
        call_command("simulate", "--folder", str(tmp_path / "none"), "list")


def test_nothing_is_simulated_in_production(settings: Any, tmp_path: Path) -> None:
    settings.YIWANG_DEMO = False
    with pytest.raises(CommandError, match="demo only"):
        call_command("simulate", "--folder", str(tmp_path), "list")
