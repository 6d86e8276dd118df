"""What the law does to records in time: those whose term is over are deleted, and only their number stays."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from yiwang.kernel.acts import Permission, act_on, current
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor, Key
from yiwang.platform.sharing import keeping
from yiwang.platform.sharing.models import Dataset, Record

AT_ONCE = 2_000
"""Most rows that are deleted in one transaction: what comes in meanwhile does not wait."""
OnlySystem = Permission(name="system", kinds=frozenset())


def _any(pk: uuid.UUID, by: Actor) -> Dataset:
    row = Dataset.objects.visible_to(by).filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这个数据集。"))
    return row


@act_on("sharing.forget", _any, permission=OnlySystem)
def forget(row: Dataset, *, by: Actor, key: Key) -> int:
    """Delete the oldest of what the dataset must not keep any longer, at most ``AT_ONCE`` of each; say how many.

    The audit entry has the numbers: how many records, how many rows of what was wrong. Done again it goes on.
    """
    gone = {"records": 0, "rows": 0}
    for rows in keeping.overdue(row.pk):
        chosen = rows.model.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[:AT_ONCE]))
        gone["records" if rows.model is Record else "rows"] += chosen.delete()[0]
    current().detail |= {"dataset": row.code, **gone}
    return sum(gone.values())
