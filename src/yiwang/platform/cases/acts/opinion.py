"""The opinion while it is written: kept, so that nothing typed is lost; no part of the file until the step is done."""

from __future__ import annotations

import uuid

from yiwang.kernel import clock
from yiwang.kernel.acts import act_on, current
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor, Key, Role
from yiwang.platform.cases.held import tasks_of
from yiwang.platform.cases.models import Case
from yiwang.platform.cases.permissions import CanDoStep
from yiwang.platform.cases.types import TaskState

LONGEST = 4000
"""Characters kept of a draft."""


@act_on("cases.keep_opinion", Case.objects.lock, permission=CanDoStep)
def keep_opinion(case: Case, task: uuid.UUID, text: str, *, by: Actor, key: Key) -> None:
    """Keep what was typed so far; the last writer's draft is kept, and only that writer sees it."""
    row = next((one for one in tasks_of(case) if one.pk == task and one.state == TaskState.READY), None)
    if row is None or not by.has_role({Role(row.role)}, row.reach):
        raise NotFound
    row.draft, row.draft_by, row.draft_at = text[:LONGEST], by.id, clock.now()
    current().update(row, "draft", "draft_by", "draft_at")
