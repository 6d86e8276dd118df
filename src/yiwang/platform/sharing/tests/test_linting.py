"""What the check of a dataset finds in its rules."""

from __future__ import annotations

import pytest

from yiwang.kernel.fields import FieldKind
from yiwang.kernel.types import PartyKind
from yiwang.platform.sharing.linting import LintContext, lint
from yiwang.platform.sharing.tests.datasets import dataset, item
from yiwang.platform.sharing.types import QualityRule

ITEMS = (item("begins", kind=FieldKind.DATE, required=True), item("ends", kind=FieldKind.DATE))


def found(*rules: QualityRule) -> list[tuple[str, str]]:
    findings = lint(dataset(items=ITEMS, rules=rules), LintContext())
    assert all(one.blocks for one in findings if one.rule == "rules")
    return [(one.where, one.message) for one in findings if one.rule == "rules"]


def rule(expression: str, code: str = "period") -> QualityRule:
    return QualityRule(code=code, name="先始后终", expression=expression)


@pytest.mark.parametrize(
    "expression",
    ["ends == null or d(ends) >= d(begins)", "d(begins) <= d(today)", "ends != null", "(ends ?? begins) == begins"],
)
def test_a_rule_that_can_be_asked_is_let_through(expression: str) -> None:
    assert found(rule(expression)) == []


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("d(ends", "括号不成对"),
        ("ends == nonsense", "没有叫 nonsense 的信息项"),
        ("d(ends) >= d(begins)", "ends 可以为空，要写明空着时怎么算，例如 ends == null or …"),
        ("rand() < 1", "没有函数 rand"),
        ("", "表达式是空的"),
    ],
)
def test_a_rule_that_cannot_be_asked_is_found(expression: str, told: str) -> None:
    messages = [message for where, message in found(rule(expression)) if where == "rules.0.expression"]
    assert any(told in message for message in messages), messages


def test_people_are_not_kept_for_ever() -> None:
    def warned(subject: PartyKind, months: int) -> list[tuple[str, bool]]:
        findings = lint(dataset(subject=subject, retention_months=months), LintContext())
        return [(one.where, one.blocks) for one in findings if one.rule == "retention"]

    assert warned(PartyKind.PERSON, 0) == [("retention_months", False)]
    assert warned(PartyKind.PERSON, 60) == warned(PartyKind.ORGANISATION, 0) == []


def test_rules_are_told_apart_by_their_codes() -> None:
    good = "ends == null"
    assert [where for where, _message in found(rule(good, "a"), rule(good, "a"), rule(good, "Not-A-Word"))] == [
        "rules.0.code",
        "rules.0.code",
        "rules.1.code",
        "rules.1.code",
        "rules.2.code",
    ]
