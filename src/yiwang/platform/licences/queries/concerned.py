"""Which licences a grant changes or ends: found by whose they are and what they say."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from yiwang.kernel.codes import CodeError
from yiwang.kernel.types import Party
from yiwang.platform.licences.holding import by_number
from yiwang.platform.licences.models import Licence, held
from yiwang.platform.licences.queries.held import status_of, view
from yiwang.platform.licences.queries.kinds import licence_type
from yiwang.platform.licences.types import LicenceStatus, LicenceView

CHANGEABLE = frozenset({LicenceStatus.VALID})
ENDABLE = frozenset({LicenceStatus.VALID, LicenceStatus.HELD, LicenceStatus.OTHER})
"""What is held (暂扣) or set aside is still there, and ends with what it stands for."""


def in_force(type_code: str, holder: Party, states: Collection[LicenceStatus], saying: Any = None) -> list[LicenceView]:
    """Return a holder's licences of a type in one of these states, oldest first; with ``saying`` only those whose number,
    identifier or one of whose fields is that. One query.
    """
    rows = Licence.objects.filter(held(holder), type_id=type_code, status__in=[one.value for one in states])
    found = [view(row) for row in rows.select_related("type").order_by("issued_on", "id") if status_of(row) in states]
    if saying is None:
        return found
    wanted = _plain(saying)
    return [
        one
        for one in found
        if wanted and wanted in {_plain(say) for say in (one.number, one.identifier, *one.fields.values())}
    ]


def holder_by_number(type_code: str, number: str) -> Party | None:
    """Return who has this number and may hold licences of this type, or nothing."""
    try:
        return by_number(licence_type(type_code).holder, number)[1]
    except CodeError:
        return None


def _plain(value: Any) -> str:
    return str(value).strip().upper() if isinstance(value, (str, int)) else ""
