"""Limits hold over all processes and threads, whatever becomes of the transaction in which something was counted."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.utils import translation
from psycopg_pool import ConnectionPool

from yiwang.kernel import limits
from yiwang.kernel.models import Use
from yiwang.kernel.problems import TooMany

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = 3600


@pytest.fixture(autouse=True)
def shared(settings, monkeypatch):
    """Count as a process of a city does, over a pool; tests have none."""
    settings.YIWANG_SHARED_LIMITS = True
    if time.time() % HOUR > HOUR - 30:
        time.sleep(31)  # the window would end within the test
    parameters = connection.get_connection_params()
    with ConnectionPool(kwargs=parameters, min_size=1, max_size=4, open=False) as pool:
        monkeypatch.setattr(limits, "connection", SimpleNamespace(pool=pool))
        yield


def test_what_was_counted_stays_counted_when_the_act_is_undone():
    with transaction.atomic():
        assert limits.count("code:1", 2, HOUR).left == 1
        transaction.set_rollback(True)
    assert limits.count("code:1", 2, HOUR).left == 0
    with pytest.raises(TooMany):
        limits.count("code:1", 2, HOUR)
    assert limits.count("code:2", 2, HOUR).left == 1


def test_many_at_once_get_no_more_than_one_would():
    def one(_number):
        try:
            limits.count("many", 10, HOUR)
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(40))) == 10


def test_several_are_counted_in_one_statement(monkeypatch):
    limits.count("grant:2", 9, HOUR, 2)
    real, sent = limits._apart, []
    monkeypatch.setattr(limits, "_apart", lambda *what: sent.append(what) or real(*what))
    assert limits.over({"grant:1": 1, "grant:2": 2, "grant:3": 0}, HOUR) == {"grant:2", "grant:3"}
    assert limits.over({"grant:1": 2, "grant:2": 9}, HOUR) == set()
    assert limits.over({}, HOUR) == set()
    assert len(sent) == 2
    assert limits.count("grant:1", 3, HOUR).left == 0


def test_whoever_counts_the_same_in_another_order_does_not_wait_for_ever():
    keys = [f"order:{number}" for number in range(8)]

    def one(turn):
        return limits.over(dict.fromkeys(keys if turn % 2 else reversed(keys), 199), HOUR)

    with ThreadPoolExecutor(8) as pool:
        assert not set().union(*pool.map(one, range(100)))
    assert limits.count(keys[0], 199, HOUR).left == 98


def test_what_is_used_often_is_counted_beforehand_and_never_too_often(monkeypatch):
    real, sent = limits._apart, []
    monkeypatch.setattr(limits, "_apart", lambda *what: sent.append(what) or real(*what))

    def one(_turn):
        return not limits.over({"often": 1000}, HOUR)

    assert [one(0) for _turn in range(30)] == [True] * 30
    assert len(sent) == 3, "ten at a time"
    monkeypatch.setattr(limits, "_ahead", {})  # another process: it knows nothing of what this one holds
    assert one(0)
    with ThreadPoolExecutor(8) as pool:
        let = sum(pool.map(one, range(1100)))
    assert let == 1000 - 31
    assert not one(0)


def test_what_was_counted_beforehand_lapses_with_its_window(monkeypatch):
    now = time.time()
    assert not limits.over({"lapses": 300}, HOUR)
    monkeypatch.setattr(limits.time, "time", lambda: now + HOUR)
    assert not limits.over({"lapses": 300}, HOUR)
    assert len(limits._ahead) == 1
    assert {use.used for use in Use.objects.all()} == {3}


def test_looking_counts_nothing():
    limits.look("seen", 1, HOUR)
    limits.count("seen", 1, HOUR)
    with pytest.raises(TooMany):
        limits.look("seen", 1, HOUR)
    assert Use.objects.get().used == 1


def test_no_key_is_kept_and_what_is_over_is_forgotten():
    limits.count("sign-in:name:somebody", 5, HOUR)
    Use.objects.create(slot=b"over", used=3, ends_at=datetime.now(UTC) - timedelta(seconds=1))
    assert limits.forget() == 1
    assert b"somebody" not in bytes(Use.objects.get().slot)


def test_what_was_counted_as_a_window_ended_is_not_held_for_the_next(monkeypatch):
    monkeypatch.setattr(limits, "_ahead", {})
    before = datetime.fromtimestamp(time.time() // HOUR * HOUR, UTC)
    monkeypatch.setattr(limits, "_used", lambda times, _window: (dict(times), before, 0))
    assert not limits.over({"boundary": 300}, HOUR)
    assert limits._ahead == {}


AGAIN = "No tries are left. You can try again from"


@pytest.mark.parametrize(
    ("window", "now", "told"),
    [
        (60, "09:00:20", ("您操作得太快了，请过一会儿再试。", "You are going too fast; please try again in a while.")),
        (3600, "09:20:20", ("次数用完了，10:00 起可以再试。", f"{AGAIN} 10:00.")),
        (600, "09:20:20", ("次数用完了，09:30 起可以再试。", f"{AGAIN} 09:30.")),
        (86_400, "09:20:20", ("次数用完了，3月3日 08:00 起可以再试。", f"{AGAIN} 08:00 on 3 March.")),
        (86_400, "07:20:20", ("次数用完了，08:00 起可以再试。", f"{AGAIN} 08:00.")),
    ],
)
def test_who_used_all_is_told_from_when_it_works_again(settings, monkeypatch, window, now, told):
    settings.YIWANG_SHARED_LIMITS = False
    at = datetime.fromisoformat(f"2026-03-02T{now}+08:00")
    monkeypatch.setattr(limits.time, "time", at.timestamp)
    for language, said in zip(("zh-hans", "en"), told, strict=True):
        with translation.override(language), pytest.raises(TooMany) as refused:
            limits.look(f"told:{window}", 1, window, 2)
        assert str(refused.value.detail) == said
