"""A whole subscriber in one file: verifies, applies each event once and in order, answers.

    python subscriber.py events.db SECRET [SECRET …]        # listens on 127.0.0.1:8099

It is a WSGI application; put it behind any server with TLS. What it "does" with an event is to keep it in a table, in the
same transaction as the note that it has it.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import Any
from wsgiref.simple_server import make_server

from yiwang_client import BadSignature, Replays, Store, verify

MOST = 10_000_000
"""Bytes of a delivery."""


class Subscriber:
    """The application. ``keys`` as ``verify`` takes them."""

    def __init__(self, store: Store, keys: Sequence[str] | dict[str, Any], audience: str = "") -> None:
        self.store = store
        self.keys = keys
        self.audience = audience
        self.replays = Replays()
        with closing(store.connect()) as line:
            line.execute(
                "CREATE TABLE IF NOT EXISTS told (place INTEGER PRIMARY KEY, topic TEXT, number INTEGER, subject TEXT, id TEXT)"
            )

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Take a delivery: 204 when all of it is applied, 401 for what is not the platform's."""
        size = environ.get("CONTENT_LENGTH") or "0"
        if environ["REQUEST_METHOD"] != "POST" or not size.isdigit() or int(size) > MOST:
            start_response("400 Bad Request", [])
            return []
        body = environ["wsgi.input"].read(int(size))
        headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
        try:
            delivery = verify(headers, body, self.keys, audience=self.audience, replays=self.replays)
        except BadSignature:
            start_response("401 Unauthorized", [("Content-Length", "0")])
            return []
        self.store.apply(list(delivery.events), keep)
        start_response("204 No Content", [])
        return []

    def told(self) -> list[tuple[int, str, str]]:
        """Return number, subject and id of every event, as they were applied."""
        with closing(self.store.connect()) as line:
            return list(line.execute("SELECT number, subject, id FROM told ORDER BY place"))


def keep(event: dict[str, Any], line: sqlite3.Connection) -> None:
    """Do what the agency does with an event: here, write it down."""
    line.execute(
        "INSERT INTO told (topic, number, subject, id) VALUES (?, ?, ?, ?)",
        (event["type"], int(event["sequence"]), event["subject"], event["id"]),
    )


if __name__ == "__main__":
    with make_server("127.0.0.1", 8099, Subscriber(Store(sys.argv[1]), sys.argv[2:])) as server:
        server.serve_forever()
