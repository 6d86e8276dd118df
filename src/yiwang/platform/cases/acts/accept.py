"""Acceptance: the clock starts. One counter accepts all cases of an application in one act."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import act_on, current
from yiwang.kernel.types import Actor, Denial, Key
from yiwang.platform.cases import documents, engine, rules
from yiwang.platform.cases.events import ACCEPTED
from yiwang.platform.cases.models import Application, ApplicationMaterial, Case
from yiwang.platform.cases.permissions import CanIntake, OnlySystem
from yiwang.platform.cases.types import ApplicationState, CaseState, DocumentKind
from yiwang.platform.evidence.types import FactState


def acceptable(case: Case) -> Denial | None:
    """A case is accepted once, after it was handed in and while no correction is open."""
    if CaseState(case.state) not in rules.BEFORE_ACCEPTANCE:
        return Denial("not-before-acceptance", _("这个办件不在收件阶段，不能受理。"))
    return None


def any_acceptable(application: Application) -> Denial | None:
    """At least one case must wait for acceptance."""
    if not application.cases.filter(state__in=rules.BEFORE_ACCEPTANCE).exists():
        return Denial("nothing-to-accept", _("这份申请没有待受理的办件。"))
    return None


@act_on("cases.accept", Case.objects.lock, permission=CanIntake, ready=acceptable)
def accept(case: Case, *, by: Actor, key: Key) -> None:
    """Accept one case: its clock starts on the next working day (行政许可法 arts. 32, 42).

    With a material deferred it is accepted conditionally (容缺受理).
    """
    _accept(case)
    _after(case.application)


@act_on("cases.accept_all", Application.objects.lock, permission=CanIntake, ready=any_acceptable)
def accept_all(application: Application, *, by: Actor, key: Key) -> list[uuid.UUID]:
    """Accept every case of the application that may begin: one acceptance counts for all bodies at that moment
    (浙江省保障"最多跑一次"改革规定). Cases that wait for another's result follow by themselves.

    Returns the accepted cases.
    """
    accepted = []
    for case in application.cases.select_for_update().filter(state__in=rules.BEFORE_ACCEPTANCE).order_by("position"):
        case.application = application
        _accept(case)
        accepted.append(case.id)
    _after(application)
    return accepted


@act_on("cases.deem_accepted", Application.objects.lock, permission=OnlySystem, ready=any_acceptable)
def deem_accepted(application: Application, *, by: Actor, key: Key) -> None:
    """Nobody told the applicant in five working days: accepted from the day the materials were received
    (行政许可法 art. 32(4)).
    """
    for case in application.cases.select_for_update().filter(state__in=rules.BEFORE_ACCEPTANCE).order_by("position"):
        case.application = application
        case.deemed = True
        _accept(case, deemed=True)
    _after(application)


def _accept(case: Case, *, deemed: bool = False) -> None:
    deferred = list(
        ApplicationMaterial.objects.filter(
            application_id=case.application_id, state=FactState.DEFERRED, made_up_at=None, items__contains=[case.item_code]
        )
    )
    at = case.received_at if deemed else clock.now()
    engine.start(case, at, conditional=bool(deferred))
    kind = DocumentKind.CONDITIONAL if deferred else DocumentKind.ACCEPTANCE
    documents.write(
        case.application,
        case,
        kind,
        due_on=str(case.due_on or ""),
        materials=[material.name for material in deferred],
    )
    if deferred:
        case.conditional_due_on = case.due_on
        if case.due_on:
            engine.set_deadline(engine.CONDITIONAL, case.id, case.due_on)
    case.version += 1
    case.save()
    current().emit(ACCEPTED, case, application=str(case.application_id), due_on=str(case.due_on), deemed=deemed)


def _after(application: Application) -> None:
    waiting = application.cases.filter(state__in=rules.BEFORE_ACCEPTANCE).exists()
    if waiting:
        return
    timers.cancel_timer(engine.DEEMED, application.id)
    if application.state == ApplicationState.SUBMITTED:
        application.state = ApplicationState.ACCEPTED.value
        application.accepted_at = clock.now()
    application.due_on = max(
        (due for due in application.cases.values_list("due_on", flat=True) if due), default=None
    )
    application.save(update_fields=["state", "accepted_at", "due_on"])


@timers.timer(engine.DEEMED)
def ring_deemed(subject: uuid.UUID, key: str) -> None:
    """Ring at the end of the fifth working day."""
    from yiwang.kernel.types import SYSTEM

    deem_accepted(subject, by=SYSTEM, key=key)


