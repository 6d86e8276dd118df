"""A running case moves to another edition: only by this act, with a reason, after a look at what it means."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _
from pydantic_core import to_jsonable_python

from yiwang.kernel import clock
from yiwang.kernel.acts import act_on, current
from yiwang.kernel.problems import Invalid, NotNow
from yiwang.kernel.types import Actor, Denial, FieldError, Key
from yiwang.platform.cases import checking, engine, moving, rules
from yiwang.platform.cases.acts.accept import needed
from yiwang.platform.cases.events import EDITION_MOVED
from yiwang.platform.cases.held import keep
from yiwang.platform.cases.models import ApplicationMaterial, Case, JointVisit, Task
from yiwang.platform.cases.permissions import CanDispatch
from yiwang.platform.cases.types import CaseState, TaskState
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import StepKind
from yiwang.platform.evidence.types import FactState

_TAKEN_IN = (StepKind.INTAKE, StepKind.PRE_REVIEW)
_PLANNED = ("position", "name", "kind", "after", "agency_path", "role", "visit")


def movable(case: Case) -> Denial | None:
    """A case moves while it waits or is worked on; not while the applicant owes an answer, nor after the decision."""
    if CaseState(case.state) not in rules.BEFORE_ACCEPTANCE | rules.WORKING | {CaseState.WAITING}:
        return Denial("not-movable", _("办件在等申请人、已暂停或者已经决定，不能换版本。"))
    return None


@act_on("cases.move_edition", Case.objects.lock, permission=CanDispatch, ready=movable, announces=EDITION_MOVED)
def move_edition(
    case: Case, edition: uuid.UUID, reason: str, version: int | None = None, *, by: Actor, key: Key
) -> None:
    """Move a case to another edition of its item. ``queries.plan_move`` is the dry run.

    Steps that are done stay done, what was promised stays promised, and the applicant is told. Raises ``NotNow`` where
    the new edition wants a datum or a paper that is not there: a move never asks for more.
    """
    engine.check_version(case, version)
    reason = needed(reason, _("请写明为什么换版本，申请人和同事会看到。"))
    new = catalog.get_edition(edition)
    plan = moving.plan(case, new)
    if new.definition.basic_code != case.item_code or new.agency_path != case.agency_path:
        message = _("只能换成同一事项的版本。")
        raise Invalid(message, errors=(FieldError("edition", message),))
    if new.id == case.edition_id:
        raise NotNow(_("这个办件已经是这个版本。"), code="same-edition")
    if plan.lacking:
        names = "、".join(plan.lacking)
        raise NotNow(_("新版本要的这些，这个办件里没有，不能换：%(names)s。") % {"names": names}, code="lacking")
    current().detail.update({"from": plan.old.number, "to": new.number, "reason": reason, "steps": plan.fates})
    _pin(case, plan)
    _take_over_materials(case, plan)
    _take_over_steps(case, plan)
    value = engine.read_clock(case)
    if value is not None:
        engine.write_clock(case, value)
    if CaseState(case.state) in rules.WORKING:
        engine.open_steps(case, clock.now())
    engine.store(case)
    engine.settle(case.application)


def _pin(case: Case, plan: moving.Plan) -> None:
    application, old = case.application, str(case.edition_id)
    application.plan = [
        row | {"edition": str(plan.new.id)} if row["edition"] == old else row for row in application.plan
    ]
    facts = to_jsonable_python(plan.resolution.facts)
    application.facts = {
        code: fact for code, fact in facts.items() if fact["state"] != FactState.ASK
    } | application.facts
    current().update(application, "plan", "facts")
    case.edition_id = plan.new.id


def _take_over_materials(case: Case, plan: moving.Plan) -> None:
    """Enter what is new, each found by itself; what was given stays, needed or not."""
    rows = {row.identity: row for row in plan.materials}
    for name, one in plan.resolution.materials.items():
        if case.item_code not in one.items:
            continue
        row = rows.get(name)
        if row is None:
            ApplicationMaterial.objects.create(
                application=case.application,
                identity=name,
                name=one.name,
                state=one.state.value,
                items=[case.item_code],
                ref=one.ref,
                source_name=one.source_name,
                trust="A" if one.state is FactState.KNOWN else "",
            )
        elif case.item_code not in row.items:
            row.items = [*row.items, case.item_code]
            row.save(update_fields=["items"])
    stand = {row.identity: (row.state, tuple(row.items)) for row in case.application.materials.all()}
    case.recheck = checking.degraded(plan.new, case.application.facts, stand)


def _take_over_steps(case: Case, plan: moving.Plan) -> None:
    joint = {step.joint for step in plan.new.definition.process if step.joint}
    visits = {name: JointVisit.objects.get_or_create(application=case.application, name=name)[0] for name in joint}
    new: list[Task] = []
    for planned in engine.plan_steps(case, plan.new, visits):
        task = plan.tasks.get(planned.step)
        if task is None:
            if case.accepted_at is not None and planned.kind in _TAKEN_IN:
                planned.state = TaskState.SKIPPED.value
            new.append(planned)
        else:
            for name in _PLANNED:
                setattr(task, name, getattr(planned, name))
            current().update(task, *_PLANNED)
    for code, fate in plan.fates.items():
        if fate is rules.Fate.DROPPED:
            plan.tasks[code].state = TaskState.SKIPPED.value
            current().update(plan.tasks[code], "state")
    current().insert(new)
    keep(case, "tasks", sorted([*plan.tasks.values(), *new], key=lambda task: task.position))
