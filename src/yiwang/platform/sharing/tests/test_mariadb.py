"""The connector ``sql_pull`` against a real MariaDB: every row once, as it is there, whatever dies; `make test-mysql`."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from yiwang.kernel import certificates, clock
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.problems import Invalid
from yiwang.platform.sharing import reaching, sql
from yiwang.platform.sharing.acts import feeds
from yiwang.platform.sharing.models import BadRow, Dataset, Feed, Record, Run
from yiwang.platform.sharing.tests import mariadb
from yiwang.platform.sharing.tests.datasets import dataset, item, published
from yiwang.platform.sharing.tests.mariadb import SECRET, MariaDb
from yiwang.platform.sharing.tests.sources import feed_of, held, read
from yiwang.platform.sharing.tests.test_reaching import certificate

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        mariadb.SERVER is None or mariadb.INSTALLER is None,
        reason="no MariaDB server is installed (Debian: mariadb-server)",
    ),
]
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
CARS = dataset(
    code="test_cars",
    key=("plate",),
    items=(item("plate", required=True), item("brand"), item("bought_on", kind=FieldKind.DATE)),
)
TABLE = """
    CREATE TABLE `Cars; DROP `` %s :x` (
        id int PRIMARY KEY AUTO_INCREMENT, who varchar(40), `Plate No` varchar(40), kauf datetime, upd timestamp(3) NOT NULL,
        extra text, weg tinyint(1) NOT NULL DEFAULT 0, KEY (upd, id)
    )
"""
NAME = "Cars; DROP ` %s :x"
ROWS = """
    INSERT INTO `Cars; DROP `` %s :x` (who, `Plate No`, kauf, upd, extra)
    SELECT concat('某', seq), concat('浙C', seq), '2020-01-01', '2026-01-01' + INTERVAL seq DIV 7 SECOND, 'x' FROM seq_1_to_50
