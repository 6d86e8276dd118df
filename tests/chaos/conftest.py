"""A city whose processes may be killed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from yiwang.config.environment import ROOT
from yiwang.config.tests.database import TESTVILLE, Copies

from .city import PACK, City, furnish


@pytest.fixture
def city(django_db_setup: None, django_db_blocker: Any) -> Iterator[City]:
    """A city of real processes. Testville is furnished from the tests' own; another pack is loaded, once."""
    state_dir = ROOT / ".yiwang" / "chaos" / (PACK + os.environ.get("PYTEST_XDIST_WORKER", ""))
    if PACK == "testville":
        shutil.rmtree(state_dir, ignore_errors=True)
        assert Copies.present
        with django_db_blocker.unblock(), Copies.present.apart(TESTVILLE) as source:
            furnish(state_dir, source, Path(os.environ["YIWANG_STATE_DIR"]) / "secrets.json")
    found = City(state_dir, PACK)
    try:
        found.start()
        yield found
    finally:
        found.stop()
