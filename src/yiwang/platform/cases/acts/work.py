"""The agencies' work: take, review, visit, decide."""

from __future__ import annotations

import uuid
from datetime import date

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import act_on, current
from yiwang.kernel.problems import Invalid, NotFound, NotNow
from yiwang.kernel.types import Actor, Denial, FieldError, Key, Role
from yiwang.platform.cases import deciding, documents, engine, rules
from yiwang.platform.cases.acts.accept import needed
from yiwang.platform.cases.events import REASSIGNED, STEP_DONE, VISIT_PLANNED
from yiwang.platform.cases.held import cases_of, tasks_of
from yiwang.platform.cases.models import Case, Task
from yiwang.platform.cases.permissions import CanDecide, CanDispatch, CanDoStep, CanHandle, CanInspect, CanPassOn
from yiwang.platform.cases.types import CaseState, DocumentKind, TaskState
from yiwang.platform.catalog.types import StepKind
from yiwang.platform.directory import queries as directory

OFFICERS = 2
"""A check of the facts on the spot needs at least two officers (行政许可法 art. 34)."""


def working(case: Case) -> Denial | None:
    """Work goes on between acceptance and decision, unless the clock stands still."""
    if CaseState(case.state) is CaseState.SUSPENDED:
        return Denial("suspended", _("办件已暂停计时，恢复后才能继续。"))
    if CaseState(case.state) not in rules.WORKING:
        return Denial("not-working", _("办件不在办理阶段。"))
    return None


def handled(case: Case) -> Denial | None:
    """A case has a handler from acceptance to decision, also while it stands still."""
    return None if CaseState(case.state) is CaseState.SUSPENDED else working(case)


def decidable(case: Case) -> Denial | None:
    """A decision comes when every step before it is done, nothing is owed and no source has to be asked again."""
    denial = working(case)
    if denial is not None:
        return denial
    if case.owing:
        return Denial("conditional", _("容缺的材料还没有补齐，不能作决定。"))
    if case.recheck:
        return Denial("recheck", _("提交时有数据源中断，要先重新核验，才能作决定。"))
    if case.hearing_until is not None and not engine.over(case.hearing_until) and not _heard(case):
        words = {"day": case.hearing_until.isoformat()}
        return Denial("hearing-open", _("听证权利的告知期到 %(day)s，期满没有人申请，才能作决定。") % words)
    ready = [task for task in tasks_of(case) if task.state == TaskState.READY]
    if not any(task.kind == StepKind.DECISION for task in ready):
        waiting = ready[0].name if ready else ""
        return Denial("steps-open", _("还要先完成“%(step)s”。") % {"step": waiting})
    return None


def _heard(case: Case) -> bool:
    return any(one.code == rules.HEARING and one.ended_at is not None for one in case.procedures.all())


@act_on("cases.take", Case.objects.lock, permission=CanHandle, ready=handled)
def take(case: Case, version: int | None = None, *, by: Actor, key: Key) -> None:
    """Take a case that nobody has into one's own hands; ``take_over`` is for a colleague's."""
    engine.check_version(case, version)
    if case.handler_id is not None and case.handler_id != by.id:
        raise NotNow(
            _("%(who)s 正在办这一件。要接过来，请用“接手”并写明原因。") % {"who": case.handler_label}, code="held"
        )
    _hand_to(case, by.id, by.label)
    engine.to_work(case)
    engine.store(case)


@act_on("cases.take_over", Case.objects.lock, permission=CanHandle, ready=handled, announces=REASSIGNED)
def take_over(case: Case, reason: str, version: int | None = None, *, by: Actor, key: Key) -> None:
    """Take a case over from a colleague (absent, or by agreement); the history shows who and why."""
    engine.check_version(case, version)
    current().detail.update({"from": case.handler_label, "reason": needed(reason, _("请写明为什么接手，同事会看到。"))})
    _hand_to(case, by.id, by.label)
    engine.to_work(case)
    engine.store(case)


