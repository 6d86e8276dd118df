"""``yiwang synth``: an invented city of any size, whose agencies' data agree with one another, as files."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from yiwang.config.synth import output, plan
from yiwang.kernel.packs import PackError

FIRST, LAST = date(2016, 1, 1), date(2099, 12, 31)
"""Between these the rules that the world lives by (school ages, retirement, terms of papers) make sense."""


class Command(BaseCommand):
    """Make a city and write what each agency has of it."""

    help = "造一座虚构的城市，写出各部门相互吻合的数据"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How large, by which chance, on which day, where to."""
        parser.add_argument("--people", type=int, default=20000)
        parser.add_argument("--firms", type=int, default=3000)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--out", type=Path, required=True, help="a folder of its own: its *.csv are written anew")
        parser.add_argument("--pack", default=settings.YIWANG_PACK)
        parser.add_argument("--at", type=date.fromisoformat, default=date(2026, 11, 1), help="YYYY-MM-DD")
        parser.add_argument("--jobs", type=int, default=1, help="processes; the files are the same for any number")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it. The same arguments give the same bytes."""
        root = Path(settings.YIWANG_PACK_DIR) / options["pack"]
        if not root.is_dir():
            raise CommandError(f"there is no pack at {root}")
        if not FIRST <= options["at"] <= LAST:
            raise CommandError(f"the day must lie between {FIRST} and {LAST}")
        out = options["out"]
        if out.exists() and any(out.iterdir()) and not (out / output.SUMMARY).exists():
            raise CommandError(f"{out} holds something else")
        try:
            city = plan.read_city(root)
            world = plan.make_plan(city, options["people"], options["firms"], options["seed"], options["at"])
            made = output.write(world, out, jobs=max(1, options["jobs"]))
        except (PackError, plan.TooMany) as error:
            raise CommandError(str(error)) from None
        rows = made["rows"]
        self.stdout.write(
            f"{made['world']['people']} 人，{made['world']['firms']} 家企业；"
            f"{len(rows)} 个数据集，{sum(rows.values())} 条；摘要 {made['digest'][:16]}"
        )
