"""Who becomes known by number gets the licences that were issued to that number, or taken over from paper for it."""

from __future__ import annotations

import uuid

from yiwang.kernel.events import Happening, subscribe
from yiwang.kernel.types import Party, PartyKind
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.acts.accounts import KNOWN
from yiwang.platform.licences import acts


@subscribe("licences.holders", KNOWN)
def link(happening: Happening) -> None:
    """Give them what waits for them."""
    party = Party(PartyKind(happening.payload["kind"]), uuid.UUID(happening.subject_id))
    acts.link_holder(party, identity.party_name(party), identity.numbers_of(party))
