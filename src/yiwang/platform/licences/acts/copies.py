"""Annotated copies (加注件): a licence shown for one purpose, with a term, traceable to who made it and what for."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import Permission, act_on, current, event
from yiwang.kernel.ids import uuid7
from yiwang.kernel.problems import Invalid, NotNow
from yiwang.kernel.types import Actor, ActorKind, Denial, FieldError, Key
from yiwang.platform.licences import making
from yiwang.platform.licences.acts.versions import locked
from yiwang.platform.licences.models import Licence, LicenceCopy, LicenceUse, Showing
from yiwang.platform.licences.queries import status_of, view
from yiwang.platform.licences.types import CopyView, LicenceStatus, TrustLevel

COPIED = event("licence.copied", "An annotated copy of a licence was made (加注件).")
HOLDERS = Permission(name="licences.copy", kinds=frozenset({ActorKind.PERSON}))
LONGEST = 365
"""Most days for which a copy may be used."""


def in_force(licence: Licence) -> Denial | None:
    """Say why a licence cannot be shown or copied now."""
    if status_of(licence) is not LicenceStatus.VALID:
        return Denial("not-valid", _("这份证照现在不是有效状态，不能做副本。"))
    if licence.trust == TrustLevel.C:
        return Denial("not-checked", unchecked())
    return None


def unchecked() -> str:
    """Say why nothing rests on a licence that was only scanned."""
    return _("这份证照还没有和原件核对，请先带原件到窗口核对。")


@act_on("licences.copy", Licence.objects.lock, permission=HOLDERS, ready=in_force, announces=COPIED)
def copy(licence: Licence, cause: str, days: int, *, by: Actor, key: Key) -> uuid.UUID:
    """Make a copy that says for what it is and until when it may be used; return its id.

    Raises Invalid without a cause, or for a term under a day or over a year.
    """
    errors = []
    if not cause.strip():
        errors.append(FieldError("cause", _("请写明这份副本用来做什么。")))
    elif len(cause.strip()) > 60:
        errors.append(FieldError("cause", _("用途请写在 60 个字以内。")))
    if not 1 <= days <= LONGEST:
        errors.append(FieldError("days", _("有效期在 1 到 %(most)d 天之间。") % {"most": LONGEST}))
    if errors:
        raise Invalid(errors[0].message, errors=tuple(errors))
    return made(licence, cause.strip(), clock.today() + timedelta(days=days)).id


def copy_inside(licence: uuid.UUID, *, cause: str, expires_on: date, case_id: uuid.UUID) -> CopyView:
    """Make the copy on which an agency works, inside another act; the same case gets the same copy again."""
    row = LicenceCopy.objects.filter(licence_id=licence, case_id=case_id).first()
    row = row or made(locked(licence), cause, expires_on, case_id)
    return CopyView(
        row.id, row.cause, row.made_at, row.made_by, row.expires_on, row.case_id, row.digest, row.ofd_digest
    )


def made(
    licence: Licence,
    cause: str,
    expires_on: date,
    case_id: uuid.UUID | None = None,
    showing: Showing | None = None,
) -> LicenceCopy:
    """Make the copy, for its term or the licence's, whichever is shorter, and write it into the use log.

    Raises NotNow for a licence that nobody compared with the original: the issuer's seal vouches for it.
    """
    if licence.trust == TrustLevel.C:
        raise NotNow(unchecked())
    if licence.valid_to is not None:
        expires_on = min(expires_on, licence.valid_to)
    pk = uuid7()
    files = making.make_copy(view(licence), pk, cause, expires_on, current().by.label or _("系统"))
    row = LicenceCopy.objects.create(
        id=pk,
        licence=licence,
        cause=cause,
        made_at=clock.now(),
        made_by=current().by.label or _("系统"),
        expires_on=expires_on,
        case_id=case_id,
        showing=showing,
        digest=files.pdf,
        ofd_digest=files.ofd,
    )
    LicenceUse.objects.create(
        licence=licence,
        at=row.made_at,
        purpose=_("加注副本：%(cause)s") % {"cause": cause},
        user_label=row.made_by,
        case_id=case_id,
        copy_id=pk,
    )
    return row
