"""Feeds: whoever dies, whenever, no row is lost and none comes twice; back-off, drift, who may configure them."""

from __future__ import annotations

import io
import signal
import threading
import time
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yiwang.kernel import clock, work
from yiwang.kernel.models import AuditEntry, Event
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound, NotNow, Stale
from yiwang.kernel.tests import forked
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, Role, RoleGrant
from yiwang.platform.directory.models import Agency
from yiwang.platform.sharing import acts, feed_queries, feeding, runner
from yiwang.platform.sharing.acts import feeds
from yiwang.platform.sharing.connectors import Batch, Connector, Source, registry
from yiwang.platform.sharing.models import BadRow, Dataset, Feed, Record, Run
from yiwang.platform.sharing.tests.datasets import dataset, item, published
from yiwang.platform.sharing.tests.sources import feed_of, held, read, serving, since
from yiwang.platform.sharing.types import FeedHealth, FeedSpec, UpdateCycle

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
CARS = dataset(code="test_cars", key=("plate",), items=(item("plate", required=True), item("brand")))


@pytest.fixture(autouse=True)
def noon(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.name == "test_kill_9":  # other processes know the real time only
        yield
        return
    with clock.at(NOON):
        yield


@pytest.fixture
def cars(testville: None, db: None) -> Dataset:
    return published(CARS)


def car(number: int, **more: Any) -> dict[str, Any]:
    return {"subject": f"某{number}", "plate": f"浙C{number}", "at": "2026-03-01T08:00:00+08:00", **more}


class Listed(Connector):
    """Rows of a list in the process; ``count`` may change while it is read."""

    label = "列表"

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.count = 0

    def batches(self, source: Source, token: Any) -> Generator[Batch, None, None]:
        start = token or 0
        while start < self.count:
            end = min(start + 3, self.count)
            strike("read")
            yield Batch(self.rows[start:end], end)
            strike("written")
            start = end


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Listed:
    source = Listed()
    monkeypatch.setitem(registry._plugins, "test_list", source)
    return source


# --- crashes at every place ---


class Killed(BaseException):
    """The process is gone, as far as the code can tell."""


class Fate:
    """Kills at one place: before or after the nth thing that happens."""

    place = -1
    seen = 0


def strike(_what: str) -> None:
    Fate.seen += 1
    if Fate.seen == Fate.place:
        raise Killed


def _around(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
    strike("before a statement")
    found = execute(sql, params, many, context)
    strike("after a statement")
    return found


@contextmanager
def doomed(place: int) -> Iterator[None]:
    """Let what happens inside die at one place; the connection is gone then, with what was not committed."""
    commit = connection._commit

    def around() -> None:
        try:
            strike("before a commit")
            commit()
            strike("after a commit")
        except Killed:
            gone()  # Django would try to go on with it
            raise

    Fate.place, Fate.seen = place, 0
    connection._commit = around  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(_around):
            yield
    except Killed:
        gone()
    finally:
        Fate.place = -1
        del connection._commit


def gone() -> None:
    """End the connection as a death does; what is only closed goes back to the pool."""
    if connection.connection is not None:
        connection.connection.close()
    connection.close()


@pytest.fixture
def pooled(transactional_db: None) -> Iterator[None]:
    """Keep connections in a pool, as a city does: a runner gives its own back for every batch that it waits for."""
    options = connection.settings_dict["OPTIONS"]
    connection.ensure_connection()
    connection.close()
    options["pool"] = {"min_size": 0, "max_size": 8}
    yield
    connection.close()
    connection.close_pool()
    del options["pool"]


@pytest.fixture
def kept_cars(pooled: None, testville: None) -> Dataset:
    return published(CARS)


ROWS = st.lists(
    st.builds(
        lambda number, brand, fault: {"subject": f"某{number}"} if fault else car(number, brand=brand),
        st.integers(0, 8),
        st.sampled_from(["红旗", "飞鸽"]),
        st.booleans(),
    ),
    max_size=14,
)


def _empty(cars: Dataset) -> None:
    Feed.objects.all().delete()
    BadRow.objects.all().delete()
    Run.objects.all().delete()
    Record.objects.filter(dataset=cars).delete()


def live_through(cars: Dataset, listed: Listed, rows: list[dict[str, Any]], deaths: list[tuple[int, int]]) -> int:
    """Read a source that grows, dying where it is said; look whether it all came once, and return how much happened."""
    listed.rows, listed.count = rows, 0
    feed = feed_of(cars, "test_list")
    try:
        for turn, (place, count) in enumerate([*deaths, (-1, len(rows))]):
            listed.count = max(listed.count, min(count, len(rows)))
            with clock.at(NOON + timedelta(days=2 * turn)), doomed(place):
                runner.run_due()
        happened = Fate.seen
        feed.refresh_from_db()
        assert (feed.claim, feed.failures, feed.token) == (None, 0, len(rows) or None)
        assert sum(run.read for run in Run.objects.filter(dataset=cars)) == len(rows)
        assert not Run.objects.exclude(state="done").exists()
        assert BadRow.objects.filter(dataset=cars).count() == sum("plate" not in row for row in rows)
        last = {row["plate"]: row["brand"] for row in rows if "plate" in row}
        assert {one["plate"]: one["brand"] for one in held(cars)} == last
        assert Record.objects.filter(dataset=cars, valid_to=None).count() == len(last)
    finally:
        _empty(cars)
    return happened


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, deaths=st.lists(st.tuples(st.integers(1, 200), st.integers(0, 14)), max_size=6))
def test_whoever_dies_wherever_every_row_is_read_once(
    kept_cars: Dataset, listed: Listed, rows: list[dict[str, Any]], deaths: list[tuple[int, int]]
) -> None:
    live_through(kept_cars, listed, rows, deaths)


@pytest.mark.slow
def test_death_at_each_single_place(kept_cars: Dataset, listed: Listed) -> None:
    rows = [car(1, brand="红旗"), {"subject": "某2"}, car(3, brand="飞鸽"), car(1, brand="飞鸽")]
    places = live_through(kept_cars, listed, rows, [])
    assert places > 60
    for place in range(1, places + 1):
        live_through(kept_cars, listed, rows, [(place, len(rows))])


def test_only_who_holds_a_feed_writes(cars: Dataset, listed: Listed) -> None:
    listed.rows, listed.count = [car(number) for number in range(9)], 9
    feed = feed_of(cars, "test_list")
    first = feeds.take_up()
    assert first is not None
    assert first.claim is not None
    assert feeds.take_up() is None
    assert feeds.take_up("test_cars", early=True) is None, "not by name either"
    batch = Batch(listed.rows[:3], 3)
    acts.take_batch(feed.pk, first.claim, None, batch, by=SYSTEM, key="first-1")
    again = acts.take_batch(feed.pk, first.claim, None, batch, by=SYSTEM, key="first-1")
    assert again.read == 3, "the same call is answered as before"
    with pytest.raises(Stale):
        acts.take_batch(feed.pk, first.claim, None, batch, by=SYSTEM, key="first-2")
    with clock.at(NOON + Connector.patience):
        second = feeds.take_up()
        assert second is not None
        assert second.claim is not None
        assert second.token == 3
        with pytest.raises(Stale):
            acts.take_batch(feed.pk, first.claim, 3, batch, by=SYSTEM, key="first-3")
        feeds.rest(feed.pk, first.claim, None, more=False, news=True)
        feeds.fail(feed.pk, first.claim, "late")
        feed.refresh_from_db()
        assert (feed.claim, feed.token, feed.failures) == (second.claim, 3, 0), "who lost it changes nothing"
        acts.switch_feed(feed.pk, False, by=SYSTEM, key="off-off-off")
        with pytest.raises(Stale):
            acts.take_batch(feed.pk, second.claim, 3, batch, by=SYSTEM, key="second-1")
    assert Run.objects.get().read == 3


@pytest.mark.slow
def test_many_runners_at_once(pooled: None, testville: None, listed: Listed) -> None:
    rows = [published(dataset(code=f"test_{number}")) for number in range(4)]
    listed.rows = [{"subject": f"某{number}", "value": "x"} for number in range(90)]
    listed.count = len(listed.rows)
    for row in rows:
        feed_of(row, "test_list")
    stop = threading.Event()

    def go_on() -> None:
        try:
            while not stop.is_set():
                runner.run_due(stop)
        finally:
            connection.close()

    threads = [threading.Thread(target=go_on) for _one in range(3)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        some = Feed.objects.filter(claim__isnull=False).order_by("?").first()
        if some is not None:  # as if its runner had been silent for too long
            Feed.objects.filter(pk=some.pk, claim=some.claim).update(next_at=clock.now())
        if not Feed.objects.exclude(read_to__isnull=False).exists():
            break
        time.sleep(0.005)
    stop.set()
    for thread in threads:
        thread.join(30)
    for row in rows:
        assert sum(run.read for run in Run.objects.filter(dataset=row)) == len(listed.rows)
        assert Record.objects.filter(dataset=row).count() == len(listed.rows)


@pytest.mark.slow
def test_kill_9(transactional_db: None, testville: None) -> None:
    row = published(CARS)
    rows = [car(number, brand="红旗") if number % 10 else {"subject": f"某{number}"} for number in range(1100)]
    answer = since(rows)

    def slowly(query: dict[str, str]) -> Any:
        time.sleep(0.05)
        return answer(query)

    with serving(slowly) as server:
        feed = feed_of(row, "http_pull", address=server.url, settings={"limit": 50})
        killed = 0
        for turn in range(20):
            runs = forked.begin("feeds", "run")
            _wait(lambda turn=turn: len(server.asked) > (turn + 1) * 7 or _is_read(feed))
            time.sleep(0.013 * turn)
            runs.kill()
            runs.join()
            assert runs.exitcode == -signal.SIGKILL
            if _is_read(feed):
                break
            killed += 1
            Feed.objects.update(next_at=clock.now())  # nobody waits for the time after which a runner counts as dead
        assert killed >= 2
        assert _is_read(feed)
    good = [one for one in rows if "plate" in one]
    assert {one["plate"] for one in held(row)} == {one["plate"] for one in good}
    assert Record.objects.filter(dataset=row).count() == len(good)
    assert BadRow.objects.filter(dataset=row).count() == len(rows) - len(good)
    assert sum(run.read for run in Run.objects.filter(dataset=row)) == len(rows)
    assert [run.state for run in Run.objects.filter(dataset=row)] == ["done"]


def _is_read(feed: Feed) -> bool:
    feed.refresh_from_db()
    return feed.read_to is not None


def _wait(until: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)


# --- when it is due ---


def test_a_feed_that_fails_waits_longer_each_time(cars: Dataset) -> None:
    feed, now = feed_of(cars, "outage"), NOON
    pauses = []
    for failures in range(1, 16):
        with clock.at(now):
            assert runner.run_due() == 0
        feed.refresh_from_db()
        assert feed.failures == failures
        pauses.append(feed.next_at - now)
        with clock.at(feed.next_at - timedelta(milliseconds=1)):
            assert feeds.take_up() is None
        now = feed.next_at
    for failures, pause in enumerate(pauses, 1):
        assert 0.8 * min(2**failures, 3600) <= pause.total_seconds() <= min(2**failures, 3600)
        assert pause == feeding.pause(failures, feed.pk)
    assert feed.last_error == "数据源总是中断。"
    assert [(run.state, run.read) for run in Run.objects.all()] == [("failed", 0)], "one run, however often it is tried"
    assert feeding.pause(3, feed.pk) != feeding.pause(3, uuid.uuid4()), "they do not come back together"


def test_a_run_goes_on_after_a_failure(cars: Dataset, listed: Listed, monkeypatch: pytest.MonkeyPatch) -> None:
    listed.rows, listed.count = [car(number) for number in range(7)], 7
    feed = feed_of(cars, "test_list")
    place = iter(["", "", "x"])

    def fall(what: str) -> None:
        if what == "read" and next(place, ""):
            raise ValueError("张三 330102199001011234")

    monkeypatch.setattr(f"{__name__}.strike", fall)
    read(feed)
    assert (feed.failures, feed.token, feed.last_error) == (1, 6, "ValueError"), "nothing of what was read is told"
    assert Run.objects.get().state == "failed"
    read(feed)
    run = Run.objects.get()
    assert (feed.failures, feed.token, run.state, run.read, run.error) == (0, 7, "done", 7, "")


@pytest.mark.parametrize(
    ("cycle", "seconds"),
    [("realtime", 5), ("daily", 86_400), ("weekly", 7 * 86_400), ("monthly", 30 * 86_400), ("yearly", 365 * 86_400)],
)
def test_the_cycle_says_when_it_is_due_again(testville: None, db: None, cycle: str, seconds: int) -> None:
    row = published(dataset(code="test_cycle", cycle=UpdateCycle(cycle)))
    feed = feed_of(row, "demo", settings={"count": 1})
    assert feed.next_at == NOON, "at once"
    read(feed)
    assert feed.next_at == NOON + timedelta(seconds=seconds)
    row.refresh_from_db()
    assert (row.refreshed_at, feed.read_to) == (NOON, NOON)
    assert feeding.interval(UpdateCycle.REALTIME) == timedelta(seconds=60)


def test_a_long_feed_lets_others_go_first(
    testville: None, db: None, listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "TURN", -1.0)
    long, short = published(dataset(code="test_long")), published(dataset(code="test_short"))
    listed.rows = [{"subject": f"某{number}", "value": "x"} for number in range(7)]
    listed.count = 7
    feed_of(long, "test_list")
    with clock.at(NOON + timedelta(seconds=1)):
        feed_of(short, "demo", settings={"count": 1})
        assert runner.run_due() == 8
    runs = Run.objects.filter(state="done").order_by("dataset__code")
    assert [(run.dataset.code, run.read) for run in runs] == [("test_long", 7), ("test_short", 1)]


def test_asking_in_vain_leaves_no_trace(cars: Dataset, listed: Listed) -> None:
    feed = feed_of(cars, "test_list")
    before = AuditEntry.objects.count()
    read(feed)
    assert (Run.objects.count(), AuditEntry.objects.count()) == (0, before)
    assert feed.last_ok_at == feed.read_to == NOON


@pytest.mark.parametrize(
    ("how", "found"),
    [
        ({"enabled": False}, FeedHealth.OFF),
        ({"failures": 2}, FeedHealth.RETRYING),
        ({"failures": 3}, FeedHealth.BROKEN),
        ({"read_to": None}, FeedHealth.FIRST),
        ({"read_to": NOON - timedelta(days=2, seconds=1)}, FeedHealth.LATE),
        ({}, FeedHealth.GOOD),
    ],
)
def test_how_well_a_feed_is(how: dict[str, Any], found: FeedHealth) -> None:
    usual = {"enabled": True, "failures": 0, "read_to": NOON - timedelta(days=2)}
    assert feeding.health(**(usual | how), cycle=UpdateCycle.DAILY, now=NOON) is found


# --- drift ---


def _told() -> list[dict[str, Any]]:
    return list(Event.objects.filter(name=acts.DRIFTED).order_by("seq").values_list("payload", flat=True))


def test_drift_is_told_when_it_appears_and_when_it_changes_and_stops_nothing(cars: Dataset, listed: Listed) -> None:
    listed.rows = (
        [car(number, brand="红旗") for number in range(3)]
        + [car(number, brand="红旗", colour="红", **{"330102199001011234": 1}) for number in range(3, 9)]
        + [car(number) for number in range(9, 12)]
        + [car(1, deleted=True)] * 3
        + [car(number, brand="红旗") for number in range(12, 15)]
    )
    feed = feed_of(cars, "test_list")
    for count, told, known in (
        (3, 0, {}),
        (9, 1, {"unknown": ["?", "colour"], "missing": []}),
        (12, 2, {"unknown": [], "missing": ["brand"]}),
        (15, 2, {"unknown": [], "missing": ["brand"]}),
        (18, 3, {}),
    ):
        listed.count = count
        Feed.objects.update(next_at=NOON)
        read(feed)
        assert (len(_told()), feed.drift, feed.token, feed.failures) == (told, known, count, 0)
    assert _told() == [
        {"dataset": "test_cars", "unknown": 2, "missing": []},
        {"dataset": "test_cars", "unknown": 0, "missing": ["brand"]},
        {"dataset": "test_cars", "unknown": 0, "missing": []},
    ]


def test_a_few_sparse_rows_do_not_say_that_a_column_is_gone(cars: Dataset) -> None:
    rows = [car(number, brand="红旗") for number in range(12)]
    with serving(since(rows)) as server:
        feed = read(feed_of(cars, "http_pull", address=server.url))
        rows += [car(20), car(21, colour="红")]
        read(feed)
        assert feed.drift == {"unknown": ["colour"], "missing": []}
        rows += [car(number) for number in range(30, 45)]
        read(feed)
        assert feed.drift == {"unknown": [], "missing": ["brand"]}


# --- configuration ---


def steward(code: str) -> Actor:
    path = Agency.objects.get(code=code).path
    return Actor(
        kind=ActorKind.STAFF, id=uuid.uuid4(), label="测试数据员", grants=(RoleGrant(Role.DATA_STEWARD, path),)
    )


def key() -> str:
    return uuid.uuid4().hex


def test_the_providers_steward_configures_and_nobody_else(cars: Dataset) -> None:
    spec, mine, other = FeedSpec(connector="demo", settings={"count": 3}), steward("339901-amr"), steward("339901-fire")
    with pytest.raises(NotAllowed):
        acts.save_feed(cars.pk, spec, by=other, key=key())
    pk = acts.save_feed(cars.pk, spec, by=mine, key=key())
    with pytest.raises(NotAllowed):
        acts.switch_feed(pk, False, by=other, key=key())
    with pytest.raises(NotAllowed):
        acts.take_batch(pk, uuid.uuid4(), None, Batch((), 1), by=mine, key=key())
    acts.switch_feed(pk, False, by=mine, key=key())
    assert runner.run_due() == 0
    assert runner.run_due(code="test_cars", early=True) == 0
    acts.switch_feed(pk, True, by=mine, key=key())
    assert runner.run_due() == 3
    with pytest.raises(NotFound):
        acts.save_feed(uuid.uuid4(), spec, by=mine, key=key())
    with pytest.raises(NotFound):
        acts.switch_feed(uuid.uuid4(), True, by=mine, key=key())


def faults(cars: Dataset, **more: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        acts.save_feed(cars.pk, FeedSpec(**more), by=SYSTEM, key=key())
    return {error.field: error.message for error in refused.value.errors}


def test_faults_of_a_configuration_are_told_by_field(cars: Dataset, settings: Any) -> None:
    assert set(faults(cars, connector="pigeon")) == {"connector"}
    assert set(faults(cars, connector="demo", settings={"count": "x", "size": 1})) == {"count", "settings"}
    wrong = {"a": "nothing", "b": "plate", "c": "plate", "d": ""}
    assert set(faults(cars, connector="demo", settings={"count": 1}, columns=wrong)) == {"columns"}
    assert set(faults(cars, connector="http_pull", address="ftp://x", settings={"paging": "x", "limit": 0})) == {
        "address", "paging", "limit"
    }  # fmt: skip
    assert set(faults(cars, connector="sql_pull", address="sqlite:///x", settings={"limit": 99_999})) == {
        "address", "user", "table", "change", "limit",
    }  # fmt: skip
    assert set(faults(cars, connector="file_drop", address="../x")) == {"address"}
    settings.YIWANG_DEMO = False
    assert set(faults(cars, connector="demo", settings={"count": 1})) == {"connector"}


def test_a_secret_goes_nowhere_else(cars: Dataset) -> None:
    at, elsewhere = "http://127.0.0.1:1/a", "http://127.0.0.1:2/a"
    feed = feed_of(cars, "http_pull", address=at, secret="s3cret")
    assert "s3cret" not in repr(FeedSpec(connector="x", secret="s3cret"))
    feed = feed_of(cars, "http_pull", address=at, columns={"x": "plate"})
    assert feed.secret == "s3cret"
    assert feed_of(cars, "http_pull", address=elsewhere).secret == ""
    with connection.cursor() as sql:
        sql.execute("SELECT secret FROM sharing_feed")
        assert b"s3cret" not in bytes(sql.fetchone()[0])
    assert "s3cret" not in str(list(AuditEntry.objects.values_list("detail", flat=True)))


def test_what_is_read_another_way_is_read_from_the_beginning(cars: Dataset, listed: Listed) -> None:
    listed.rows, listed.count = [car(number, marke="红旗") for number in range(3)], 3
    feed = read(feed_of(cars, "test_list"))
    assert feed.token == 3
    assert feed_of(cars, "test_list").token == 3, "saved as it was"
    assert feed_of(cars, "test_list", again=True).token is None
    feed = read(feed)
    assert sum(run.unchanged for run in Run.objects.all()) == 3
    feed = read(feed_of(cars, "test_list", columns={"marke": "brand"}))
    assert {one["brand"] for one in held(cars)} == {"红旗"}
    assert feed.drift == {}


def test_a_withdrawn_dataset_is_not_fed(cars: Dataset) -> None:
    feed_of(cars, "demo", settings={"count": 3})
    acts.withdraw(cars.pk, "停用", by=SYSTEM, key=key())
    assert runner.run_due() == 0
    assert runner.run_due(code="test_cars", early=True) == 0


def test_a_pack_that_replaces_the_records_has_them_read_again(testville: None, db: None, listed: Listed) -> None:
    row = Dataset.objects.get(code="legal_persons")
    feed = feed_of(row, "test_list")
    Feed.objects.update(token=5)
    call_command("pack", "load", "testville", verbosity=0, stdout=io.StringIO())
    feed.refresh_from_db()
    assert feed.token is None


# --- the command and the loop ---


# --- sources that send ---


def sends(cars: Dataset, *rows: dict[str, Any]) -> None:
    by = Actor(
        id=uuid.uuid4(),
        kind=ActorKind.CLIENT,
        label="client:test",
        agency=cars.agency.path,
        scopes=frozenset({"data:write"}),
    )
    acts.bring_in(cars.pk, rows, by=by, key=uuid.uuid4().hex)


def test_a_source_that_sends_is_not_asked_and_is_late_when_it_falls_silent(cars: Dataset) -> None:
    feed = feed_of(cars, "push", columns={"牌号": "plate", "内部号": ""})
    assert (read(feed).read_to, feed.failures) == (None, 0), "nobody asks it"
    sends(cars, {"subject": "甲", "牌号": "浙C1", "内部号": 7, "at": "2026/3/1"}, {"subject": "甲", "颜色": "红"})
    feed.refresh_from_db()
    assert (feed.read_to, feed.last_ok_at) == (clock.now(), clock.now())
    assert held(cars) == [{"plate": "浙C1"}]
    assert BadRow.objects.filter(dataset=cars).count() == 1, "a plate is missing"
    assert feed.drift == {"missing": [], "unknown": ["颜色"]}, "a few rows do not say that a column is gone"
    later = clock.now() + timedelta(days=2, hours=1)
    with clock.at(later):
        assert _health(cars) is FeedHealth.LATE
        sends(cars)
        assert _health(cars) is FeedHealth.GOOD
    assert Run.objects.count() == 1, "to say that nothing is new is no run"


def _health(cars: Dataset) -> FeedHealth:
    _pk, _definition, view = feed_queries.get_feed(cars.code, steward(cars.agency.code))
    assert view is not None
    return view.health


def test_nothing_is_taken_from_a_source_that_is_switched_off(cars: Dataset) -> None:
    feed = feed_of(cars, "push")
    acts.switch_feed(feed.pk, False, by=SYSTEM, key=key())
    with pytest.raises(NotNow):
        sends(cars, car(1))
    assert not held(cars)
    acts.switch_feed(feed.pk, True, by=SYSTEM, key=key())
    sends(cars, car(1))
    assert len(held(cars)) == 1


def test_the_command(cars: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    feed = feed_of(cars, "demo", settings={"count": 3})
    call_command("feeds", "run", "--once")
    assert "读入 3 行" in capsys.readouterr().out
    call_command("feeds", "run", "--once")
    assert "读入 0 行" in capsys.readouterr().out
    Feed.objects.filter(pk=feed.pk).update(token=None)
    call_command("feeds", "run", "--once", "--feed", "test_cars")
    assert "读入 3 行" in capsys.readouterr().out
    feed_of(cars, "outage")
    call_command("feeds", "run", "--once", "--feed", "test_cars")
    assert "读入 0 行" in capsys.readouterr().out
    feed = feed_of(cars, "demo", settings={"count": 3})
    assert runner.run_due(code="nothing") == 0
    assert runner.run_due(code="test_cars") == 3
    Feed.objects.update(token=None)
    assert runner.run_due(code="test_cars") == 0, "not due"


def test_the_worker_runs_feeds() -> None:
    assert [name for name, _pause, _work in work._loops].count("feeds") == 2
    stop = threading.Event()
    stop.set()
    assert runner.run_due(stop) == 0, "who is told to stop begins nothing"
