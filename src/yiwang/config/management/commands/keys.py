"""``yiwang keys reseal``: after a new data key was put first, seal everything anew with it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError

from yiwang.kernel import sealed


class Command(BaseCommand):
    """Change the key of sealed data."""

    help = "换数据密钥：把新密钥写在 YIWANG_DATA_KEYS 最前，再运行 reseal；可随时中断，重跑接着做"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do."""
        parser.add_argument("action", choices=["reseal", "status"])
        parser.add_argument("--batch", type=int, default=500, help="一个事务处理多少行")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line a table; ``status`` only counts what other keys still hold (exit code 1 if there is any)."""
        left = 0
        for model in apps.get_models():
            if not sealed.sealed_fields(model):
                continue
            try:
                if options["action"] == "reseal":
                    self.stdout.write(f"{model._meta.label}: {sealed.reseal(model, options['batch'])} 行已换")
                else:
                    count = sealed.stale(model)
                    left += count
                    self.stdout.write(f"{model._meta.label}: {count} 行待换")
            except sealed.SealBroken as error:
                raise CommandError(f"{model._meta.label}：有一行打不开，先修好再继续（{error}）") from error
        if left:
            raise SystemExit(1)
