"""What changes the records: rows that their agency sends."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import Permission, act_on, current
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.kernel.types import Actor, ActorKind, FieldError, Key
from yiwang.platform.sharing import intake
from yiwang.platform.sharing.documents import DEFINITION
from yiwang.platform.sharing.managers import STEWARDS
from yiwang.platform.sharing.models import Dataset, Run
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
    again; with another, they change nothing.

    Raises ``Invalid`` for too many or no rows.
    """
    if not 0 < len(rows) <= intake.MOST:
        raise Invalid(
            _("一次要送 1 到 %(most)d 行。") % {"most": intake.MOST},
            errors=(FieldError("rows", _("一次要送 1 到 %(most)d 行。") % {"most": intake.MOST}),),
        )
    assert row.current is not None
    definition = DEFINITION.validate_python(row.current.content["definition"])
    now = clock.now()
    run = Run(dataset=row, connector="push", by=by.label, began_at=now)
    run.save(force_insert=True)
    brought = intake.take_in(run, definition, rows)
    run.state, run.ended_at = RunState.DONE.value, now
    run.save()
    Dataset.objects.filter(pk=row.pk).update(refreshed_at=now)
    current().detail |= {"dataset": row.code, "run": str(run.pk)} | {
        name: getattr(brought, name) for name in ("read", "added", "changed", "removed", "rejected")
    }
    return brought
