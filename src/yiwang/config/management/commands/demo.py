"""`yiwang demo`: the whole city on this machine, in this terminal, until Ctrl-C."""

import fcntl
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.core.management.commands.migrate import Command as Migrate

from yiwang.config import postgres
from yiwang.config.demo import sign_ins
from yiwang.config.management.commands import simulate
from yiwang.config.processes import die_with_parent, end_with_parent, exit_on_signals, is_free
from yiwang.config.simulate import stores
from yiwang.config.simulate.connecting import connect, connect_house, connect_listeners, is_up
from yiwang.config.simulate.running import Place, places
from yiwang.config.state import disconnect, half_made, is_half_made, note_pack, pack_is_loaded, pending_migrations
from yiwang.kernel.audit import heads_file
from yiwang.platform.sharing import queries, runner
from yiwang.platform.sharing.sweep import measure_all

_READY = 120  # seconds that the web may take to answer
_SENT = 60.0  # seconds for what agencies send or put down, the first time
_END = 25  # seconds that a child may take to end in order
_END_WITHOUT = 3  # the same while the database is away: nothing can be put in order then
_SOON = 20  # seconds within which a child that cannot run has ended
_LAST_LINES = 15
_NOTE_EVERY = 25  # migrations between two notes
_DATABASE = "PostgreSQL"
LEAST, MOST = 500, 1_000_000
"""People whom a demo city may have: fewer do not make families, schools and firms enough."""


