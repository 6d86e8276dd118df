"""What the acts share: states, clocks and the way of a case through its steps. Only acts call this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from pydantic import TypeAdapter

from yiwang.kernel import clock, holidays, timers
from yiwang.kernel.acts import current
from yiwang.kernel.calendar import Holidays, Unit
from yiwang.kernel.clock import Clock
from yiwang.kernel.problems import Stale
from yiwang.platform.cases import documents, kinds, rules
from yiwang.platform.cases.events import ACCEPTED, CLOSED, PREDECESSOR_ENDED, STEP_READY
from yiwang.platform.cases.held import cases_of, tasks_of, unproved
from yiwang.platform.cases.models import Application, ApplicationMaterial, Case, Correction, JointVisit, Task
from yiwang.platform.cases.types import ApplicationState, CaseResult, CaseState, DocumentKind, Stage, TaskState
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.rules import truth
from yiwang.platform.catalog.types import EditionView, Limit, Step, StepKind
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.types import FactState
from yiwang.platform.licences import acts as licences

CLOCK: TypeAdapter[Clock] = TypeAdapter(Clock)
DEEMED = "cases.deemed_acceptance"
CORRECTION = "cases.correction_lapses"
CONDITIONAL = "cases.conditional_lapses"
POST_CHECK = "cases.post_check_overdue"
ARCHIVE = "cases.archive"

TELL_DAYS = 5
"""Working days to tell what is missing, else it counts as accepted (行政许可法 art. 32(4))."""
ANSWER_DAYS = 10
"""Working days that the applicant has to answer a correction."""
DELIVER_DAYS = 10
"""Working days from the decision to the licence in hand (行政许可法 art. 44)."""
ARCHIVE_DAYS = 30
"""Days after delivery (or closing, where nothing is delivered) until a case is archived."""


# States


def move(case: Case, state: CaseState) -> None:
    """Take the case to a state along an arrow of the table; a missing arrow is a programming error."""
    old = CaseState(case.state)
    if not rules.may_go(old, state):
        raise ValueError(f"no arrow from {old} to {state}")
    case.state = state.value


def to_work(case: Case) -> None:
    """Work begins on an accepted case."""
    if case.state == CaseState.ACCEPTED:
        move(case, CaseState.IN_PROCESS)


def check_version(row: Case | Application, version: int | None) -> None:
    """Raise ``Stale`` if a page was read before the last change (optimistic locking)."""
    if version is not None and version != row.version:
        raise Stale(_("同事刚刚更新了这个办件。请看一眼最新情况，再继续；您写的内容还在。"))


def store(case: Case) -> None:
    """Let a changed case be written, with its new version."""
    case.version += 1
    current().update(case)


def settle(application: Application) -> None:
    """Write down what follows for an application from its cases: state, due dates, joint clock, deemed acceptance."""
    now = clock.now()
    rows = cases_of(application)
    application.due_on = max((row.due_on for row in rows if row.due_on), default=None)
    if all(row.closed_at for row in rows):
        withdrawn = all(row.result == CaseResult.WITHDRAWN for row in rows)
        application.state = (ApplicationState.WITHDRAWN if withdrawn else ApplicationState.CLOSED).value
        application.closed_at = application.closed_at or now
    elif application.state == ApplicationState.SUBMITTED and not any(
        CaseState(row.state) in rules.BEFORE_ACCEPTANCE for row in rows
    ):
        application.state = ApplicationState.ACCEPTED.value
        application.accepted_at = now
    _settle_joint_clock(application, rows)
    current().update(application, "state", "accepted_at", "closed_at", "due_on", "clock", "joint_due_on")
    waiting = [row for row in rows if CaseState(row.state) in rules.BEFORE_ACCEPTANCE]
    told_by = [row.tell_by for row in waiting if row.tell_by]
    if told_by:
        set_deadline(DEEMED, application.id, min(told_by))
    elif not waiting:
        timers.cancel_timer(DEEMED, application.id)


def _settle_joint_clock(application: Application, rows: Sequence[Case]) -> None:
    """Keep the joint clock: it starts with the first acceptance and stands while every body's clock stands."""
    members = [value for row in rows if (value := read_clock(row)) is not None]
    if len(rows) < 2 or not members:
        return
    base = Clock(rules.JOINT_LIMIT.value, rules.JOINT_LIMIT.unit, min(one.started_on for one in members))
    kept = joint_clock(application)
    if kept is not None:
        base = Clock(base.limit, base.unit, base.started_on, extension=kept.extension)
    value = clock.joint(base, members)
    if all(row.decided_at or row.closed_at for row in rows):
        value = clock.stop(value, max(clock.legal_date(row.decided_at or row.closed_at) for row in rows))  # type: ignore[arg-type]
    application.clock = CLOCK.dump_python(value, mode="json")
    application.joint_due_on = clock.due(value, calendar(application.region))


