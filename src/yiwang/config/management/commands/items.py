"""``yiwang items import|lint|export``: service items from files, what is wrong with them, and out again."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from yiwang.kernel.types import SYSTEM, Door
from yiwang.platform.catalog import acts, documents, queries
from yiwang.platform.catalog.imports.exporting import surroundings, write_csv
from yiwang.platform.catalog.imports.formats import FileRefused, SourceFile, format_for, registry
from yiwang.platform.catalog.linting import lint

_BY = replace(SYSTEM, door=Door.COMMAND)


class Command(BaseCommand):
    """Import, check and export items."""

    help = "导入、检查、导出政务服务事项"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One of three things to do."""
        actions = parser.add_subparsers(dest="action", required=True)
        bring = actions.add_parser("import", help=_("导入一个文件；不加 --apply 只试算，不写入"))
        bring.add_argument("file", type=Path)
        bring.add_argument("--format", choices=list(registry), default="")
        mode = bring.add_mutually_exclusive_group()
        mode.add_argument("--dry-run", action="store_true", help=_("只试算（默认）"))
        mode.add_argument("--apply", action="store_true", help=_("写入"))
        check = actions.add_parser("lint", help=_("检查办事指南；默认只列阻止发布的"))
        check.add_argument("--all", action="store_true", help=_("提醒也列出来"))
        out = actions.add_parser("export", help=_("导出为 CSV"))
        out.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        getattr(self, f"_{options['action']}")(options)

    def _import(self, options: dict[str, Any]) -> None:
        try:
            source = SourceFile.of(options["file"])
            name = options["format"] or format_for(options["file"])
        except (OSError, FileRefused) as error:
            raise CommandError(str(error)) from None
        report = acts.import_items(source, name, options["apply"], by=_BY, key=str(uuid.uuid4()))
        for note in report.notes:
            self.stdout.write(f"{note.row}\t{note.code}\t{note.level}\t{note.reason}\t{note.message}")
        if report.more_notes:
            self.stdout.write(f"… +{report.more_notes}")
        self.stdout.write(
            _("读入 %(read)d，落地 %(landed)d（其中未变 %(unchanged)d、有提醒 %(warned)d），拒绝 %(rejected)d。")
            % {name: getattr(report, name) for name in ("read", "landed", "unchanged", "warned", "rejected")}
        )
        if not options["apply"]:
            self.stdout.write(_("这是试算，没有写入；加 --apply 写入。"))
        if report.notes and not report.read:
            raise CommandError(report.notes[0].message)

    def _lint(self, options: dict[str, Any]) -> None:
        context = queries.lint_context()
        counts: Counter[bool] = Counter()
        items = 0
        for items, draft in enumerate(queries.drafts(_BY), 1):  # noqa: B007
            definition = documents.DEFINITION.validate_python(draft.document)
            for finding in lint(definition, context):
                counts[finding.blocks] += 1
                if finding.blocks or options["all"]:
                    level = "error" if finding.blocks else "warning"
                    line = (definition.task_code, level, finding.rule, finding.where, finding.message)
                    self.stdout.write("\t".join((*line, finding.suggestion)))
        self.stdout.write(
            _("检查 %(items)d 个事项：%(errors)d 处阻止发布，%(warnings)d 处提醒。")
            % {"items": items, "errors": counts[True], "warnings": counts[False]}
        )
        if counts[True]:
            raise CommandError(_("有阻止发布的问题。"))

    def _export(self, options: dict[str, Any]) -> None:
        try:
            with options["file"].open("w", encoding="utf-8", newline="") as file:
                count = write_csv(file, queries.drafts(_BY), surroundings())
        except OSError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(_("导出 %(count)d 个事项。") % {"count": count})
