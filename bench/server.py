"""The web server as it is served in earnest (`yiwang serve`: granian, WSGI), and a client that keeps it busy."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from yiwang.config.processes import die_with_parent

WORKERS, THREADS = 2, 4
CONNECTIONS = 16
_READY = 60.0


@dataclass(frozen=True, slots=True)
class Web:
    """A running server."""

    port: int
    pid: int

    @property
    def workers(self) -> list[int]:
        """Pids of the processes that answer."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(one) for one in children]

    def cpu(self) -> float:
        """Return the seconds of processor time that the server's processes have used."""
        ticks = 0
        for pid in (self.pid, *self.workers):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> list[float]:
        """Return the resident memory of each worker, what it shares with the others included."""
        found = []
        for pid in self.workers:
            status = Path(f"/proc/{pid}/status").read_text()
            found.append(int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024)  # type: ignore[index]
        return found


@contextmanager
def web(url: str = "") -> Iterator[Web]:
    """Serve on a free port as long as the block lives, on the database of ``url`` (or this process's)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = Path(os.environ["YIWANG_STATE_DIR"]) / "log"
    log.mkdir(parents=True, exist_ok=True)
    words = ["serve", "--port", str(port), "--workers", str(WORKERS), "--threads", str(THREADS)]
    with (log / f"bench-{port}.log").open("wb") as said:
        child = subprocess.Popen(
            [sys.executable, "-m", "yiwang.config.command", *words],
            env=os.environ | ({"DATABASE_URL": url} if url else {}),
            stdout=said,
            stderr=said,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - in the main thread
        )
    try:
        _wait(port, child)
        yield Web(port, child.pid)
    finally:
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(25)
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _wait(port: int, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY
    while time.monotonic() < deadline and child.poll() is None:
        with suppress(OSError):
            if Browser(port).get("/healthz").status == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start; see log/bench-{port}.log in the state directory")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Browser:
    """One connection that stays open, with its cookies."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    _line: http.client.HTTPConnection | None = None

    def get(self, path: str) -> Answer:
        """Read a page."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, data: Mapping[str, str]) -> Answer:
        """Send a form, with the token against forgery if there is one."""
        token = {"csrfmiddlewaretoken": self.cookies["csrftoken"]} if "csrftoken" in self.cookies else {}
        body = urlencode({**token, **data})
        return self._ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def sign_in(self, login: str) -> None:
        """Sign in as the demo lets one."""
        self.get("/sign-in/")
        answer = self.post("/sign-in/", {"method": "demo", "login": login})
        if answer.status != 302:
            raise RuntimeError(f"{login} could not sign in: {answer.status}")

    def act_for(self, firm: uuid.UUID) -> None:
        """Act for a firm from now on."""
        answer = self.post("/standings/act/", {"party": f"organisation:{firm}"})
        if answer.status != 302:
            raise RuntimeError(f"cannot act for the firm: {answer.status}")

    def like(self) -> Browser:
        """Return another connection of the same person."""
        return Browser(self.port, self.cookies)

    def hang_up(self) -> None:
        """Close the connection; the next request opens another. A server hangs up on who says nothing for long."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        if self._line is None:
            self._line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self._line.request(method, path, body, headers)
        answer = self._line.getresponse()
        content = answer.read()
        for header in answer.headers.get_all("Set-Cookie", ()):
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        return Answer(answer.status, answer.headers, content)


Job = Callable[[Browser], None]


def rate(browsers: list[Browser], jobs: list[Job]) -> float:
    """Do jobs, one at a time on each connection; return how many were done a second. Raises what a job raises."""
    waiting = iter(jobs)
    lock = threading.Lock()
    faults: list[BaseException] = []

    def work(browser: Browser) -> None:
        browser.hang_up()
        while not faults:
            with lock:
                job = next(waiting, None)
            if job is None:
                return
            try:
                job(browser)
            except BaseException as fault:
                faults.append(fault)

    threads = [threading.Thread(target=work, args=(browser,)) for browser in browsers]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    if faults:
        raise faults[0]
    return len(jobs) / took
