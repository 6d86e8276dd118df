"""The signed documents of a licence, PDF and OFD: made once, by the worker or by whoever needs it first."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from yiwang.kernel.acts import Permission, act_on, current, event
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, Denial, Key
from yiwang.platform.licences import making
from yiwang.platform.licences.acts.versions import SEALED
from yiwang.platform.licences.models import Licence
from yiwang.platform.licences.queries import view
from yiwang.platform.licences.types import LicenceView

SIGNED = event("licence.signed", "The signed document of a licence was made (签发).")
BY_WORKER = Permission(name="licences.make", kinds=frozenset({ActorKind.SYSTEM}))


def _sealable(licence: Licence) -> Denial | None:
    if licence.trust not in SEALED:
        return Denial("not-checked", _("这份证照还没有和原件核对，不能盖章，请先看扫描件。"))
    return None


@act_on("licences.make_document", Licence.objects.lock, permission=BY_WORKER, ready=_sealable)
def make_document(licence: Licence, *, by: Actor, key: Key) -> str:
    """Draw, sign and store a licence's PDF and OFD; return the PDF's digest. Raises MissingGlyph and Unavailable."""
    if not licence.digest:
        made = making.make(view(licence))
        licence.digest, licence.ofd_digest = made.pdf, made.ofd
        licence.save(update_fields=["digest", "ofd_digest"])
        current().emit(SIGNED, licence)
    return licence.digest


@act_on("licences.make_ofd", Licence.objects.lock, permission=BY_WORKER, ready=_sealable)
def make_ofd(licence: Licence, *, by: Actor, key: Key) -> str:
    """Make the OFD of a licence whose PDF is older than the city's SM2 keys; return its digest, or nothing without key.

    Raises Unavailable.
    """
    if not licence.ofd_digest:
        licence.ofd_digest = making.make_ofd(view(licence))
        licence.save(update_fields=["ofd_digest"])
    return licence.ofd_digest


def document_of(licence: LicenceView) -> str:
    """Return the digest of a licence's signed document, making it now if the worker has not come to it
    yet.
    """
    return licence.digest or make_once(licence.id)


def ofd_of(licence: LicenceView) -> str:
    """Return the digest of a licence's OFD, making it now if there is none; raises NotFound where none can be made."""
    digest = licence.ofd_digest
    if not digest and not licence.digest:
        make_once(licence.id)
    digest = digest or make_ofd(licence.id, by=SYSTEM, key=f"make-ofd:{licence.id}:{uuid.uuid4()}")
    if not digest:
        raise NotFound(_("这份证照的签发机关没有 SM2 电子印章，只有 PDF 文件。"))
    return digest


def make_once(licence: uuid.UUID) -> str:
    """Make the document unless it is made: whoever comes second gets the first one's."""
    return make_document(licence, by=SYSTEM, key=f"make:{licence}")
