"""An invented city: twenty thousand people, their firms, and what each agency has of them, as files."""

from __future__ import annotations

import csv
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.measure import QUICK, Report, in_turns, say

PEOPLE = 1000 if QUICK else 20_000
FIRMS = 150 if QUICK else 3000


def run(report: Report) -> None:
    """Measure the command in one process, in turn with its rows written again by the writer it uses."""
    folder = Path(tempfile.mkdtemp(prefix="yiwang-bench-"))
    try:
        say("once, to have what the floor writes …")
        city = folder / "city"
        make(city)
        tables = {path.name: _rows(path) for path in sorted(city.glob("*.csv"))}
        took = in_turns(
            {
                "one": lambda: make(city),
                "two": lambda: make(city, jobs=2),
                "floor": lambda: write(folder / "raw", tables),
            },
            2 if QUICK else 5,
        )
        made = json.loads((city / "world.json").read_text("utf-8"))
        same = all((folder / "raw" / name).read_bytes() == (city / name).read_bytes() for name in tables)
        size = sum(path.stat().st_size for path in city.glob("*.csv"))
    finally:
        shutil.rmtree(folder)
    report.figure("people", made["world"]["people"], "", at_least=PEOPLE)
    report.figure("firms", made["world"]["firms"], "", at_least=FIRMS)
    report.figure("seconds", statistics.median(took["one"]), "s", at_most=60)
    report.figure("seconds_two_jobs", statistics.median(took["two"]), "s")
    report.figure("floor_csv", statistics.median(took["floor"]), "s")
    report.details |= {
        "rounds_s": {name: [round(one, 2) for one in found] for name, found in took.items()},
        "datasets": len(made["rows"]),
        "rows": sum(made["rows"].values()),
        "bytes": size,
        "floor_wrote_the_same": same,
    }


def make(out: Path, jobs: int = 1) -> float:
    """Let the command make the city; return how long that took, with its process's start."""
    command = [sys.executable, "-m", "yiwang.config.command", "synth", "--people", str(PEOPLE), "--firms", str(FIRMS)]
    began = time.perf_counter()
    subprocess.run([*command, "--out", str(out), "--jobs", str(jobs)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def write(out: Path, tables: dict[str, list[list[str]]]) -> float:
    """Write rows that are in memory; return how long that took."""
    out.mkdir(exist_ok=True)
    began = time.perf_counter()
    for name, rows in tables.items():
        with (out / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    return time.perf_counter() - began


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))
