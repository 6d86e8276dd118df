"""The process graph: every step reachable, nothing in a circle, nothing issued that was not decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from yiwang.platform.catalog.linting.findings import LintContext, LintFinding
from yiwang.platform.catalog.types import Definition, Step, StepKind


def check(definition: Definition, context: LintContext) -> Iterator[LintFinding]:
    """Check codes, order and decision."""
    if not definition.process:
        yield LintFinding("process", "process", _("要有办理流程。"))
        return
    steps: dict[str, Step] = {}
    for index, step in enumerate(definition.process):
        if not step.code or step.code in steps:
            yield LintFinding("process.code", f"process.{index}.code", _("环节编号不能为空，也不能重复。"))
        steps.setdefault(step.code, step)
        if not step.name.strip():
            yield LintFinding("process.code", f"process.{index}.name", _("环节要有名称。"))
    for index, step in enumerate(definition.process):
        for number, before in enumerate(step.after):
            if before not in steps:
                yield LintFinding(
                    "process.unknown",
                    f"process.{index}.after.{number}",
                    _("没有编号为“%(code)s”的环节。") % {"code": before},
                )
        if step.agency and context.functions is not None and step.agency not in context.functions:
            yield LintFinding("unknown.agency", f"process.{index}.agency", _("没有哪个部门有这项职能。"))
    circle = _circle(steps)
    if circle:
        yield LintFinding("process.cycle", "process", _("流程绕成了圈：%(way)s。") % {"way": " → ".join(circle)})
        return
    yield from _decision(definition, steps)


def _decision(definition: Definition, steps: Mapping[str, Step]) -> Iterator[LintFinding]:
    if not any(step.kind == StepKind.DECISION for step in definition.process):
        yield LintFinding("process.decision", "process", _("流程里没有作出决定的环节。"))
        return
    for index, step in enumerate(definition.process):
        if step.kind == StepKind.ISSUE and not any(
            steps[code].kind == StepKind.DECISION for code in _before(step, steps)
        ):
            yield LintFinding("process.decision", f"process.{index}", _("作出决定以后才能发证。"))


def _before(step: Step, steps: Mapping[str, Step]) -> set[str]:
    found: set[str] = set()
    waiting = list(step.after)
    while waiting:
        code = waiting.pop()
        if code in steps and code not in found:
            found.add(code)
            waiting += steps[code].after
    return found


def _circle(steps: Mapping[str, Step]) -> list[str]:
    """Return one way round, or nothing. Done steps are marked, so that each is walked once."""
    done: set[str] = set()
    for start in steps:
        path: list[str] = []
        waiting: list[tuple[str, bool]] = [(start, False)]
        while waiting:
            code, leaving = waiting.pop()
            if leaving:
                done.add(path.pop())
            elif code in path:
                return [*path[path.index(code) :], code]
            elif code not in done and code in steps:
                path.append(code)
                waiting.append((code, True))
                waiting += [(before, False) for before in steps[code].after]
    return []
