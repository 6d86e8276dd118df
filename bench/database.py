"""A database for each subject: a copy of one in which the demo city is loaded, made once and kept."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from bench.measure import ROOT, say

CITY = "wenzhou"


@contextmanager
def server(state: Path) -> Iterator[str]:
    """Give the address of a server: ``DATABASE_URL``'s, or an embedded one that lives as long as the block."""
    from yiwang.config import postgres

    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    with postgres.running(state, say=say) as url:
        yield url


def city(url: str) -> str:
    """Return the name of the database with the demo city, made if there is none for this pack and these tables."""
    name = f"bench_city_{_digest()}"
    with _maintenance(url) as connection:
        known = [row[0] for row in connection.execute("SELECT datname FROM pg_database")]
        if name in known:
            return name
        for old in [one for one in known if one.startswith("bench_city_")]:
            _drop(connection, old)
        _drop(connection, "bench_building")
        connection.execute("CREATE DATABASE bench_building")
        building = _named(url, "bench_building")
        for words in (["migrate", "--verbosity", "0"], ["pack", "load", CITY]):
            say(f"yiwang {' '.join(words)} …")
            yiwang(words, building)
        with psycopg.connect(building) as made:
            # What is measured is how fast it is, not how often an agency may ask.
            made.execute("UPDATE sharing_grant SET per_minute = 10000000")
        connection.execute(sql.SQL("ALTER DATABASE bench_building RENAME TO {}").format(sql.Identifier(name)))
    return name


@contextmanager
def copy(url: str, template: str, name: str) -> Iterator[str]:
    """Give the address of a copy that lives as long as the block."""
    with _maintenance(url) as connection:
        _drop(connection, name)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    try:
        yield _named(url, name)
    finally:
        with _maintenance(url) as connection:
            _drop(connection, name)


def yiwang(words: list[str], url: str) -> None:
    """Run a command of the platform on a database. Raises CalledProcessError."""
    environment = os.environ | {"DATABASE_URL": url}
    subprocess.run(
        [sys.executable, "-m", "yiwang.config.command", *words],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _digest() -> str:
    """Return a hash over all that the loaded city depends on: the pack, the tables and who loads it."""
    files = [*(ROOT / "packs" / CITY).rglob("*"), *(ROOT / "src").rglob("migrations/*")]
    files += [*(ROOT / "src").rglob("pack.py")]
    total = hashlib.sha256()
    for file in sorted(files):
        if file.is_file() and file.suffix != ".pyc":
            total.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return total.hexdigest()[:12]


def _maintenance(url: str) -> psycopg.Connection:
    return psycopg.connect(_named(url, "postgres"), autocommit=True)


def _named(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def _drop(connection: psycopg.Connection, name: str) -> None:
    # FORCE would trip over an autovacuum worker, which isn't ours to end; a plain DROP sends that away by itself.
    connection.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND usename = current_user",
        [name],
    )
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
