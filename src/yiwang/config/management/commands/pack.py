"""``yiwang pack check NAME`` and ``yiwang pack load NAME``: a city's data, checked with file and line, all or nothing."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from yiwang.kernel import holidays
from yiwang.kernel.acts import system_record
from yiwang.kernel.packs import Pack, PackError
from yiwang.kernel.types import SYSTEM
from yiwang.platform.catalog import pack as catalog
from yiwang.platform.directory import pack as directory
from yiwang.platform.identity import pack as identity
from yiwang.platform.licences import pack as licences
from yiwang.platform.notices import pack as notices
from yiwang.platform.oversight import pack as oversight
from yiwang.platform.search import pack as search
from yiwang.platform.sharing import pack as sharing


class _Undo(Exception):
    """Ends a check: everything was tried, nothing is kept."""


class Command(BaseCommand):
    """Check or load a pack."""

    help = "检查或载入城市数据包"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do, and with which pack."""
        parser.add_argument("action", choices=["check", "load"])
        parser.add_argument("name", nargs="?", default=settings.YIWANG_PACK)
        parser.add_argument(
            "--without-records",
            action="store_true",
            help="不载入部门的数据：由它们自己的系统送来（yiwang simulate）",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load in one transaction; a check takes it back."""
        root = Path(settings.YIWANG_PACK_DIR) / options["name"]
        if not root.is_dir():
            raise CommandError(f"there is no pack at {root}")
        try:
            with transaction.atomic():
                load(Pack(root), records=not options["without_records"])
                if options["action"] == "check":
                    raise _Undo
        except PackError as error:
            raise CommandError(str(error)) from None
        except _Undo:
            self.stdout.write(f"{options['name']}: no faults")
            return
        self.stdout.write(f"{options['name']}: loaded")


def load(pack: Pack, *, records: bool = True) -> None:
    """Load every room's part of a pack, rooms in their order; ``records``: also what the invented agencies hold, as if they had
    brought it in.
    """
    with system_record("pack.load") as record:
        record.detail["pack"] = pack.name
        holidays.seed()
        directory.load(pack)
        loaded = identity.load(pack)
        catalog.load(pack, by=SYSTEM)
        sharing.load(pack, by=SYSTEM, records=records)
        licences.load(pack, loaded)
        notices.load(pack)
        search.load(pack)
        oversight.load(pack)
