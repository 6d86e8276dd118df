"""`yiwang feeds run`: let agencies' data come in (the worker does it by itself)."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from yiwang.platform.sharing import runner

_LOOK = 1.0
"""Seconds between two looks for what is due."""


class Command(BaseCommand):
    """Run feeds until SIGTERM or Ctrl-C, or once."""

    help = "读各部门的数据源"
    requires_system_checks: list[str] = []  # they load every page; `serve` makes them

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to run, and for how long."""
        actions = parser.add_subparsers(dest="action", required=True)
        run = actions.add_parser("run", help=_("读到期的数据源"))
        run.add_argument("--once", action="store_true", help=_("读完到期的就结束"))
        run.add_argument("--feed", default="", metavar="CODE", help=_("只读这个数据集的；加 --once 就不论是否到期"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Run what is due; a batch that has begun is ended first."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_any: stop.set())
        while not stop.is_set():
            early = options["once"] and bool(options["feed"])
            read = runner.run_due(stop, options["feed"], early=early)
            if read or options["once"]:
                self.stdout.write(_("读入 %(count)d 行。") % {"count": read})
            if options["once"]:
                break
            stop.wait(_LOOK)
