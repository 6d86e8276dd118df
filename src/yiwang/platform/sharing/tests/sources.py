"""Sources for tests: a real HTTP server, a table in the tests' own PostgreSQL, and a feed with its rows as they came in."""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import psycopg

from yiwang.kernel.types import SYSTEM
from yiwang.platform.sharing import acts, runner
from yiwang.platform.sharing.models import Dataset, Feed, Record
from yiwang.platform.sharing.types import FeedSpec

Rows = list[dict[str, Any]]


def feed_of(dataset: Dataset, connector: str, **more: Any) -> Feed:
    """Configure a dataset's feed."""
    pk = acts.save_feed(dataset.pk, FeedSpec(connector=connector, **more), by=SYSTEM, key=uuid.uuid4().hex)
    return Feed.objects.get(pk=pk)


def read(feed: Feed) -> Feed:
    """Run a feed until there is no more, and return it as it is then."""
    runner.run_due(code=feed.dataset.code, early=True)
    feed.refresh_from_db()
    return feed


def held(dataset: Dataset) -> list[dict[str, Any]]:
    """Return the values of the records that are valid now."""
    rows = Record.objects.filter(dataset=dataset, valid_to=None)
    return sorted((row.values for row in rows), key=lambda one: json.dumps(one, sort_keys=True))


class Answers(ThreadingHTTPServer):
    """Answers by a function of path and query; keeps what was asked."""

    daemon_threads = True

    def __init__(self, answer: Callable[[dict[str, Any]], Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.asked: list[dict[str, Any]] = []
        self.heads: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}/rows"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Answers

    def do_GET(self) -> None:
        self._answer(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, query: dict[str, Any]) -> None:
        self.server.asked.append(query)
        self.server.heads.append(dict(self.headers.items()))
        given = self.server.answer(query)
        status, headers, body = given if isinstance(given, tuple) else (200, {}, given)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_any: Any) -> None:
        pass


@contextmanager
def serving(answer: Callable[[dict[str, Any]], Any]) -> Iterator[Answers]:
    """Serve as long as the block lasts."""
    server = Answers(answer)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def since(rows: Rows) -> Callable[[dict[str, str]], Any]:
    """Answer as a well-behaved source: the token is the number of rows that were given."""

    def answer(query: dict[str, str]) -> Any:
        start, limit = int(query.get("since", 0)), int(query["limit"])
        given = rows[start : start + limit]
        return {"rows": given, "next": str(start + len(given)), "more": start + len(given) < len(rows)}

    return answer


def pages(rows: Rows) -> Callable[[dict[str, str]], Any]:
    """Answer as a source that only knows pages."""

    def answer(query: dict[str, str]) -> Any:
        limit = int(query["limit"])
        end = int(query["page"]) * limit
        return {"rows": rows[end - limit : end], "more": end < len(rows)}

    return answer


@contextmanager
def database() -> Iterator[tuple[psycopg.Connection, str, dict[str, Any], str]]:
    """Give a connection to the tests' own server, beside the test's transaction; its address, user and password."""
    url = urlsplit(os.environ["DATABASE_URL"])
    with psycopg.connect(url.geturl(), autocommit=True) as connection:
        yield connection, f"postgresql://127.0.0.1:{url.port}{url.path}", {"user": url.username}, url.password or ""