# Clocks


def calendar(region: str) -> Holidays:
    """Return the calendar of a region, with years not yet announced as Monday to Friday (cases say so)."""
    return holidays.for_region(region, provisional=True)


def read_clock(case: Case) -> Clock | None:
    """Return the case's clock, if it was ever started."""
    return CLOCK.validate_python(case.clock) if case.clock else None


def joint_clock(application: Application) -> Clock | None:
    """Return the joint clock of an application, if it has one."""
    return CLOCK.validate_python(application.clock) if application.clock else None


def write_clock(case: Case, value: Clock) -> None:
    """Store the clock and the dates that follow from it: due dates are stored when they change."""
    days = calendar(case.region)
    legal = catalog.get_edition(case.edition_id).definition.statutory_limit
    case.clock = CLOCK.dump_python(value, mode="json")
    case.due_on = clock.due(value, days)
    case.half_on = rules.half_on(value, days)
    statutory = replace(value, limit=legal.value, unit=legal.unit)
    case.statutory_due_on = clock.due(statutory, days)
    last = max((day for day in (case.due_on, case.statutory_due_on) if day), default=value.started_on)
    case.provisional = days.provisional(value.started_on, last)


def suspend(case: Case, reason: str, at: datetime) -> None:
    """Let the case's clock stand still from the day after."""
    to_work(case)
    move(case, CaseState.SUSPENDED)
    value = read_clock(case)
    if value is not None:
        write_clock(case, clock.suspend(value, clock.legal_date(at), reason))


def resume(case: Case, at: datetime) -> None:
    """Let it run again; a case that still owes a deferred material is conditional as before."""
    move(case, CaseState.CONDITIONAL if case.owing else CaseState.IN_PROCESS)
    value = read_clock(case)
    if value is not None:
        write_clock(case, clock.resume(value, clock.legal_date(at)))


def over(day: date | None) -> bool:
    """Tell whether a deadline has passed; there is none without a day. Guards ask this and not the timer, so that the
    law holds to the day however late the worker is.
    """
    return day is not None and clock.today() > day


def stop_clock(case: Case, at: datetime) -> None:
    """End the case's clock, if it runs."""
    value = read_clock(case)
    if value is not None and value.stopped_on is None:
        write_clock(case, clock.stop(value, clock.legal_date(at)))


def binding(definition: Any) -> Limit:
    """Return the limit that binds: the promise, which may only be shorter than the law."""
    promised: Limit = definition.promised_limit
    return promised


def end_of_workdays(region: str, start_on: date, count: int) -> date:
    """Return the last day of a period of working days (the day of the event is not counted)."""
    return calendar(region).due(start_on, count, Unit.WORKDAY)


def set_deadline(kind: str, subject: Any, day: date) -> None:
    """Let a timer ring when ``day`` is over."""
    timers.set_timer(kind, subject, clock.end_of(day) + timedelta(seconds=1))


# Acceptance and steps


def accept(case: Case, at: datetime, *, deemed: bool = False) -> None:
    """Accept a case inside an act: its clock starts, its steps open (行政许可法 arts. 32, 42).

    With a material deferred it is accepted conditionally. What is decided in the same session needs no written proof
    of acceptance (浙江省保障"最多跑一次"改革规定).
    """
    deferred = unproved(case, FactState.DEFERRED)
    move(case, CaseState.CONDITIONAL if deferred else CaseState.ACCEPTED)
    case.accepted_at, case.deemed, case.tell_by = at, deemed, None
    limit = binding(catalog.get_edition(case.edition_id).definition)
    write_clock(case, Clock(limit.value, limit.unit, clock.legal_date(at)))
    if deferred:
        case.conditional_due_on = case.due_on
        if case.due_on:
            set_deadline(CONDITIONAL, case.id, case.due_on)
    current().emit(ACCEPTED, case, application=str(case.application_id), due_on=str(case.due_on), deemed=deemed)
    tasks = tasks_of(case)
    done = [
        task for task in tasks if task.kind in (StepKind.INTAKE, StepKind.PRE_REVIEW) and task.state != TaskState.DONE
    ]
    for task in done:
        finish_task(task, rules.Outcome.PASS.value, "", by=current().by.label, at=at)
    open_steps(case, at)
    if case.decided_at is None:
        documents.write(
            case.application,
            case,
            DocumentKind.CONDITIONAL if deferred else DocumentKind.ACCEPTANCE,
            due_on=case.due_on,
            accepted_on=clock.legal_date(at),
            deemed=deemed,
            materials=[material.name for material in deferred],
        )


