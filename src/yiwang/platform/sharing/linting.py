"""What makes a dataset unusable for others is an error and blocks publishing, what weakens it is a warning.

Pure: whatever a dataset may refer to comes in the context.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from yiwang.kernel import expressions
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.types import PartyKind
from yiwang.platform.catalog.types import DataElement
from yiwang.platform.sharing.types import (
    DatasetDefinition,
    DatasetItem,
    LintFinding,
    Openness,
    SharingType,
)

RULES = {
    "code": "The code is a word of small letters, digits and underlines: it stands in addresses and expressions.",
    "class": "The classification is one of the pack's table, and a leaf of it.",
    "agency": "The provider is an agency of the directory.",
    "condition": "What is shared on conditions says on which, and on what law (政务数据共享条例).",
    "refusal": "What is not shared names the law that forbids it (国发〔2016〕51号).",
    "items": "There is at least one column; names are words, each once.",
    "key": "The own key consists of columns that are there and required.",
    "element": "A column's data element exists and is of the same kind.",
    "source": "One datum has one source (一数一源): its authority's dataset, and only one.",
    "bounds": "Options, patterns and bounds can be read and fit the column's kind.",
    "answer": "A yes-or-no answer has a code of its own and an expression over the columns that can be read.",
    "open": "What is open to society holds nothing sensitive; open on conditions says on which.",
    "services": "A dataset that serves no service item says why; items that are not carried out here are told (warning).",
    "related": "Related datasets exist.",
    "rules": "A rule's expression can be read, asks for columns that are there, and says what holds where one may be empty.",
    "retention": "What is over about people has a term after which it is deleted (个人信息保护法 art. 19; warning).",
    "covers": "The time it covers does not end before it begins.",
    "english": "Foreigners find a dataset by its English name (warning).",
}
_CODE = re.compile(r"[a-z][a-z0-9_]{1,59}")
_SAME = {FieldKind.LONG_TEXT: FieldKind.TEXT, FieldKind.ADDRESS: FieldKind.TEXT, FieldKind.CHOICE: FieldKind.TEXT,
         FieldKind.PHONE: FieldKind.TEXT, FieldKind.REGION: FieldKind.TEXT, FieldKind.CITIZEN_ID: FieldKind.TEXT,
         FieldKind.USCC: FieldKind.TEXT, FieldKind.MONEY: FieldKind.DECIMAL, FieldKind.INTEGER: FieldKind.DECIMAL}  # fmt: skip
"""Kinds that hold the same sort of value as another."""
COLUMN_KINDS = frozenset(FieldKind) - {FieldKind.FILE, FieldKind.TABLE, FieldKind.CHOICES}


@dataclass(frozen=True, slots=True)
class LintContext:
    """What datasets may refer to."""

    classes: Mapping[str, str] = field(default_factory=dict)
    agencies: Mapping[str, str] = field(default_factory=dict)
    """Function of every agency by its code."""
    elements: Mapping[str, DataElement] = field(default_factory=dict)
    basic_codes: frozenset[str] = frozenset()
    datasets: frozenset[str] = frozenset()
    sources: Mapping[str, str] = field(default_factory=dict)
    """Which published dataset is an element's one source."""


def lint(definition: DatasetDefinition, context: LintContext) -> list[LintFinding]:
    """Return everything that is wrong with a dataset, by field."""
    return [
        *_whole(definition, context),
        *_sharing(definition),
        *_columns(definition, context),
        *_rules(definition),
    ]


def _whole(definition: DatasetDefinition, context: LintContext) -> Iterator[LintFinding]:
    if not _CODE.fullmatch(definition.code):
        yield LintFinding("code", "code", _("代码要用小写字母开头，只含小写字母、数字和下划线。"))
    if definition.agency not in context.agencies:
        yield LintFinding("agency", "agency", _("部门目录里没有这个提供方。"))
    if definition.classification not in context.classes:
        yield LintFinding("class", "classification", _("资源分类表里没有这个分类。"))
    elif any(one != definition.classification and one.startswith(definition.classification) for one in context.classes):
        yield LintFinding("class", "classification", _("要选到最细的一级分类。"))
    if not definition.service_items and not definition.no_items_reason:
        yield LintFinding("services", "service_items", _("没有关联政务服务事项的，要说明原因。"))
    for number, code in enumerate(definition.service_items):
        if code not in context.basic_codes:
            told = _("没有基本编码为 %s 的事项。") % code
            yield LintFinding("services", f"service_items.{number}", told, blocks=False)
    for number, code in enumerate(definition.related):
        if code not in context.datasets:
            yield LintFinding("related", f"related.{number}", _("没有代码为 %s 的数据集。") % code)
    if definition.covers_from and definition.covers_to and definition.covers_to < definition.covers_from:
        yield LintFinding("covers", "covers_to", _("结束日期早于开始日期。"))
    if definition.subject is PartyKind.PERSON and not definition.retention_months:
        yield LintFinding("retention", "retention_months", _("关于个人的数据要有留存期限。"), blocks=False)
    if not definition.name_en:
        yield LintFinding("english", "name_en", _("没有英文名称。"), blocks=False)


def _sharing(definition: DatasetDefinition) -> Iterator[LintFinding]:
    if definition.sharing is SharingType.CONDITIONAL and not definition.condition:
        yield LintFinding("condition", "condition", _("有条件共享的，要写明共享条件。"))
    if definition.sharing is SharingType.CONDITIONAL and not definition.basis:
        yield LintFinding("condition", "basis", _("有条件共享的，要有依据。"))
    if definition.sharing is SharingType.NONE and not definition.basis:
        yield LintFinding("refusal", "basis", _("不予共享的，要写明法律、行政法规或国家规定的依据。"))
    if definition.openness is Openness.CONDITIONAL and not definition.open_condition:
        yield LintFinding("open", "open_condition", _("有条件开放的，要写明开放条件。"))
    if definition.openness is Openness.OPEN and any(item.sensitive for item in definition.items):
        yield LintFinding("open", "openness", _("含敏感信息项的数据集不能无条件开放。"))


