"""`python -m bench [SUBJECT …]`: measure, print one line a figure (name value goal ok|short), keep JSON in results/."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from bench import database, page
from bench.measure import ROOT, Report, say

SUBJECTS = {
    "submit": "one application of one case, and of five, handed in over HTTP",
    "acts": "the acts of whole matters, one after another",
    "guide": "the guide page over HTTP",
    "inbox": "a clerk's list at 10,000 and at 1,000,000 cases",
    "search": "100,000 documents",
    "evidence": "what is known for five items",
    "licences": "issuing and signing",
    "history": "ten thousand licences taken over from paper",
    "means": "one family compared, and a hundred thousand at once",
    "remote": "one family compared at ten agencies' systems, and with three of them away",
    "checks": "one check of one subject in one dataset",
    "intake": "rows pushed and pulled",
    "events": "100 events a second to 42 subscribers, three of them down",
    "memory": "the web processes after load",
    "quality": "a dataset of a million records, measured",
    "synth": "an invented city of 20,000 people, made",
}


def main() -> None:
    """Run the subjects one after another, each in a process and a database of its own."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=", ".join(SUBJECTS))
    parser.add_argument("--quick", action="store_true", help="a twentieth of everything, to see that it runs")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    parser.add_argument(
        "--page", action="store_true", help="measure nothing, write the table of docs/operations/benchmarks.md"
    )
    options = parser.parse_args()
    if options.page:
        page.PAGE.write_text(page.text(), "utf-8")
        return
    if unknown := set(options.subjects) - set(SUBJECTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are: {', '.join(SUBJECTS)}")
    if options.inside:
        measure(options.inside)
        return
    if options.quick:
        os.environ["BENCH_QUICK"] = "1"
    sys.exit(measure_all(options.subjects or list(SUBJECTS)))


def measure_all(subjects: list[str]) -> int:
    """Prepare the databases and let a child measure each subject; return how many could not be measured."""
    from yiwang.config.processes import die_with_parent, exit_on_signals

    exit_on_signals()
    state = Path(os.environ.setdefault("YIWANG_STATE_DIR", str(ROOT / ".yiwang" / "bench")))
    state.mkdir(parents=True, exist_ok=True)
    os.environ["YIWANG_MODE"] = "demo"
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    os.environ["PYTHONPATH"] = str(ROOT)
    failed = 0
    with database.server(state) as url:
        template = database.city(url)
        for subject in subjects:
            say(f"{subject}: {SUBJECTS[subject]}")
            with database.copy(url, template, f"bench_{subject}") as own:
                child = subprocess.run(
                    [sys.executable, "-m", "bench", "--inside", subject],
                    cwd=ROOT,
                    env=os.environ | {"DATABASE_URL": own, "BENCH_CITY": template},
                    preexec_fn=die_with_parent(signal.SIGTERM),
                    check=False,
                )
            failed += child.returncode != 0
    return failed


def measure(subject: str) -> None:
    """Measure one subject in this process."""
    import django

    from yiwang.config.processes import exit_on_signals

    exit_on_signals()
    django.setup()
    report = Report(subject)
    import_module(f"bench.{subject}").run(report)
    report.save()


if __name__ == "__main__":
    main()