"""
COLUMNS = {"who": "subject", "Plate No": "plate", "kauf": "bought_on", "upd": "at", "weg": "deleted"}


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    with mariadb.running() as found:
        yield found


@pytest.fixture
def cars(testville: None, db: None) -> Dataset:
    return published(CARS)


def sql_feed(cars: Dataset, how: dict[str, Any], columns: dict[str, str] | None = None, **settings: Any) -> Feed:
    return read(feed_of(cars, "sql_pull", **how | {"settings": how["settings"] | settings}, columns=columns or {}))


def again(feed: Feed) -> Feed:
    Feed.objects.update(next_at=NOON)
    return read(feed)


# --- every row once ---


def test_it_goes_on_from_its_token(cars: Dataset, server: MariaDb) -> None:
    with server.database(TABLE, ROWS) as (there, how):
        feed = sql_feed(cars, how, COLUMNS, table=NAME, change="upd", limit=8)
        assert (feed.last_error, feed.token) == ("", ["2026-01-01T08:00:07", 50])
        assert len(held(cars)) == 50
        assert held(cars)[0]["bought_on"] == "2020-01-01"
        assert feed.drift == {"missing": ["brand"], "unknown": ["extra"]}
        quoted = NAME.replace("`", "``")
        there.execute(f"UPDATE `{quoted}` SET upd = '2026-02-01 00:00:00.250', kauf = NULL WHERE id = 3")
        there.execute(f"UPDATE `{quoted}` SET upd = '2026-02-01', weg = 1 WHERE id = 4")
        there.execute(f"INSERT INTO `{quoted}` (who, upd) VALUES ('某51', '2026-02-01')")
        feed = again(feed)
        run = Run.objects.latest("id")
        assert (run.read, run.changed, run.removed, run.rejected) == (3, 1, 1, 1)
        assert feed.token == ["2026-02-01T08:00:00.250000", 3]
        assert again(feed).last_error == ""
        assert Run.objects.count() == 2, "nothing new, no run"


KEYS = {
    "utf8mb4": "who varchar(20), plate varchar(20)",
    "gbk": "who varchar(20) CHARACTER SET gbk, plate varchar(20) CHARACTER SET gbk COLLATE gbk_bin",
    "binary": "who varbinary(40), plate varbinary(40)",
    "enum": "who enum('浙C9', '浙C1', '甲', '某', 'b', 'a'), plate varchar(20)",
    "uuid": "who uuid, plate varchar(20)",
}
WHO = {"enum": "1 + seq % 6", "uuid": "concat('0189f7c0-0000-7000-8000-00000000000', seq % 5)"}


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("limit", [1, 2, 7, 23, 24])
def test_rows_that_change_at_the_same_instant_are_told_apart_by_their_key(
    cars: Dataset, server: MariaDb, kind: str, limit: int
) -> None:
    table = f"CREATE TABLE t ({KEYS[kind]}, subject varchar(20), n decimal(20, 3), PRIMARY KEY (who, plate))"
    who = WHO.get(kind, "concat('某', seq % 5)")
    rows = f"INSERT INTO t SELECT {who}, concat('浙C', seq), concat('某', seq), 0.125 FROM seq_1_to_23"
    with server.database(table, rows) as (_there, how):
        feed = sql_feed(cars, how, table="t", change="n", limit=limit)
        assert (feed.last_error, len(held(cars)), Run.objects.get().read) == ("", 23, 23)
        feed = again(feed)
        assert (feed.last_error, Run.objects.count()) == ("", 1)


def test_a_change_column_that_is_a_double_is_not_rounded(cars: Dataset, server: MariaDb) -> None:
    """Rounded up it passes rows over, rounded down it reads the last one for ever."""
    table = "CREATE TABLE t (id int PRIMARY KEY, subject varchar(20), plate varchar(20), upd double)"
    rows = "INSERT INTO t SELECT seq, concat('某', seq), concat('浙C', seq), 1e-12 * seq + 1 / 3e0 FROM seq_1_to_23"
    with server.database(table, rows) as (_there, how):
        feed = sql_feed(cars, how, table="t", change="upd", limit=5)
        assert (feed.last_error, len(held(cars)), Run.objects.get().read) == ("", 23, 23)
        feed = again(feed)
        assert Run.objects.count() == 1


def test_a_change_column_that_does_not_equal_itself_is_told(cars: Dataset, server: MariaDb) -> None:
    """MySQL shows a FLOAT with six digits and compares it with all: a page would begin with its own last row for ever."""
    table = "CREATE TABLE t (id int PRIMARY KEY, subject varchar(20), plate varchar(20), upd float)"
    rows = "INSERT INTO t SELECT seq, concat('某', seq), concat('浙C', seq), 0.3 FROM seq_1_to_3"
    with server.database(table, rows) as (_there, how):
        feed = sql_feed(cars, how, table="t", change="upd", limit=1)
        assert "变更列" in feed.last_error
        assert Run.objects.get().read <= 3


# --- whatever dies ---

READER = """
import json, os, sys
import django
django.setup()
from yiwang.platform.sharing import reaching, sql
from yiwang.platform.sharing.connectors import Source
from yiwang.platform.sharing.plugins.sql_pull import database
from yiwang.platform.sharing.tests.test_mariadb import CARS
told = json.load(sys.stdin)
source = Source(CARS, told["address"], told["settings"], {}, told["secret"])
for batch in sql.batches(source, database(source.address), told["token"]):
    print(json.dumps([list(batch.rows), batch.token]), flush=True)