def _columns(definition: DatasetDefinition, context: LintContext) -> Iterator[LintFinding]:
    if not definition.items:
        yield LintFinding("items", "items", _("至少要有一个信息项。"))
    often = Counter(item.name for item in definition.items)
    required = {item.name for item in definition.items if item.required}
    for number, item in enumerate(definition.items):
        where = f"items.{number}"
        if not _CODE.fullmatch(item.name):
            yield LintFinding("items", f"{where}.name", _("名称要用小写字母开头，只含小写字母、数字和下划线。"))
        if often[item.name] > 1:
            yield LintFinding("items", f"{where}.name", _("有两个信息项叫 %s。") % item.name)
        if item.kind not in COLUMN_KINDS:
            yield LintFinding("items", f"{where}.kind", _("信息项不能是文件、表格或多选。"))
        yield from _bounds(item, where)
        yield from _element(definition, item, where, context)
    columns = {item.name for item in definition.items}
    answers = Counter(answer.code for answer in definition.answers)
    for number, answer in enumerate(definition.answers):
        where = f"answers.{number}"
        if not _CODE.fullmatch(answer.code) or answers[answer.code] > 1:
            yield LintFinding("answer", f"{where}.code", _("代码要用小写字母开头，且不能重复。"))
        try:
            unknown = expressions.dependencies(answer.expression) - columns - {"today"}
        except expressions.ExpressionError as error:
            yield LintFinding("answer", f"{where}.expression", _("读不懂这个表达式：%s。") % error)
        else:
            if unknown:
                yield LintFinding("answer", f"{where}.expression", _("没有信息项 %s。") % "、".join(sorted(unknown)))
    for number, name in enumerate(definition.key):
        if name not in required:
            yield LintFinding("key", f"key.{number}", _("自身主键 %s 要是一个必填的信息项。") % name)


def _bounds(item: DatasetItem, where: str) -> Iterator[LintFinding]:
    if item.kind is FieldKind.CHOICE and not item.options:
        yield LintFinding("bounds", f"{where}.options", _("选择项要列出可以取的值。"))
    if item.pattern:
        try:
            re.compile(item.pattern)
        except re.error:
            yield LintFinding("bounds", f"{where}.pattern", _("读不懂这个正则表达式。"))
    read = {FieldKind.DATE: date.fromisoformat}.get(item.kind, Decimal)
    for name in ("min", "max"):
        if bound := getattr(item, name):
            try:
                read(bound)
            except (ValueError, InvalidOperation):
                yield LintFinding("bounds", f"{where}.{name}", _("读不懂这个界限：%s。") % bound)


def _element(
    definition: DatasetDefinition, item: DatasetItem, where: str, context: LintContext
) -> Iterator[LintFinding]:
    if not item.element:
        if item.authoritative:
            yield LintFinding("source", f"{where}.authoritative", _("没有数据元，就谈不上是它的权威来源。"))
        return
    element = context.elements.get(item.element)
    if element is None:
        yield LintFinding("element", f"{where}.element", _("没有代码为 %s 的数据元。") % item.element)
        return
    if _SAME.get(element.kind, element.kind) is not _SAME.get(item.kind, item.kind):
        told = {"element": element.label, "kind": element.kind.value}
        yield LintFinding("element", f"{where}.kind", _("数据元“%(element)s”的类型是 %(kind)s。") % told)
    if not item.authoritative:
        return
    if element.authority and element.authority != context.agencies.get(definition.agency):
        yield LintFinding("source", f"{where}.authoritative", _("这个数据元的权威来源是别的部门（一数一源）。"))
    other = context.sources.get(item.element)
    if other and other != definition.code:
        yield LintFinding(
            "source", f"{where}.authoritative", _("数据集 %s 已经是这个数据元的权威来源（一数一源）。") % other
        )


def _rules(definition: DatasetDefinition) -> Iterator[LintFinding]:
    often = Counter(rule.code for rule in definition.rules)
    known = {item.name for item in definition.items} | {"today"}
    optional = {item.name for item in definition.items if not item.required}
    for number, rule in enumerate(definition.rules):
        where = f"rules.{number}"
        if not _CODE.fullmatch(rule.code):
            yield LintFinding("rules", f"{where}.code", _("代码要用小写字母开头，只含小写字母、数字和下划线。"))
        if often[rule.code] > 1:
            yield LintFinding("rules", f"{where}.code", _("有两条规则叫 %s。") % rule.code)
        try:
            expression = expressions.compile(rule.expression)
        except expressions.ExpressionError as error:
            yield LintFinding("rules", f"{where}.expression", str(error))
            continue
        for name in sorted(expression.names - known):
            yield LintFinding("rules", f"{where}.expression", _("没有叫 %s 的信息项。") % name)
        if empty := sorted(_undecided(expression) & optional):
            told = _("%(names)s 可以为空，要写明空着时怎么算，例如 %(name)s == null or …。")
            names = "、".join(empty)
            yield LintFinding("rules", f"{where}.expression", told % {"names": names, "name": empty[0]})


def _undecided(expression: expressions.Expression) -> frozenset[str]:
    """Return the columns that a rule would need to be decided where all are empty: then it counts as broken."""
    try:
        return expression.evaluate({}).missing
    except expressions.ExpressionError:
        return frozenset()
