"""One agency's system: hands out what changed (``http_pull``), answers about somebody (``http_ask``), and fails as it is told.

``GET /rows/DATASET?since=&limit=`` · ``POST /ask`` · ``GET /healthz`` · ``POST /behave`` (``outage``: ``refuse``, ``hang``,
``garbage``, ``cut``; ``latency``: milliseconds; ``datasets``: those that the outage is about, none for all) · ``POST /drop``
(``dataset``: one that is brought as files, from its beginning). Those that speak by themselves are told of the platform by
``POST /platform`` (with ``datasets``: those to be sent from their beginning, ``secrets``: those of their subscriptions, by
topic). Each takes ``POST /events``. The three desks of a house (``house``) also take
``POST /contracts``, and show ``GET /house/``.
"""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from yiwang.config.simulate.dropping import Dropper
from yiwang.config.simulate.house import Contract, Desk
from yiwang.config.simulate.listening import Listener
from yiwang.config.simulate.stores import Store, as_row, not_after_now
from yiwang.config.simulate.tables import Tables
from yiwang.config.simulate.telling import Platform, Teller

OUTAGES = ("", "refuse", "hang", "garbage", "cut")
_LONG = 120.0
"""Seconds for which a system that hangs says nothing."""
_MOST_BODY = 1_048_576


@dataclass(frozen=True, slots=True)
class System:
    """What a system is: its agency, its store, the columns of each dataset in it, and the token that callers need."""

    agency: str
    store: Store
    columns: Mapping[str, Sequence[str]]
    token: str
    listener: Listener
    desk: Desk | None = None
    files: Dropper | None = None
    teller: Teller | None = None
    tables: Tables | None = None

    @property
    def platform(self) -> Platform:
        """Where the platform is, as the system was told."""
        return self.listener.platform

    def meet(self, said: Mapping[str, Any]) -> None:
        """Hear where the platform is, and what is to be sent to it."""
        self.platform.meet(said)
        if self.desk:
            self.desk.meet(said)
        if self.teller:
            self.teller.ask([str(one) for one in said.get("datasets", ())])


