"""Children whose guardian somebody was found to be."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor, Party
from yiwang.platform.identity import queries as identity
from yiwang.platform.sharing.models import Guardianship
from yiwang.platform.sharing.rules import ward_until
from yiwang.platform.sharing.types import Ward


def wards(person: uuid.UUID) -> list[Ward]:
    """Return the minors of whom a person counts as guardian today, eldest first."""
    rows = Guardianship.objects.filter(person_id=person).order_by("born_on", "id")
    found = [_ward(row) for row in rows]
    return [one for one in found if one.until >= clock.today()]


def get_ward(ref: str, by: Actor) -> Ward:
    """Return a minor of whom somebody who acts for themselves counts as guardian today. Raises ``NotFound``."""
    oneself = by.id is not None and by.principal is not None and by.principal.id == by.id
    found = next((one for one in wards(by.id) if str(one.id) == ref), None) if oneself and by.id else None
    if found is None:
        raise NotFound(_("没有这个孩子的监护关系，或者已经过期，请重新核实。"))
    return found


def party_of(ward: Ward) -> Party | None:
    """Return the child as a person of this platform, if it is known here."""
    found = identity.find_person(ward.number)
    return found.party if found else None


def _ward(row: Guardianship) -> Ward:
    return Ward(row.pk, row.name, row.number, ward_until(row.born_on, clock.legal_date(row.confirmed_at)))
