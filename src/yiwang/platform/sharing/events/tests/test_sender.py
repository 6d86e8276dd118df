"""The worker's threads, over real sockets: those that hang hold nobody up."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from yiwang.platform.sharing.events import posting, sender, sending
from yiwang.platform.sharing.events.models import Subscription

from .receivers import publish, subscribed, topic


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    came: dict[str, float] = {}

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/hang"):
            time.sleep(3)
        else:
            self.came.setdefault(self.path, time.monotonic())
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Handler.came = {}
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as found:
        found.daemon_threads = True
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}"
        posting.hang_up()
        found.shutdown()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_those_that_hang_hold_nobody_up(testville: None, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TIMEOUT", 1.0)
    monkeypatch.setattr(sender, "THREADS", {False: 6, True: 2})
    monkeypatch.setattr(sender, "_pools", [])
    topic()
    for number in range(8):
        subscribed(address=f"{server}/{'hang' if number < 4 else 'well'}{number}")
    publish("a")
    began = time.monotonic()
    while time.monotonic() - began < 10 and (len(Handler.came) < 4 or any(pool._busy for pool in sender._pools)):
        sender.turn()
        time.sleep(0.05)
        if len(Handler.came) == 4:
            break
    assert set(Handler.came) == {f"/well{number}" for number in range(4, 8)}
    assert max(Handler.came.values()) - began < 2.5
    while any(pool._busy for pool in sender._pools):
        posting.cut_late()
        time.sleep(0.05)
    hanging = Subscription.objects.filter(address__contains="hang")
    assert {one.failures for one in hanging} == {1}
    assert {one.cursor for one in Subscription.objects.filter(address__contains="well")} == {1}
    assert sending.lease(10) == []
    for pool in sender._pools:
        pool._threads.shutdown()
