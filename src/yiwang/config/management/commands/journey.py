"""``yiwang journey NAME``: walk a whole matter and print each act, the clocks and the burden before and after."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from pydantic_core import to_jsonable_python

from yiwang.config import typed
from yiwang.config.journey import Scenario, numbers_of, prepare
from yiwang.kernel import clock
from yiwang.kernel.packs import Pack
from yiwang.kernel.problems import Problem


class Command(BaseCommand):
    """Walk a journey of the loaded pack."""

    help = "走完一件事的全程：从提问到出证"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which journey, from which day, how to print."""
        parser.add_argument("name")
        parser.add_argument("--from", dest="start", type=date.fromisoformat, help="YYYY-MM-DD, default today")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Walk and print."""
        pack = Pack(Path(settings.YIWANG_PACK_DIR) / settings.YIWANG_PACK)
        path = pack.root / "journeys" / f"{options['name']}.yaml"
        if not path.exists():
            known = ", ".join(one.stem for one in pack.files("journeys/*.yaml"))
            raise CommandError(f"there is no journey {options['name']}; this pack has: {known}")
        scenario = pack.make(path, pack.yaml(path), Scenario)
        numbers, words = numbers_of(pack), typed.read(pack)
        pack.stop_if_faulty()
        assert scenario is not None
        journey = prepare(scenario, numbers, options["start"] or clock.today(), words=words)
        try:
            for stage in journey.steps():
                if not options["json"]:
                    at = timezone.localtime(stage.at)
                    self.stdout.write(f"{at:%m-%d %H:%M}  {stage.act:26} {stage.by}  {stage.about}")
        except Problem as problem:
            lines = [f"{error.field}: {error.message}" for error in problem.errors]
            raise CommandError("\n".join([str(problem.detail), *lines])) from problem
        walk = journey.walk
        if options["json"]:
            self.stdout.write(json.dumps(to_jsonable_python(walk), ensure_ascii=False, indent=2))
            return
        for case in walk.cases:
            self.stdout.write(f"{case.number}  {case.name}  {case.state}  {case.result}  {case.track}")
        if walk.burden:
            apart, together = walk.burden.apart, walk.burden.together
            self.stdout.write(
                f"字段 {apart.fields} → {together.fields}，材料 {apart.materials} → {together.materials}，"
                f"跑动 {apart.visits} → {together.visits}，工作日 {apart.days} → {together.days}"
            )
