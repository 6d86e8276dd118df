"""``yiwang cases …``: record sets for the national exchange, moving running cases to a new edition, processes as BPMN."""

from __future__ import annotations

import json
import os
import uuid
from argparse import ArgumentParser
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from yiwang.kernel import clock
from yiwang.kernel.acts import current, system_record
from yiwang.kernel.problems import Problem
from yiwang.kernel.types import SYSTEM, Door
from yiwang.platform.cases import acts, bpmn, exports, queries
from yiwang.platform.catalog import acts as catalog_acts
from yiwang.platform.catalog import queries as catalog

_BY = replace(SYSTEM, door=Door.COMMAND)
BATCH = 500


class Command(BaseCommand):
    """Cases, for whoever runs the city."""

    help = "导出办件数据集、把在办件换到新版指南、流程与 BPMN 互换"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One of three things to do."""
        actions = parser.add_subparsers(dest="action", required=True)
        out = actions.add_parser("export", help="导出 GB/T 39046 数据集（含个人信息，文件只有本用户可读）")
        out.add_argument("set", choices=sorted(exports.SETS))
        out.add_argument("file", type=Path, help="写到哪个文件，扩展名 .csv 或 .jsonl")
        out.add_argument("--since", type=date.fromisoformat, required=True, help="从哪天收件的起")
        out.add_argument("--until", type=date.fromisoformat, help="到哪天收件的止（含），不写是今天")
        move = actions.add_parser("move", help="把一个事项的在办件换到最新版；不加 --apply 只试算")
        move.add_argument("task_code", help="实施编码（31 位）")
        move.add_argument("--reason", default="", help="为什么换，写进案卷并告诉申请人")
        move.add_argument("--apply", action="store_true", help="真的换")
        process = actions.add_parser("process", help="写出一个事项的流程（BPMN 2.0），或从文件读成草稿")
        process.add_argument("task_code", help="实施编码（31 位）")
        process.add_argument("--from", dest="source", type=Path, help="读这个 BPMN 文件，写进事项草稿")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        try:
            getattr(self, f"_{options['action']}")(options)
        except Problem as problem:
            lines = [f"{error.field}: {error.message}" for error in problem.errors]
            raise CommandError("\n".join([str(problem.detail), *lines])) from None

    def _export(self, options: dict[str, Any]) -> None:
        since, until = options["since"], options["until"] or clock.today()
        name, path = options["set"], options["file"]
        first = datetime.combine(since, time.min, tzinfo=clock.SHANGHAI)
        count = 0
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with system_record("cases.export"), os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            for ids in queries.received_between(first, clock.end_of(until), BATCH):
                rows = exports.SETS[name](ids)
                _write(file, path.suffix, rows, headed=count == 0)
                count += len(rows)
            current().detail.update(set=name, since=since.isoformat(), until=until.isoformat(), count=count)
        self.stdout.write(f"{count} rows exported")

    def _move(self, options: dict[str, Any]) -> None:
        edition = catalog.current_edition(options["task_code"])
        if options["apply"] and not options["reason"].strip():
            raise CommandError("--reason is missing")
        moved = refused = 0
        for pk in queries.running_on_older_editions(edition):
            view = queries.plan_move(pk, _BY)
            if view is None:
                continue
            steps = ", ".join(f"{name} {fate}" for name, fate in view.steps if fate != "kept") or "steps unchanged"
            lacking = f"; lacks {'、'.join(view.lacking)}" if view.lacking else ""
            said = f"{pk} edition {view.old_number} to {view.new_number}: {steps}{lacking}"
            if options["apply"]:
                try:
                    acts.move_edition(pk, edition.id, options["reason"], by=_BY, key=f"move:{pk}:{edition.id}")
                except Problem as problem:
                    refused += 1
                    said += f" REFUSED {problem.detail}"
                else:
                    moved += 1
            self.stdout.write(said)
        if options["apply"]:
            self.stdout.write(f"{moved} moved, {refused} refused")
        else:
            self.stdout.write("A dry run: nothing was changed. Add --apply and --reason to move them.")

    def _process(self, options: dict[str, Any]) -> None:
        definition = catalog.current_edition(options["task_code"]).definition
        if options["source"] is None:
            self.stdout.write(bpmn.write(definition.process, definition.name))
            return
        try:
            steps = bpmn.read(options["source"].read_bytes())
        except (OSError, bpmn.BpmnError) as error:
            raise CommandError(str(error)) from None
        changed = replace(definition, process=steps)
        catalog_acts.save_draft(changed, options["source"].name, by=_BY, key=str(uuid.uuid4()))
        self.stdout.write(f"{len(steps)} steps are in the draft of {definition.name}; publish it in the editors' desk.")


def _write(file: TextIO, suffix: str, rows: list[exports.Row], *, headed: bool) -> None:
    if suffix == ".jsonl":
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    elif rows:
        text = exports.to_csv(rows)
        file.write(text if headed else text.partition("\r\n")[2])
