"""What changes the records: rows that their agency sends."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import Permission, act_on, current
from yiwang.kernel.problems import Invalid, NotFound, NotNow
from yiwang.kernel.types import Actor, ActorKind, FieldError, Key
from yiwang.platform.sharing import feeding, intake
from yiwang.platform.sharing.acts.feeds import note_sent
from yiwang.platform.sharing.connectors import Batch, pushed_connectors
from yiwang.platform.sharing.documents import DEFINITION
from yiwang.platform.sharing.managers import STEWARDS
from yiwang.platform.sharing.models import Dataset, Feed, Run
from yiwang.platform.sharing.types import Brought, RunState

CanBringIn = Permission(
    name="bring data in",
    kinds=frozenset({ActorKind.CLIENT, ActorKind.STAFF}),
    roles=STEWARDS,
    scope="data:write",
    provider=True,
)


def _open(pk: uuid.UUID, by: Actor) -> Dataset:
    row = Dataset.objects.select_related("agency", "current").filter(pk=pk, current__isnull=False).first()
    if row is None:
        raise NotFound(_("没有这个数据集。"))
    return row


@act_on("sharing.bring_in", _open, permission=CanBringIn)
def bring_in(row: Dataset, rows: tuple[dict[str, Any], ...], *, by: Actor, key: Key) -> Brought:
    """Take in rows that the provider sends: at most ``intake.MOST``. Sent again with the same key, they are not looked at
    again; with another, they change nothing. No rows say that nothing is new: the dataset is as fresh as now.

    Where the dataset's feed is of those that are sent to, its columns are the feed's, and the feed tells how it goes. Raises
    ``Invalid`` for too many rows, ``NotNow`` where that feed is switched off.
    """
    if len(rows) > intake.MOST:
        told = _("一次最多送 %(most)d 行。") % {"most": intake.MOST}
        raise Invalid(told, errors=(FieldError("rows", told),))
    assert row.current is not None
    definition = DEFINITION.validate_python(row.current.content["definition"])
    now = clock.now()
    feed = Feed.objects.select_for_update().filter(dataset=row, connector__in=pushed_connectors()).first()
    if feed is not None:
        if not feed.enabled:
            raise NotNow(_("这个数据集的接入停用了，现在不收。"))
        rows = tuple(feeding.shaped(rows, feed.columns, definition.items, now))
    run, brought = None, Brought()
    if rows:
        run = Run(dataset=row, connector="push", by=by.label, began_at=now)
        run.save(force_insert=True)
        brought = intake.take_in(run, definition, rows)
        run.state, run.ended_at = RunState.DONE.value, now
        run.save()
    if feed is not None:
        note_sent(feed, run, Batch(rows, None), brought, now)
    if not rows or brought.rejected < brought.read:  # what was refused makes nothing fresh
        Dataset.objects.filter(pk=row.pk).update(refreshed_at=now)
    current().detail |= {"dataset": row.code, "run": str(run.pk) if run else ""} | {
        name: getattr(brought, name) for name in ("read", "added", "changed", "removed", "rejected")
    }
    return brought