@act_on("cases.reassign", Case.objects.lock, permission=CanPassOn, ready=handled, announces=REASSIGNED)
def reassign(case: Case, to: uuid.UUID, reason: str, version: int | None = None, *, by: Actor, key: Key) -> None:
    """Give a case to a member of staff of its agency; if they are away, to their deputy.

    Who gives out the work may give any case, others only what they have in hand. Raises ``Invalid`` for somebody who
    does not work there.
    """
    engine.check_version(case, version)
    if not CanDispatch.allows(by, case) and case.handler_id != by.id:
        raise NotNow(_("只能转交自己正在办的；别人的请找负责人改派。"), code="not-yours")
    reason = needed(reason, _("请写明为什么转交。"))
    member = directory.present(to)
    if member is None or not case.agency_path.startswith(member.agency_path):
        message = _("请选承办部门在岗的工作人员。")
        raise Invalid(message, errors=(FieldError("to", message),))
    current().detail.update({"from": case.handler_label, "to": member.number, "reason": reason})
    _hand_to(case, member.id, member.label)
    engine.store(case)


@act_on("cases.complete_step", Case.objects.lock, permission=CanDoStep, ready=working)
def complete_step(
    case: Case, step: str, outcome: str, opinion: str, version: int | None = None, *, by: Actor, key: Key
) -> None:
    """Finish a review step with an opinion; ``outcome`` is ``pass`` or ``fail``.

    A failed step does not end the case: the decider reads it. Raises ``NotNow`` if it is not this step's turn.
    """
    engine.check_version(case, version)
    opinion = needed(opinion, _("请写审查意见。"), "opinion")
    task = _ready_task(case, step, by)
    if task.kind in (StepKind.DECISION, StepKind.SITE_VISIT, StepKind.DELIVER):
        raise NotNow(_("这个环节有专门的操作。"))
    _finish(case, task, rules.Outcome(outcome), opinion, by)


@act_on("cases.plan_visit", Case.objects.lock, permission=CanInspect, ready=working)
def plan_visit(case: Case, day: date, version: int | None = None, *, by: Actor, key: Key) -> None:
    """Set the day of the case's site visit; a joint one is set for all agencies that come along."""
    engine.check_version(case, version)
    if day < clock.today():
        raise Invalid(_("踏勘日期不能早于今天。"), errors=(FieldError("day", _("请选今天或以后的日期。")),))
    task = (
        case.tasks.filter(kind=StepKind.SITE_VISIT)
        .exclude(state__in=[TaskState.DONE, TaskState.SKIPPED])
        .select_related("visit")
        .first()
    )
    if task is None:
        raise NotNow(_("这个办件没有要踏勘的环节。"))
    if task.visit is None:
        raise NotNow(_("这个环节不是联合踏勘，直接记录结果即可。"))
    task.visit.planned_on, task.visit.planned_by = day, by.label
    task.visit.save(update_fields=["planned_on", "planned_by"])
    current().emit(VISIT_PLANNED, case.application, visit=str(task.visit_id), day=str(day))


@act_on("cases.record_visit", Case.objects.lock, permission=CanInspect, ready=working)
def record_visit(
    case: Case,
    step: str,
    outcome: str,
    opinion: str,
    officers: list[str],
    *,
    version: int | None = None,
    by: Actor,
    key: Key,
) -> None:
    """Write down what was found on the spot, by at least two officers of the body, named by number (行政许可法 art. 34).

    Each agency of a joint visit records its own findings; with the last of them one joint record is written.
    """
    engine.check_version(case, version)
    task = _ready_task(case, step, by)
    if task.kind != StepKind.SITE_VISIT:
        raise NotNow(_("这个环节不是现场踏勘。"))
    named = list(dict.fromkeys(number.strip().upper() for number in officers if number.strip()))
    errors = []
    if len(named) < OFFICERS:
        errors.append(FieldError("officers", _("现场核查要有两名以上工作人员，请写两个工号。")))
    elif strangers := _not_of(task.agency_path, named):
        words = {"numbers": "、".join(strangers)}
        errors.append(FieldError("officers", _("%(numbers)s 不是本部门在岗人员的工号，请核对。") % words))
    if not opinion.strip():
        errors.append(FieldError("opinion", _("请写现场看到的情况。")))
    if errors:
        raise Invalid(_("踏勘记录还不完整。"), errors=tuple(errors))
    task.officers = named
    _finish(case, task, rules.Outcome(outcome), opinion, by)
    _write_visit_record(case, task)


