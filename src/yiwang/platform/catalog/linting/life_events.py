"""The same for life events: what they ask exists, their conditions compile, their order has no circle."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from yiwang.platform.catalog.linting.conditions import expression
from yiwang.platform.catalog.linting.findings import NOTHING_KNOWN, LintContext, LintFinding
from yiwang.platform.catalog.types import LifeEvent


def lint_life_event(event: LifeEvent, context: LintContext = NOTHING_KNOWN) -> Iterator[LintFinding]:
    """Check one life event."""
    asked: set[str] = set()
    for index, question in enumerate(event.questions):
        where = f"questions.{index}"
        if question.element in asked:
            yield LintFinding("form.twice", f"{where}.element", _("同一项信息只问一次。"))
        asked.add(question.element)
        if context.elements is not None and question.element not in context.elements:
            yield LintFinding(
                "unknown.element",
                f"{where}.element",
                _("没有叫“%(name)s”的数据元。") % {"name": question.element},
            )
        if question.show_when:
            yield from expression(f"{where}.show_when", question.show_when, context)
    if not event.items:
        yield LintFinding("life_event.items", "items", _("一件事至少包含一个事项。"))
    codes = [item.basic_code for item in event.items]
    placed: set[str] = set()
    for index, item in enumerate(event.items):
        where = f"items.{index}"
        if codes.count(item.basic_code) > 1:
            yield LintFinding("life_event.items", f"{where}.basic_code", _("同一个事项只列一次。"))
        if context.basic_codes is not None and item.basic_code not in context.basic_codes:
            yield LintFinding("unknown.result", f"{where}.basic_code", _("没有基本编码为此的事项。"))
        if not item.because.strip():
            yield LintFinding("life_event.because", f"{where}.because", _("要说明为什么要办。"), blocks=False)
        if item.when:
            yield from expression(f"{where}.when", item.when, context)
        for number, before in enumerate(item.after):
            if before not in codes:
                yield LintFinding("life_event.after", f"{where}.after.{number}", _("这件事里没有这个事项。"))
    waiting = {item.basic_code: set(item.after) & set(codes) for item in event.items}
    while ready := [code for code, after in waiting.items() if after <= placed]:
        placed |= set(ready)
        waiting = {code: after for code, after in waiting.items() if code not in placed}
    if waiting:
        yield LintFinding("life_event.after", "items", _("事项的先后绕成了圈。"))
