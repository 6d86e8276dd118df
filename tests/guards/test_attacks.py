"""The table of attacks names tests that exist, for every attack, and all that were written for it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from yiwang.config.environment import ROOT

PAGE = ROOT / "docs" / "operations" / "attacks.md"
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
WRITTEN_FOR_IT = "tests/api/test_attacks.py"


def rows(text: str) -> dict[str, list[tuple[str, str]]]:
    """Return by attack the tests that its row names."""
    lines = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {cells[0].lstrip("| "): NAMED.findall(cells[-1]) for cells in lines[1:]}


def untried(text: str) -> Iterator[str]:
    """Yield attacks that no test tries, and tests that are named but not there."""
    for attack, named in rows(text).items():
        if not named:
            yield f"{attack}: no test"
        yield from (f"{file}::{test} does not exist" for file, test in named if test not in written_in(file))


@lru_cache
def written_in(file: str) -> frozenset[str]:
    path = ROOT / Path(file)
    if not path.name.startswith("test_") or not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_"))


def test_every_attack_is_tried() -> None:
    text = PAGE.read_text("utf-8")
    assert len(rows(text)) > 12
    assert list(untried(text)) == []
    named = {test for tests in rows(text).values() for file, test in tests if file == WRITTEN_FOR_IT}
    assert named == written_in(WRITTEN_FOR_IT), "those that were written for the table stand in it"


def test_an_attack_without_a_test_is_seen() -> None:
    head = "| attack | defence | tried by |\n|---|---|---|\n"
    planted = (
        "| a | b | `tests/api/test_checks.py::test_gone` |\n| c | d | nobody |\n| e | f | `bench/page.py::text` |\n"
    )
    assert list(untried(head + planted)) == [
        "tests/api/test_checks.py::test_gone does not exist", "c: no test", "bench/page.py::text does not exist",
    ]  # fmt: skip
