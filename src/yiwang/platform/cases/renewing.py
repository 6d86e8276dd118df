"""延续: a case that lengthens a licence. Applied for in time and not decided, it counts as granted (行政许可法 art. 50)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import current
from yiwang.platform.cases import deciding, engine, rules
from yiwang.platform.cases.held import tasks_of
from yiwang.platform.cases.models import Case
from yiwang.platform.cases.types import CaseState, TaskState
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import StepKind
from yiwang.platform.licences import acts as licences
from yiwang.platform.licences import queries as held
from yiwang.platform.licences.types import LicenceStatus, LicenceView

DEEMED = "有效期届满前没有作出是否准予延续的决定，依照行政许可法第五十条，视为准予延续。"


def apply(cases: Iterable[Case]) -> None:
    """Note, inside the act that hands in, which licences are to be renewed: the law counts from today."""
    for case in cases:
        result = catalog.get_edition(case.edition_id).definition.result
        if not result.renews:
            continue
        licence = _chosen(case, result.licence_type)
        if licence is not None:
            case.renews_id = licence.id
            licences.renewal_applied_inside(licence.id)


def _chosen(case: Case, kind: str) -> LicenceView | None:
    """Return the licence that the application names by its number, else the one that runs out first."""
    valid = [one for one in held.held_by(case.principal, [kind]) if one.status is LicenceStatus.VALID]
    said = {str(fact.get("value")) for fact in case.application.facts.values()}
    named = [one for one in valid if one.number in said or one.identifier in said]
    return min(named or valid, key=lambda one: (one.valid_to is None, one.valid_to), default=None)


def deem(case: Case, licence: uuid.UUID) -> None:
    """Grant a case whose licence the law has renewed meanwhile; what was still to be done is not done any more."""
    now = clock.now()
    _take_up(case)
    if case.decided_at is not None:  # its own rule has decided it on acceptance
        return
    case.licence_id = licence
    deciding.decide(case, True, DEEMED, by_rule=True)
    for task in tasks_of(case):
        if task.state != TaskState.DONE and task.kind != StepKind.DELIVER:
            task.state = TaskState.SKIPPED.value
            current().update(task, "state")
    engine.open_steps(case, now)


def _take_up(case: Case) -> None:
    """Bring the case to where it can be decided, whatever it waited for: the law waits for nothing."""
    now = clock.now()
    if case.state in (CaseState.SUPPLEMENT, CaseState.RETURNED):
        engine.move(case, CaseState.SUBMITTED)
    case.corrections.filter(state="open").update(state="withdrawn")
    timers.cancel_timer(engine.CORRECTION, case.id)
    case.conditional_due_on = None
    timers.cancel_timer(engine.CONDITIONAL, case.id)
    if CaseState(case.state) in rules.BEFORE_ACCEPTANCE:
        engine.accept(case, case.received_at, deemed=True)
    if case.state == CaseState.SUSPENDED:
        case.procedures.filter(kind="special", ended_at=None).update(ended_at=now, result=DEEMED)
        engine.resume(case, now)
