"""Bring the message catalogues up to the sources."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from yiwang.ui import messages


class Command(BaseCommand):
    """``messages`` extracts from Python and templates and lists what has no translation yet."""

    help = "更新语言目录，列出没有译文的句子"
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Update every language."""
        for language in messages.LANGUAGES:
            missing = messages.update(language)
            self.stdout.write(f"{language}: 缺 {len(missing)} 句")
            for message in missing:
                self.stdout.write(f"  {message}")
