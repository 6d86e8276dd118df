"""Showings: where each stands, what may be seen by it, and the one-time code that its holder shows."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from yiwang.kernel import clock, paging
from yiwang.kernel.paging import Page
from yiwang.kernel.problems import NotFound
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor
from yiwang.platform.licences import rules
from yiwang.platform.licences.models import Licence, LicenceCopy, Showing, held
from yiwang.platform.licences.queries.held import copy_view, status_of, view
from yiwang.platform.licences.types import (
    Consent,
    CopyView,
    LicenceStatus,
    LicenceView,
    ShowingState,
    ShowingView,
    TrustLevel,
    Way,
)

PAGE = 20


def code_of(row: Showing) -> str:
    """Return the 12 digits that stand for a showing now; they follow from its id and step under the index key."""
    return f"{int.from_bytes(blind_index(f'{row.id}{row.step}', 'showing code')[:8]) % 10**12:012}"


def state_of(row: Showing) -> ShowingState:
    """Return where a showing stands now."""
    return rules.showing_state(ShowingState(row.state), row.code_until, row.until, clock.now())


def held_rows(row: Showing) -> list[Licence]:
    """Return what a showing shows: its licence, or everything in force that the holder holds. Nobody is shown what was not
    compared with the original (STANDARDS 2.6).
    """
    rows = Licence.objects.select_related("type").exclude(trust=TrustLevel.C.value)
    if row.licence_id:
        return list(rows.filter(pk=row.licence_id))
    found = rows.filter(held(row.principal), status=LicenceStatus.VALID.value).order_by("-issued_on", "-id")
    return [one for one in found if status_of(one) is LicenceStatus.VALID]


def unchecked(pk: uuid.UUID, by: Actor) -> int:
    """Return how many licences a showing would let the actor see now, had a clerk compared them with the original."""
    row = _row(pk, by)
    if state_of(row) is not ShowingState.AGREED or row.licence_id:
        return 0
    return Licence.objects.filter(
        held(row.principal), status=LicenceStatus.VALID.value, trust=TrustLevel.C.value
    ).count()


def get_showing(pk: uuid.UUID, by: Actor) -> ShowingView:
    """Return one showing that the actor may see."""
    return _view(_row(pk, by))


def code_shown(pk: uuid.UUID, by: Actor) -> str:
    """Return the code of a showing of the actor's own, while it can be taken up; else nothing."""
    row = _row(pk, by)
    return code_of(row) if state_of(row) is ShowingState.OFFERED else ""


def _row(pk: uuid.UUID, by: Actor) -> Showing:
    row = Showing.objects.visible_to(by).select_related("licence__type").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有找到这次出示。"))
    return row


def seen(pk: uuid.UUID, by: Actor) -> list[LicenceView]:
    """Return the licences that a showing lets the actor see now: none unless the holder agreed and it runs."""
    row = _row(pk, by)
    return [view(one) for one in held_rows(row)] if state_of(row) is ShowingState.AGREED else []


def copies_taken(pk: uuid.UUID, by: Actor) -> list[tuple[uuid.UUID, CopyView]]:
    """Return the copies taken in a showing that runs, each with its licence's id; none when it is over or taken back."""
    row = _row(pk, by)
    if state_of(row) is not ShowingState.AGREED:
        return []
    return [(one.licence_id, copy_view(one)) for one in LicenceCopy.objects.filter(showing=row).order_by("-made_at")]


def showings(by: Actor, after: str = "", before: str = "") -> Page[ShowingView]:
    """Return the actor's showings, a page of them, latest first: a holder's own, or those of an agency. Raises BadCursor."""
    rows = Showing.objects.visible_to(by).select_related("licence__type").exclude(state=ShowingState.OFFERED.value)
    found = paging.page(rows, ("-made_at", "-id"), PAGE, after=after, before=before)
    return Page([_view(row) for row in found.items], found.next, found.previous)  # type: ignore[type-var]


def _view(row: Showing) -> ShowingView:
    return ShowingView(
        id=row.id,
        way=Way(row.way),
        state=state_of(row),
        holder=row.principal,
        holder_name=row.holder_name,
        licence=view(row.licence) if row.licence else None,
        made_at=row.made_at,
        code_until=row.code_until,
        renewed=row.step,
        purpose=row.purpose,
        agency_path=row.agency_path,
        agency_name=row.agency_name,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        consent=Consent(row.consent) if row.consent else None,
        until=row.until,
    )
