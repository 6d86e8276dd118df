"""A city of real processes, as `yiwang demo` runs it, and what can be killed in it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from yiwang.config import places, postgres

PACK = os.environ.get("YIWANG_CHAOS_PACK", "testville")
READY = 240  # seconds that a start may take on a busy machine


class City:
    """The demo of one pack, in a state directory of its own."""

    def __init__(self, state_dir: Path, pack: str) -> None:
        self.state_dir, self.pack = state_dir, pack
        self.log = state_dir / "demo.log"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        outside = {"DATABASE_URL", "YIWANG_MODE", "YIWANG_STATE_DIR", "YIWANG_PACK"}
        self.environment = {name: value for name, value in os.environ.items() if name not in outside} | {
            "YIWANG_STATE_DIR": str(state_dir),
            "YIWANG_PACK": pack,
        }
        self.demo: subprocess.Popen[bytes] | None = None

    def start(self, until_it_says: str = "Ctrl-C") -> None:
        """Start everything, and wait for the welcome, or until it says something else."""
        self.state_dir.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self.demo = subprocess.Popen(
                [*self._command("demo"), "--port", str(self.port)],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + READY
        while until_it_says not in self.said():
            assert self.demo.poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            time.sleep(0.1)

    def stop(self) -> None:
        """End it as Ctrl-C does; nothing may be left of it."""
        if self.demo and self.demo.poll() is None:
            self.demo.send_signal(signal.SIGINT)
            self.demo.wait(60)
        assert wait_for(lambda: not self.processes(), 10), self.processes()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `yiwang` command beside the city, as an operator does."""
        return subprocess.run(
            self._command(*arguments), env=self.environment, capture_output=True, text=True, check=False
        )

    def said(self) -> str:
        """Return what the demo wrote to its terminal."""
        return self.log.read_text(errors="replace")

    def database_url(self) -> str:
        """Return the address of the database as it runs now."""
        home = self.state_dir / "pg"
        password, port = (home / "password").read_text().strip(), (home / "port").read_text().strip()
        return f"postgresql://yiwang:{password}@127.0.0.1:{port}/yiwang"

    def processes(self) -> list[str]:
        """Return the command lines of everything that belongs to the city."""
        mine = f"YIWANG_STATE_DIR={self.state_dir}\0".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if mine in (entry / "environ").read_bytes():
                        found.append((entry / "cmdline").read_text().replace("\0", " "))
                except OSError:
                    continue
        return found

    # --- who can be killed ---

    def web(self) -> list[int]:
        """The web's parent: what it forked dies with it."""
        return self._children("serve")

    def web_process(self) -> list[int]:
        """One of the processes that answer."""
        return children(self.web()[0])[-1:] if self.web() else []

    def worker(self) -> list[int]:
        """The worker."""
        return self._children("worker")

    def database(self) -> list[int]:
        """The postmaster alone; its backends find out."""
        pid = postgres.server_pid(self.state_dir, self.database_url())
        return [pid] if pid and Path(f"/proc/{pid}").exists() else []

    def whole_database(self) -> list[int]:
        """The postmaster with everything under it, as when the machine goes dark."""
        return [one for pid in self.database() for one in (pid, *children(pid))]

    def backend(self) -> list[int]:
        """The process behind one connection: the postmaster restarts all of them."""
        serving = [pid for one in self.database() for pid in children(one) if " yiwang yiwang " in command_of(pid)]
        return random.sample(serving, 1) if serving else []

    def agencies(self) -> list[int]:
        """The parent of the agencies' systems: all of them die with it."""
        return self._children("simulate agencies")

    def agency(self) -> list[int]:
        """The system of one agency."""
        systems = [pid for parent in self.agencies() for pid in children(parent)]
        return random.sample(systems, 1) if systems else []

    def everything(self) -> list[int]:
        """The demo itself: all else dies with it, and somebody starts it again."""
        return [self.demo.pid] if self.demo and self.demo.poll() is None else []

    def kill(self, target: Callable[[], list[int]]) -> bool:
        """Kill -9 what stands there now; tell whether something did."""
        killed = False
        for pid in target():
            try:
                os.kill(pid, signal.SIGKILL)
                killed = True
            except ProcessLookupError:
                continue
        if killed and target == self.everything:
            assert self.demo
            self.demo.wait()
            self.start()
        return killed

    def _children(self, command: str) -> list[int]:
        return [pid for pid in children(self.demo.pid) if f" yiwang.config.command {command}" in command_of(pid)]

    @staticmethod
    def _command(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "yiwang.config.command", *arguments]


def children(pid: int) -> list[int]:
    """Return the children of a process; none if it is gone."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def command_of(pid: int) -> str:
    """Return a process's command line; empty if it is gone, or a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def wait_for(condition: Callable[[], object], seconds: float, every: float = 0.05) -> bool:
    """Wait for a condition; tell whether it came."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(every)
    return True


def furnish(state_dir: Path, source: str, secrets: Path) -> None:
    """Give a city the content of the database at ``source``, instead of a migration that takes half a minute.

    ``secrets`` are the keys with which its fields were sealed.
    """
    state_dir.mkdir(parents=True)
    shutil.copy(secrets, state_dir / "secrets.json")
    with postgres.running(state_dir) as url:
        tools = places.binaries(places.account(state_dir / "pg" / "data")).directory
        dump = subprocess.Popen([tools / "pg_dump", "--format=custom", "--compress=0", source], stdout=subprocess.PIPE)
        subprocess.run(
            [tools / "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={url}"],
            stdin=dump.stdout, check=True,
        )  # fmt: skip
        assert dump.wait() == 0
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ANALYZE")
