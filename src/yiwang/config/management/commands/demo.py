"""`yiwang demo`: the whole city on this machine, in this terminal, until Ctrl-C."""

import importlib
import importlib.util
import os
import select
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError

from yiwang.config.postgres import server_pid
from yiwang.config.processes import die_with_parent, exit_on_signals, is_free
from yiwang.config.state import note_pack, pack_is_loaded, pending_migrations

_READY = 120  # seconds that the web may take to answer
_END = 25  # seconds that a child may take to end in order
_LAST_LINES = 15


class Command(BaseCommand):
    """Build, migrate, load the pack, run web and worker; leave nothing running at the end."""

    help = "在本机运行演示城市，按 Ctrl-C 结束"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the steps in order; each says how long it took."""
        host, port = options["host"], options["port"]
        address = f"http://{host}:{port}"
        if not is_free(host, port):
            raise CommandError(f"{host}:{port} 已被占用，请用 --port 另选端口（make demo PORT=8001）。")
        exit_on_signals()
        self._prepare()
        with ExitStack() as stack:
            os.environ.setdefault("YIWANG_BASE_URL", address)
            web = stack.enter_context(_child("serve", "--host", host, "--port", str(port)))
            worker = stack.enter_context(_child("worker"))
            with self._step("启动网站"):
                _wait_until_ready(f"{address}/healthz", web)
            self._welcome(address)
            try:
                self._watch({"网站 (serve)": web.pid, "后台任务 (worker)": worker.pid})
            except KeyboardInterrupt:
                self.stdout.write("\n正在结束……")

    def _prepare(self) -> None:
        commands = get_commands()
        if "build" in commands:
            with self._step("构建静态文件"):
                call_command("build")
        with self._step("检查数据库结构"):
            pending = pending_migrations()
        if pending:
            with self._step(f"更新数据库结构（{len(pending)} 项）"):
                call_command("migrate", interactive=False, verbosity=0)
        pack = settings.YIWANG_PACK
        if "pack" in commands and not pack_is_loaded(pack):
            with self._step(f"载入城市数据 {pack}"):
                call_command("pack", "load", pack)
            note_pack(pack)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self.stdout.write(f"{name}……")
        self.stdout.flush()
        began = time.monotonic()
        yield
        self.stdout.write(f"  {time.monotonic() - began:.1f} 秒")

    def _welcome(self, address: str) -> None:
        self.stdout.write(f"\n一网已就绪：{address}\n")
        for line in _sign_ins():
            self.stdout.write(f"  {line}")
        self.stdout.write(f"日志：{_log_dir()}\n按 Ctrl-C 结束。\n")
        self.stdout.flush()

    def _watch(self, pids: dict[str, int]) -> None:
        """Wait until one of the processes ends, and say which; none is started again silently."""
        database = server_pid(settings.YIWANG_STATE_DIR, os.environ["DATABASE_URL"])
        if database:
            pids = {**pids, "PostgreSQL": database}
        watched = {}
        for name, pid in pids.items():
            try:
                watched[os.pidfd_open(pid)] = name
            except ProcessLookupError:
                raise CommandError(f"{name} 意外结束。") from None
        ended, _, _ = select.select(list(watched), [], [])
        name = watched[ended[0]]
        if name == "PostgreSQL":  # the others could end nothing in order, only wait
            for pid in pids.values():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        log = settings.YIWANG_STATE_DIR / "pg" / "server.log"
        for command in ("serve", "worker"):
            if command in name:
                log = _log_dir() / f"{command}.log"
        raise CommandError(f"{name} 意外结束，日志 {log} 的最后几行：\n{_tail(log)}")


@contextmanager
def _child(command: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a `yiwang` command in a process group of its own; at the end nothing of that group is left."""
    _log_dir().mkdir(parents=True, exist_ok=True)
    with (_log_dir() / f"{command}.log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "yiwang.config.command", command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - in the main thread
        )
    try:
        yield child
    finally:
        child.terminate()
        try:
            with suppress(subprocess.TimeoutExpired):
                child.wait(_END)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _wait_until_ready(url: str, web: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY
    while time.monotonic() < deadline:
        if web.poll() is not None:
            break
        with suppress(URLError, OSError), urlopen(url, timeout=5):  # noqa: S310 - our own address
            return
        time.sleep(0.05)
    log = _log_dir() / "serve.log"
    raise CommandError(f"网站没有启动，日志 {log} 的最后几行：\n{_tail(log)}")


def _sign_ins() -> Iterable[str]:
    """Return a line for each demo sign-in of the loaded pack."""
    if not importlib.util.find_spec("yiwang.config.demo"):
        return []
    lines: Iterable[str] = importlib.import_module("yiwang.config.demo").sign_ins()
    return lines


def _log_dir() -> Path:
    return Path(settings.YIWANG_STATE_DIR) / "log"


def _tail(path: Path) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-_LAST_LINES:])
    except OSError:
        return ""
