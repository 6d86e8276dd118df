"""Databases of agencies: what changes by the week lies in tables of their own, which the platform reads (``sql_pull``).

They stand in a database beside the platform's, on the same server, a schema and a login for each agency; that login reads its
own schema and nothing else. Values are texts, as in many an old system. Where the platform's server is not on this machine, or
lets nobody make a database, there are none, and the same rows are handed out over HTTP.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from yiwang.config.simulate.stores import Row, Store, not_after_now
from yiwang.platform.sharing.types import DatasetDefinition, UpdateCycle

log = logging.getLogger(__name__)
_PAUSE = 1.0
_HERE = {"127.0.0.1", "localhost", "::1"}


def is_table(definition: DatasetDefinition) -> bool:
    """Tell whether an agency keeps a dataset in a database that the platform may read."""
    return definition.cycle is UpdateCycle.WEEKLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How the platform reads an agency's tables, which stand in the schema of the user's name; ``owner`` is how its system
    writes them.
    """

    address: str
    user: str
    owner: str


def prepare(url: str, folder: Path, tokens: Mapping[str, str]) -> dict[str, Login]:
    """Make the database, and for each agency of a folder of stores a schema and a login with its token for a password; return
    them by agency, or nothing where that cannot be done. What belongs to a folder that is no more is thrown away.
    """
    parts = urlsplit(url)
    if not tokens or parts.hostname not in _HERE:
        return {}
    name = f"{parts.path.removeprefix('/')}_agencies"
    owner = parts._replace(path=f"/{name}").geturl()
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as server:
            if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            server.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        with psycopg.connect(owner, autocommit=True, connect_timeout=5) as database:
            _throw_away(database)
            return {agency: _login(database, owner, folder, agency, token) for agency, token in tokens.items()}
    except psycopg.Error as error:
        log.warning("simulate.no_tables", extra={"error": type(error).__name__})
        return {}


def _throw_away(database: psycopg.Connection[Any]) -> None:
    rows = database.execute(
        "SELECT nspname, obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname ~ '_[0-9a-f]{8}$'"
    ).fetchall()
    for schema, folder in rows:
        if folder and not Path(folder).exists():
            names = {"user": sql.Identifier(schema), "name": sql.Identifier(database.info.dbname)}
            for one in ("DROP SCHEMA {user} CASCADE", "REVOKE ALL ON DATABASE {name} FROM {user}", "DROP ROLE {user}"):
                database.execute(sql.SQL(one).format(**names))


def _login(database: psycopg.Connection[Any], owner: str, folder: Path, agency: str, token: str) -> Login:
    """Make both, under one name."""
    name = urlsplit(owner).path.removeprefix("/")
    user = f"{agency}_{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]}"
    known = {"user": sql.Identifier(user), "name": sql.Identifier(name), "folder": sql.Literal(str(folder.resolve()))}
    if not database.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (user,)).fetchone():
        database.execute(sql.SQL("CREATE ROLE {user}").format(**known))
    for one in (
        "ALTER ROLE {user} LOGIN CONNECTION LIMIT 8 PASSWORD {token}",
        "GRANT CONNECT ON DATABASE {name} TO {user}",
        "CREATE SCHEMA IF NOT EXISTS {user}",
        "COMMENT ON SCHEMA {user} IS {folder}",
        "GRANT USAGE ON SCHEMA {user} TO {user}",
    ):
        database.execute(sql.SQL(one).format(**known, token=sql.Literal(token)))
    parts = urlsplit(owner)
    return Login(address=f"postgresql://127.0.0.1:{parts.port or 5432}/{name}", user=user, owner=owner)


