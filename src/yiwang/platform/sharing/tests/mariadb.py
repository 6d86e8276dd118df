"""A MariaDB of the tests' own, where its server is installed: on loopback, with a folder that is gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pymysql

SECRET = "ge'heim 密"
USER = "leser"
_PLACES = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
SERVER = shutil.which("mariadbd", path=_PLACES)
INSTALLER = shutil.which("mariadb-install-db", path=_PLACES)
_DIES_WITH_US = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
_MEMORY = Path("/dev/shm")


class MariaDb:
    """A server that may be killed and started again; it goes by UTC, as containers do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        # As root, the server wants to be told that it may.
        self._common = [
            "--no-defaults",
            f"--datadir={folder / 'data'}",
            *(["--user=root"] if os.geteuid() == 0 else []),
        ]

    def install(self) -> None:
        """Write the server's own tables."""
        made = subprocess.run(
            [INSTALLER, *self._common, "--auth-root-authentication-method=normal", "--skip-test-db"],
            capture_output=True,
            check=False,
        )
        assert made.returncode == 0, made.stdout + made.stderr

    def start(self, *more: str) -> None:
        """Start it anew, and wait until it answers."""
        self.kill()
        command = [
            SERVER, *self._common, f"--socket={self._socket}", f"--pid-file={self.folder / 'pid'}",
            "--bind-address=127.0.0.1", f"--port={self.port}", "--skip-name-resolve", "--default-time-zone=+00:00",
            "--character-set-server=utf8mb4", "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", *more,
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([*_DIES_WITH_US, *command], stdout=log, stderr=log)
        until = time.monotonic() + 60
        while True:
            with suppress(pymysql.MySQLError):
                self.root().close()
                return
            alive = self._process.poll() is None and time.monotonic() < until
            assert alive, (self.folder / "log").read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def root(self) -> pymysql.Connection[Any]:
        """Connect as who may do anything."""
        return pymysql.connect(unix_socket=str(self._socket), user="root", charset="utf8mb4", autocommit=True)

    @property
    def _socket(self) -> Path:
        return self.folder / "s"

    @contextmanager
    def database(self, *statements: str) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Make a database with what the statements make; give a cursor of root's, and what a feed needs to read it."""
        with self.root() as connection, connection.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS Quelle")
            cursor.execute("CREATE DATABASE Quelle")
            cursor.execute("USE Quelle")
            cursor.execute(f"CREATE OR REPLACE USER {USER}@'127.0.0.1' IDENTIFIED BY %s", [SECRET])
            cursor.execute(f"GRANT SELECT ON Quelle.* TO {USER}@'127.0.0.1'")
            for statement in statements:
                cursor.execute(statement)
            how = {"address": f"mysql://127.0.0.1:{self.port}/Quelle", "secret": SECRET, "settings": {"user": USER}}
            yield cursor, how


@contextmanager
def running() -> Iterator[MariaDb]:
    """Run a server as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="yiwang-mariadb-", dir=_MEMORY if _MEMORY.is_dir() else None))
    server = MariaDb(folder)
    try:
        server.install()
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
