"""Connectors by HTTP and SQL against real sources: what came is what they have, and what is wrong is told plainly."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.sql.elements import quoted_name

from yiwang.kernel import clock
from yiwang.kernel.fields import FieldKind
from yiwang.platform.sharing import calling, feeding
from yiwang.platform.sharing.connectors import Source, registry
from yiwang.platform.sharing.models import BadRow, Dataset, Feed, Run
from yiwang.platform.sharing.sql import Table, plain, typed
from yiwang.platform.sharing.tests.datasets import dataset, item, published
from yiwang.platform.sharing.tests.sources import database, feed_of, held, pages, read, serving, since

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
CARS = dataset(
    code="test_cars",
    key=("plate",),
    items=(item("plate", required=True), item("brand"), item("bought_on", kind=FieldKind.DATE)),
)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


@pytest.fixture
def cars(testville: None, db: None) -> Dataset:
    return published(CARS)


def car(number: int, **more: Any) -> dict[str, Any]:
    return {"subject": f"某{number}", "plate": f"浙C{number}", "at": "2026-03-01T08:00:00+08:00", **more}


def again(feed: Feed) -> Feed:
    Feed.objects.update(next_at=NOON)
    return read(feed)


def test_what_was_refused_makes_nothing_fresh(cars: Dataset) -> None:
    Dataset.objects.filter(pk=cars.pk).update(refreshed_at=None)
    rows: list[dict[str, Any]] = [{"subject": "某1"}, {"subject": "某2"}]
    with serving(since(rows)) as server:
        feed = read(feed_of(cars, "http_pull", address=server.url))
        cars.refresh_from_db()
        assert (feed.read_to, cars.refreshed_at) == (NOON, None), "all was read, and none of it was taken"
        rows += [{"subject": "某3"}, car(4)]
        again(feed)
        cars.refresh_from_db()
        assert cars.refreshed_at == NOON


# --- what the doctor is told ---


def _levels(name: str) -> list[str]:
    return [str(one.level) for one in registry.get(name).check_config()]


def test_what_can_fetch_nothing_says_so(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.YIWANG_FEED_DIR = tmp_path
    reaching = ("http_pull", "http_ask", "sql_pull")
    assert not any(_levels(name) for name in (*reaching, "file_drop", "push"))
    settings.YIWANG_FEED_NETWORKS = []
    assert [_levels(name) for name in reaching] == [["warning"]] * 3
    monkeypatch.setitem(sys.modules, "pymysql", None)
    assert _levels("sql_pull") == ["warning", "error"]


def test_the_folder_of_files_has_to_be_there_and_writable(settings: Any, tmp_path: Path) -> None:
    settings.YIWANG_FEED_DIR = tmp_path / "none"
    assert _levels("file_drop") == ["warning"]
    settings.YIWANG_FEED_DIR = Path("/proc/self")
    assert _levels("file_drop") == ["error"]
    settings.YIWANG_FEED_DIR = tmp_path
    assert _levels("file_drop") == []
    assert not list(tmp_path.iterdir()), "nothing is left behind"


# --- HTTP ---


def test_http_goes_on_from_its_token(cars: Dataset) -> None:
    rows = [car(number) for number in range(25)]
    with serving(since(rows)) as server:
        address = f"{server.url}?table=cars"
        feed = read(feed_of(cars, "http_pull", address=address, settings={"limit": 10}, secret="s3cret"))
        assert len(held(cars)) == 25
        assert (feed.token, feed.failures, feed.last_error, feed.read_to) == ("25", 0, "", NOON)
        assert [one.get("since") for one in server.asked] == [None, "10", "20"]
        assert {one["table"] for one in server.asked} == {"cars"}
        assert server.heads[0]["Authorization"] == "Bearer s3cret"
        rows += [car(3, brand="红旗"), car(30), car(4, deleted=True)]
        again(feed)
    assert len(held(cars)) == 25
    counts = Run.objects.order_by("id").values_list("state", "read", "added", "changed", "removed", "token")
    assert list(counts) == [("done", 25, 25, 0, 0, "25"), ("done", 3, 1, 1, 1, "28")]


def test_http_page_by_page(cars: Dataset) -> None:
    rows = [car(number) for number in range(25)]
    with serving(pages(rows)) as server:
        feed = read(feed_of(cars, "http_pull", address=server.url, settings={"limit": 10, "paging": "pages"}))
        assert (feed.token, feed.last_error) == (None, "")
        assert [one["page"] for one in server.asked] == ["1", "2", "3"]
        rows[7] = car(7, brand="红旗")
        again(feed)
    assert len(held(cars)) == 25
    assert [run.changed for run in Run.objects.order_by("id")] == [0, 1]


ODD: list[tuple[Any, str]] = [
    ((500, {}, b""), "回答 500"),
    ((401, {}, b""), "不认令牌"),
    ((204, {"Content-Length": "0"}, b""), "回答 204"),
    ((200, {}, b"<html>"), "不是 JSON"),
    ((200, {}, b"[" * 100_000), "不是 JSON"),
    ((200, {}, b'{"rows": [' + b"9" * 5000 + b"]}"), "不是 JSON"),
    ((200, {}, b"[]"), "不是 JSON 对象"),
    ((200, {}, b'{"rows": {}}'), "没有 rows"),
    ((200, {"Content-Encoding": "gzip"}, b"x"), "是压缩的"),
    ({"rows": [], "more": True}, "没有给出往下的标记"),
    ({"rows": [], "next": {"a": 1}}, "next"),
    ({"rows": [], "next": "x" * 3000}, "next"),
    ({"rows": [{}] * 10_001}, "一批是"),
    ((200, {"Content-Length": "99"}, b"{}"), "连不上"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "told"), ODD, ids=[told for _answer, told in ODD])
def test_odd_answers_are_told(cars: Dataset, answer: Any, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "READ", 1.0)
    with serving(lambda _query: answer) as server:
        feed = read(feed_of(cars, "http_pull", address=server.url))
    assert told in feed.last_error
    assert (feed.failures, feed.token) == (1, None)


def test_what_is_too_much_or_too_slow_is_broken_off(cars: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "MAX_BYTES", 1000)
    with serving(lambda _query: {"rows": [], "x": "x" * 2000}) as server:
        assert "超过" in read(feed_of(cars, "http_pull", address=server.url)).last_error
    monkeypatch.setattr(calling, "WHOLE", -1.0)
    with serving(lambda _query: {"rows": []}) as server:
        assert "太慢" in read(feed_of(cars, "http_pull", address=server.url)).last_error
    monkeypatch.setattr(calling, "READ", 0.1)
    with serving(lambda _query: time.sleep(0.5)) as server:
        assert "ReadTimeout" in read(feed_of(cars, "http_pull", address=server.url)).last_error
    assert "ConnectError" in read(feed_of(cars, "http_pull", address="http://127.0.0.1:1/")).last_error


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates().map(str)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2)
)
NAMES = st.sampled_from(["subject", "at", "deleted", "plate", "brand", "bought_on"]) | st.text(max_size=4)


@pytest.mark.slow
@settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.dictionaries(NAMES, ANYTHING, max_size=6) | ANYTHING, max_size=6))
def test_no_row_however_odd_holds_up_the_others(cars: Dataset, rows: list[Any]) -> None:
    body = json.dumps({"rows": [*rows, car(1), '"\ud800"', {"subject": "\ud800", "plate": "\x00"}], "next": "1"})
    with transaction.atomic(), serving(lambda _query: (200, {}, body.encode())) as server:
        feed = read(feed_of(cars, "http_pull", address=server.url))
        assert (feed.failures, feed.last_error, feed.token) == (0, "", "1")
        run = Run.objects.get()
        assert run.read == len(rows) + 3
        assert BadRow.objects.filter(run=run).count() == run.rejected
        assert [row.values for row in BadRow.objects.filter(run=run)]
        assert any(one["plate"] == "浙C1" for one in held(cars))
        transaction.set_rollback(True)


# --- SQL ---


@contextmanager
def table(sql: str) -> Iterator[tuple[psycopg.Connection, dict[str, Any]]]:
    """Make a table in a schema of its own, and give what a feed needs to read it."""
    with database() as (connection, address, user, secret):
        connection.execute('DROP SCHEMA IF EXISTS "Quelle" CASCADE; CREATE SCHEMA "Quelle"; SET search_path = "Quelle"')
        try:
            connection.execute(sql)
            yield connection, {"address": address, "secret": secret, "settings": {**user, "schema": "Quelle"}}
        finally:
            connection.execute('DROP SCHEMA "Quelle" CASCADE')


def sql_feed(cars: Dataset, how: dict[str, Any], columns: dict[str, str] | None = None, **settings: Any) -> Feed:
    return read(feed_of(cars, "sql_pull", **how | {"settings": how["settings"] | settings}, columns=columns or {}))


CARS_TABLE = """
    CREATE TABLE "Cars; DROP x" (
        id int PRIMARY KEY, who text, "Plate No" text, kauf timestamp, upd timestamptz NOT NULL, extra text, weg int
    );
    INSERT INTO "Cars; DROP x"
    SELECT n, '某' || n, '浙C' || n, '2020-01-01', timestamptz '2026-01-01' + (n / 7) * interval '1 s', 'x', 0
    FROM generate_series(1, 50) n
