"""Item codes of 12, 31 and 33 characters (GB/T 39554.1): each by itself and all with one another."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from yiwang.kernel import codes
from yiwang.platform.catalog.linting.findings import LintContext, LintFinding
from yiwang.platform.catalog.types import Definition


def check(definition: Definition, context: LintContext) -> Iterator[LintFinding]:
    """Check basic, task and handling code."""
    yield from _basic(definition, context)
    yield from _task(definition, context)
    if definition.handle_code:
        yield from _handle(definition)


def _basic(definition: Definition, context: LintContext) -> Iterator[LintFinding]:
    where = "basic_code"
    try:
        basic = codes.parse_basic_code(definition.basic_code)
    except codes.CodeError as error:
        yield LintFinding("code.basic", where, str(error))
        return
    if str(basic) != definition.basic_code:
        yield LintFinding("code.basic", where, _("编码里有空格、横线、全角或小写字符。"), str(basic))
    if basic.is_parent:
        yield LintFinding("code.parent", where, _("末三位是 00Y 的编码只是分组，不能实施。"), _("用它下面的子项编码"))
    if basic.item_type != definition.item_type:
        yield LintFinding(
            "code.type",
            "item_type",
            _("基本编码的第 3、4 位是 %(digits)s，与事项类型 %(type)s 不一致。")
            % {"digits": basic.item_type, "type": definition.item_type},
        )
    if context.item_types is not None and definition.item_type not in context.item_types:
        yield LintFinding("code.type", "item_type", _("事项类型表里没有这个代码。"))


def _task(definition: Definition, context: LintContext) -> Iterator[LintFinding]:
    where = "task_code"
    try:
        task = codes.parse_task_code(definition.task_code)
    except codes.CodeError as error:
        yield LintFinding("code.task", where, str(error), _("18 位统一社会信用代码、1 位行使层级、12 位基本编码"))
        return
    if str(task) != definition.task_code:
        yield LintFinding("code.task", where, _("编码里有空格、横线、全角或小写字符。"), str(task))
    if str(task.basic) != definition.basic_code:
        yield LintFinding("code.task", where, _("实施编码的后 12 位应与基本编码相同。"))
    if task.level != definition.level:
        yield LintFinding(
            "code.level",
            "level",
            _("实施编码的第 19 位是 %(digit)d，与行使层级 %(level)d 不一致。")
            % {"digit": task.level, "level": definition.level},
        )
    if context.agencies is not None:
        uscc = context.agencies.get(definition.agency)
        if uscc is None:
            yield LintFinding("code.agency", "agency", _("部门目录里没有这个部门。"))
        elif uscc != task.body:
            yield LintFinding("code.agency", where, _("实施编码的前 18 位不是这个部门的统一社会信用代码。"), uscc)


def _handle(definition: Definition) -> Iterator[LintFinding]:
    where = "handle_code"
    try:
        handle = codes.parse_handle_code(definition.handle_code, allow_pseudo=True)
    except codes.CodeError as error:
        yield LintFinding("code.handle", where, str(error), _("31 位实施编码加 2 位流水号"))
        return
    if str(handle) != definition.handle_code or str(handle.task) != definition.task_code:
        yield LintFinding("code.handle", where, _("业务办理项编码的前 31 位应与实施编码相同。"))
