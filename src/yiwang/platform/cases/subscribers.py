"""What cases do when something happens elsewhere."""

from __future__ import annotations

import uuid

from yiwang.kernel.acts import system_record
from yiwang.kernel.events import Happening, subscribe
from yiwang.kernel.types import PartyKind
from yiwang.platform.cases.models import Application, Case
from yiwang.platform.identity.acts.accounts import MERGED


@subscribe("cases.people", MERGED)
def follow_merged_person(happening: Happening) -> None:
    """Give what somebody began before they proved who they are to the person they turned out to be."""
    old, new = uuid.UUID(happening.subject_id), uuid.UUID(happening.payload["into"])
    with system_record("cases.follow_merged_person") as record:
        record.person_id = new
        for model in (Application, Case):
            mine = model.objects.filter(principal_kind=PartyKind.PERSON.value, principal_id=old)
            record.detail[model.__name__] = mine.update(principal_id=new)
