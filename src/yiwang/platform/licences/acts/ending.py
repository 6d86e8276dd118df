"""注销 inside another act: what a grant to close, to deregister or to replace means for a licence."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.utils.translation import gettext as _

from yiwang.kernel.acts import current
from yiwang.kernel.problems import NotNow
from yiwang.platform.licences import rules
from yiwang.platform.licences.acts.operate import CANCELLED
from yiwang.platform.licences.acts.versions import end, locked
from yiwang.platform.licences.queries import status_of
from yiwang.platform.licences.types import LicenceStatus, Operation


def lock_inside(licence: uuid.UUID, states: Collection[LicenceStatus]) -> bool:
    """Lock a licence for the act that runs; tell whether it is in one of these states now, whoever had it before."""
    return status_of(locked(licence)) in states


def cancel_inside(licence: uuid.UUID, *, reason: str) -> None:
    """Cancel a licence (注销, 行政许可法 art. 70) inside another act, which holds the reasons. Raises NotNow if it has
    ended in another way.
    """
    row = locked(licence)
    status = rules.after(Operation.CANCEL, status_of(row))
    if status is None:
        raise NotNow(_("这份证照已经注销或者转出。"))
    end(row, status, Operation.CANCEL, reason)
    current().emit(CANCELLED, row)
