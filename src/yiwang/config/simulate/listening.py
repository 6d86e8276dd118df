"""Systems that are told of events: each is written down once, in the order in which it was taken."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from yiwang.config.simulate.stores import Store
from yiwang.config.simulate.telling import Platform, client_library

_TABLE = """CREATE TABLE IF NOT EXISTS heard (
    place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, topic TEXT NOT NULL, subject TEXT NOT NULL, data TEXT NOT NULL
)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A line of the pack's ``listening.yaml``: whose simulated systems are told of a topic, and what for."""

    topic: str
    agencies: tuple[str, ...]
    purpose: str


class Listener:
    """One agency's part that is told. It is built with the client that agencies get (``clients/python``)."""

    def __init__(self, store: Store) -> None:
        self.client = client_library()
        self.platform = Platform(store)
        self.inbox = self.client.Store(store.path)
        self.replays = self.client.Replays()
        with closing(self.inbox.connect()) as line:
            line.execute(_TABLE)

    def take(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Take a delivery; tell whether it is the platform's."""
        secrets = self.platform.said().get("secrets", {})
        try:
            delivery = self.client.verify(headers, body, list(secrets.values()), replays=self.replays)
        except self.client.BadSignature:
            return False
        self.inbox.apply(list(delivery.events), self._apply)
        return True

    def heard(self) -> list[dict[str, Any]]:
        """Return what it was told, in order: id, topic, subject and data of each event."""
        with closing(self.inbox.connect()) as line:
            rows = line.execute("SELECT id, topic, subject, data FROM heard ORDER BY place").fetchall()
        return [{"id": one, "topic": topic, "subject": who, "data": json.loads(data)} for one, topic, who, data in rows]

    def _apply(self, event: dict[str, Any], line: sqlite3.Connection) -> None:
        row = (event["id"], event["type"], event["subject"], json.dumps(event["data"], ensure_ascii=False))
        line.execute("INSERT INTO heard (id, topic, subject, data) VALUES (?, ?, ?, ?)", row)
