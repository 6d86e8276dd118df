"""Looking somebody up at a counter: a read of personal data, logged with its purpose for that person to see."""

from __future__ import annotations

from django.utils.translation import gettext as _

from yiwang.kernel.acts import record_denied, record_read
from yiwang.kernel.problems import Invalid, NotAllowed
from yiwang.kernel.types import Actor, FieldError, Role
from yiwang.platform.identity import queries
from yiwang.platform.identity.types import DocumentType, PersonView


def find_for_counter(document: DocumentType, number: str, purpose: str, *, by: Actor) -> PersonView | None:
    """Return the person with this document, or nothing. Raises NotAllowed, and Invalid without a purpose."""
    if not by.has_role({Role.INTAKE}):
        raise NotAllowed(_("只有受理窗口可以按证件查人。"))
    if not purpose.strip():
        raise Invalid(_("请写明查询的原因。"), errors=(FieldError("purpose", _("请写明查询的原因")),))
    found = queries.find_person(number, document)
    if found is None:
        record_denied(by, name="identity.find_for_counter", code="not-found")
        return None
    record_read(by, name="identity.find_for_counter", person=found.id, purpose=purpose.strip()[:200])
    return found
