"""The line to a subscriber: one connection kept open, to the very address that was allowed, with a deadline for the whole.

The limits of sockets hold for each piece that comes; a subscriber that dribbles could take for ever. So every exchange has
a deadline, and ``cut_late`` (called by the sender's loop) hangs up on whoever is past theirs.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from yiwang.kernel import certificates
from yiwang.kernel.problems import Invalid
from yiwang.platform.sharing.reaching import Resolved, connectable

TIMEOUT = 5.0
"""Seconds that a subscriber has to answer."""
FRESH = 60.0
"""Seconds after which a name is looked up again."""
READ = 65_536
"""Bytes of an answer that are read; nobody needs more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0: nothing did, and ``told`` says why."""

    status: int
    told: str = ""
    retry_after: float = 0.0
    took: float = 0.0


@dataclass(slots=True)
class _Line:
    line: http.client.HTTPConnection
    opened: float
    address: str


_lines: dict[str, _Line] = {}
_late: dict[int, tuple[float, http.client.HTTPConnection]] = {}
_lock = threading.Lock()


class _Plain(http.client.HTTPConnection):
    """A connection to a number that was looked at before."""

    def __init__(self, to: Resolved) -> None:
        super().__init__(to.host, to.port, timeout=TIMEOUT)
        self.to = to

    def connect(self) -> None:
        """Connect to the number; with TLS the certificate has to be the name's."""
        self.sock = socket.create_connection((self.to.ip, self.to.port), TIMEOUT)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.to.secure:
            self.sock = certificates.trusted().wrap_socket(self.sock, server_hostname=self.to.host)


def post(name: str, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send to a subscriber (``name`` keeps its line apart) and return the answer; never raises."""
    began = time.monotonic()
    line = _lines.pop(name, None)
    if line is not None and (line.address != address or began - line.opened > FRESH):
        line.line.close()
        line = None
    kept = line is not None
    for again in (kept, False):
        try:
            line = line or _Line(_Plain(connectable(address)), time.monotonic(), address)
            answer = _exchange(name, line, body, headers, began)
        except Invalid as problem:
            return Answer(0, str(problem.detail), took=time.monotonic() - began)
        except (OSError, http.client.HTTPException) as error:
            if line is not None:
                line.line.close()
            line = None
            if again and isinstance(error, ConnectionError | http.client.RemoteDisconnected):
                continue  # a line that was kept may have been closed at the other end meanwhile
            return Answer(0, _told(error), took=time.monotonic() - began)
        return answer
    raise AssertionError("unreachable")


def _exchange(name: str, line: _Line, body: bytes, headers: Mapping[str, str], began: float) -> Answer:
    mine = threading.get_ident()
    with _lock:
        _late[mine] = (began + TIMEOUT, line.line)
    try:
        to = line.line.to  # type: ignore[attr-defined]
        line.line.request("POST", to.path, body, {"Host": to.authority, **headers})
        response = line.line.getresponse()
        response.read(READ)
        if response.isclosed() and not response.will_close:
            _lines[name] = line
        else:
            line.line.close()
        return Answer(
            response.status,
            f"HTTP {response.status}",
            _seconds(response.headers.get("Retry-After", "")),
            time.monotonic() - began,
        )
    finally:
        with _lock:
            _late.pop(mine, None)


def cut_late() -> None:
    """Hang up on whoever is past their deadline."""
    now = time.monotonic()
    with _lock:
        late = [line for deadline, line in _late.values() if deadline < now]
    for line in late:
        if line.sock is not None:
            with suppress(OSError):
                line.sock.shutdown(socket.SHUT_RDWR)


def hang_up() -> None:
    """Close every line that is kept."""
    while _lines:
        with suppress(KeyError):
            _lines.popitem()[1].line.close()


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0


def _told(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    # The name of the error and nothing that the other end wrote: it would stand on a page.
    return type(error).__name__
