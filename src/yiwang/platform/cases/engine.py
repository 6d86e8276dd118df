"""What the acts share: numbers, states, clocks and the way of a case through its steps. Only acts call this."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from yiwang.kernel import clock, holidays, timers
from yiwang.kernel.acts import current
from yiwang.kernel.calendar import Unit
from yiwang.kernel.clock import Clock
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.rules import truth
from yiwang.platform.catalog.types import EditionView, Limit, Step, StepKind
from yiwang.platform.cases import kinds, rules
from yiwang.platform.cases.events import CLOSED, STEP_READY
from yiwang.platform.cases.models import Application, Case, JointVisit, Task
from yiwang.platform.cases.types import ApplicationState, CaseResult, CaseState, TaskState

CLOCK: TypeAdapter[Clock] = TypeAdapter(Clock)
DEEMED = "cases.deemed_acceptance"
CORRECTION = "cases.correction_lapses"
CONDITIONAL = "cases.conditional_lapses"


def move(case: Case, state: CaseState) -> None:
    """Take the case to a state along an arrow of the table; a missing arrow is a programming error."""
    old = CaseState(case.state)
    if not rules.may_go(old, state):
        raise ValueError(f"no arrow from {old} to {state}")
    case.state = state.value


def read_clock(case: Case) -> Clock | None:
    """Return the case's clock, if it was ever started."""
    return CLOCK.validate_python(case.clock) if case.clock else None


def write_clock(case: Case, value: Clock) -> None:
    """Store the clock and the dates that follow from it: due dates are stored when they change, never counted in a list."""
    days = holidays.for_region(case.region, provisional=True)
    definition = catalog.get_edition(case.edition_id).definition
    case.clock = CLOCK.dump_python(value, mode="json")
    case.due_on = clock.due(value, days)
    statutory = Clock(
        definition.statutory_limit.value,
        definition.statutory_limit.unit,
        value.started_on,
        value.suspensions,
        value.extension,
        value.stopped_on,
    )
    case.statutory_due_on = clock.due(statutory, days)
    last = case.statutory_due_on or case.due_on
    case.provisional = bool(last) and days.provisional(value.started_on, last)


def binding(definition: Any) -> Limit:
    """Return the limit that binds: the promise, which may only be shorter than the law."""
    promised: Limit = definition.promised_limit
    return promised


def start(case: Case, at: datetime, *, conditional: bool = False) -> None:
    """Accept a case: its clock starts, its steps open (行政许可法 arts. 32, 42)."""
    definition = catalog.get_edition(case.edition_id).definition
    move(case, CaseState.CONDITIONAL if conditional else CaseState.ACCEPTED)
    case.accepted_at = at
    limit = binding(definition)
    write_clock(case, Clock(limit.value, limit.unit, clock.legal_date(at)))
    tasks = list(case.tasks.order_by("position"))
    for task in tasks:
        if task.kind in (StepKind.INTAKE, StepKind.PRE_REVIEW) and task.state != TaskState.DONE:
            finish_task(task, "pass", "", by=current().by.label, at=at)
    open_steps(case, tasks, at)


def finish_task(task: Task, outcome: str, opinion: str, *, by: str, at: datetime) -> None:
    """Write down that a step is done."""
    task.state, task.outcome, task.opinion = TaskState.DONE.value, outcome, opinion
    task.done_at, task.done_by = at, by
    task.save(update_fields=["state", "outcome", "opinion", "done_at", "done_by", "officers"])


def open_steps(case: Case, tasks: list[Task], at: datetime) -> None:
    """Open every step whose turn has come; automatic ones are done at once, which may open others."""
    edition = catalog.get_edition(case.edition_id)
    while True:
        states = {task.step: TaskState(task.state) for task in tasks}
        after = rules.advance(_nodes(case, edition), states)
        opened = [task for task in tasks if after[task.step].value != task.state]
        for task in opened:
            task.state = after[task.step].value
            task.ready_at = at
            task.save(update_fields=["state", "ready_at"])
        automatic = [task for task in tasks if task.state == TaskState.READY and _run(case, task, at)]
        for task in opened:
            if task.state == TaskState.READY:
                current().emit(STEP_READY, case, step=task.step, role=task.role)
        if not automatic:
            break
    if case.state == CaseState.DECIDED and rules.finished({task.step: TaskState(task.state) for task in tasks}):
        close(case, at)


def _run(case: Case, task: Task, at: datetime) -> bool:
    kind = kinds.get_kind(task.kind)
    if kind.automatic is None:
        return False
    outcome = kind.automatic(case, task)
    if outcome is None:
        return False
    finish_task(task, outcome, "", by="系统", at=at)
    return True


def _nodes(case: Case, edition: EditionView) -> list[rules.Node]:
    data = facts_of(case.application)
    return [
        rules.Node(step.code, step.after, _applies(case, step, data)) for step in edition.definition.process
    ]


def _applies(case: Case, step: Step, data: dict[str, Any]) -> bool:
    if case.result == CaseResult.REFUSED and step.kind == StepKind.ISSUE:
        return False
    return truth(step.when, data) is not False


def facts_of(application: Application) -> dict[str, Any]:
    """Return the data on which the application was submitted: element to value."""
    return {code: fact["value"] for code, fact in application.facts.items() if fact.get("value") not in (None, "")}


def close(case: Case, at: datetime) -> None:
    """Close a case, stop its clock, release what waits for its result, and close the application with its last case."""
    move(case, CaseState.CLOSED)
    case.closed_at = at
    value = read_clock(case)
    if value is not None and value.stopped_on is None:
        case.clock = CLOCK.dump_python(clock.stop(value, clock.legal_date(at)), mode="json")
    current().emit(CLOSED, case, result=case.result, application=str(case.application_id))
    case.save()
    application = case.application
    others = list(application.cases.exclude(pk=case.pk))
    for other in others:
        if case.item_code in other.waits_for:
            release(other, case, at)
    if all(other.closed_at for other in others):
        application.state, application.closed_at = ApplicationState.CLOSED.value, at
        application.save(update_fields=["state", "closed_at"])


def release(case: Case, finished: Case, at: datetime) -> None:
    """Tell the next body that the one before is done: its clock starts now (浙江省保障"最多跑一次"改革规定)."""
    case.waits_for = [code for code in case.waits_for if code != finished.item_code]
    if not case.waits_for and case.state == CaseState.WAITING:
        move(case, CaseState.SUBMITTED)
        if finished.result in (CaseResult.ISSUED, CaseResult.GRANTED, CaseResult.NORMAL):
            start(case, at)
    case.version += 1
    case.save()


def plan_steps(case: Case, edition: EditionView, visits: dict[str, JointVisit]) -> list[Task]:
    """Make the tasks of a new case; joint steps of one name share a visit."""
    made = []
    for position, step in enumerate(edition.definition.process):
        kind = kinds.get_kind(step.kind)
        made.append(
            Task(
                case=case,
                step=step.code,
                position=position,
                name=step.name,
                kind=step.kind,
                state=TaskState.WAITING.value,
                after=list(step.after),
                agency_path=case.agency_path,
                role=kind.role.value,
                visit=visits.get(step.joint) if step.joint else None,
            )
        )
    return made


def end_of_workdays(region: str, start_on: date, count: int) -> date:
    """Return the last day of a period of working days (the day of the event is not counted)."""
    return holidays.for_region(region, provisional=True).due(start_on, count, Unit.WORKDAY)


def set_deadline(kind: str, subject: Any, day: date) -> None:
    """Let a timer ring when ``day`` is over."""
    timers.set_timer(kind, subject, clock.end_of(day) + timedelta(seconds=1))
