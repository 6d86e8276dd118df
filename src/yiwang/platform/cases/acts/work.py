"""The agencies' work: take, review, visit, decide."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import act_on, current
from yiwang.kernel.problems import Invalid, NotFound, NotNow, Stale
from yiwang.kernel.types import Actor, Denial, FieldError, Key, Role
from yiwang.platform.cases import documents, engine, rules
from yiwang.platform.cases.events import DECIDED, STEP_DONE, VISIT_PLANNED
from yiwang.platform.cases.models import Case, Task
from yiwang.platform.cases.permissions import CanDecide, CanHandle, CanInspect, CanReview
from yiwang.platform.cases.types import CaseResult, CaseState, DocumentKind, TaskState
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import ResultKind, StepKind

OFFICERS = 2
"""A check of the facts on the spot needs at least two officers (行政许可法 art. 34)."""


def working(case: Case) -> Denial | None:
    """Work goes on between acceptance and decision, unless the clock stands still."""
    if CaseState(case.state) is CaseState.SUSPENDED:
        return Denial("suspended", _("办件已暂停计时，恢复后才能继续。"))
    if CaseState(case.state) not in rules.WORKING:
        return Denial("not-working", _("办件不在办理阶段。"))
    return None


def decidable(case: Case) -> Denial | None:
    """A decision comes when every step before it is done, nothing is owed and no source has to be asked again."""
    denial = working(case)
    if denial is not None:
        return denial
    if not case.tasks.filter(kind=StepKind.DECISION, state=TaskState.READY).exists():
        waiting = case.tasks.filter(state=TaskState.READY).values_list("name", flat=True).first()
        return Denial("steps-open", _("还要先完成“%(step)s”。") % {"step": waiting or ""})
    if CaseState(case.state) is CaseState.CONDITIONAL:
        return Denial("conditional", _("容缺的材料还没有补齐，不能作决定。"))
    return None


@act_on("cases.take", Case.objects.lock, permission=CanHandle, ready=working)
def take(case: Case, *, by: Actor, key: Key) -> None:
    """Take a case into one's own hands; a colleague who has it is told by the history."""
    case.handler_id, case.handler_label = by.id, by.label
    if case.state == CaseState.ACCEPTED:
        engine.move(case, CaseState.IN_PROCESS)
    _save(case)


@act_on("cases.complete_step", Case.objects.lock, permission=CanReview, ready=working)
def complete_step(
    case: Case, step: str, outcome: str, opinion: str, version: int | None = None, *, by: Actor, key: Key
) -> None:
    """Finish a review step with an opinion; ``outcome`` is ``pass`` or ``fail``.

    A failed step does not end the case: the decider reads it. Raises ``NotNow`` if it is not this step's turn.
    """
    _check_version(case, version)
    if not opinion.strip():
        raise Invalid(_("请写审查意见。"), errors=(FieldError("opinion", _("意见不能空着。")),))
    task = _ready_task(case, step, by)
    if task.kind in (StepKind.DECISION, StepKind.SITE_VISIT):
        raise NotNow(_("这个环节有专门的操作。"))
    _finish(case, task, rules.Outcome(outcome), opinion, by)


@act_on("cases.plan_visit", Case.objects.lock, permission=CanInspect, ready=working)
def plan_visit(case: Case, day: date, *, by: Actor, key: Key) -> None:
    """Set the day of the case's site visit; a joint one is set for all agencies that come along."""
    if day < clock.today():
        raise Invalid(_("踏勘日期不能早于今天。"), errors=(FieldError("day", _("请选今天或以后的日期。")),))
    task = case.tasks.filter(kind=StepKind.SITE_VISIT).exclude(state=TaskState.DONE).select_related("visit").first()
    if task is None:
        raise NotNow(_("这个办件没有要踏勘的环节。"))
    if task.visit is None:
        raise NotNow(_("这个环节不是联合踏勘，直接记录结果即可。"))
    task.visit.planned_on, task.visit.planned_by = day, by.label
    task.visit.save()
    current().emit(VISIT_PLANNED, case.application, visit=str(task.visit_id), day=str(day))


