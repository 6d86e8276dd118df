"""The table of ``docs/operations/benchmarks.md``, from what is kept in ``results/``: written by ``python -m bench --page``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bench.measure import RESULTS, ROOT, Figure

PAGE = ROOT / "docs" / "operations" / "benchmarks.md"
BEGIN, END = "<!-- figures: written by `python -m bench --page` -->", "<!-- end of figures -->"


def text() -> str:
    """Return the page with the table of what is in ``results/`` now."""
    before, _begin, rest = PAGE.read_text("utf-8").partition(BEGIN)
    table = "\n".join(_rows())
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{rest.partition(END)[2]}"


def _rows() -> Iterator[str]:
    yield "| figure | value | goal | met | measured | at commit |"
    yield "|---|---:|---:|---|---|---|"
    for path in sorted(RESULTS.glob("*.json")):
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        machine = found["machine"]
        for row in found["figures"]:
            one = Figure(row["name"], row["value"], row["unit"], row["goal"], row["at_most"])
            said, _blank, met = one.line.removeprefix(one.name).rpartition(" ")
            bound = "<=" if one.at_most else ">="
            value, goal = said.split(f" {bound}") if one.goal is not None else (said.removesuffix(" -"), "")
            cells = (f"`{one.name}`", value.strip(), f"{bound} {goal}" if goal else "", met if goal else "")
            yield f"| {' | '.join((*cells, machine['date'][:10], machine['commit']))} |"