@act_on("cases.decide", Case.objects.lock, permission=CanDecide, ready=decidable)
def decide(case: Case, grant: bool, text: str, version: int | None = None, *, by: Actor, key: Key) -> None:
    """Decide: grant, or refuse with the reason and the remedies (行政许可法 art. 38).

    A grant opens the steps that follow (issue, deliver); what is automatic among them is done in this act. After a
    refusal nothing is made, but the refusal is delivered.
    """
    engine.check_version(case, version)
    text = needed(text, _("请写决定理由。") if grant else _("不予许可必须写明理由和依据。"), "text")
    deciding.decide(case, grant, text)
    task = next(one for one in tasks_of(case) if one.kind == StepKind.DECISION and one.state == TaskState.READY)
    _finish(case, task, rules.Outcome.PASS if grant else rules.Outcome.FAIL, text, by)
    if case.closed_at is None:  # else it is settled already
        engine.settle(case.application)


def _hand_to(case: Case, member: uuid.UUID | None, label: str) -> None:
    case.handler_id, case.handler_label = member, label
    for task in tasks_of(case):
        if task.state == TaskState.READY:
            task.assignee_id, task.assignee_label = member, label
            current().update(task, "assignee_id", "assignee_label")


def _not_of(agency: str, numbers: list[str]) -> list[str]:
    """Return the numbers that are nobody's who works at the agency or below it."""
    known = directory.staff_by_number(numbers)
    return [one for one in numbers if one not in known or not known[one].agency_path.startswith(agency)]


def _ready_task(case: Case, step: str, by: Actor) -> Task:
    task = next((one for one in tasks_of(case) if one.step == step), None)
    if task is None:
        raise NotFound(_("没有这个环节。"))
    task.case = case
    if task.state != TaskState.READY:
        raise NotNow(_("“%(step)s”还没轮到，或已经办完。") % {"step": task.name})
    if not by.has_role({Role(task.role)}, task.reach):
        raise NotNow(_("这个环节要由别的岗位来办。"), code="other-role")
    return task


def _finish(case: Case, task: Task, outcome: rules.Outcome, opinion: str, by: Actor) -> None:
    now = clock.now()
    engine.to_work(case)
    engine.finish_task(task, outcome.value, opinion.strip(), by=by.label, at=now)
    current().emit(STEP_DONE, case, step=task.step, outcome=outcome.value)
    decided, closed = case.decided_at, case.closed_at
    engine.open_steps(case, now)
    engine.store(case)
    if (case.decided_at, case.closed_at) != (decided, closed):
        engine.settle(case.application)


def _write_visit_record(case: Case, task: Task) -> None:
    """Write the record: of a single visit at once, of a joint one when every agency has recorded its findings."""
    tasks = [task]
    if task.visit_id is not None:
        tasks = [one for held in cases_of(case.application) for one in tasks_of(held) if one.visit_id == task.visit_id]
        if any(one.state in (TaskState.READY, TaskState.WAITING) for one in tasks):
            return
    findings = [one for one in tasks if one.state == TaskState.DONE]
    names = {one.path: one.name for one in directory.agencies_by_path({one.agency_path for one in findings})}
    documents.write(
        case.application,
        case,
        DocumentKind.VISIT_RECORD,
        joint=len(findings) > 1,
        findings=[
            {
                "agency": names[one.agency_path],
                "matter": one.case.name,
                "on": clock.legal_date(one.done_at).isoformat() if one.done_at else "",
                "officers": list(one.officers),
                "outcome": one.outcome,
                "opinion": one.opinion,
            }
            for one in findings
        ],
    )
