"""Expressions and data elements: what is asked must exist, what is tested must compile and be known."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from yiwang.kernel import expressions
from yiwang.platform.catalog.linting.findings import LintContext, LintFinding
from yiwang.platform.catalog.types import Definition


def check(definition: Definition, context: LintContext) -> Iterator[LintFinding]:
    """Check the form, the situations and every expression of an item."""
    yield from _form(definition, context)
    for where, source in _expressions(definition):
        yield from expression(where, source, context)
    known = {material.code for material in definition.materials}
    for index, situation in enumerate(definition.situations):
        if not situation.when.strip():
            yield LintFinding("situation", f"situations.{index}.when", _("要写明什么情形。"))
        for number, code in enumerate(situation.materials):
            if code not in known:
                yield LintFinding("situation", f"situations.{index}.materials.{number}", _("没有编号为此的材料。"))


def expression(where: str, source: str, context: LintContext) -> Iterator[LintFinding]:
    """Check that an expression compiles and asks for known data only."""
    try:
        names = expressions.dependencies(source)
    except ValueError as error:  # an ExpressionError, or characters that no text has
        at = getattr(error, "position", None)
        yield LintFinding(
            "expression",
            where,
            _("条件写得不对：%(reason)s") % {"reason": error},
            position=None if at is None else (at, at + 1),
        )
        return
    if context.elements is None:
        return
    for name in sorted(names):
        if name not in context.elements and name.partition(".")[0] not in context.elements:
            at = source.find(name)
            yield LintFinding(
                "expression.unknown",
                where,
                _("没有叫“%(name)s”的数据元。") % {"name": name},
                position=(at, at + len(name)) if at >= 0 else None,
            )


def _form(definition: Definition, context: LintContext) -> Iterator[LintFinding]:
    seen: set[str] = set()
    shown: dict[str, str] = {}
    for index, section in enumerate(definition.form):
        for number, asked in enumerate(section.fields):
            where = f"form.{index}.fields.{number}"
            if asked.element in seen:
                yield LintFinding("form.twice", f"{where}.element", _("同一项信息只问一次。"))
            seen.add(asked.element)
            if context.elements is not None:
                element = context.elements.get(asked.element)
                for code in (asked.element, *(element.columns if element else ())):
                    if code not in context.elements:
                        yield LintFinding(
                            "unknown.element",
                            f"{where}.element",
                            _("没有叫“%(name)s”的数据元。") % {"name": code},
                        )
            if asked.show_when:
                shown[asked.element] = asked.show_when
    try:
        expressions.check_acyclic(shown)
    except ValueError as error:
        if all(_compiles(source) for source in shown.values()):
            yield LintFinding("form.cycle", "form", _("显示条件绕成了圈：%(way)s") % {"way": error})


def _compiles(source: str) -> bool:
    try:
        expressions.compile(source)
    except ValueError:
        return False
    return True


def _expressions(definition: Definition) -> Iterator[tuple[str, str]]:
    for index, material in enumerate(definition.materials):
        if material.when:
            yield f"materials.{index}.when", material.when
    for index, situation in enumerate(definition.situations):
        if situation.when.strip():
            yield f"situations.{index}.when", situation.when
    for index, section in enumerate(definition.form):
        for number, asked in enumerate(section.fields):
            if asked.show_when:
                yield f"form.{index}.fields.{number}.show_when", asked.show_when
    for index, step in enumerate(definition.process):
        if step.when:
            yield f"process.{index}.when", step.when
    if definition.decision_by_rule:
        yield "decision_by_rule", definition.decision_by_rule