class Command(BaseCommand):
    """Build, migrate, load the pack, run web and worker; leave nothing running at the end.

    What is killed (by `kill -9`, or for want of memory) is started again, as systemd does it in production; what ends
    by itself soon after its start has a reason, which a new start would not remove: then the demo ends and shows it.
    """

    help = "在本机运行演示城市，按 Ctrl-C 结束"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--people", type=int, help="虚构居民的人数，只在第一次启动时有用（默认 2000，另有相应数量的企业）"
        )
        parser.add_argument("--with-parent", action="store_true", help="启动它的进程没了，它也结束（make demo 用）")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the steps in order; each says how long it took."""
        host, port = options["host"], options["port"]
        address = f"http://{host}:{port}"
        exit_on_signals()
        if options["with_parent"]:
            end_with_parent()
        with ExitStack() as databases, _alone(address):
            if not is_free(host, port):
                raise CommandError(f"{host}:{port} 已被占用，请用 --port 另选端口（make demo PORT=8001）。")
            size = _size(options["people"])
            os.environ.setdefault("YIWANG_BASE_URL", address)
            with ExitStack() as stack:
                agencies = stack.enter_context(_Child("各部门的系统", "simulate", "agencies", *size))
                self._prepare()
                is_new = _nobody_applied()
                web = stack.enter_context(_Child("网站", "serve", "--host", host, "--port", str(port)))
                if is_new:
                    # What is going on in the city rests on what its agencies say, and some of them say it to the site.
                    self._begin(self._connect(agencies))
                worker = stack.enter_context(_Child("后台任务", "worker"))
                if not is_new:
                    self._connect(agencies)
                with self._step("启动网站"):
                    _wait_until_ready(f"{address}/healthz", web)
                self._welcome(address)
                try:
                    self._watch([agencies, web, worker], databases)
                except KeyboardInterrupt:
                    self._say("\n正在结束……")

    def _prepare(self) -> None:
        with self._step("构建静态文件"):
            call_command("build")
        if is_half_made():
            if not _database_pid():
                raise CommandError("上次没有准备完，数据库里的演示城市只有一半：请换一个空的数据库（DATABASE_URL）。")
            with self._step("上次没有准备完，重新建库"):
                disconnect()
                postgres.make_anew(os.environ["DATABASE_URL"])
                heads_file().unlink(missing_ok=True)  # of a trail that is no more
        with self._step("检查数据库结构"):
            pending = pending_migrations()
        if pending:
            with self._step(f"更新数据库结构（{len(pending)} 项）"):
                call_command(_Migrate(self._say), interactive=False, verbosity=0)
        pack = settings.YIWANG_PACK
        if not pack_is_loaded(pack):
            with self._step(f"载入城市数据 {pack}"):
                call_command("pack", "load", pack, without_records=True)
            note_pack(pack)

    def _connect(self, agencies: "_Child") -> list[Place]:
        """Let the platform read from the agencies' systems, and return those that sell houses."""
        with self._step("等各部门的系统"):
            found = _wait_for_systems(agencies)
            changed = connect(found, os.environ["YIWANG_BASE_URL"])
            desks = connect_house(found, os.environ["YIWANG_BASE_URL"])
            connect_listeners(Path(settings.YIWANG_PACK_DIR) / settings.YIWANG_PACK, found)
        if changed or not queries.is_all_read():
            with self._step("读各部门的数据"):
                _read_all()
        with self._step("检查数据质量"):
            measure_all()  # a worker does it at night, when a demo is asleep; measured today, it is not measured again
        return desks

    def _begin(self, desks: list[Place]) -> None:
        with self._step("让城市里有事在办"), half_made():
            call_command("living")
            if desks:
                call_command("simulate", "house", "3")

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self._say(f"{name}……")
        began = time.monotonic()
        yield
        self._say(f"  {time.monotonic() - began:.1f} 秒")

    def _welcome(self, address: str) -> None:
        self._say(f"\n一网已就绪：{address}")
        for line in sign_ins():
            self._say(f"  {line}")
        self._say(f"日志：{_log_dir()}\n按 Ctrl-C 结束。")

    def _watch(self, children: list["_Child"], databases: ExitStack) -> None:
        """Start again whatever ends, for ever; only what ends by itself soon after its start is a reason to end."""
        embedded = _database_pid() is not None
        while True:
            ended = _first_to_end(children, embedded)
            if ended is None:
                self._say(f"{_DATABASE} 意外结束，正在重新启动……")
                # Entered once more, not replaced: the one who ran the server before may have been another process.
                url = databases.enter_context(postgres.running(settings.YIWANG_STATE_DIR, say=self._say))
                if url != os.environ["DATABASE_URL"]:
                    raise CommandError(f"{_DATABASE} 只能换端口启动：原来的端口被占用了。请重新运行。")
            elif ended.may_start_again():
                self._say(f"{ended.name}意外结束，正在重新启动……")
                ended.start()
            else:
                log = _log_dir() / f"{ended.command}.log"
                raise CommandError(f"{ended.name}结束了，日志 {log} 的最后几行：\n{_tail(log)}")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


class _Migrate(Migrate):
    """Django's own, with a note now and then."""

    def __init__(self, say: postgres.Say) -> None:
        super().__init__()
        self.say, self.done = say, 0

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        """Count what is done."""
        if action == "apply_success":
            self.done += 1
            if self.done % _NOTE_EVERY == 0:
                self.say(f"  …… {self.done} 项")


