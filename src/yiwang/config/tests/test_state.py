"""What was being made when a process was killed is known at the next start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from yiwang.config import state


@pytest.fixture(autouse=True)
def state_dir(settings: Any, tmp_path: Path) -> None:
    settings.YIWANG_STATE_DIR = tmp_path


@pytest.mark.django_db
def test_a_database_is_half_made_until_its_maker_comes_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not state.is_half_made()
    with state.half_made():
        assert state.is_half_made()
    assert not state.is_half_made()

    with pytest.raises(RuntimeError), state.half_made():
        raise RuntimeError
    assert state.is_half_made()

    monkeypatch.setattr(state, "_database_id", lambda: "1/2")
    assert not state.is_half_made(), "another database, or one made anew"
