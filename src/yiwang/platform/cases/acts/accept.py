"""Acceptance: the clock starts. One counter accepts all cases of an application in one act; or it is refused."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import act_on, current
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import SYSTEM, Actor, Denial, FieldError, Key
from yiwang.platform.cases import documents, engine, rules
from yiwang.platform.cases.events import MADE_UP, NOT_ACCEPTED, REVOKED
from yiwang.platform.cases.held import cases_of, tasks_of, unproved
from yiwang.platform.cases.models import Application, Case
from yiwang.platform.cases.permissions import CanIntake, CanRefuseAcceptance, OnlySystem
from yiwang.platform.cases.types import CaseResult, CaseState, DocumentKind, TaskState
from yiwang.platform.catalog.types import StepKind
from yiwang.platform.evidence.types import FactState


def acceptable(case: Case) -> Denial | None:
    """A case is accepted once, after it was handed in and while no correction is open."""
    if CaseState(case.state) not in rules.BEFORE_ACCEPTANCE:
        return Denial("not-before-acceptance", _("这个办件不在收件阶段，不能受理。"))
    return None


def any_acceptable(application: Application) -> Denial | None:
    """At least one case must wait for acceptance."""
    if not any(case.state in rules.BEFORE_ACCEPTANCE for case in application.cases.all()):
        return Denial("nothing-to-accept", _("这份申请没有待受理的办件。"))
    return None


def told_too_late(case: Case) -> Denial | None:
    """After the fifth working day it counts as accepted, whether or not the timer has rung yet (行政许可法 art. 32(4))."""
    if engine.over(case.tell_by):
        return Denial(
            "deemed-accepted", _("五个工作日的告知期限已过，依法视为受理，不能再退回、要求补正或者不予受理。")
        )
    return None


def refusable(case: Case) -> Denial | None:
    """Acceptance is refused before it was given; a case that waits for another may be refused as well."""
    if CaseState(case.state) not in rules.BEFORE_ACCEPTANCE | {CaseState.WAITING}:
        return Denial("not-before-acceptance", _("这个办件不在收件阶段，不能作不予受理决定。"))
    return told_too_late(case)


def conditional(case: Case) -> Denial | None:
    """Only a conditional acceptance is revoked, and before the decision."""
    if case.conditional_due_on is None:
        return Denial("not-conditional", _("这个办件不是容缺受理的。"))
    if CaseState(case.state) not in rules.WORKING | {CaseState.SUSPENDED}:
        return Denial("not-working", _("办件不在办理阶段。"))
    return None


def owing(case: Case) -> Denial | None:
    """A deferred material must still be owed."""
    if not case.owing:
        return Denial("nothing-owed", _("容缺的材料已经补齐。"))
    return conditional(case)


@act_on("cases.accept", Case.objects.lock, permission=CanIntake, ready=acceptable)
def accept(case: Case, version: int | None = None, *, by: Actor, key: Key) -> None:
    """Accept one case: its clock starts on the next working day (行政许可法 arts. 32, 42).

    With a material deferred it is accepted conditionally (容缺受理). After the fifth working day it counts as accepted
    from the day of receipt, as if the timer had rung.
    """
    engine.check_version(case, version)
    _accept_all(case.application, [case])


@act_on("cases.accept_all", Application.objects.lock, permission=CanIntake, ready=any_acceptable)
def accept_all(
    application: Application,
    version: int | None = None,
    seen: dict[uuid.UUID, int] | None = None,
    *,
    by: Actor,
    key: Key,
) -> list[uuid.UUID]:
    """Accept every case of the application that may begin: one acceptance counts for all bodies at that moment
    (浙江省保障"最多跑一次"改革规定). Cases that wait for another's result follow by themselves.

    ``seen`` gives the versions of the cases that the page showed. Returns the accepted cases.
    """
    engine.check_version(application, version)
    waiting = _waiting(application)
    for case in waiting:
        engine.check_version(case, (seen or {}).get(case.id))
    return _accept_all(application, waiting)


@act_on("cases.deem_accepted", Application.objects.lock, permission=OnlySystem, ready=any_acceptable)
def deem_accepted(application: Application, *, by: Actor, key: Key) -> None:
    """Nobody told the applicant in five working days: accepted from the day the materials were received
    (行政许可法 art. 32(4)).
    """
    _accept_all(application, [case for case in _waiting(application) if engine.over(case.tell_by)])


@act_on(
    "cases.refuse_acceptance",
    Case.objects.lock,
    permission=CanRefuseAcceptance,
    ready=refusable,
    announces=NOT_ACCEPTED,
)
def refuse_acceptance(case: Case, reason: str, version: int | None = None, *, by: Actor, key: Key) -> None:
    """Refuse to accept a case (不予受理): outside the body's competence, or no licence is needed, or not complete after
    the correction (行政许可法 art. 32). A stamped, dated decision with reason and remedies is written.
    """
    engine.check_version(case, version)
    reason = needed(reason, _("不予受理必须写明理由和依据。"))
    documents.write(case.application, case, DocumentKind.NON_ACCEPTANCE, reason=reason)
    engine.end(case, CaseState.NOT_ACCEPTED, CaseResult.NOT_ACCEPTED, reason)
    engine.settle(case.application)


@act_on(
    "cases.revoke_acceptance", Case.objects.lock, permission=CanRefuseAcceptance, ready=conditional, announces=REVOKED
)
def revoke_acceptance(case: Case, reason: str, version: int | None = None, *, by: Actor, key: Key) -> None:
    """Revoke a conditional acceptance, because what came in is still wrong; the reason is written
    (浙江省保障"最多跑一次"改革规定).
    """
    engine.check_version(case, version)
    _revoke(case, needed(reason, _("撤销受理必须写明理由。")))


@act_on("cases.lapse_conditional", Case.objects.lock, permission=OnlySystem, ready=owing, announces=REVOKED)
def lapse_conditional(case: Case, *, by: Actor, key: Key) -> None:
    """The deferred materials did not come in time: the acceptance is revoked, with the reason in writing."""
    names = "、".join(one.name for one in unproved(case, FactState.DEFERRED))
    _revoke(case, f"容缺的材料（{names}）到期没有补齐。")


def complete_conditional(application: Application) -> None:
    """Go on without condition where no deferred material is owed any more (inside an act on the locked application)."""
    owed = {
        code
        for material in application.materials.filter(state=FactState.DEFERRED, made_up_at=None)
        for code in material.items
    }
    for case in cases_of(application):
        if not case.owing or case.closed_at is not None or case.item_code in owed:
            continue
        case.made_up_at = clock.now()
        if case.state == CaseState.CONDITIONAL:
            begun = case.handler_id is not None or any(
                task.state == TaskState.DONE and task.kind not in (StepKind.INTAKE, StepKind.PRE_REVIEW)
                for task in tasks_of(case)
            )
            engine.move(case, CaseState.IN_PROCESS if begun else CaseState.ACCEPTED)
        timers.cancel_timer(engine.CONDITIONAL, case.id)
        current().emit(MADE_UP, case)
        engine.open_steps(case, clock.now())
        engine.store(case)


def needed(text: str, message: str, field: str = "reason") -> str:
    """Return a reason without its blanks; raise ``Invalid`` where it is empty."""
    if not text.strip():
        raise Invalid(message, errors=(FieldError(field, message),))
    return text.strip()


def _waiting(application: Application) -> list[Case]:
    return [case for case in cases_of(application) if case.state in rules.BEFORE_ACCEPTANCE]


def _accept_all(application: Application, cases: list[Case]) -> list[uuid.UUID]:
    for case in cases:
        deemed = engine.over(case.tell_by)
        engine.accept(case, case.received_at if deemed else clock.now(), deemed=deemed)
        engine.store(case)
    engine.settle(application)
    return [case.id for case in cases]


def _revoke(case: Case, reason: str) -> None:
    engine.to_work(case)
    documents.write(case.application, case, DocumentKind.REVOCATION, reason=reason)
    engine.end(case, CaseState.ACCEPTANCE_REVOKED, CaseResult.REVOKED, reason)
    engine.settle(case.application)


@timers.timer(engine.DEEMED)
def ring_deemed(subject: uuid.UUID, key: str) -> None:
    """Ring at the end of the fifth working day."""
    deem_accepted(subject, by=SYSTEM, key=key)


@timers.timer(engine.CONDITIONAL)
def ring_conditional(subject: uuid.UUID, key: str) -> None:
    """Ring when the time to make up deferred materials is over."""
    lapse_conditional(subject, by=SYSTEM, key=key)