"""
MANY = (
    "CREATE TABLE t (id int PRIMARY KEY, subject varchar(20), plate varchar(20), upd timestamp NOT NULL)",
    "INSERT INTO t SELECT seq, '某', concat('浙C', seq), '2026-01-01' + INTERVAL seq DIV 50 SECOND FROM seq_1_to_3000",
)


def test_a_reader_that_is_killed_is_followed_by_one_that_goes_on(server: MariaDb) -> None:
    with server.database(*MANY) as (there, how):
        token, plates, killed = None, [], 0
        told = {**how, "settings": {**how["settings"], "table": "t", "change": "upd", "limit": 7}}
        env = os.environ | {"YIWANG_MODE": "test", "DJANGO_SETTINGS_MODULE": "yiwang.config.settings"}
        while True:
            reader = subprocess.Popen(
                [sys.executable, "-c", READER], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            assert reader.stdin is not None
            assert reader.stdout is not None
            reader.stdin.write(json.dumps(told | {"token": token}))
            reader.stdin.close()
            for number, line in enumerate(reader.stdout):
                rows, token = json.loads(line)
                plates += [row["plate"] for row in rows]
                if number == 120 and killed < 2:
                    reader.send_signal(signal.SIGKILL)
                    killed += 1
                    break  # what it wrote after this line is lost, as a batch that nobody committed
            reader.stdout.close()
            if reader.wait() == 0:
                break
            assert reader.returncode == -signal.SIGKILL
        assert killed == 2
        assert plates == [f"浙C{number}" for number in range(1, 3001)]
        _wait(lambda: not _connections(there))


def test_a_source_that_is_killed_is_read_on_when_it_is_back(
    cars: Dataset, server: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server.database(*MANY) as (_there, how):
        taken = feeds.take_batch

        def take(*given: Any, **more: Any) -> Any:
            found = taken(*given, **more)
            if _records(cars) == 1000:
                server.kill()
            return found

        monkeypatch.setattr(feeds, "take_batch", take)
        try:
            feed = sql_feed(cars, how, table="t", change="upd", limit=100)
            assert "没有答复" in feed.last_error
            assert (feed.failures, _records(cars), feed.token) == (1, 1000, ["2026-01-01T08:00:20", 1000])
            assert "没有答复" in again(feed).last_error, "nobody listens there"
        finally:
            server.start()
        feed = again(feed)
        assert (feed.last_error, feed.failures, len(held(cars)), _records(cars)) == ("", 0, 3000, 3000)
        assert sum(run.read for run in Run.objects.all()) == 3000


# --- as it is there ---

KINDS = dataset(
    code="test_kinds",
    items=(
        item("price", kind=FieldKind.MONEY), item("exact", kind=FieldKind.DECIMAL), item("about", kind=FieldKind.DECIMAL),
        item("born", kind=FieldKind.DATE), item("seen", kind=FieldKind.DATE), item("yes", kind=FieldKind.BOOLEAN),
        item("no", kind=FieldKind.BOOLEAN), item("bit", kind=FieldKind.BOOLEAN), item("name"), item("old_name"),
        item("count", kind=FieldKind.INTEGER), item("huge", kind=FieldKind.INTEGER), item("kind"), item("kinds"),
        item("year", kind=FieldKind.INTEGER), item("blob"), item("doc"), item("ident"), item("opens"), item("longer"),
        item("whole"), item("stamp"), item("moment"), item("nothing"),
    ),
)  # fmt: skip
KINDS_TABLE = """
    CREATE TABLE t (
        n bigint unsigned PRIMARY KEY, subject varchar(20), at timestamp(6) NULL, price decimal(12,2), exact decimal(38,12),
        about double, born date, seen datetime, yes tinyint(1), no tinyint(1), bit bit(1), name varchar(80),
        old_name varchar(80) CHARACTER SET gbk, count int, huge bigint unsigned, kind enum('b', 'a'), kinds set('x', 'y', 'z'),
        year year, blob_ varbinary(8), doc json, ident uuid, opens time, longer time, whole double, stamp datetime(6),
        moment timestamp(6) NULL, nothing text
    )
