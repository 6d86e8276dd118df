"""What the text of a page lets one guess."""

from __future__ import annotations

from datetime import date

import pytest

from yiwang.platform.papers.rules import groups, propose
from yiwang.platform.papers.types import Proposal

NAMES = {"health": "健康证明", "staff_health": "从业人员健康证明", "plan": "平面图"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "从业人员 健康证明\n编号：TS-2026(01)7\n有效期至 2027年5月1日",
            Proposal("staff_health", "TS-2026(01)7", date(2027, 5, 1)),
        ),
        (
            "健康证明\n证号 A12345678\n有效期限：2024-01-02 至 2028.03.04",
            Proposal("health", "A12345678", date(2028, 3, 4)),
        ),
        ("在委托期限内有效" + "。" * 60 + "有效期至2027年12月31日", Proposal("", "", date(2027, 12, 31))),
        ("有效期至：2027年2月30日", Proposal()),
        ("x" * 300 + "健康证明", Proposal()),
        ("", Proposal()),
    ],
)
def test_proposals(text: str, expected: Proposal) -> None:
    assert propose(text, NAMES) == expected


def test_pages_lie_together_until_one_begins_or_is_missing() -> None:
    assert groups([1, 2, 3, 5, 6], {3}) == [[1, 2], [3], [5, 6]]
    assert groups([], {1}) == []