class _Child:
    """A `yiwang` command in a process group of its own; at the end nothing of that group is left."""

    def __init__(self, name: str, command: str, *arguments: str) -> None:
        self.name, self.command, self.arguments = name, command, arguments
        self.log = _log_dir() / f"{command}.log"

    def __enter__(self) -> "_Child":
        _log_dir().mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        self.start()
        return self

    def start(self) -> None:
        """Start it, for the first time or again."""
        self.began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "yiwang.config.command", self.command, *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - in the main thread
            )

    def may_start_again(self) -> bool:
        """Tell whether a signal ended it, or it had run for a while: granian ends itself when its processes die again and
        again. What it left of its group is ended too: it may hold the port.
        """
        status = self.process.wait()
        self._end_group()
        return status < 0 or time.monotonic() - self.began > _SOON

    def __exit__(self, *_error: object) -> None:
        self.process.terminate()
        try:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_END if _database_answers() else _END_WITHOUT)
        finally:
            self._end_group()
            self.process.wait()

    def _end_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def _size(people: int | None) -> list[str]:
    """Return how large a city its agencies are asked to make; what they have and the platform has read cannot change.

    Raises ``CommandError``, before anything is begun.
    """
    kept = stores.size_of(simulate.folder_of())
    if people is None or (kept and kept.people == people):
        return []
    if kept:
        raise CommandError(
            f"演示城市已有 {kept.people} 名虚构居民，人数不能再改：请先运行 make clean，或者用 YIWANG_STATE_DIR 另选一处。"
        )
    if not LEAST <= people <= MOST:
        raise CommandError(f"虚构居民的人数要在 {LEAST} 到 {MOST} 之间（现在是 {people}）。")
    usual = stores.Size()
    return ["--people", str(people), "--firms", str(people * usual.firms // usual.people)]


def _database_pid() -> int | None:
    return postgres.server_pid(settings.YIWANG_STATE_DIR, os.environ["DATABASE_URL"])


def _database_answers() -> bool:
    try:
        psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _first_to_end(children: list[_Child], embedded: bool) -> _Child | None:
    """Wait until a process ends; return the child, or None when it is the embedded database."""
    database = _database_pid()
    if embedded and not database:
        return None
    with ExitStack() as stack:
        watched: dict[int, _Child | None] = {}
        for child in children:
            watched[_watchable(child.process.pid, stack)] = child
        if database:
            try:
                watched[_watchable(database, stack)] = None
            except ProcessLookupError:
                return None
        ended, _, _ = select.select(list(watched), [], [])
        return watched[ended[0]]


def _watchable(pid: int, stack: ExitStack) -> int:
    descriptor = os.pidfd_open(pid)
    stack.callback(os.close, descriptor)
    return descriptor


@contextmanager
def _alone(address: str) -> Iterator[None]:
    """Let one demo at a time use the state directory: two would migrate, load and write the same logs."""
    path = Path(settings.YIWANG_STATE_DIR) / "demo.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CommandError(f"{path.parent} 的演示已在运行：{lock.read().strip()}") from None
        lock.truncate(0)
        lock.write(f"{address}\n")
        lock.flush()
        yield


def _wait_until_ready(url: str, web: _Child) -> None:
    deadline = time.monotonic() + _READY
    while time.monotonic() < deadline:
        if web.process.poll() is not None:
            break
        with suppress(URLError, OSError), urlopen(url, timeout=5):  # noqa: S310 - our own address
            return
        time.sleep(0.05)
    raise CommandError(f"网站没有启动，日志 {web.log} 的最后几行：\n{_tail(web.log)}")


def _wait_for_systems(agencies: _Child) -> list[Place]:
    """Wait until every system answers: the first time their stores have to be made."""
    deadline = time.monotonic() + _READY
    while time.monotonic() < deadline and agencies.process.poll() is None:
        found = places(simulate.folder_of())
        if found and found[0].pid and Path(f"/proc/{found[0].pid}").exists() and all(map(is_up, found)):
            return found
        time.sleep(0.1)
    raise CommandError(f"各部门的系统没有启动，日志 {agencies.log} 的最后几行：\n{_tail(agencies.log)}")


def _read_all() -> None:
    """Read all that is due, several sources at a time, and wait for what agencies send or put down."""
    logging.getLogger(runner.__name__).setLevel(logging.ERROR)  # the desk tells of each source
    readers = [threading.Thread(target=runner.run_due) for _number in range(2)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    deadline = time.monotonic() + _SENT
    while time.monotonic() < deadline and not queries.is_all_read():
        time.sleep(0.2)
        runner.run_due()


def _nobody_applied() -> bool:
    from yiwang.config import living

    return living.wanted()


def _log_dir() -> Path:
    return Path(settings.YIWANG_STATE_DIR) / "log"


def _tail(path: Path) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-_LAST_LINES:])
    except OSError:
        return ""
