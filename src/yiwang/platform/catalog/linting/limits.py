"""Time limits (STANDARDS 3.6, rule 10): the promise within the law, the plan within the promise, across units.

A working day, a calendar day and a month have no fixed ratio. What is longer in every year is an error; what
may be longer in some year is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from yiwang.kernel.calendar import Unit
from yiwang.platform.catalog.linting.findings import LintContext, LintFinding
from yiwang.platform.catalog.rules import planned_days
from yiwang.platform.catalog.types import Definition, Limit

_HOLIDAY = 9
"""Calendar days that the longest public holiday takes with the weekends at its ends."""


def span(limit: Limit) -> tuple[int, int]:
    """Return the fewest and the most calendar days that a limit can take."""
    value = max(limit.value, 0)
    if limit.unit is Unit.DAY:
        return value, value
    if limit.unit is Unit.MONTH:
        return max(30 * value - 2, 0), 31 * value
    if not value:
        return 0, 0
    weeks = (value - 1) // 5
    return value + 2 * weeks, value + 2 * (weeks + 1) + _HOLIDAY * (1 + value // 60)


def check(definition: Definition, context: LintContext) -> Iterator[LintFinding]:
    """Check the promised limit against the statutory one, and the steps' days against the promise."""
    promised, statutory = definition.promised_limit, definition.statutory_limit
    for name, limit in (("promised_limit", promised), ("statutory_limit", statutory)):
        if limit.value < 0:
            yield LintFinding("limit", f"{name}.value", _("时限不能是负数。"))
    if promised.unit is statutory.unit:
        surely = maybe = promised.value > statutory.value
    else:
        surely = span(promised)[0] > span(statutory)[1]
        maybe = span(promised)[1] > span(statutory)[0]
    if surely:
        yield LintFinding("3.6.10", "promised_limit.value", _("承诺时限不能长于法定时限。"))
    elif maybe:
        yield LintFinding(
            "3.6.10",
            "promised_limit.unit",
            _("两个时限的单位不同，逢长假承诺时限可能长于法定时限。"),
            _("两个时限用同一种单位"),
            blocks=False,
        )
    yield from _plan(definition)


def _plan(definition: Definition) -> Iterator[LintFinding]:
    for index, step in enumerate(definition.process):
        if step.days < 0:
            yield LintFinding("limit.plan", f"process.{index}.days", _("天数不能是负数。"))
            return
    try:
        longest = max((end for _begin, end in planned_days(definition).values()), default=0)
    except ValueError:
        return  # a circle: told by ``process``
    limit = definition.promised_limit
    # Working days that the promise has room for, at most and at least.
    most, least = {
        Unit.WORKDAY: (limit.value, limit.value),
        Unit.DAY: (limit.value, limit.value * 5 // 7),
        Unit.MONTH: (23 * limit.value, 20 * limit.value),
    }[limit.unit]
    if longest > most:
        yield LintFinding(
            "limit.plan",
            "process",
            _("环节加起来要 %(days)d 个工作日，超过承诺时限。") % {"days": longest},
            _("减少环节天数，或者让环节并行"),
        )
    elif longest > least:
        yield LintFinding(
            "limit.plan",
            "process",
            _("环节加起来要 %(days)d 个工作日，逢长假可能超过承诺时限。") % {"days": longest},
            blocks=False,
        )
