"""Build what the pages need: static files and message catalogues."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from yiwang.ui import assets, messages


class Command(BaseCommand):
    """``build`` makes static files and compiled messages.

    ``build --check`` only says whether they are fresh.
    """

    help = "构建静态文件和语言目录"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Offer ``--check`` and ``--force``."""
        parser.add_argument("--check", action="store_true", help="只检查是否过期，过期则返回错误")
        parser.add_argument("--force", action="store_true", help="即使没有变化也重新构建")

    def handle(self, *args: Any, **options: Any) -> None:
        """Build, or check."""
        if options["check"]:
            if assets.stale() or messages.stale():
                raise CommandError("静态文件或语言目录已过期，请运行 build。")
            return
        try:
            built = assets.build(force=options["force"])
        except assets.BuildError as error:
            raise CommandError(str(error)) from error
        compiled = messages.compile_catalogues(force=options["force"])
        state = "已更新" if built.changed else "没有变化"
        self.stdout.write(f"静态文件 {len(built.files)} 个，{state}；语言目录更新 {compiled} 个")
