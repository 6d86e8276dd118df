"""Acts on the clock: special procedures stop it, one extension lengthens it (行政许可法 arts. 42, 45)."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import act_on, current
from yiwang.kernel.clock import ClockError
from yiwang.kernel.problems import Invalid, NotNow
from yiwang.kernel.types import Actor, Denial, FieldError, Key
from yiwang.platform.cases import documents, engine, rules
from yiwang.platform.cases.acts import hearing
from yiwang.platform.cases.acts.accept import needed
from yiwang.platform.cases.events import EXTENDED, JOINT_EXTENDED, RESUMED, SUSPENDED
from yiwang.platform.cases.models import Application, Case, SpecialProcedure
from yiwang.platform.cases.permissions import CanCoordinate, CanDecide, CanReview
from yiwang.platform.cases.types import CaseState, DocumentKind
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import SpecialProcedure as Published

HEARING = Published(rules.HEARING, "听证", "行政许可法第四十五条、第四十六条、第四十七条")


def suspendable(case: Case) -> Denial | None:
    """A clock that runs can be stopped, unless its time is over already."""
    if CaseState(case.state) is CaseState.SUSPENDED:
        return Denial("suspended", _("办件已经暂停计时。"))
    if CaseState(case.state) not in rules.WORKING:
        return Denial("not-working", _("办件不在办理阶段。"))
    return None


def in_special_procedure(case: Case) -> Denial | None:
    """A special procedure is running; a correction ends by its answer, not by this act."""
    if not any(one.kind == "special" and one.ended_at is None for one in case.procedures.all()):
        return Denial("no-special-procedure", _("这个办件没有进行中的特别程序。"))
    return None


def extendable(case: Case) -> Denial | None:
    """A limit is lengthened once, while it has not passed and the clock runs."""
    denial = suspendable(case)
    if denial is not None:
        return denial
    value = engine.read_clock(case)
    if value is None:
        return Denial("not-extendable", _("这个办件的期限不能延长。"))
    if value.extension:
        return Denial("extended-already", _("期限只能延长一次，这个办件已经延长过。"))
    if case.due_on is not None and clock.today() > case.due_on:
        return Denial("overdue", _("期限已经过了，不能再延长。"))
    return None


def jointly_extendable(application: Application) -> Denial | None:
    """The joint clock exists, runs, was not lengthened before and is not over."""
    value = engine.joint_clock(application)
    if value is None or value.stopped_on is not None:
        return Denial("no-joint-clock", _("这份申请没有进行中的并联办理期限。"))
    if value.extension:
        return Denial("extended-already", _("并联办理的期限只能延长一次。"))
    if application.joint_due_on is not None and clock.today() > application.joint_due_on:
        return Denial("overdue", _("并联办理的期限已经过了，不能再延长。"))
    return None


@act_on("cases.suspend", Case.objects.lock, permission=CanReview, ready=suspendable, announces=SUSPENDED)
def suspend(
    case: Case,
    procedure: str,
    reason: str,
    expected_on: date | None = None,
    version: int | None = None,
    *,
    asked_on: date | None = None,
    by: Actor,
    key: Key,
) -> None:
    """Stop the clock for a special procedure that the item publishes, or a hearing (行政许可法 art. 45).

    The applicant is told in writing how long it takes: until ``expected_on``, else as published. A hearing is held on
    that day, which the law bounds; ``asked_on`` is when it was asked for, today if nothing is said. Raises ``Invalid``
    for a procedure that the item does not have.
    """
    engine.check_version(case, version)
    reason = needed(reason, _("请写明为什么要进行特别程序。"))
    published = _published(case, procedure)
    now = clock.now()
    today = clock.legal_date(now)
    if expected_on is None and published.days:
        expected_on = engine.end_of_workdays(case.region, today, published.days)
    if expected_on is None or expected_on < today:
        message = _("请写明预计哪一天结束，要书面告诉申请人。")
        raise Invalid(message, errors=(FieldError("expected_on", message),))
    if published.code == rules.HEARING:
        hearing.check_days(case, expected_on, asked_on or today, today)
    engine.suspend(case, published.name, now)
    SpecialProcedure.objects.create(
        case=case,
        kind="special",
        code=published.code,
        name=published.name,
        basis=published.basis,
        reason=reason,
        started_at=now,
        expected_on=expected_on,
        applied_by=by.label,
    )
    documents.write(
        case.application,
        case,
        DocumentKind.SPECIAL_PROCEDURE,
        name=published.name,
        basis=published.basis,
        reason=reason,
        expected_on=expected_on,
        hearing=published.code == rules.HEARING,
    )
    _store(case)


@act_on("cases.resume", Case.objects.lock, permission=CanReview, ready=in_special_procedure, announces=RESUMED)
def resume(case: Case, result: str, version: int | None = None, *, by: Actor, key: Key) -> None:
    """End the special procedure with its result; the clock runs again from the next day."""
    engine.check_version(case, version)
    result = needed(result, _("请写明特别程序的结果。"), "result")
    now = clock.now()
    case.procedures.filter(kind="special", ended_at=None).update(ended_at=now, result=result, ended_by=by.label)
    engine.resume(case, now)
    _store(case)


@act_on("cases.extend", Case.objects.lock, permission=CanDecide, ready=extendable, announces=EXTENDED)
def extend(case: Case, days: int, reason: str, version: int | None = None, *, by: Actor, key: Key) -> None:
    """Lengthen the limit once, by ten working days at most, approved by the head of the body; the applicant is told the
    reason (行政许可法 art. 42).
    """
    engine.check_version(case, version)
    reason = needed(reason, _("请写明延长的理由，要告知申请人。"))
    value = engine.read_clock(case)
    assert value is not None
    now = clock.now()
    try:
        longer = clock.extend(value, days, clock.legal_date(now), engine.calendar(case.region))
    except ClockError as error:
        raise _too_long(error, clock.EXTENSION_MAX) from None
    engine.write_clock(case, longer)
    SpecialProcedure.objects.create(
        case=case,
        kind="extension",
        code="extension",
        name="延长审批",
        basis="行政许可法第四十二条",
        reason=reason,
        started_at=now,
        expected_on=case.due_on,
        ended_at=now,
        result=f"延长 {days} 个工作日",
        applied_by=by.label,
        ended_by=by.label,
    )
    documents.write(case.application, case, DocumentKind.EXTENSION, days=days, reason=reason, due_on=case.due_on)
    _store(case)


@act_on(
    "cases.extend_joint",
    Application.objects.lock,
    permission=CanCoordinate,
    ready=jointly_extendable,
    announces=JOINT_EXTENDED,
)
def extend_joint(
    application: Application,
    days: int,
    reason: str,
    approval: str,
    version: int | None = None,
    *,
    by: Actor,
    key: Key,
) -> None:
    """Lengthen the limit of a joint handling once, by fifteen working days at most, with the approval of the head of
    the government, whose number is ``approval`` (行政许可法 art. 42).
    """
    engine.check_version(application, version)
    reason = needed(reason, _("请写明延长的理由，要告知申请人。"))
    approval = needed(approval, _("请写明本级人民政府负责人批准的文号。"), "approval")
    value = engine.joint_clock(application)
    assert value is not None
    try:
        longer = clock.extend(
            value, days, clock.today(), engine.calendar(application.region), at_most=clock.JOINT_EXTENSION_MAX
        )
    except ClockError as error:
        raise _too_long(error, clock.JOINT_EXTENSION_MAX) from None
    application.clock = engine.CLOCK.dump_python(longer, mode="json")
    application.joint_due_on = clock.due(longer, engine.calendar(application.region))
    application.version += 1
    current().update(application, "clock", "joint_due_on", "version")
    documents.write(
        application,
        None,
        DocumentKind.EXTENSION,
        days=days,
        reason=reason,
        approval=approval,
        due_on=application.joint_due_on,
    )


def _published(case: Case, code: str) -> Published:
    for one in catalog.get_edition(case.edition_id).definition.special_procedures:
        if one.code == code:
            return one
    if code == HEARING.code:
        return HEARING
    message = _("这个事项没有公布这项特别程序，不能因此暂停计时。")
    raise Invalid(message, errors=(FieldError("procedure", message),))


def _too_long(error: ClockError, most: int) -> Exception:
    if error.code == "too-long":
        message = _("最多延长 %(most)d 个工作日。") % {"most": most}
        return Invalid(message, errors=(FieldError("days", message),))
    return NotNow(_("现在不能延长期限。"), code=error.code)


def _store(case: Case) -> None:
    engine.store(case)
    engine.settle(case.application)
