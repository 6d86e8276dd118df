"""What cases do when something happens elsewhere."""

from __future__ import annotations

import uuid
from contextlib import suppress

from yiwang.kernel.acts import system_record
from yiwang.kernel.events import Happening, subscribe
from yiwang.kernel.problems import NotNow
from yiwang.kernel.types import SYSTEM, PartyKind
from yiwang.platform.cases import acts
from yiwang.platform.cases.models import Application, Case
from yiwang.platform.identity.acts.accounts import MERGED
from yiwang.platform.licences.acts.versions import RENEWED


@subscribe("cases.renewals", RENEWED)
def renewed_by_law(happening: Happening) -> None:
    """Grant the case of a licence that the law has renewed, because nobody decided in time."""
    if happening.payload.get("case"):
        return  # a case renewed it
    case = Case.objects.filter(renews_id=happening.payload["previous"], decided_at=None, closed_at=None).first()
    if case is not None:
        with suppress(NotNow):
            acts.deem_renewed(case.pk, uuid.UUID(happening.subject_id), by=SYSTEM, key=f"renewed:{happening.id}")


@subscribe("cases.people", MERGED)
def follow_merged_person(happening: Happening) -> None:
    """Give what somebody began before they proved who they are to the person they turned out to be."""
    old, new = uuid.UUID(happening.subject_id), uuid.UUID(happening.payload["into"])
    with system_record("cases.follow_merged_person") as record:
        record.person_id = new
        for model in (Application, Case):
            mine = model.objects.filter(principal_kind=PartyKind.PERSON.value, principal_id=old)
            record.detail[model.__name__] = mine.update(principal_id=new)
