"""The browser tests' city: `yiwang demo` itself, in a state directory of its own, as somebody at a terminal starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from yiwang.config.environment import ROOT, default_state_dir

from .desk import Agencies
from .visitor import Album, Visitor

SHOTS = os.environ.get("YIWANG_SHOTS", "")
RUNNING = os.environ.get("YIWANG_E2E_URL", "")
STATE = Path(os.environ.get("YIWANG_E2E_STATE", default_state_dir()))
"""A demo of these sources that runs already, to be used as it is, and where it keeps what it has."""
READY = 240
Bring = Callable[..., Visitor]


@dataclass(frozen=True)
class City:
    """A running demo."""

    url: str
    environment: dict[str, str]

    @property
    def state(self) -> Path:
        """Where it keeps what it has."""
        return Path(self.environment["YIWANG_STATE_DIR"])

    def command(self, *arguments: str) -> str:
        """Run a ``yiwang`` command beside it; return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "yiwang.config.command", *arguments], check=False,
            env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


def free_port() -> int:
    """Find a port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def hear_ctrl_c() -> None:
    """Listen to Ctrl-C, also where the tests themselves were started in the background and do not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(scope="session")
def city() -> Iterator[City]:
    """Start the demo; Ctrl-C ends it."""
    outside = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "YIWANG_MODE"}}
    if RUNNING:
        yield City(RUNNING, outside | {"YIWANG_STATE_DIR": str(STATE)})
        return
    port = free_port()
    state = ROOT / ".yiwang" / "e2e"
    state.mkdir(parents=True, exist_ok=True)
    environment = outside | {
        "YIWANG_STATE_DIR": str(state),
        "YIWANG_BASE_URL": f"http://127.0.0.1:{port}",
    }
    log = state / "demo.log"
    with log.open("wb") as output:
        demo = subprocess.Popen(
            [sys.executable, "-m", "yiwang.config.command", "demo", "--port", str(port)],
            env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - in the main thread
        )  # fmt: skip
    try:
        until = time.monotonic() + READY
        while "Ctrl-C" not in log.read_text(errors="replace"):
            assert demo.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < until, log.read_text(errors="replace")
            time.sleep(0.2)
        yield City(f"http://127.0.0.1:{port}", environment)
    finally:
        os.killpg(demo.pid, signal.SIGINT)
        demo.wait(40)


@pytest.fixture
def album(request: pytest.FixtureRequest) -> Album:
    """The pictures of this test."""
    return Album(SHOTS, request.node.name.removeprefix("test_"))


@pytest.fixture
def visitor(city: City, browser: Browser, album: Album) -> Iterator[Bring]:
    """Return a function that brings a visitor; all leave at the end."""
    visitors: list[Visitor] = []

    def bring(login: str = "", **how: object) -> Visitor:
        one = Visitor(browser, city.url, album, **how)  # type: ignore[arg-type]
        visitors.append(one)
        if login:
            one.sign_in(login)
        return one

    yield bring
    for one in visitors:
        one.leave()


@pytest.fixture(scope="session")
def everybody(city: City, browser: Browser) -> Iterator[Agencies]:
    """The staff of all tests: each signs in once."""
    agencies = Agencies(browser, city.url)
    yield agencies
    agencies.close()


@pytest.fixture
def agencies(everybody: Agencies, album: Album) -> Iterator[Agencies]:
    """The staff of the counter and the agencies, at their desks."""
    everybody.album = album
    yield everybody
    everybody.check()
