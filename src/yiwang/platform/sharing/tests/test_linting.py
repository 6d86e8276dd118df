"""What the check of a dataset finds in its rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from yiwang.kernel.fields import FieldKind
from yiwang.kernel.types import PartyKind
from yiwang.platform.catalog.types import DataElement
from yiwang.platform.sharing.linting import RULES, LintContext, lint
from yiwang.platform.sharing.tests.datasets import dataset, item
from yiwang.platform.sharing.types import AnswerRule, Basis, Openness, QualityRule, SharingType

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


# --- every rule, with a fault planted ---

GOOD = dataset(
    items=(item("number", required=True, element="number"), item("secret", sensitive=True)),
    key=("number",),
    retention_months=12,
)
KNOWN = LintContext(
    classes={"3": "部门", "301": "部门", "301001": "业务"},
    agencies={"339901-amr": "amr", "339901-fire": "fire"},
    elements={
        "number": DataElement(code="number", label="编号", kind=FieldKind.TEXT, authority="amr"),
        "theirs": DataElement(code="theirs", label="别人的", kind=FieldKind.TEXT, authority="fire"),
    },
    basic_codes=frozenset({"330131018001"}),
    datasets=frozenset({"others"}),
    sources={"taken": "others"},
)
BASIS = (Basis("某法"),)


def column(**more: Any) -> dict[str, Any]:
    return {"items": (*GOOD.items, item("it", **more))}


PLANTED: list[tuple[str, dict[str, Any], str, bool]] = [
    ("code", {"code": "Bad-Code"}, "code", True),
    ("class", {"classification": "999"}, "classification", True),
    ("class", {"classification": "301"}, "classification", True),
    ("agency", {"agency": "nobody"}, "agency", True),
    ("condition", {"sharing": SharingType.CONDITIONAL, "basis": BASIS}, "condition", True),
    ("condition", {"sharing": SharingType.CONDITIONAL, "condition": "办事时"}, "basis", True),
    ("refusal", {"sharing": SharingType.NONE}, "basis", True),
    ("items", {"items": (), "key": ()}, "items", True),
    ("items", {"items": (*GOOD.items, item("It"))}, "items.2.name", True),
    ("items", {"items": (*GOOD.items, item("secret"))}, "items.1.name", True),
    ("items", column(kind=FieldKind.FILE), "items.2.kind", True),
    ("key", {"key": ("secret",)}, "key.0", True),
    ("key", {"key": ("nothing",)}, "key.0", True),
    ("element", column(element="nothing"), "items.2.element", True),
    ("element", column(element="number", kind=FieldKind.DATE), "items.2.kind", True),
    ("source", column(authoritative=True), "items.2.authoritative", True),
    ("source", column(element="theirs", authoritative=True), "items.2.authoritative", True),
    ("source", column(element="taken", authoritative=True), "items.2.authoritative", True),
    ("bounds", column(kind=FieldKind.CHOICE), "items.2.options", True),
    ("bounds", column(pattern="["), "items.2.pattern", True),
    ("bounds", column(kind=FieldKind.DATE, min="yesterday"), "items.2.min", True),
    ("bounds", column(kind=FieldKind.INTEGER, max="many"), "items.2.max", True),
    ("answer", {"answers": (AnswerRule(code="Has", label="有", expression="secret != null"),)}, "answers.0.code", True),
    (
        "answer",
        {"answers": (AnswerRule(code="has", label="有", expression="secret !="),)},
        "answers.0.expression",
        True,
    ),
    (
        "answer",
        {"answers": (AnswerRule(code="has", label="有", expression="nothing != null"),)},
        "answers.0.expression",
        True,
    ),
    ("open", {"openness": Openness.OPEN}, "openness", True),
    ("open", {"openness": Openness.CONDITIONAL}, "open_condition", True),
    ("services", {"no_items_reason": ""}, "service_items", True),
    ("services", {"service_items": ("nothing",)}, "service_items.0", False),
    ("related", {"related": ("nothing",)}, "related.0", True),
    ("rules", {"rules": (rule("nothing == null"),)}, "rules.0.expression", True),
    ("covers", {"covers_from": date(2026, 1, 2), "covers_to": date(2026, 1, 1)}, "covers_to", True),
    ("retention", {"retention_months": 0}, "retention_months", False),
    ("english", {"name_en": ""}, "name_en", False),
]


def test_a_dataset_that_is_well_has_no_findings() -> None:
    assert lint(GOOD, KNOWN) == []
    assert {rule for rule, *_rest in PLANTED} == set(RULES)


@pytest.mark.parametrize(("rule", "fault", "where", "blocks"), PLANTED)
def test_each_planted_fault_is_found_and_nothing_else(
    rule: str, fault: dict[str, Any], where: str, blocks: bool
) -> None:
    taken = DataElement(code="taken", label="占了的", kind=FieldKind.TEXT)
    known = replace(KNOWN, elements={**KNOWN.elements, "taken": taken})
    found = lint(replace(GOOD, **fault), known)
    assert {(one.rule, one.blocks) for one in found} == {(rule, blocks)}
    assert where in {one.where for one in found}
