"""Names in English, found by the Chinese ones that cases keep."""

from __future__ import annotations

import pytest
from django.utils import translation

from yiwang.ui import names


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "_sources", [lambda: [("食品经营许可", "Food business licence"), ("无", "")]])
    names.forget()


def test_who_reads_english_gets_the_english_name_where_there_is_one() -> None:
    with translation.override("en"):
        assert names.named("食品经营许可") == "Food business licence"
        assert names.named("无") == "无"
        assert names.named("没有听说过") == "没有听说过"
        assert names.named("") == ""


def test_who_reads_chinese_gets_the_name_as_it_is() -> None:
    with translation.override("zh-hans"):
        assert names.named("食品经营许可") == "食品经营许可"
