"""The signed document of a licence: made once, by the worker or by whoever needs it first."""

from __future__ import annotations

import uuid

from yiwang.kernel.acts import Permission, act_on, current, event
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, Key
from yiwang.platform.licences import making
from yiwang.platform.licences.models import Licence
from yiwang.platform.licences.queries import view
from yiwang.platform.licences.types import LicenceView

SIGNED = event("licence.signed", "The signed document of a licence was made (签发).")
BY_WORKER = Permission(name="licences.make", kinds=frozenset({ActorKind.SYSTEM}))


@act_on("licences.make_document", Licence.objects.lock, permission=BY_WORKER)
def make_document(licence: Licence, *, by: Actor, key: Key) -> str:
    """Draw, sign and store a licence's PDF; return its digest. Raises MissingGlyph and Unavailable."""
    if not licence.digest:
        licence.digest = making.make(view(licence))
        licence.save(update_fields=["digest"])
        current().emit(SIGNED, licence)
    return licence.digest


def document_of(licence: LicenceView) -> str:
    """Return the digest of a licence's signed document, making it now if the worker has not come to it
    yet.
    """
    return licence.digest or make_once(licence.id)


def make_once(licence: uuid.UUID) -> str:
    """Make the document unless it is made: whoever comes second gets the first one's."""
    return make_document(licence, by=SYSTEM, key=f"make:{licence}")
