"""`yiwang serve`: the web application on granian."""

import ctypes
import gc
import os
import shutil
import signal
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import get_resolver
from granian.constants import Interfaces
from granian.server import Server

from yiwang.config.processes import die_with_parent, is_free
from yiwang.config.state import disconnect
from yiwang.ui import catalogues

_ARENA_MAX = -8  # of glibc's mallopt(3): each thread would have a heap of its own, and leave it half empty
_BACKLOG = 1024  # connections that the kernel holds while every process is at its limit
_CONNECTIONS = 512  # a process: waiting browsers keep theirs open, so far more than its threads


class Command(BaseCommand):
    """Serve pages and API until SIGTERM or Ctrl-C; requests that have begun are answered first."""

    help = "运行网站（granian，WSGI）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen, and with how many processes and threads."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="进程数，默认等于处理器核数")
        parser.add_argument("--threads", type=int, default=4, help="每个进程的线程数")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the application once, then fork: the processes share its memory, and each is ready at once."""
        host, port = options["host"], options["port"]
        if not is_free(host, port):
            raise CommandError(f"{host}:{port} 已被占用，请用 --port 另选端口。")
        pool = settings.DATABASES["default"]["OPTIONS"].get("pool", {}).get("max_size", options["threads"] + 1)
        if pool <= options["threads"]:
            raise CommandError(f"YIWANG_DATABASE_POOL（{pool}）要大于每个进程的线程数（{options['threads']}）。")
        _share_metrics(port)
        library = ctypes.CDLL(None)
        with suppress(AttributeError):  # another C library
            library.mallopt(_ARENA_MAX, 1)
        _load()
        with suppress(AttributeError):
            library.malloc_trim(0)  # what importing left over, before every process has it
        os.register_at_fork(after_in_child=die_with_parent(signal.SIGTERM))
        Server(
            "yiwang.config.wsgi:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            websockets=False,
            workers=options["workers"],
            blocking_threads=options["threads"],
            backlog=_BACKLOG,
            backpressure=_CONNECTIONS,
            respawn_failed_workers=True,
            workers_kill_timeout=20,
        ).serve()


def _share_metrics(port: int) -> None:
    """Let the processes count together, from nought; Prometheus's client looks at its first import whether it should."""
    folder = Path(settings.YIWANG_STATE_DIR) / "metrics" / str(port)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _load() -> None:
    """Import the application with all its pages, and leave nothing open that a fork must not share."""
    import rjieba  # noqa: F401 - for all of them at once, whoever is asked for something first

    import yiwang.config.wsgi  # noqa: F401 - for its effect

    get_resolver().url_patterns  # noqa: B018 - imports every page
    catalogues.join_all()
    disconnect()
    gc.collect()
    gc.freeze()
