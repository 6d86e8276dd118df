"""The horizon: what runs here holds it, what runs elsewhere does not, and it never falls back."""

import random
import threading

import psycopg
import pytest
from django.db import connection, transaction

from yiwang.kernel.horizon import horizon

pytestmark = pytest.mark.django_db(transaction=True)


def beside(database=""):
    """Connect beside Django, to this database or to another one of the same server."""
    known = connection.get_connection_params()
    wanted = {name: known[name] for name in ("host", "port", "user", "password", "dbname") if known.get(name)}
    return psycopg.connect(**wanted | ({"dbname": database} if database else {}))


def begin(other):
    return int(other.execute("SELECT pg_current_xact_id()").fetchone()[0])


def test_a_transaction_holds_the_horizon_here_and_not_elsewhere():
    with beside() as here, beside("postgres") as elsewhere, beside() as over:
        far, near, last = begin(elsewhere), begin(here), begin(over)
        over.commit()
        final, coming = horizon()
        assert far < final == near < last < coming
        here.commit()
        final, coming = horizon()
        assert last < final <= coming, "who just came elsewhere may count until the next look"


def test_ones_own_transaction_holds_the_horizon_too():
    with transaction.atomic(), connection.cursor() as sql, beside() as other:
        sql.execute("SELECT pg_current_xact_id()::text::bigint")
        (mine,) = sql.fetchone()
        begin(other)
        other.commit()
        final, coming = horizon()
        assert final == mine < coming
    assert horizon()[0] > mine


def test_the_horizon_never_falls_back_whoever_comes_and_goes():
    done = threading.Event()
    running: set[int] = set()

    def come_and_go(database):
        chance = random.Random(7)
        with beside(database) as other:
            while not done.is_set():
                number = begin(other)
                if not database:
                    running.add(number)
                done.wait(chance.random() / 100)
                if not database:
                    running.discard(number)
                other.commit()

    threads = [threading.Thread(target=come_and_go, args=(one,)) for one in ("", "postgres") * 2]
    for thread in threads:
        thread.start()
    seen = []
    passed_over = set()
    try:
        for _look in range(400):
            before = set(running)
            seen.append(horizon()[0])
            passed_over |= {number for number in before & running if number < seen[-1]}
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert passed_over == set(), "they may still write here"
    assert seen == sorted(seen)
    assert len(set(seen)) > 20
