"""The tokeniser where many ask at once."""

from __future__ import annotations

import sys
import threading

import pytest
import rjieba

from yiwang.platform.search import words


def test_first_questions_that_come_at_once_are_all_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first to come teaches the tokeniser the city's words; it can be asked nothing while it learns."""
    city = frozenset(f"甌城{chr(code)}記" for code in range(0x4E00, 0x4E00 + 3000))
    fresh = rjieba.Jieba()
    monkeypatch.setitem(sys.modules, "rjieba", fresh)
    monkeypatch.setattr(words, "_taught", (None, None))
    monkeypatch.setattr(words, "_kept", words._Known(until=float("inf"), words=city))
    together, found, faults = threading.Barrier(8), [], []

    def ask() -> None:
        together.wait()
        try:
            found.extend(words.cut("甌城一記開飯店") for _again in range(20))
        except RuntimeError as fault:
            faults.append(fault)

    threads = [threading.Thread(target=ask) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert len(found) == 160
    assert all("甌城一記" in one for one in found)