def finish_task(task: Task, outcome: str, opinion: str, *, by: str, at: datetime) -> None:
    """Write down that a step is done."""
    task.state, task.outcome, task.opinion = TaskState.DONE.value, outcome, opinion
    task.done_at, task.done_by = at, by
    current().update(task, "state", "outcome", "opinion", "done_at", "done_by", "officers")


def open_steps(case: Case, at: datetime) -> None:
    """Open every step whose turn has come; automatic ones are done at once, which may open others.

    The case is closed when nothing is left but handing the result over.
    """
    edition = catalog.get_edition(case.edition_id)
    tasks = tasks_of(case)
    ready: list[Task] = []
    moved = True
    while moved:
        moved = False
        after = rules.advance(_nodes(case, edition), {task.step: TaskState(task.state) for task in tasks})
        for task in tasks:
            state = after.get(task.step, TaskState(task.state))  # a step of an earlier edition stays as it is
            if state.value != task.state:
                task.state, task.ready_at = state.value, at
                current().update(task, "state", "ready_at")
                if task.state == TaskState.READY:
                    ready.append(task)
        for task in tasks:
            if task.state == TaskState.READY and _runs_by_itself(case, task, at):
                moved = True
        if not moved and case.state == CaseState.DECIDED and rules.finished(_before_delivery(tasks)):
            close(case, at)
            moved = True
    for task in ready:
        if task.state == TaskState.READY:
            current().emit(STEP_READY, case, step=task.step, role=task.role)
    if case.state == CaseState.CLOSED and case.delivered_at is not None:
        move(case, CaseState.DELIVERED)


def _before_delivery(tasks: Sequence[Task]) -> dict[str, TaskState]:
    return {task.step: TaskState(task.state) for task in tasks if task.kind != StepKind.DELIVER}


def _runs_by_itself(case: Case, task: Task, at: datetime) -> bool:
    kind = kinds.get_kind(task.kind)
    if kind.automatic is None or (task.kind == StepKind.DELIVER and case.state != CaseState.CLOSED):
        return False
    outcome = kind.automatic(case, task)
    if outcome is None:
        return False
    finish_task(task, outcome, task.opinion, by="系统", at=at)
    return True


def _nodes(case: Case, edition: EditionView) -> list[rules.Node]:
    data = facts_of(case.application)
    return [rules.Node(step.code, step.after, _applies(case, step, data)) for step in edition.definition.process]


def _applies(case: Case, step: Step, data: dict[str, Any]) -> bool:
    if case.result == CaseResult.REFUSED and step.kind not in (StepKind.DECISION, StepKind.DELIVER):
        return False  # a refusal is delivered, but nothing is made or paid
    return truth(step.when, data) is not False


def facts_of(application: Application) -> dict[str, Any]:
    """Return the data on which the application was submitted: element to value."""
    return {code: fact["value"] for code, fact in application.facts.items() if fact.get("value") not in (None, "")}


def plan_steps(case: Case, edition: EditionView, visits: dict[str, JointVisit]) -> list[Task]:
    """Make the tasks of a new case; joint steps of one name share a visit, and a step may be another agency's: the
    nearest of its function, else it stays with the body in the lead.
    """
    made = []
    others = directory.agencies_doing({step.agency for step in edition.definition.process}, case.application.region)
    for position, step in enumerate(edition.definition.process):
        kind = kinds.get_kind(step.kind)
        path = others.get(step.agency, case.agency_path)
        made.append(
            Task(
                case=case,
                step=step.code,
                position=position,
                name=step.name,
                kind=step.kind,
                state=TaskState.WAITING.value,
                after=list(step.after),
                agency_path=path,
                role=kind.role.value,
                visit=visits.get(step.joint) if step.joint else None,
            )
        )
    case.helpers = sorted({task.agency_path for task in made} - {case.agency_path})
    return made


# The end


