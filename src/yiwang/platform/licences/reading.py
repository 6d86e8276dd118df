"""Whoever holds a licence can see that an official looked at it (个人信息保护法 arts. 44, 45)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from yiwang.kernel.acts import record_read
from yiwang.kernel.types import Actor, PartyKind
from yiwang.platform.licences.types import LicenceView, ShowingView


def note_showing(by: Actor, found: ShowingView) -> None:
    """Note, for the person who agreed to it, that an official looked at what is shown."""
    if found.holder.kind is PartyKind.PERSON:
        detail = {"showing": str(found.id)}
        record_read(by, name="licences.read", person=found.holder.id, purpose=found.purpose, detail=detail)


def note_read(by: Actor, found: LicenceView, purpose: str = "") -> None:
    """Note, for the person who holds it, that an official or an agency's system read a licence, and what for; of somebody who
    is not known here yet too.
    """
    if found.holder_kind is PartyKind.PERSON:
        record_read(
            by,
            name="licences.read",
            person=found.holder.id if found.holder else None,
            purpose=purpose or _("查看证照：%(name)s") % {"name": found.name},
            case=found.case_id,
            detail={"licence": str(found.id)},
        )
