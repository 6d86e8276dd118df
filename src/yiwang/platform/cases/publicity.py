"""准予行政许可决定公开: what was granted is open to inspection by everybody (行政许可法 art. 40; STANDARDS 5.1)."""

from __future__ import annotations

import uuid
from datetime import date

from yiwang.kernel import clock
from yiwang.kernel.acts import current
from yiwang.kernel.codes import mask_name
from yiwang.kernel.paging import Page, page
from yiwang.kernel.types import PartyKind
from yiwang.platform.cases.models import Case, PublicGrant
from yiwang.platform.cases.types import GrantView
from yiwang.platform.catalog.types import LICENSING, Definition
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity

SIZE = 30
ORDER = ("-decided_on",)


def publish(case: Case, definition: Definition, document: uuid.UUID) -> None:
    """Enter a grant among what everybody may read, inside the act that decides: only administrative licences, and not
    those that are private by their kind. A firm stands there by its name and code, a person by the first character.
    """
    if definition.item_type != LICENSING or definition.result.private:
        return
    firm = case.principal.kind is PartyKind.ORGANISATION
    row = PublicGrant(
        document_id=document,
        agency_id=case.agency_id,
        name=case.name,
        holder=case.applicant_name if firm else mask_name(case.applicant_name),
        holder_code=identity.get_organisation(case.principal.id).uscc if firm else "",
        decided_on=clock.today(),
    )
    current().insert([row])


def granted(
    *, agency: uuid.UUID | None = None, day: date | None = None, after: str = "", before: str = ""
) -> tuple[list[GrantView], Page[PublicGrant]]:
    """Return what was granted, latest first: by everybody or by one agency, on any day or on one. Two queries."""
    rows = PublicGrant.objects.select_related("document").only(
        "name", "holder", "holder_code", "decided_on", "agency_id", "document__number", "document__title"
    )
    if agency is not None:
        rows = rows.filter(agency_id=agency)
    if day is not None:
        rows = rows.filter(decided_on=day)
    found = page(rows, ORDER, SIZE, after=after, before=before)
    agencies = directory.agencies_by_id({row.agency_id for row in found.items})
    return [
        GrantView(
            row.name,
            agencies[row.agency_id].name,
            row.document.title,
            row.document.number,
            row.decided_on,
            row.holder,
            row.holder_code,
        )
        for row in found.items
    ], found