class Tables:
    """One agency's tables, kept as its store is."""

    def __init__(self, store: Store, login: Login, columns: Mapping[str, Sequence[str]]) -> None:
        """``columns`` are those of each dataset that is a table."""
        self.store = store
        self.login = login
        self.columns = columns
        self._at: dict[str, int] = {}
        self._behaviour: dict[str, Any] | None = None

    def keep_for_ever(self) -> None:
        """Write what changed, every second."""
        while True:
            try:
                self.keep()
            except (psycopg.Error, sqlite3.Error) as error:  # the server is away, or begins anew: so do we
                log.warning("tables.failed", extra={"error": type(error).__name__})
                self._at.clear()
                self._behaviour = None
            time.sleep(_PAUSE)

    def keep(self) -> None:
        """Make the tables if they are not made, write what changed, and let in who may come in now."""
        new = {code: self.store.since(code, self._at[code], 1_000_000) for code in self._at}
        behaviour = self.store.behaviour()
        if len(self._at) == len(self.columns) and not any(new.values()) and behaviour == self._behaviour:
            return
        with psycopg.connect(self.login.owner, autocommit=True, connect_timeout=5) as database:
            for code in self.columns:
                with database.transaction():
                    if code in self._at:
                        self._change(database, code, new[code])
                    else:
                        self._make(database, code)
            self._let_in(database, behaviour)
        self._behaviour = behaviour

    def _names(self, code: str) -> dict[str, sql.Composable]:
        columns = ("row_seq", "row_id", "subject", "at", "deleted", *self.columns[code])
        return {
            "table": sql.Identifier(self.login.user, code),
            "user": sql.Identifier(self.login.user),
            "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
            "values": sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
            "texts": sql.SQL("").join(sql.SQL(", {} text").format(sql.Identifier(one)) for one in self.columns[code]),
            "anew": sql.SQL(", ").join(
                sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(one)) for one in columns if one != "row_id"
            ),
        }

    def _make(self, database: psycopg.Connection[Any], code: str) -> None:
        names, rows = self._names(code), self.store.since(code, 0, 1_000_000)
        for one in (
            "DROP TABLE IF EXISTS {table}",
            "CREATE TABLE {table} (row_seq bigint NOT NULL UNIQUE, row_id text PRIMARY KEY, subject text, at timestamptz,"
            " deleted boolean NOT NULL{texts})",
            "GRANT SELECT ON {table} TO {user}",
        ):
            database.execute(sql.SQL(one).format(**names))
        with database.cursor().copy(sql.SQL("COPY {table} ({columns}) FROM STDIN").format(**names)) as copy:
            for line in self._lines(code, rows):
                copy.write_row(line)
        self._at[code] = rows[-1].seq if rows else 0

    def _change(self, database: psycopg.Connection[Any], code: str, rows: list[Row]) -> None:
        if rows:
            text = "INSERT INTO {table} ({columns}) VALUES ({values}) ON CONFLICT (row_id) DO UPDATE SET {anew}"
            with database.cursor() as cursor:
                cursor.executemany(sql.SQL(text).format(**self._names(code)), list(self._lines(code, rows)))
            self._at[code] = rows[-1].seq

    def _lines(self, code: str, rows: Iterable[Row]) -> Iterable[list[Any]]:
        for row in rows:
            number = hashlib.sha256(f"{row.subject} {row.own}".encode()).hexdigest()[:24]
            values = [_text(row.values.get(name)) for name in self.columns[code]]
            yield [row.seq, number, row.subject, not_after_now(row.at), row.gone, *values]

    def _let_in(self, database: psycopg.Connection[Any], behaviour: Mapping[str, Any]) -> None:
        """Shut out the platform where the system is told to fail: from all tables, or from those that it is about."""
        out, only = bool(behaviour.get("outage")), set(behaviour.get("datasets", ()))
        login = "NOLOGIN" if out and not only else "LOGIN"
        database.execute(sql.SQL(f"ALTER ROLE {{}} {login}").format(sql.Identifier(self.login.user)))
        for code in self.columns:
            said = (
                "REVOKE SELECT ON {table} FROM {user}" if out and code in only else "GRANT SELECT ON {table} TO {user}"
            )
            database.execute(sql.SQL(said).format(**self._names(code)))


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
