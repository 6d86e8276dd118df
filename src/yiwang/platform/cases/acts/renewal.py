"""The law grants a renewal that nobody decided in time (行政许可法 art. 50)."""

from __future__ import annotations

import uuid

from yiwang.kernel.acts import act_on
from yiwang.kernel.types import Actor, Denial, Key
from yiwang.platform.cases import engine, renewing, rules
from yiwang.platform.cases.models import Case
from yiwang.platform.cases.permissions import OnlySystem
from yiwang.platform.cases.types import CaseState


def undecided_renewal(case: Case) -> Denial | None:
    """Only what is not decided counts as granted; a case that waits for another has not begun."""
    if case.renews_id is None or CaseState(case.state) not in rules.OPEN - {CaseState.WAITING}:
        return Denial("decided", "decided")
    return None


@act_on("cases.deem_renewed", Case.objects.lock, permission=OnlySystem, ready=undecided_renewal)
def deem_renewed(case: Case, licence: uuid.UUID, *, by: Actor, key: Key) -> None:
    """The licence ran out before anybody decided, and was renewed by the law: the case is granted with it."""
    renewing.deem(case, licence)
    engine.store(case)
    engine.settle(case.application)
