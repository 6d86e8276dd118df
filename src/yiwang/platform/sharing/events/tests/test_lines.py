"""The line: which addresses may be spoken to, real sockets, deadlines, and threads that hold nobody up."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from yiwang.platform.sharing.events import posting
from yiwang.platform.sharing.reaching import Unreachable, connectable

HEADERS = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "http://",
        "https:///x",
        "http://127.0.0.1:99999/",
        "http://user@127.0.0.1/",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1/#x",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/a\r\nHost: x",
        "http://10.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[fe80::1]/",
        "https://0.0.0.0/",
        "https://[::ffff:10.0.0.1]/",
        "https://no.such.host.invalid/",
        "https://192.0.2.1/",
    ],
)
def test_an_address_that_may_not_be_spoken_to(url: str) -> None:
    with pytest.raises(Unreachable):
        connectable(url)


def test_the_demo_speaks_to_loopback_only(settings: Any) -> None:
    assert connectable("http://127.0.0.1:8099/a?b=c").path == "/a?b=c"
    assert connectable("http://[::1]:8099").authority == "[::1]:8099"
    assert connectable("https://[::ffff:127.0.0.1]/").ip == "127.0.0.1"
    settings.YIWANG_FEED_NETWORKS = []
    with pytest.raises(Unreachable):
        connectable("https://127.0.0.1/")


def test_a_city_names_its_networks_and_every_number_of_a_host_lies_in_them(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.YIWANG_DEMO = False
    settings.YIWANG_FEED_NETWORKS = [ipaddress.ip_network("10.32.0.0/16")]

    def resolve_to(*ips: str) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: [(0, 0, 0, "", (one, 443)) for one in ips])

    resolve_to("10.32.4.5", "10.32.4.6")
    inside = connectable("https://tax.city/events")
    assert (inside.ip, inside.port, inside.authority, inside.secure) == ("10.32.4.5", 443, "tax.city", True)
    for ips in (["10.32.4.5", "127.0.0.1"], ["10.33.0.1"], ["::1"], []):
        resolve_to(*ips)
        with pytest.raises(Unreachable):
            connectable("https://tax.city/events")
    resolve_to("10.32.4.5")
    with pytest.raises(Unreachable):
        connectable("http://tax.city/events")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[str] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(self.path)
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
        elif self.path == "/busy":
            self.send_response(429)
            self.send_header("Retry-After", "17")
        else:
            self.send_response(200)
        body = b"x" * 200_000 if self.path == "/long" else b""
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Handler.seen = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as found:
        found.daemon_threads = True
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}"
        posting.hang_up()
        found.shutdown()


def test_a_line_is_kept_and_redirects_are_not_followed(server: str) -> None:
    assert posting.post("a", f"{server}/", b"[]", HEADERS).status == 200
    kept = posting._lines["a"].line
    assert posting.post("a", f"{server}/", b"[]", HEADERS).status == 200
    assert posting._lines["a"].line is kept
    kept.sock.close()  # as if the other end had hung up meanwhile
    assert posting.post("a", f"{server}/", b"[]", HEADERS).status in {200, 0}
    assert posting.post("b", f"{server}/redirect", b"[]", HEADERS).status == 302
    assert "/elsewhere" not in Handler.seen
    busy = posting.post("c", f"{server}/busy", b"[]", HEADERS)
    assert (busy.status, busy.retry_after) == (429, 17)
    assert posting.post("d", f"{server}/long", b"[]", HEADERS).status == 200
    assert "d" not in posting._lines, "nobody reads so much"


def test_nobody_there_and_no_such_address() -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert posting.post("a", f"http://127.0.0.1:{port}/", b"", HEADERS).told == "ConnectionRefusedError"
    assert posting.post("a", "https://192.0.2.1/", b"", HEADERS).status == 0


def test_who_dribbles_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TIMEOUT", 0.5)
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def dribble() -> None:
            line, _from = server.accept()
            with closing(line):
                for _number in range(100):
                    time.sleep(0.1)
                    try:
                        line.send(b"H")
                    except OSError:
                        return

        threading.Thread(target=dribble, daemon=True).start()
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.05):
                posting.cut_late()

        threading.Thread(target=watch, daemon=True).start()
        began = time.monotonic()
        answer = posting.post("slow", f"http://127.0.0.1:{server.getsockname()[1]}/", b"[]", HEADERS)
        done.set()
    assert answer.status == 0
    assert time.monotonic() - began < 3
