"""``yiwang living``: let something be going on in a city that was just loaded (the demo does it by itself)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from yiwang.config import living
from yiwang.kernel.packs import Pack, PackError


class Command(BaseCommand):
    """Walk the pack's matters to where they stand today."""

    help = "让刚载入的演示城市有事在办"

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it once; where somebody has applied already, nothing happens."""
        if not settings.YIWANG_DEMO:
            raise CommandError("only a demo city is brought to life")
        if not living.wanted():
            self.stdout.write("已经有人办过事，不再生成。")
            return
        try:
            count = living.live(Pack(Path(settings.YIWANG_PACK_DIR) / settings.YIWANG_PACK))
        except PackError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{count} 件事")
