"""The source of ``bench.intake``: a process of its own that knows nothing of the platform, and gives what it was given."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import parse_qs, urlsplit


def source(line: Connection) -> None:
    """Be a source: each batch that comes over the line is handed out once, whoever asks for what is after the one before."""
    server = _Server(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    line.send(server.server_port)
    while (rows := line.recv()) is not None:
        number = len(server.answers) + 1
        server.answers.append(json.dumps({"rows": rows, "next": number, "more": False}, ensure_ascii=False).encode())
        line.send(number)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    answers: list[bytes]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.answers = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Give the batch behind the token; nothing where there is none."""
        since = int(parse_qs(urlsplit(self.path).query).get("since", ["0"])[0])
        nothing = json.dumps({"rows": [], "next": since, "more": False}).encode()
        body = self.server.answers[since] if since < len(self.server.answers) else nothing
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""
