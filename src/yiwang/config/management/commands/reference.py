"""``yiwang reference``: write the page about acts, permissions, events, timers, jobs and plugins."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from yiwang.config import reference


class Command(BaseCommand):
    """Write ``docs/reference/catalogues.md``."""

    help = "写出动作、权限、事件、计时、任务和插件的参考页"

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it."""
        reference.PAGE.parent.mkdir(parents=True, exist_ok=True)
        reference.PAGE.write_text(reference.text())
        self.stdout.write(str(reference.PAGE.relative_to(reference.ROOT)))
