"""A `yiwang` command in a process of its own that can be killed; forked, it need not load everything for two seconds first."""

import io
import multiprocessing
from multiprocessing.context import ForkProcess

from django.core.management import call_command
from django.db import connections


def begin(*arguments: str) -> ForkProcess:
    """Begin `yiwang …`; it ends with the tests at the latest."""
    connections.close_all()  # a connection belongs to one process
    process = multiprocessing.get_context("fork").Process(target=_run, args=arguments, daemon=True)
    process.start()
    return process


def _run(*arguments: str) -> None:
    call_command(*arguments, stdout=io.StringIO())
