"""Sources that were down at submission are asked again before the decision."""

from __future__ import annotations

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import act_on, current
from yiwang.kernel.types import Actor, Denial, Key
from yiwang.platform.cases import checking, engine, rules
from yiwang.platform.cases.acts.accept import needed
from yiwang.platform.cases.events import RECHECKED
from yiwang.platform.cases.held import cases_of
from yiwang.platform.cases.models import Case
from yiwang.platform.cases.permissions import CanHandle, OnlySystem
from yiwang.platform.cases.types import CaseState
from yiwang.platform.catalog import queries as catalog


def to_recheck(case: Case) -> Denial | None:
    """Something was degraded, and the case is not decided yet."""
    if not case.recheck or CaseState(case.state) not in rules.OPEN:
        return Denial("nothing-to-recheck", _("这个办件没有要重新核验的数据。"))
    return None


def counted_provisionally(case: Case) -> Denial | None:
    """The due date rests on a year that was not announced, and the clock runs."""
    if not case.provisional or case.decided_at is not None or case.clock is None:
        return Denial("not-provisional", _("这个办件的期限不是暂定的。"))
    return None


@act_on("cases.recheck", Case.objects.lock, permission=CanHandle, ready=to_recheck)
def recheck(case: Case, version: int | None = None, *, by: Actor, key: Key) -> int:
    """Ask the sources again that were down; returns how many data and materials still cannot be had.

    What is settled for one case is settled for all of its application. Steps that waited for it go on by themselves.
    """
    engine.check_version(case, version)
    application = case.application
    came, left = checking.ask_again(application)
    current().detail.update(came=came, left=left)
    materials = {
        row.identity: (row.state, tuple(row.items)) for row in application.materials.only("identity", "state", "items")
    }
    for row in cases_of(application):
        edition = catalog.get_edition(row.edition_id)
        if not row.recheck or checking.degraded(edition, application.facts, materials):
            continue
        row.recheck = False
        current().emit(RECHECKED, row)
        if CaseState(row.state) in rules.WORKING:
            engine.open_steps(row, clock.now())
        engine.store(row)
        engine.settle(application)
    return left


@act_on("cases.check_by_hand", Case.objects.lock, permission=CanHandle, ready=to_recheck, announces=RECHECKED)
def check_by_hand(case: Case, finding: str, version: int | None = None, *, by: Actor, key: Key) -> None:
    """Write down what the body found out by itself (by telephone, on the spot, in its own files) where a source stays
    down: the applicant is not asked for it and does not wait for it.
    """
    engine.check_version(case, version)
    current().detail["finding"] = needed(finding, _("请写明怎样核验、结果如何。"), "finding")
    case.recheck = False
    if CaseState(case.state) in rules.WORKING:
        engine.open_steps(case, clock.now())
    engine.store(case)
    engine.settle(case.application)


@act_on("cases.recount", Case.objects.lock, permission=OnlySystem, ready=counted_provisionally)
def recount(case: Case, *, by: Actor, key: Key) -> None:
    """Count the due dates anew, now that the calendar of a missing year may have been announced."""
    value = engine.read_clock(case)
    assert value is not None
    engine.write_clock(case, value)
    engine.store(case)
    engine.settle(case.application)
