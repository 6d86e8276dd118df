"""Figures: what was measured, against which goal, on which machine; measured in turns, medians kept."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"
QUICK = bool(os.environ.get("BENCH_QUICK"))
"""A twentieth of everything, to see that it runs; what comes out says nothing and is not kept."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. Without a goal it only explains another."""

    name: str
    value: float
    unit: str = ""
    goal: float | None = None
    at_most: bool = False

    @property
    def good(self) -> bool:
        """Whether the goal is met."""
        if self.goal is None:
            return True
        return self.value <= self.goal if self.at_most else self.value >= self.goal

    @property
    def line(self) -> str:
        """The figure as it is printed: name value goal ok|short."""
        said = f"{self.name} {_short(self.value)}{self.unit}"
        if self.goal is None:
            return f"{said} - -"
        bound = "<=" if self.at_most else ">="
        return f"{said} {bound}{_short(self.goal)}{self.unit} {'ok' if self.good else 'short'}"


@dataclass
class Report:
    """What a subject found: figures, printed as they come, and details kept beside them."""

    subject: str
    figures: list[Figure] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    def figure(
        self, name: str, value: float, unit: str = "", *, at_least: float | None = None, at_most: float | None = None
    ) -> None:
        """Note and print a figure."""
        goal = at_least if at_most is None else at_most
        found = Figure(f"{self.subject}.{name}", value, unit, goal, at_most is not None)
        self.figures.append(found)
        print(found.line, flush=True)

    def save(self) -> Path:
        """Write everything to ``bench/results/SUBJECT.json``."""
        path = RESULTS / f"{self.subject}.json"
        if QUICK:
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "machine": machine(),
            "figures": [
                {
                    "name": one.name,
                    "value": round(one.value, 4),
                    "unit": one.unit,
                    "goal": one.goal,
                    "at_most": one.at_most,
                    "good": one.good,
                }
                for one in self.figures
            ],
            "details": self.details,
        }
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
        return path


def times(number: int) -> int:
    """Return how often to do something that is done so often in earnest."""
    return max(number // 20, 2) if QUICK else number


def say(text: str) -> None:
    """Tell whoever waits what is being done: not a figure, so not on standard output."""
    print(text, file=sys.stderr, flush=True)


def in_turns(ways: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Measure several things alternately (A B A B …): a machine that slows down slows both."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        names = list(ways) if number % 2 == 0 else list(reversed(ways))
        for name in names:
            found[name].append(ways[name]())
    return found


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Return the median of the rounds' own ratios."""
    return statistics.median(one / other for one, other in zip(above, below, strict=True))


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the value that ``percent`` of the values do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * percent // 100).__int__() - 1)]


def milliseconds(work: Callable[[], Any]) -> float:
    """Return how long something takes, in milliseconds."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def machine() -> dict[str, Any]:
    """Return what the figures were measured on: nothing that names the machine or its folders."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgres": _postgres(),
        "commit": _commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "load": round(os.getloadavg()[0], 1),
    }


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _postgres() -> str:
    from django.db import connection

    with connection.cursor() as sql:
        sql.execute("SHOW server_version")
        return str(sql.fetchone()[0])


def _commit() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or "unknown"


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
