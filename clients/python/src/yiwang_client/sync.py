"""Catching up: everything behind the last number that was kept is fetched and applied in order."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from yiwang_client.client import Client

Apply = Callable[[dict[str, Any], sqlite3.Connection], None]
_TABLES = """
    CREATE TABLE IF NOT EXISTS yiwang_seen (topic TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (topic, id)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS yiwang_upto (topic TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
"""


class Store:
    """What was applied, in a SQLite file: which ids, and up to which number there is no gap."""

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        with closing(self.connect()) as line:
            line.executescript(_TABLES)

    def connect(self) -> sqlite3.Connection:
        """Open the file."""
        line = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        line.execute("PRAGMA journal_mode = WAL")
        return line

    def upto(self, topic: str) -> int:
        """Return the number up to which everything was fetched."""
        with closing(self.connect()) as line:
            row = line.execute("SELECT number FROM yiwang_upto WHERE topic = ?", (topic,)).fetchone()
        return int(row[0]) if row else 0

    def apply(self, events: list[dict[str, Any]], work: Apply, *, topic: str = "", upto: int = 0) -> int:
        """Apply events that were not applied before, in one transaction with the note that they were; returns how many.

        ``work`` gets each with the connection: what it writes there is written with the note, or not at all. ``upto`` moves
        the number from which ``Sync`` goes on.
        """
        new = 0
        with closing(self.connect()) as line:
            line.execute("BEGIN IMMEDIATE")
            try:
                for one in events:
                    mark = line.execute("INSERT OR IGNORE INTO yiwang_seen VALUES (?, ?)", (one["type"], one["id"]))
                    if mark.rowcount:
                        work(one, line)
                        new += 1
                if topic:
                    line.execute(
                        "INSERT INTO yiwang_upto VALUES (?, ?) ON CONFLICT (topic) DO UPDATE SET"
                        " number = max(number, excluded.number)",
                        (topic, upto),
                    )
                line.execute("COMMIT")
            except BaseException:
                line.execute("ROLLBACK")
                raise
        return new


class Sync:
    """Fetches what a topic has behind what a store kept."""

    def __init__(self, topic: str, store: Store, *, size: int = 500) -> None:
        self.topic = topic
        self.store = store
        self.size = size

    def run(self, client: Client, work: Apply) -> int:
        """Fetch and apply until there is nothing more; returns how many were new. It may be stopped and run again."""
        new, after = 0, self.store.upto(self.topic)
        while True:
            events, following, last = client.events_after(self.topic, after, self.size)
            if events:
                new += self.store.apply(events, work, topic=self.topic, upto=following)
            after = following
            if not events or after >= last:
                return new
