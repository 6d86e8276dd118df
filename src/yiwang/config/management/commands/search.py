"""``yiwang search rebuild``: write the search index anew while searches go on."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from yiwang.platform.search import index


class Command(BaseCommand):
    """Rebuild the index and the dictionary of terms."""

    help = "重建搜索索引"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """There is one thing to do; it is named so that nobody rebuilds by a slip."""
        parser.add_argument("action", choices=["rebuild"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild and say how many documents there are."""
        began = time.monotonic()
        written = index.rebuild()
        self.stdout.write(f"{written} documents, {time.monotonic() - began:.1f} s")
