"""A `yiwang` command in a process of its own that can be killed; forked, it need not load everything for two seconds first."""

import io
import multiprocessing
from multiprocessing.context import ForkProcess
from typing import Any

from django.core.management import call_command
from django.db import connections

_inherited: list[Any] = []


def begin(*arguments: str) -> ForkProcess:
    """Begin `yiwang …`; it ends with the tests at the latest."""
    process = multiprocessing.get_context("fork").Process(target=_run, args=arguments, daemon=True)
    process.start()
    return process


def _run(*arguments: str) -> None:
    for one in connections.all(initialized_only=True):
        # The test's own, perhaps in a transaction: it is neither used here nor closed, which would end it there too.
        _inherited.append(one.connection)
        one.connection = None
    call_command(*arguments, stdout=io.StringIO())