"""
RARE = "𠮷𪚥㐂🏠 ﷽ \u200b'\"\\%s%"


def test_values_come_as_they_are_there(testville: None, db: None, server: MariaDb) -> None:
    kinds = published(KINDS)
    values = (
        2**64 - 1, "某", "2026-02-28 16:30:00.123456", "1234567890.10", "0.000000000001", 0.1, "1949-10-01", "2020-02-29", 1, 0,
        1, RARE, "囍镕", -5, 2**63, "a", "x,z", 2026, b"\x00\xff", '{"甲": [1]}', "0189f7c0-0000-7000-8000-000000000001",
        "08:30:00", "-101:02:03", 1e15, "2026-02-28 16:30:00.000001", "2026-02-28 16:30:00", None,
    )  # fmt: skip
    with server.database(KINDS_TABLE) as (there, how):
        there.execute(f"INSERT INTO t VALUES ({', '.join(['%s'] * len(values))})", values)
        feed = sql_feed(kinds, how, {"blob_": "blob"}, table="t", change="n")
        assert (feed.last_error, feed.token, feed.drift) == ("", [2**64 - 1], {})
        assert BadRow.objects.count() == 0, [row.values for row in BadRow.objects.all()]
        (found,) = held(kinds)
        assert Record.objects.get(dataset=kinds).at == datetime(2026, 2, 28, 16, 30, 0, 123456, tzinfo=UTC)
    assert {name: str(value) for name, value in found.items()} == {
        "price": "1234567890.10", "exact": "0.000000000001", "about": "0.1", "born": "1949-10-01", "seen": "2020-02-29",
        "yes": "True", "no": "False", "bit": "True", "name": RARE, "old_name": "囍镕", "count": "-5", "huge": str(2**63),
        "kind": "a", "kinds": "x,z", "year": "2026", "blob": "00ff", "doc": '{"甲": [1]}',
        "ident": "0189f7c0-0000-7000-8000-000000000001", "opens": "08:30:00", "longer": "-101:02:03",
        "whole": "1000000000000000", "stamp": "2026-02-28T16:30:00.000001", "moment": "2026-03-01T00:30:00",
    }  # fmt: skip


def test_days_that_are_none_are_told_and_hold_nothing_up(cars: Dataset, server: MariaDb) -> None:
    table = "CREATE TABLE t (subject varchar(20), plate varchar(20) PRIMARY KEY, bought_on date, upd datetime NOT NULL)"
    with server.database(table, "SET sql_mode = ''") as (there, how):
        there.execute(
            "INSERT INTO t VALUES ('某1', 'a', '0000-00-00', 0), ('某2', 'b', '2026-02-00', 0), ('某3', 'c', NULL, 0)"
        )
        feed = sql_feed(cars, how, table="t", change="upd", limit=1)
        assert (feed.last_error, feed.token) == ("", ["0000-00-00 00:00:00", "c"])
        run = Run.objects.get()
        assert (run.read, run.added, run.rejected) == (3, 1, 2)


# --- what is still being written ---


def test_what_is_still_being_written_waits(cars: Dataset, server: MariaDb) -> None:
    """A row that was stamped early and committed late is not passed over, whether its column knows its zone or not."""
    fresh = """
        CREATE TABLE t (id int PRIMARY KEY, subject varchar(9), plate varchar(9), upd datetime NOT NULL, utc timestamp NOT NULL)
    """
    early, late_, now = ("now() - INTERVAL 1 HOUR", "now() - INTERVAL 3 SECOND", "now()")
    with server.database(fresh) as (there, how), server.root() as late:
        there.execute(f"INSERT INTO t VALUES (1, '甲', 'a', {early}, {early})")
        with late.cursor() as slow:
            late.begin()
            slow.execute(f"INSERT INTO Quelle.t VALUES (2, '乙', 'b', {late_}, {late_})")
            there.execute(f"INSERT INTO t VALUES (3, '丙', 'c', {now}, {now})")
            for change in ("upd", "utc"):
                feed = sql_feed(cars, how, table="t", change=change)
                assert (feed.last_error, feed.token and feed.token[1]) == ("", 1), change
            late.commit()
        there.execute("UPDATE t SET upd = upd - INTERVAL 10 SECOND, utc = utc - INTERVAL 10 SECOND WHERE id > 1")
        assert again(feed).last_error == ""
        assert len(held(cars)) == 3
        there.execute("ALTER TABLE t ADD day date NOT NULL DEFAULT curdate()")
        there.execute("UPDATE t SET day = day - INTERVAL 2 DAY WHERE id = 1")
        feed = sql_feed(cars, how, table="t", change="day", settle=0)
        assert (feed.last_error, feed.token and feed.token[1]) == ("", 1), "a day that is not over"


# --- what changes there ---


def test_drift_is_told(cars: Dataset, server: MariaDb) -> None:
    with server.database(TABLE, ROWS) as (there, how):
        feed = sql_feed(cars, how, COLUMNS, table=NAME, change="upd")
        assert feed.drift == {"missing": ["brand"], "unknown": ["extra"]}
        quoted = NAME.replace("`", "``")
        there.execute(f"ALTER TABLE `{quoted}` DROP extra, DROP kauf, ADD brand text, ADD `neu` point")
        there.execute(f"UPDATE `{quoted}` SET upd = '2026-02-01' WHERE id < 4")
        feed = again(feed)
        assert (feed.last_error, feed.drift) == ("", {"missing": ["bought_on"], "unknown": ["neu"]})
        there.execute(f"ALTER TABLE `{quoted}` RENAME COLUMN upd TO changed")
        feed = again(feed)
        assert "没有“upd”" in feed.last_error
        there.execute(f"RENAME TABLE `{quoted}` TO away")
        assert "没有这张表" in again(feed).last_error


def test_a_column_that_goes_between_two_pages_is_told_and_read_on_without(
    cars: Dataset, server: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server.database(TABLE, ROWS) as (there, how):
        taken = feeds.take_batch

        def take(*given: Any, **more: Any) -> Any:
            found = taken(*given, **more)
            if _records(cars) == 20:
                there.execute(f"ALTER TABLE `{NAME.replace('`', '``')}` DROP kauf")
            return found

        monkeypatch.setattr(feeds, "take_batch", take)
        feed = sql_feed(cars, how, COLUMNS, table=NAME, change="upd", limit=10)
        assert "42S22" in feed.last_error
        assert _records(cars) == 20
        feed = again(feed)
        assert (feed.last_error, len(held(cars))) == ("", 50)
        assert feed.drift == {"missing": ["bought_on", "brand"], "unknown": ["extra"]}


# --- who reads there ---


def test_who_may_read_one_view_can_read_it(cars: Dataset, server: MariaDb) -> None:
    view = "CREATE VIEW v AS SELECT who AS subject, `Plate No` AS plate, id, upd, extra FROM `Cars; DROP `` %s :x`"
    with server.database(TABLE, ROWS, view) as (there, how):
        there.execute(f"REVOKE SELECT ON Quelle.* FROM {mariadb.USER}@'127.0.0.1'")
        there.execute(f"GRANT SELECT ON Quelle.v TO {mariadb.USER}@'127.0.0.1'")
        assert "没有主键" in sql_feed(cars, how, table="v", change="upd").last_error
        assert "没有“nr”" in sql_feed(cars, how, table="v", change="upd", key="nr").last_error
        assert "没有这张表" in sql_feed(cars, how, table="w", change="x", key="id").last_error
        assert "没有这张表" in sql_feed(cars, how, table=NAME, change="upd").last_error
        feed = sql_feed(cars, how, table="v", change="upd", key="id, plate", limit=9)
        assert (feed.last_error, len(held(cars))) == ("", 50)
        feed = sql_feed(cars, how, schema="Quelle", table="v", change="upd", key="id", limit=9)
        assert (feed.last_error, len(held(cars))) == ("", 50)


def test_a_source_is_only_read(cars: Dataset, server: MariaDb) -> None:
    trap = (
        "CREATE TABLE hit (n int)",
        "CREATE FUNCTION trap() RETURNS int MODIFIES SQL DATA BEGIN INSERT INTO hit VALUES (1); RETURN 1; END",
        "CREATE VIEW v AS SELECT '甲' AS subject, cast(trap() AS char) AS plate, 1 AS n",
    )
    with server.database(*trap) as (there, how):
        there.execute(f"GRANT ALL ON Quelle.* TO {mariadb.USER}@'127.0.0.1'")
        feed = sql_feed(cars, how, table="v", change="n", key="n")
        assert "25006" in feed.last_error
        there.execute("SELECT count(*) FROM hit")
        assert there.fetchall() == ((0,),)


# --- what nobody may see ---


def test_no_secret_stands_in_errors_or_logs(
    cars: Dataset, server: MariaDb, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    with server.database(TABLE, ROWS) as (there, how):
        told = [sql_feed(cars, how | {"secret": "Falsch-4711"}, table=NAME, change="upd").last_error]
        there.execute(f"ALTER USER {mariadb.USER}@'127.0.0.1' ACCOUNT LOCK")
        told.append(sql_feed(cars, how, table=NAME, change="upd").last_error)
        there.execute(f"ALTER USER {mariadb.USER}@'127.0.0.1' ACCOUNT UNLOCK")
        there.execute(f"REVOKE ALL, GRANT OPTION FROM {mariadb.USER}@'127.0.0.1'")
        told.append(sql_feed(cars, how, table=NAME, change="upd").last_error)
        monkeypatch.setattr(sql, "_now", lambda *_any: {}[SECRET])
        there.execute(f"GRANT SELECT ON Quelle.* TO {mariadb.USER}@'127.0.0.1'")
        told.append(sql_feed(cars, how, table=NAME, change="upd").last_error)
    assert [one for one in told if not one] == []
    assert "28000" in told[0]
    address = f"mysql://{mariadb.USER}:Falsch-4711@127.0.0.1:{server.port}/Quelle"
    with pytest.raises(Invalid) as refused:
        sql_feed(cars, how | {"address": address}, table=NAME, change="upd")
    said = "\n".join([*told, caplog.text, *(str(vars(one)) for one in caplog.records), str(refused.value.errors)])
    for secret in ("Falsch-4711", SECRET, "heim 密"):
        assert secret not in said
    with connection.cursor() as stored:
        stored.execute(
            "SELECT to_jsonb(f)::text FROM sharing_feed f UNION ALL SELECT to_jsonb(r)::text FROM sharing_run r"
        )
        assert "heim" not in str(stored.fetchall())


@pytest.mark.parametrize(("vouched", "told"), [("127.0.0.1.test", ""), ("other.test", "没有答复")])
def test_a_certificate_is_checked_for_the_name(
    cars: Dataset, server: MariaDb, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, vouched: str, told: str
) -> None:
    file = certificate(tmp_path / "cert.pem", vouched)
    truly = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo",
        lambda host, *more, **named: truly("127.0.0.1" if host == "127.0.0.1.test" else host, *more, **named),
    )  # fmt: skip
    assert reaching.resolved("127.0.0.1.test", 1) == "127.0.0.1"
    with server.database(TABLE, ROWS) as (_there, how):
        how["address"] = how["address"].replace("127.0.0.1", "127.0.0.1.test")
        assert "没有答复" in sql_feed(cars, how, COLUMNS, table=NAME, change="upd", tls=True).last_error, "no TLS there"
        server.kill()
        server.start(f"--ssl-cert={file}", f"--ssl-key={file}")
        monkeypatch.setattr(certificates, "trusted", lambda: ssl.create_default_context(cafile=str(file)))
        try:
            feed = sql_feed(cars, how, COLUMNS, table=NAME, change="upd", tls=True)
        finally:
            server.kill()
            server.start()
    assert told in feed.last_error
    assert len(held(cars)) == (0 if told else 50)


# --- who does not answer ---


def test_a_page_that_takes_too_long_is_broken_off_there_too(
    cars: Dataset, server: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "ANSWERING", 1)
    with server.database("CREATE VIEW v AS SELECT '甲' AS subject, cast(sleep(30) AS char) AS plate, 1 AS n") as (
        there,
        how,
    ):
        began = time.monotonic()
        feed = sql_feed(cars, how, table="v", change="n", key="n")
        assert "没有答复" in feed.last_error
        assert time.monotonic() - began < 10
        _wait(lambda: not _connections(there), 3)


def test_a_server_that_says_nothing_is_left_soon(cars: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "CONNECTING", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"mysql://127.0.0.1:{mute.getsockname()[1]}/x"
        began = time.monotonic()
        feed = sql_feed(cars, {"address": address, "secret": SECRET, "settings": {"user": "x"}}, table="t", change="n")
        assert "没有答复" in feed.last_error
        assert time.monotonic() - began < 10


def test_a_page_may_take_longer_than_a_greeting(
    cars: Dataset, server: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "CONNECTING", 1)
    with server.database("CREATE VIEW v AS SELECT '甲' AS subject, cast(sleep(2) AS char) AS plate, 1 AS n") as (
        _there,
        how,
    ):
        assert sql_feed(cars, how, table="v", change="n", key="n").last_error == ""


def test_a_server_that_asks_for_the_password_as_it_is_does_not_get_it(cars: Dataset) -> None:
    """Whoever stands in between could ask so; what the password would open is the agency's database."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        greeting = (
            b"\x0a10.11.0\0" + b"\1\0\0\0" + b"12345678\0" + b"\xff\xf7" + b"\x2d" + b"\2\0" + b"\xff\x80" + b"\x15"
            + bytes(10) + b"123456789012\0" + b"mysql_native_password\0"
        )  # fmt: skip

        def greet() -> None:
            there, _address = listening.accept()
            with there:
                there.settimeout(5)
                there.sendall(len(greeting).to_bytes(3, "little") + b"\0" + greeting)
                heard.append(there.recv(4096))
                ask = b"\xfemysql_clear_password\0"
                there.sendall(len(ask).to_bytes(3, "little") + b"\2" + ask)
                heard.append(there.recv(4096))

        teller = threading.Thread(target=greet)
        teller.start()
        address = f"mysql://127.0.0.1:{listening.getsockname()[1]}/x"
        feed = sql_feed(cars, {"address": address, "secret": SECRET, "settings": {"user": "x"}}, table="t", change="n")
        teller.join()
    assert "没有答复" in feed.last_error
    assert len(heard) == 2
    assert SECRET.encode() not in b"".join(heard)


def _connections(there: Any) -> int:
    there.execute("SELECT count(*) FROM information_schema.processlist WHERE user = %s", [mariadb.USER])
    return int(there.fetchone()[0])


def _wait(until: Any, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end
        time.sleep(0.05)


def _records(cars: Dataset) -> int:
    return Record.objects.filter(dataset=cars).count()