def serve(system: System, listener: socket.socket) -> None:
    """Serve on a socket that listens already, for ever."""
    works = (
        system.desk and system.desk.publish_for_ever,
        system.files and system.files.drop_for_ever,
        system.teller and system.teller.tell_for_ever,
        system.tables and system.tables.keep_for_ever,
    )
    for work in works:
        if work:
            threading.Thread(target=work, daemon=True).start()
    with _Server(system, listener) as server:
        server.serve_forever(poll_interval=60)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, system: System, listener: socket.socket) -> None:
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = listener.getsockname()[:2]
        self.system = system
        self.lock = threading.Lock()
        self.behaviour = system.store.behaviour()
        self.chance = random.Random(system.agency)  # noqa: S311 - latency, not a secret

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers that hung up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/healthz":
            self._say(200, {"agency": self.server.system.agency, "datasets": len(self.server.system.columns)})
            return
        desk = self.server.system.desk
        if desk is not None and url.path == "/house/":
            self._send(200, desk.page().encode(), "text/html; charset=utf-8")
            return
        if desk is not None and url.path == "/contracts":
            if self._may():
                self._say(200, desk.contracts())
            return
        if url.path == "/platform":
            if self._may():
                self._say(200, self.server.system.platform.said())
            return
        head, _slash, dataset = url.path.lstrip("/").partition("/")
        if head != "rows" or dataset not in self.server.system.columns:
            self._say(404, {"title": "no such dataset"})
        elif self._may() and self._is_well([dataset]):
            self._rows(dataset, {name: values[0] for name, values in parse_qs(url.query).items()})

    def do_POST(self) -> None:
        size = self.headers.get("Content-Length") or "0"
        body = self.rfile.read(min(int(size) if size.isdigit() else 0, _MOST_BODY))
        desk = self.server.system.desk
        if self.path == "/events":
            if self._is_well([]):
                taken = self.server.system.listener.take(dict(self.headers.items()), body)
                self._send(204 if taken else 401, b"")
            return
        if not self._may():
            return
        try:
            asked = json.loads(body)
            asked = asked if isinstance(asked, dict) else {}
        except ValueError:
            self._say(400, {"title": "no JSON"})
            return
        if self.path == "/behave":
            self._behave(asked)
        elif self.path == "/drop":
            files = self.server.system.files
            well = files is not None and files.ask(str(asked.get("dataset")))
            self._say(200 if well else 404, {} if well else {"title": "no such dataset"})
        elif self.path == "/platform":
            self.server.system.meet(asked)
            self._say(200, {})
        elif desk is not None and self.path == "/contracts":
            self._sign(desk, asked)
        elif self.path == "/ask":
            wanted = {code: names for code, names in asked.get("datasets", {}).items() if self._has(code)}
            if self._is_well(list(wanted)):
                numbers = [str(number) for number in asked.get("numbers", [])][:200]
                self._say(200, {"answers": {code: self._about(code, numbers, names) for code, names in wanted.items()}})
        else:
            self._say(404, {"title": "no such address"})

    def _sign(self, desk: Desk, asked: dict[str, Any]) -> None:
        try:
            contract = Contract(**{name: str(value) for name, value in asked.items()})
        except TypeError:
            self._say(400, {"title": f"a contract has {', '.join(Contract.__slots__)}"})
            return
        self._say(200, {"contract": desk.sign(contract)})

    def _rows(self, dataset: str, query: dict[str, str]) -> None:
        try:
            since, limit = int(query.get("since", 0)), min(int(query.get("limit", 1000)), 10_000)
        except ValueError:
            self._say(400, {"title": "since and limit are numbers"})
            return
        rows = self.server.system.store.since(dataset, since, limit + 1)
        given = rows[:limit]
        following = given[-1].seq if given else since
        columns = self.server.system.columns[dataset]
        found = [as_row(row, columns) for row in given]
        self._say(200, {"rows": found, "next": following, "more": len(rows) > limit})

    def _about(self, dataset: str, numbers: list[str], names: list[str]) -> list[dict[str, Any]]:
        rows = self.server.system.store.about(dataset, numbers) if numbers else []
        return [
            {
                "number": row.subject,
                "at": not_after_now(row.at),
                "values": {name: row.values[name] for name in names if name in row.values},
            }
            for row in rows
        ]

    def _has(self, dataset: str) -> bool:
        """Tell whether an outage is not about this dataset alone: then it is left out of the answers."""
        behaviour = self.server.behaviour
        return dataset in self.server.system.columns and not (
            behaviour.get("outage") and dataset in behaviour.get("datasets", ())
        )

    def _may(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {self.server.system.token}":
            return True
        self._say(401, {"title": "who are you?"})
        return False

    def _is_well(self, datasets: list[str]) -> bool:
        """Take the time that the system takes; tell whether it answers. If not, it has failed as it was told."""
        behaviour = self.server.behaviour
        if latency := behaviour.get("latency", 0):
            with self.server.lock:
                pause = latency / 1000 * self.server.chance.uniform(0.5, 1.5)
            time.sleep(pause)
        outage, only = behaviour.get("outage", ""), set(behaviour.get("datasets", ()))
        if not outage or (only and not only & set(datasets)):
            return True
        if outage == "hang":
            time.sleep(_LONG)
        if outage == "garbage":
            self._send(200, b"<html>\xff Fatal error")
        elif outage == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "4096")
            self.end_headers()
            self.wfile.write(b'{"rows": [')
            self.close_connection = True
        else:
            self._say(503, {"title": "down for maintenance"})
        return False

    def _behave(self, said: dict[str, Any]) -> None:
        outage, latency, datasets = said.get("outage", ""), said.get("latency", 0), said.get("datasets", [])
        well = outage in OUTAGES and isinstance(latency, int) and 0 <= latency <= 60_000 and isinstance(datasets, list)
        if not well:
            self._say(400, {"title": f"outage is one of {', '.join(OUTAGES[1:])}; latency is 0 to 60000 ms"})
            return
        self.server.behaviour = {"outage": outage, "latency": latency, "datasets": datasets}
        self.server.system.store.behave(self.server.behaviour)
        self._say(200, self.server.behaviour)

    def _say(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, json.dumps(body, ensure_ascii=False).encode())

    def _send(self, status: int, content: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_any: Any) -> None:
        """Keep no log: an agency's own affair."""