@act_on("cases.record_visit", Case.objects.lock, permission=CanInspect, ready=working)
def record_visit(
    case: Case, step: str, outcome: str, opinion: str, officers: list[str], *, by: Actor, key: Key
) -> None:
    """Write down what was found on the spot, by at least two officers (行政许可法 art. 34)."""
    named = list(dict.fromkeys(name.strip() for name in officers if name.strip()))
    errors = []
    if len(named) < OFFICERS:
        errors.append(FieldError("officers", _("现场核查要有两名以上工作人员，请写两个工号。")))
    if not opinion.strip():
        errors.append(FieldError("opinion", _("请写现场看到的情况。")))
    if errors:
        raise Invalid(_("踏勘记录还不完整。"), errors=tuple(errors))
    task = _ready_task(case, step, by)
    if task.kind != StepKind.SITE_VISIT:
        raise NotNow(_("这个环节不是现场踏勘。"))
    task.officers = named
    _finish(case, task, rules.Outcome(outcome), opinion, by)


@act_on("cases.decide", Case.objects.lock, permission=CanDecide, ready=decidable, announces=DECIDED)
def decide(case: Case, grant: bool, text: str, version: int | None = None, *, by: Actor, key: Key) -> None:
    """Decide: grant, or refuse with the reason and the remedies (行政许可法 art. 38).

    A grant opens the steps that follow (issue, deliver); what is automatic among them is done in this act.
    """
    _check_version(case, version)
    if not text.strip():
        message = _("请写决定理由。") if grant else _("不予许可必须写明理由和依据。")
        raise Invalid(message, errors=(FieldError("text", message),))
    now = clock.now()
    definition = catalog.get_edition(case.edition_id).definition
    result = CaseResult.REFUSED
    if grant:
        result = CaseResult.ISSUED if definition.result.kind is not ResultKind.OTHER else CaseResult.GRANTED
    case.result, case.decision, case.decided_at = result.value, text.strip(), now
    if case.state != CaseState.IN_PROCESS:
        engine.move(case, CaseState.IN_PROCESS)
    engine.move(case, CaseState.DECIDED)
    value = engine.read_clock(case)
    if value is not None:
        engine.write_clock(case, clock.stop(value, clock.legal_date(now)))
    documents.write(
        case.application,
        case,
        DocumentKind.DECISION if grant else DocumentKind.REFUSAL,
        text=case.decision,
        reconsideration=definition.reconsideration,
        lawsuit=definition.lawsuit,
    )
    task = case.tasks.get(kind=StepKind.DECISION)
    _finish(case, task, rules.Outcome.PASS if grant else rules.Outcome.FAIL, text, by)


def _ready_task(case: Case, step: str, by: Actor) -> Task:
    task = case.tasks.filter(step=step).first()
    if task is None:
        raise NotFound(_("没有这个环节。"))
    if task.state != TaskState.READY:
        raise NotNow(_("“%(step)s”还没轮到，或已经办完。") % {"step": task.name})
    if not by.has_role({Role(task.role)}, case.reach):
        raise NotNow(_("这个环节要由别的岗位来办。"), code="other-role")
    return task


def _finish(case: Case, task: Task, outcome: rules.Outcome, opinion: str, by: Actor) -> None:
    now = clock.now()
    if case.state == CaseState.ACCEPTED:
        engine.move(case, CaseState.IN_PROCESS)
    engine.finish_task(task, outcome.value, opinion.strip(), by=by.label, at=now)
    current().emit(STEP_DONE, case, step=task.step, outcome=outcome.value)
    engine.open_steps(case, list(case.tasks.order_by("position")), now)
    _save(case)


def _check_version(case: Case, version: int | None) -> None:
    if version is not None and version != case.version:
        raise Stale(_("同事刚刚更新了这个办件。请看一眼最新情况，再继续；您写的内容还在。"))


def _save(case: Case) -> None:
    case.version += 1
    case.save()


