"""Who becomes known by number gets the licences that were issued to that number, or taken over from paper for it. What becomes
of a licence is offered to the topics that agencies are told of.
"""

from __future__ import annotations

import uuid
from typing import Any

from yiwang.kernel.events import Happening, subscribe
from yiwang.kernel.types import SYSTEM, Party, PartyKind
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.acts.accounts import KNOWN
from yiwang.platform.licences import acts, queries
from yiwang.platform.licences.acts import operate, versions
from yiwang.platform.sharing.events.telling import offer


@subscribe("licences.holders", KNOWN)
def link(happening: Happening) -> None:
    """Give them what waits for them."""
    party = Party(PartyKind(happening.payload["kind"]), uuid.UUID(happening.subject_id))
    acts.link_holder(party, identity.party_name(party), identity.numbers_of(party))


def told(happening: Happening) -> dict[str, Any]:
    """Return what is known of a licence that something became of; ``change`` is what (``issued``, ``revoked``)."""
    view = queries.get_licence(uuid.UUID(happening.subject_id), SYSTEM)
    return {
        "change": happening.name.rpartition(".")[2],
        "type": view.type_slug,
        "identifier": view.identifier,
        "number": view.number,
        "holder_kind": view.holder_kind.value,
        "holder_name": view.holder_name,
        "issuer_code": view.issuer_code,
        "issuer_name": view.issuer_name,
        "issued_on": view.issued_on.isoformat(),
        "valid_from": view.valid_from.isoformat(),
        "valid_to": view.valid_to.isoformat() if view.valid_to else None,
    }


TOLD = (
    "change", "type", "identifier", "number", "holder_kind", "holder_name", "issuer_code", "issuer_name", "issued_on",
    "valid_from", "valid_to",
)  # fmt: skip
offer(
    told, TOLD, versions.ISSUED, versions.RENEWED, versions.CHANGED, operate.HELD, operate.RELEASED, operate.WITHDRAWN,
    operate.REVOKED, operate.CANCELLED, operate.EXPIRED,
)  # fmt: skip
