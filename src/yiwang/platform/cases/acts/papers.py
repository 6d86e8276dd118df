"""The PDF of a document: drawn and sealed once, by the worker or by whoever needs it first."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from yiwang.kernel.acts import act_on
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import SYSTEM, Actor, Key
from yiwang.platform.cases.documents import making
from yiwang.platform.cases.models import Document
from yiwang.platform.cases.permissions import OnlySystem


def _locked(pk: uuid.UUID, by: Actor) -> Document:
    row = Document.objects.select_for_update(of=("self",)).select_related("application", "case").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这份文书。"))
    return row


@act_on("cases.make_document", _locked, permission=OnlySystem)
def make_document(document: Document, *, by: Actor, key: Key) -> str:
    """Draw, seal and store a document's PDF; returns its digest. Raises MissingGlyph and Unavailable."""
    if not document.digest:
        document.digest = making.make(document)
        document.save(update_fields=["digest"])
    return document.digest


def make_once(document: uuid.UUID) -> str:
    """Make the document unless it is made: whoever comes second gets the first one's."""
    return make_document(document, by=SYSTEM, key=f"make:{document}")
