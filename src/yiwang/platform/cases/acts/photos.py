"""Photographs taken on the spot belong to the inspection's record."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import act_on, current
from yiwang.kernel.problems import NotFound, NotNow
from yiwang.kernel.types import Actor, Key
from yiwang.platform.cases.acts.work import working
from yiwang.platform.cases.models import ApplicationFile, Case
from yiwang.platform.cases.permissions import CanInspect
from yiwang.platform.cases.types import TaskState
from yiwang.platform.catalog.types import StepKind


@act_on("cases.add_photo", Case.objects.lock, permission=CanInspect, ready=working)
def add_photo(case: Case, step: str, stored: Mapping[str, Any], *, by: Actor, key: Key) -> uuid.UUID:
    """Add a stored and scanned photograph to a visit that is not yet recorded. Returns the file's id.

    ``stored`` is what ``ui.uploads`` returned. Raises ``NotNow`` once the findings are written: the record is closed.
    """
    task = case.tasks.filter(step=step, kind=StepKind.SITE_VISIT).first()
    if task is None:
        raise NotFound(_("没有这个环节。"))
    if task.state != TaskState.READY:
        raise NotNow(_("踏勘已经记录完，不能再加照片。"))
    file = ApplicationFile.objects.create(
        application_id=case.application_id,
        task=task,
        identity=task.name,
        name=stored["name"],
        digest=stored["digest"],
        media_type=stored["media_type"],
        size=stored["size"],
        pages=stored.get("pages"),
        scan=stored.get("scan", "clean"),
        trust="A",
        added_at=clock.now(),
        added_by=by.label,
    )
    current().detail["file"] = str(file.id)
    return file.id
