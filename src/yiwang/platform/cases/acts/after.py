"""After the decision: the result is handed over, and what was promised is checked."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import act_on, current
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import SYSTEM, Actor, Denial, Key
from yiwang.platform.cases import delivering, engine
from yiwang.platform.cases.acts.accept import needed
from yiwang.platform.cases.events import COMMITMENT_CHECKED, COMMITMENT_OVERDUE
from yiwang.platform.cases.models import Case
from yiwang.platform.cases.permissions import CanHandle, CanHandOver, OnlySystem
from yiwang.platform.cases.types import TaskState, Way
from yiwang.platform.catalog.types import StepKind


def deliverable(case: Case) -> Denial | None:
    """There is a result that waits to be handed over."""
    if case.delivered_at is not None:
        return Denial("delivered", _("结果已经送达。"))
    if not any(task.kind == StepKind.DELIVER and task.state == TaskState.READY for task in case.tasks.all()):
        return Denial("nothing-to-deliver", _("这个办件还没有可以送达的结果。"))
    return None


def promised(case: Case) -> Denial | None:
    """There is a commitment that was not checked yet."""
    if not any(check.state == "open" for check in case.post_checks.all()):
        return Denial("nothing-promised", _("这个办件没有要核查的承诺。"))
    return None


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
    task = case.tasks.get(kind=StepKind.DELIVER, state=TaskState.READY)
    delivering.hand_over(case, chosen, receiver=receiver, tracking=tracking.strip())
    now = clock.now()
    engine.finish_task(task, "pass", "", by=by.label, at=now)
    engine.open_steps(case, list(case.tasks.order_by("position")), now)
    engine.store(case)
    engine.settle(case.application)


@act_on("cases.check_commitment", Case.objects.lock, permission=CanHandle, ready=promised, announces=COMMITMENT_CHECKED)
def check_commitment(
    case: Case, material: str, kept: bool, opinion: str, version: int | None = None, *, by: Actor, key: Key
) -> None:
    """Write down whether a commitment was kept. If not, the licence can be revoked and the false promise recorded
    (国办发〔2020〕42号): who issues licences is told by the event.
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