def end(case: Case, state: CaseState, result: CaseResult, reason: str = "") -> None:
    """End a case without a decision: what was open is taken back, nothing rings any more, and it is closed."""
    now = clock.now()
    move(case, state)
    case.result, case.reason, case.tell_by = result.value, reason, None
    case.corrections.filter(state="open").update(state="lapsed" if result is CaseResult.NO_SUPPLEMENT else "withdrawn")
    case.procedures.filter(ended_at=None, kind="special").update(ended_at=now, result=reason)
    for task in tasks_of(case):
        if task.state in (TaskState.WAITING, TaskState.READY):
            task.state = TaskState.SKIPPED.value
            current().update(task, "state")
    for kind in (CORRECTION, CONDITIONAL):
        timers.cancel_timer(kind, case.id)
    if result is not CaseResult.FORWARDED:  # else another body decides it
        give_up_renewal(case, reason)
    close(case, now)
    store(case)


def give_up_renewal(case: Case, reason: str) -> None:
    """Tell the licence that this case was to renew (延续) that it will not: it runs to its end."""
    if case.renews_id is not None:
        licences.refuse_renewal_inside(case.renews_id, reason=reason)


def close(case: Case, at: datetime) -> None:
    """Close a case, stop its clock and release what waits for its result. The caller stores and settles."""
    move(case, CaseState.CLOSED)
    case.closed_at = at
    stop_clock(case, at)
    if case.delivered_at is None:
        set_archive(case, at)
    current().emit(CLOSED, case, result=case.result, application=str(case.application_id))
    for other in cases_of(case.application):
        if case.item_code in other.waits_for and other.closed_at is None:
            _release(other, case, at)


def set_archive(case: Case, at: datetime) -> None:
    """Let the case be archived in time."""
    set_deadline(ARCHIVE, case.id, clock.legal_date(at) + timedelta(days=ARCHIVE_DAYS))


def _release(case: Case, finished: Case, at: datetime) -> None:
    """Tell the next body that the one before is done: its clock starts now (浙江省保障"最多跑一次"改革规定).

    If the one before ended without a grant, what it was to give must come from the applicant: they are told at once
    what to hand in instead, and may withdraw. So the case neither waits for ever nor is accepted with a hole in it.
    """
    granted = finished.result in rules.GRANTS
    case.waits_for = [code for code in case.waits_for if code != finished.item_code]
    if not granted:
        current().emit(PREDECESSOR_ENDED, case, before=str(finished.id), result=finished.result)
    if case.state == CaseState.WAITING:
        if not granted:
            _ask_instead(case, finished, at)
        elif not case.waits_for:
            move(case, CaseState.SUBMITTED)
            case.received_at = at
            accept(case, at)
    store(case)


def enter(case: Case, at: datetime) -> None:
    """Put a case (back) before the intake, or let it wait for the cases before it; the body has five days to tell."""
    move(case, CaseState.SUBMITTED)
    if case.waits_for:
        move(case, CaseState.WAITING)
    else:
        case.tell_by = end_of_workdays(case.region, clock.legal_date(at), TELL_DAYS)


def _ask_instead(case: Case, finished: Case, at: datetime) -> None:
    lacking = [
        (material.identity, material.name)
        for material in ApplicationMaterial.objects.filter(
            application_id=case.application_id,
            state=FactState.LATER,
            ref=finished.item_code,
            items__contains=[case.item_code],
        )
    ]
    if not lacking:  # it only stood in order: intake looks at it within five working days
        enter(case, at)
        return
    message = f"“{finished.name}”没有获准，得不到这份材料。您另外有的，请上传；没有的，可以撤回这一件。"
    move(case, CaseState.SUBMITTED)
    tell(
        case,
        Stage.PREDECESSOR,
        [{"target": f"material:{identity}", "label": name, "message": message} for identity, name in lacking],
        end_of_workdays(case.region, clock.legal_date(at), ANSWER_DAYS),
    )
    move(case, CaseState.SUPPLEMENT)


def tell(case: Case, stage: Stage, points: list[dict[str, str]], due_on: date) -> Correction:
    """Write down what the applicant has to mend, with its notice and its timer."""
    correction = Correction.objects.create(
        case=case,
        stage=stage.value,
        points=points,
        asked_at=clock.now(),
        asked_by=current().by.label,
        due_on=due_on,
    )
    documents.write(
        case.application,
        case,
        DocumentKind.CORRECTION_NOTICE,
        points=points,
        due_on=due_on,
        stage=stage.value,
    )
    set_deadline(CORRECTION, case.id, due_on)
    return correction