"""
COLUMNS = {"who": "subject", "Plate No": "plate", "kauf": "bought_on", "upd": "at", "weg": "deleted"}


def test_sql_goes_on_from_its_token(cars: Dataset) -> None:
    with table(CARS_TABLE) as (there, how):
        feed = sql_feed(cars, how, COLUMNS, table="Cars; DROP x", change="upd", limit=8)
        assert (feed.last_error, feed.token) == ("", ["2026-01-01T00:00:07+00:00", 50])
        assert len(held(cars)) == 50
        assert held(cars)[0]["bought_on"] == "2020-01-01"
        assert feed.drift == {"missing": ["brand"], "unknown": ["extra"]}
        there.execute("UPDATE \"Cars; DROP x\" SET upd = '2026-02-01', kauf = NULL WHERE id = 3")
        there.execute("UPDATE \"Cars; DROP x\" SET upd = '2026-02-01', weg = 1 WHERE id = 4")
        there.execute("INSERT INTO \"Cars; DROP x\" VALUES (51, '某51', NULL, NULL, '2026-02-01', NULL, 0)")
        feed = again(feed)
        run = Run.objects.latest("id")
        assert (run.read, run.changed, run.removed, run.rejected) == (3, 1, 1, 1)
        assert again(feed).last_error == ""
        assert Run.objects.count() == 2, "nothing new, no run"


@pytest.mark.slow
def test_rows_that_change_at_the_same_instant_are_told_apart_by_their_key(cars: Dataset) -> None:
    rows = "CREATE TABLE t (subject text, plate text, n int, PRIMARY KEY (subject, plate)); INSERT INTO t SELECT"
    with table(f"{rows} '某' || n % 5, '浙C' || n, 1 FROM generate_series(1, 23) n") as (_there, how):
        for limit in (1, 2, 7, 23, 24):
            feed = sql_feed(cars, how, table="t", change="n", limit=limit)
            assert (feed.last_error, len(held(cars))) == ("", 23)
            Feed.objects.update(token=None)
    assert sum(run.read for run in Run.objects.all()) == 5 * 23


def test_views_need_their_key_named_and_columns_that_are_not_there_are_told(cars: Dataset) -> None:
    with table(f"{CARS_TABLE}; CREATE VIEW v AS SELECT who AS subject, id, upd, id::text AS plate FROM \"Cars; DROP x\"") as (
        _there, how,
    ):  # fmt: skip
        assert "没有主键" in sql_feed(cars, how, table="v", change="upd").last_error
        assert "没有“nr”" in sql_feed(cars, how, table="v", change="upd", key="nr").last_error
        assert "没有“x”" in sql_feed(cars, how, table="v", change="x", key="id").last_error
        assert "没有这张表" in sql_feed(cars, how, table="w", change="x", key="id").last_error
        assert sql_feed(cars, how, table="v", change="upd", key="id, plate").last_error == ""
        assert "OperationalError" in sql_feed(cars, how | {"secret": "wrong"}, table="v", change="upd").last_error
    assert len(held(cars)) == 50


def test_a_source_is_only_read(cars: Dataset) -> None:
    trap = """
        CREATE TABLE hit (n int);
        CREATE FUNCTION trap() RETURNS int LANGUAGE sql VOLATILE AS 'INSERT INTO "Quelle".hit VALUES (1) RETURNING n';
        CREATE VIEW v AS SELECT '甲' AS subject, trap()::text AS plate, 1 AS n
    """
    with table(trap) as (there, how):
        feed = sql_feed(cars, how, table="v", change="n", key="n")
        assert "25006" in feed.last_error
        assert there.execute("SELECT count(*) FROM hit").fetchone() == (0,)


def test_what_is_still_being_written_waits(cars: Dataset) -> None:
    """A row that was stamped early and committed late is not passed over."""
    fresh = "CREATE TABLE t (id int PRIMARY KEY, subject text, plate text, upd timestamp NOT NULL, utc timestamptz)"
    with table(fresh) as (there, how), database() as (late, _address, _user, _secret):
        there.execute("INSERT INTO t VALUES (1, '甲', 'a', localtimestamp - interval '1 h', now() - interval '1 h')")
        late.execute("BEGIN")
        late.execute("INSERT INTO \"Quelle\".t VALUES (2, '乙', 'b', localtimestamp - interval '3 s', now())")
        there.execute("INSERT INTO t VALUES (3, '丙', 'c', localtimestamp, now())")
        for change in ("upd", "utc"):
            feed = sql_feed(cars, how, table="t", change=change)
            assert feed.token is not None
            assert feed.token[1] == 1
        late.execute("COMMIT")
        there.execute("UPDATE t SET upd = upd - interval '10 s', utc = utc - interval '10 s' WHERE id > 1")
        assert again(feed).last_error == ""
        assert len(held(cars)) == 3
        there.execute("ALTER TABLE t ADD day date DEFAULT current_date")
        there.execute("UPDATE t SET day = day - 1 WHERE id = 1")
        feed = sql_feed(cars, how, table="t", change="day", settle=0)
        assert feed.token is not None
        assert feed.token[1] == 1, "a day that is not over"


def test_where_to_go_on_is_sealed(cars: Dataset) -> None:
    """A table of people has their numbers as its key, and the key of the last row is where to go on."""
    number = "33990219750303333X"
    rows = "CREATE TABLE t (number text PRIMARY KEY, plate text, n int); INSERT INTO t VALUES"
    with table(f"{rows} ('{number}', '浙C1', 1)") as (_there, how):
        feed = sql_feed(cars, how, {"number": "subject"}, table="t", change="n")
        assert (feed.last_error, feed.token, Run.objects.get().token) == ("", [1, number], [1, number])
    with connection.cursor() as sql:
        for one in ("sharing_feed", "sharing_run"):
            sql.execute(f"SELECT token FROM {one}")
            stored = sql.fetchone()[0]
            assert number.encode() not in (stored.encode() if isinstance(stored, str) else bytes(stored))


def test_tokens_that_stood_open_are_sealed_by_the_upgrade(cars: Dataset) -> None:
    feed = read(feed_of(cars, "demo", settings={"count": 3}))
    token = ["2026-01-01T00:00:07+00:00", "33990219750303333X"]
    Feed.objects.update(token=token)
    Run.objects.create(dataset=cars, connector="push", by="某", began_at=NOON)
    with connection.cursor() as sql:
        sql.execute("SET CONSTRAINTS ALL IMMEDIATE")
    MigrationExecutor(connection).migrate([("sharing", "0014_guardians")])
    with connection.cursor() as sql:
        sql.execute("SELECT token FROM sharing_feed")
        assert json.loads(sql.fetchone()[0]) == token
    forward = MigrationExecutor(connection)
    forward.migrate(forward.loader.graph.leaf_nodes("sharing"))
    feed.refresh_from_db()
    assert feed.token == token
    assert list(Run.objects.order_by("id").values_list("token", flat=True)) == [3, None]


def test_tokens_come_back_as_their_columns_have_them() -> None:
    kinds = {
        sa.DateTime(): NOON.replace(tzinfo=None, microsecond=5),
        sa.DateTime(timezone=True): NOON,
        sa.Date(): date(2026, 3, 2),
        sa.Numeric(): Decimal("12345678901234567890.5"),
        sa.BigInteger(): 2**62,
        sa.Uuid(): UUID(int=5),
        sa.LargeBinary(): b"\x00\x01",
        sa.Text(): "甲'\"",
    }
    for kind, value in kinds.items():
        there = json.loads(json.dumps(plain(value)))
        assert typed(there, sa.Column("x", kind)) == value
    assert typed("0000-00-00", sa.Column("x", sa.Date())) == "0000-00-00", "MySQL has such days"
    assert plain(timedelta(seconds=5)) == "00:00:05"
    assert plain({"a": [1]}) == '{"a": [1]}'


@pytest.mark.parametrize(
    ("dialect", "quote"), [(mysql.dialect(), "`"), (postgresql.dialect(), '"')], ids=["mysql", "postgresql"]
)
def test_statements_quote_every_name_and_bind_every_value(dialect: Any, quote: str) -> None:
    odd = f'a{quote}; DROP TABLE x; -- %s :x "'
    columns = [sa.Column(quoted_name(name, quote=True), sa.Text()) for name in (odd, "upd", "id")]
    made = sa.Table(quoted_name(odd, quote=True), sa.MetaData(), *columns, schema=quoted_name(odd, quote=True))
    page = Table(made, (odd,), (made.c.upd, made.c.id)).page(["'; --", "'; --"], 10, "'; --")
    text = str(page.compile(dialect=dialect))
    name = (
        f'{quote}a{quote * 2}; DROP TABLE x; -- %%s :x ""{quote}'
        if quote == '"'
        else '`a``; DROP TABLE x; -- %%s :x "`'
    )
    assert text.count(f"{name}.{name}") >= 3
    assert "'; --" not in text
    assert text.upper().startswith("SELECT ")
    order = f"ORDER BY {name}.{name}.{quote}upd{quote}, {name}.{name}.{quote}id{quote}"
    assert order in text
    compact = " ".join(text.split())
    assert "LIMIT %s" in compact or "LIMIT %(" in compact


def test_mysql_and_mariadb_are_read_by_the_same_statements() -> None:
    made = sa.Table("t", sa.MetaData(), sa.Column("upd", mysql.DATETIME()), sa.Column("id", mysql.BIGINT()))
    page = Table(made, ("id",), (made.c.upd, made.c.id)).page(["2026-03-02T00:00:00", 5], 10)
    text = " ".join(str(page.compile(dialect=mysql.dialect(), compile_kwargs={"literal_binds": True})).split())
    assert text.endswith(
        "FROM t WHERE t.upd IS NOT NULL AND t.upd >= '2026-03-02 00:00:00' AND (t.upd > '2026-03-02 00:00:00' OR "
        "t.upd = '2026-03-02 00:00:00' AND t.id > 5) ORDER BY t.upd, t.id LIMIT 10"
    )


# --- what is made up, and what never comes ---


def test_demo_makes_rows_up(testville: None, db: None) -> None:
    kinds = (
        item("one", required=True), item("two", kind=FieldKind.INTEGER, min="5", max="9"), item("three", kind=FieldKind.DATE),
        item("four", kind=FieldKind.BOOLEAN), item("five", options=("x", "y")), item("six", kind=FieldKind.MONEY),
    )  # fmt: skip
    row = published(dataset(items=kinds))
    feed = read(feed_of(row, "demo", settings={"count": 25, "limit": 10}))
    run = Run.objects.get()
    assert (feed.token, run.added, run.rejected) == (25, 25, 0)
    feed = read(feed_of(row, "demo", settings={"rows": [{"subject": "甲", "one": "x"}]}))
    assert feed.token == 1


def test_every_connector_describes_its_settings_and_survives_nonsense() -> None:
    for name in registry:
        connector = registry.get(name)
        assert str(connector.label)
        assert all(one.label for one in connector.settings())
        connector.check(Source(dataset(), "\x00", {one.name: "x" for one in connector.settings()}))


# --- the shape of rows ---


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("date", "2026/3/2", "2026-03-02"), ("date", "2026年3月2日", "2026-03-02"), ("date", "20260302", "2026-03-02"),
        ("date", "2026-03-02 00:00:00", "2026-03-02"), ("date", "2026-03-02T00:00:00.000", "2026-03-02"),
        ("date", 20260302, "2026-03-02"), ("date", "2026-13-02", "2026-13-02"), ("date", "20261302", "20261302"),
        ("date", "2026-03-02 10:00", "2026-03-02 10:00"), ("boolean", 1, True), ("boolean", "否", False),
        ("boolean", "vielleicht", "vielleicht"), ("integer", "12.0", "12"), ("integer", 12.0, "12"), ("integer", 12, 12),
        ("integer", "12.5", "12.5"), ("money", "12.50", "12.50"), ("text", 12, "12"), ("text", 12.0, "12"),
        ("text", True, True), ("text", "\ud800x", "?x"), ("text", None, None),
        ("text", float("inf"), []), ("text", {"a": [1]}, []), ("integer", float("nan"), []), ("citizen_id", 5, "5"),
    ],
)  # fmt: skip
def test_only_the_form_of_a_value_changes(kind: str, value: Any, shown: Any) -> None:
    columns = (item("x", kind=FieldKind(kind)),)
    assert feeding.shaped([{"x": value}], {}, columns, NOON) == [{"x": shown}]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2026-03-01 08:00:00", "2026-03-01T08:00:00+08:00"), ("2026-03-01", "2026-03-01T00:00:00+08:00"),
        ("2026/3/1", "2026-03-01T00:00:00+08:00"), ("2026-03-01T00:00:00Z", "2026-03-01T00:00:00+00:00"),
        ((NOON + timedelta(minutes=9)).isoformat(), NOON.isoformat()),
        ((NOON + timedelta(minutes=11)).isoformat(), (NOON + timedelta(minutes=11)).isoformat()),
        ("gestern", "gestern"), ("", ""), (None, None), (5, 5), ("9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59-14:00"),
    ],
)  # fmt: skip
def test_an_instant_without_an_offset_is_chinas(value: Any, shown: Any) -> None:
    assert feeding.shaped([{"at": value}], {}, (), NOON) == [{"at": shown}]


def test_columns_are_mapped_dropped_and_only_named() -> None:
    columns = {"XM": "name", "BZ": "", "ZT": "deleted"}
    items = (item("name"), item("age"))
    row = {"XM": "张三", "name": "李四", "BZ": "x", "age": "5", "ZT": "1", "colour": "红", "330102199001011234": "x"}
    (made,) = feeding.shaped([row], columns, items, NOON)
    assert made == {"name": "张三", "age": "5", "deleted": True, "colour": None, "?": None}
    assert feeding.targets(columns, ("name",))["subject"] == "subject"
