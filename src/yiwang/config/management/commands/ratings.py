"""``yiwang ratings export``: the upload records of the national rating interface (STANDARDS 7.3), one JSON object a line."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from yiwang.kernel import clock
from yiwang.kernel.acts import current, system_record
from yiwang.platform.oversight.exporting import upload_records


class Command(BaseCommand):
    """Ratings, for the national platform."""

    help = "导出好差评上报记录"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which days, and where to."""
        parser.add_argument("action", choices=["export"])
        parser.add_argument("file", type=Path, help="写到哪个文件（含个人信息，只有本用户可读）")
        parser.add_argument("--since", type=date.fromisoformat, required=True, help="从哪天起，如 2026-01-01")
        parser.add_argument("--until", type=date.fromisoformat, help="到哪天止（含），不写是今天")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file; the export stands in the audit trail."""
        since, until = options["since"], options["until"] or clock.today()
        first = datetime.combine(since, time.min, tzinfo=clock.SHANGHAI)
        count = 0
        descriptor = os.open(options["file"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with system_record("oversight.export_ratings"), os.fdopen(descriptor, "w", encoding="utf-8") as file:
            for record in upload_records(first, clock.end_of(until)):
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
                count += 1
            current().detail.update(since=since.isoformat(), until=until.isoformat(), count=count)
        self.stdout.write(f"{count} ratings exported")
