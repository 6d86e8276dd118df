"""After the decision: the result is handed over, and what was promised is checked."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import act_on, current
from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import SYSTEM, Actor, Denial, Key, Party
from yiwang.platform.cases import delivering, engine
from yiwang.platform.cases.acts.accept import needed
from yiwang.platform.cases.events import COMMITMENT_CHECKED, COMMITMENT_OVERDUE, CREDIT_REPAIRED
from yiwang.platform.cases.held import tasks_of
from yiwang.platform.cases.models import Case, PostCheck
from yiwang.platform.cases.permissions import CanDecide, CanHandle, CanHandOver, OnlySystem
from yiwang.platform.cases.types import TaskState, Way
from yiwang.platform.catalog.types import StepKind


def deliverable(case: Case) -> Denial | None:
    """There is a result that waits to be handed over."""
    if case.delivered_at is not None:
        return Denial("delivered", _("结果已经送达。"))
    if not any(task.kind == StepKind.DELIVER and task.state == TaskState.READY for task in tasks_of(case)):
        return Denial("nothing-to-deliver", _("这个办件还没有可以送达的结果。"))
    return None


def promised(case: Case) -> Denial | None:
    """There is a commitment that was not checked yet."""
    if not any(check.state == "open" for check in case.post_checks.all()):
        return Denial("nothing-promised", _("这个办件没有要核查的承诺。"))
    return None


def distrusted(case: Case) -> Denial | None:
    """A commitment was broken, and credit is not repaired."""
    if not any(check.state == "broken" and check.repaired_at is None for check in case.post_checks.all()):
        return Denial("not-broken", _("这个办件没有要修复的失信记录。"))
    return None


_BROKEN = Compiled(
    lambda: (
        PostCheck.objects.filter(
            case__principal_kind=Slot("kind"), case__principal_id=Slot("principal"), state="broken", repaired_at=None
        )
        .order_by("pk")
        .values_list("case__name")[:1]
    )
)


def broken_promise(principal: Party) -> str:
    """Return why a party's word is not taken at present, because it broke an earlier one; empty where it did not
    (国办发〔2020〕42号: 在信用修复前不适用告知承诺制).
    """
    broken = _BROKEN.first(kind=principal.kind.value, principal=principal.id)
    if broken is None:
        return ""
    (name,) = broken
    return _("您在办理“%(name)s”时的承诺经核查不属实。修复信用以前不能承诺或者容缺，请上传材料。") % {"name": name}


@act_on("cases.deliver", Case.objects.lock, permission=CanHandOver, ready=deliverable)
def deliver(
    case: Case,
    way: str,
    receiver: str,
    tracking: str = "",
    version: int | None = None,
    *,
    by: Actor,
    key: Key,
) -> None:
    """Hand the result over, at the window or by mail, with a proof of delivery (送达回证).

    ``receiver`` signed for it; by mail, ``tracking`` is the number of the parcel.
    """
    engine.check_version(case, version)
    chosen = Way(way)
    receiver = needed(receiver, _("请写明由谁签收。"), "receiver")
    if chosen is Way.MAIL:
        tracking = needed(tracking, _("请写邮件单号。"), "tracking")
    task = next(one for one in tasks_of(case) if one.kind == StepKind.DELIVER and one.state == TaskState.READY)
    delivering.hand_over(case, chosen, receiver=receiver, tracking=tracking.strip())
    now = clock.now()
    engine.finish_task(task, "pass", "", by=by.label, at=now)
    engine.open_steps(case, now)
    engine.store(case)
    engine.settle(case.application)


@act_on("cases.check_commitment", Case.objects.lock, permission=CanHandle, ready=promised, announces=COMMITMENT_CHECKED)
def check_commitment(
    case: Case, material: str, kept: bool, opinion: str, version: int | None = None, *, by: Actor, key: Key
) -> None:
    """Write down whether a commitment was kept. If not, the licence can be withdrawn, and the party's word is not taken
    again until its credit is repaired (国办发〔2020〕42号).
    """
    engine.check_version(case, version)
    opinion = needed(opinion, _("请写核查到的情况。"), "opinion")
    changed = case.post_checks.filter(material=material, state="open").update(
        state="kept" if kept else "broken", opinion=opinion, checked_at=clock.now(), checked_by=by.label
    )
    if not changed:
        raise NotFound(_("没有这项要核查的承诺。"))
    current().detail["kept"] = kept
    if not case.post_checks.filter(state="open").exists():
        timers.cancel_timer(engine.POST_CHECK, case.id)
    engine.store(case)


@act_on("cases.repair_credit", Case.objects.lock, permission=CanDecide, ready=distrusted, announces=CREDIT_REPAIRED)
def repair_credit(case: Case, reason: str, version: int | None = None, *, by: Actor, key: Key) -> None:
    """Note that the party has repaired its credit after a broken commitment (信用修复): its word counts again."""
    engine.check_version(case, version)
    current().detail["reason"] = needed(reason, _("请写明依据哪份文书修复、修复了什么。"))
    case.post_checks.filter(state="broken", repaired_at=None).update(repaired_at=clock.now(), repaired_by=by.label)
    engine.store(case)


@act_on(
    "cases.warn_of_commitment", Case.objects.lock, permission=OnlySystem, ready=promised, announces=COMMITMENT_OVERDUE
)
def warn_of_commitment(case: Case, *, by: Actor, key: Key) -> None:
    """Tell supervision that a commitment was not checked within sixty working days."""
    current().detail["open"] = case.post_checks.filter(state="open").count()


@timers.timer(engine.POST_CHECK)
def ring_post_check(subject: uuid.UUID, key: str) -> None:
    """Ring when the time to check a commitment is over."""
    warn_of_commitment(subject, by=SYSTEM, key=key)
