"""Who may import whom: every contract is kept by an empty house, and broken by one planted import each."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yiwang
from yiwang.config.environment import ROOT

SOURCE = Path(yiwang.__file__).parent
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
PLANTED = {
    "kernel/planted.py": "import yiwang.ui.planted\n",
    "platform/directory/planted.py": "import yiwang.platform.cases.planted\n",
    "halls/services/planted.py": "import yiwang.halls.trading.planted\n",
    "doors/portal/planted.py": "import yiwang.doors.desk.planted\n",
    "platform/cases/rules.py": "import django.db\n",
}
"""One for each contract about layers; one for each about a room's models comes on top."""


def _private() -> list[str]:
    return [one for contract in CONFIG["contracts"] for one in contract.get("protected_modules", ())]


def _skeleton(root: Path, planted: dict[str, str]) -> None:
    """Make a house with the packages of the real one, and nothing in them but what is planted."""
    packages = {one.parent.relative_to(SOURCE) for one in SOURCE.rglob("__init__.py") if "tests" not in one.parts}
    files = {package / "__init__.py": "" for package in packages}
    files |= {Path(*one.split(".")[1:]).with_suffix(".py"): "" for one in _private()}
    files |= dict.fromkeys((Path("halls/trading/__init__.py"), *(Path(one) for one in PLANTED)), "")
    files |= {package / "planted.py": "" for package in (Path("ui"), Path("platform/cases"), Path("doors/desk"))}
    files |= {Path("halls/trading/planted.py"): ""} | {Path(name): text for name, text in planted.items()}
    for name, text in files.items():
        path = root / "yiwang" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())


def _lint(root: Path) -> dict[str, str]:
    """Return what import-linter says of each contract: KEPT or BROKEN."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config", "pyproject.toml"]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, env={"PYTHONPATH": "."})
    return dict(re.findall(r"^(.+) (KEPT|BROKEN)$", ran.stdout, re.MULTILINE)) or {"error": ran.stdout + ran.stderr}


def test_every_contract_is_broken_by_a_planted_import_and_by_nothing_else(tmp_path: Path) -> None:
    names = [one["name"] for one in CONFIG["contracts"]]
    assert len(names) == len(PLANTED) + len({one.rpartition(".models")[0].split(".")[2] for one in _private()})
    _skeleton(tmp_path / "clean", {})
    assert _lint(tmp_path / "clean") == dict.fromkeys(names, "KEPT")
    peeking = "".join(f"import {one}\n" for one in _private())
    _skeleton(tmp_path / "broken", PLANTED | {"config/planted.py": peeking})
    assert _lint(tmp_path / "broken") == dict.fromkeys(names, "BROKEN")


def test_every_room_with_tables_keeps_them_private() -> None:
    tables = {
        ".".join(["yiwang", *one.relative_to(SOURCE).with_suffix("").parts])
        for layer in ("platform", "halls", "doors")
        for one in (SOURCE / layer).rglob("models.py")
    }
    assert set(_private()) == tables
    for contract in CONFIG["contracts"]:
        for one in contract.get("protected_modules", ()):
            room = ".".join(one.split(".")[:3])
            assert contract["allowed_importers"] == [room, "yiwang.**.tests"], contract["name"]


def test_no_contract_has_an_exception() -> None:
    for contract in CONFIG["contracts"]:
        assert "ignore_imports" not in contract, contract["name"]
