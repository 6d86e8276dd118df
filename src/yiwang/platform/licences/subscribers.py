"""Who becomes known by number gets the licences that were taken over from paper for that number."""

from __future__ import annotations

import uuid

from yiwang.kernel.events import Happening, subscribe
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Party, PartyKind
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.acts.accounts import KNOWN
from yiwang.platform.licences import acts


@subscribe("licences.holders", KNOWN)
def link(happening: Happening) -> None:
    """Give them what waits for them."""
    party = Party(PartyKind(happening.payload["kind"]), uuid.UUID(happening.subject_id))
    purpose = acts.holder_purpose(party.kind)
    acts.link_holder(party, [blind_index(number, purpose) for number in identity.numbers_of(party)])
