"""``yiwang journey NAME``: walk a whole matter and print each act, the clocks and the burden before and after."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from yiwang.config import report, typed
from yiwang.config.journey import Journey, Scenario, numbers_of, prepare
from yiwang.kernel import clock
from yiwang.kernel.packs import Pack
from yiwang.kernel.problems import Problem
from yiwang.platform.cases import queries as cases
from yiwang.platform.licences import queries as licences


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
            done = list(journey.steps())
        except Problem as problem:
            lines = [f"{error.field}: {error.message}" for error in problem.errors]
            raise CommandError("\n".join([str(problem.detail), *lines])) from problem
        made = _report(options["name"], journey, done)
        if options["json"]:
            self.stdout.write(report.as_json(made))
            return
        for line in (*report.head(made), *report.told(made.acts), *report.foot(made)):
            self.stdout.write(line)


def _report(name: str, journey: Journey, done: list[report.ActDone]) -> report.Report:
    """Return what a walk came to."""
    walk = journey.walk
    assert walk.application is not None
    view = cases.get_application(walk.application, journey.applicant)
    ends = [
        report.case_end(
            case, licences.get_licence(case.licence_id, journey.applicant).number if case.licence_id else ""
        )
        for case in view.cases
    ]
    burden = walk.burden and report.BurdenChange(walk.burden.apart, walk.burden.together)
    return report.Report(name, view.title, view.applicant_name, view.number, burden, tuple(done), tuple(ends))
