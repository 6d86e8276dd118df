"""The subscribers of ``bench.events``: a process of its own that knows nothing of the platform."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any

SUBSCRIBERS, DOWN = 42, 3


def receivers(line: Connection) -> None:
    """Be the subscribers, in a process of their own; the first ``DOWN`` listen only when they are told to."""
    got: list[list[Any]] = [[] for _number in range(SUBSCRIBERS)]
    servers: list[ThreadingHTTPServer] = []
    for place in range(SUBSCRIBERS):
        handler = type("Handler", (_Handler,), {"got": got[place]})
        server = _Server(("127.0.0.1", 0), handler, bind_and_activate=False)
        server.server_bind()
        servers.append(server)
        if place >= DOWN:
            _begin(server)
    line.send([server.server_port for server in servers])
    while (said := line.recv()) != "end":
        if said == "up":
            for server in servers[:DOWN]:
                _begin(server)
        else:
            line.send([[(at, _read(body)) for at, body in one] for one in got])
            for one in got:
                one.clear()


def _begin(server: ThreadingHTTPServer) -> None:
    server.server_activate()
    threading.Thread(target=server.serve_forever, daemon=True).start()


def _read(body: bytes) -> list[tuple[int, str, str]]:
    return [(int(one["sequence"]), one["subject"], one["id"]) for one in json.loads(body)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    got: list[Any]

    def do_POST(self) -> None:
        """Note when it came and what; it is read only afterwards."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((time.monotonic(), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""
