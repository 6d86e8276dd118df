"""Ends without a decision: taken back by the applicant, passed to another body, declared void; and the archive."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import act_on, current
from yiwang.kernel.types import SYSTEM, Actor, Denial, Key
from yiwang.platform.cases import engine, rules
from yiwang.platform.cases.acts.accept import needed
from yiwang.platform.cases.events import ARCHIVED, FORWARDED, VOIDED, WITHDRAWN
from yiwang.platform.cases.held import cases_of
from yiwang.platform.cases.models import Application, Case
from yiwang.platform.cases.permissions import CanApply, CanDecide, CanDispatch, OnlySystem
from yiwang.platform.cases.types import CaseResult, CaseState


def undecided(case: Case) -> Denial | None:
    """The case was neither decided nor ended."""
    if CaseState(case.state) not in rules.OPEN:
        return Denial("decided", _("这个办件已经作出决定或者已经结束。"))
    return None


def any_undecided(application: Application) -> Denial | None:
    """At least one case was neither decided nor ended."""
    if not any(case.state in rules.OPEN for case in application.cases.all()):
        return Denial("decided", _("这份申请的办件都已经作出决定或者结束。"))
    return None


def forwardable(case: Case) -> Denial | None:
    """What was accepted may be passed on before the decision."""
    if CaseState(case.state) not in rules.WORKING:
        return Denial("not-working", _("办件不在办理阶段。"))
    return None


def archivable(case: Case) -> Denial | None:
    """What is closed and, where there is something to hand over, delivered."""
    if CaseState(case.state) not in (CaseState.CLOSED, CaseState.DELIVERED):
        return Denial("not-closed", _("办件还没有办结，不能归档。"))
    return None


@act_on("cases.withdraw", Case.objects.lock, permission=CanApply, ready=undecided)
def withdraw(case: Case, reason: str = "", version: int | None = None, *, by: Actor, key: Key) -> None:
    """Take one case back before its decision. Cases that wait for it are told."""
    engine.check_version(case, version)
    _withdraw(case, reason.strip())
    engine.settle(case.application)


@act_on("cases.withdraw_all", Application.objects.lock, permission=CanApply, ready=any_undecided)
def withdraw_all(
    application: Application, reason: str = "", version: int | None = None, *, by: Actor, key: Key
) -> list[uuid.UUID]:
    """Take every case back that is not decided yet. Returns them."""
    engine.check_version(application, version)
    rows = [case for case in cases_of(application) if case.state in rules.OPEN]
    # Those that wait go first, so that none is told that its predecessor has ended.
    taken = sorted(rows, key=lambda case: (not case.waits_for, case.position))
    for case in taken:
        _withdraw(case, reason.strip())
    engine.settle(application)
    return [case.id for case in taken]


@act_on("cases.forward", Case.objects.lock, permission=CanDecide, ready=forwardable, announces=FORWARDED)
def forward(case: Case, to: str, reason: str, version: int | None = None, *, by: Actor, key: Key) -> None:
    """Pass a case to another or higher body, which decides (转报办结). ``to`` names it."""
    engine.check_version(case, version)
    to = needed(to, _("请写明转报给哪个部门。"), "to")
    reason = needed(reason, _("请写明转报的理由。"))
    engine.end(case, CaseState.FORWARDED, CaseResult.FORWARDED, f"{to}：{reason}")
    engine.settle(case.application)


@act_on("cases.void", Case.objects.lock, permission=CanDispatch, ready=undecided, announces=VOIDED)
def void(
    case: Case, reason: str, entered_wrongly: bool = False, version: int | None = None, *, by: Actor, key: Key
) -> None:
    """Declare a case void (作废), or, if it was only entered wrongly, deleted (删除办结). The record stays."""
    engine.check_version(case, version)
    reason = needed(reason, _("请写明作废的理由。"))
    result = CaseResult.DELETED if entered_wrongly else CaseResult.VOIDED
    engine.end(case, CaseState.VOID, result, reason)
    engine.settle(case.application)


@act_on("cases.archive", Case.objects.lock, permission=OnlySystem, ready=archivable, announces=ARCHIVED)
def archive(case: Case, *, by: Actor, key: Key) -> None:
    """Archive a case, some time after it was delivered; from then on nothing of it changes."""
    engine.move(case, CaseState.ARCHIVED)
    case.archived_at = clock.now()
    engine.store(case)


def _withdraw(case: Case, reason: str) -> None:
    engine.end(case, CaseState.WITHDRAWN, CaseResult.WITHDRAWN, reason)
    current().emit(WITHDRAWN, case)


@timers.timer(engine.ARCHIVE)
def ring_archive(subject: uuid.UUID, key: str) -> None:
    """Ring when the time between delivery and archive is over."""
    archive(subject, by=SYSTEM, key=key)
