"""Licences for machines: anybody's to verify, one's own to read."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any, Self

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema
from pydantic import model_validator

from yiwang.kernel import clock
from yiwang.kernel.api import Needs, Text, actor_of
from yiwang.kernel.codes import mask_id, mask_name
from yiwang.kernel.types import PartyKind
from yiwang.platform.licences import queries
from yiwang.platform.licences.types import LicenceStatus, LicenceView

router = Router(tags=["证照"])


class VerifyIn(Schema):
    """What is on the paper: the code under the QR code, or identifier and number."""

    check_code: Text = ""
    identifier: Text = Field("", description="电子证照标识")
    number: Text = Field("", description="证照编号")

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if not (self.check_code or (self.identifier and self.number)):
            raise ValueError(_("给核验码，或者标识和编号两样"))
        return self


class VerdictOut(Schema):
    """What the issuer's record says today. ``valid`` alone decides; the rest is for comparing with the paper."""

    found: bool
    valid: bool
    status: LicenceStatus | None = None
    name: str = ""
    identifier: str = ""
    number: str = ""
    holder_name: str = ""
    issuer_name: str = ""
    issued_on: date | None = None
    valid_to: date | None = None


class LicenceOut(Schema):
    """A licence of the principal."""

    id: uuid.UUID
    identifier: str
    type_code: str
    name: str
    number: str
    version: int
    holder_name: str
    issuer_name: str
    issued_on: date
    valid_from: date
    valid_to: date | None
    status: LicenceStatus
    fields: dict[str, Any]
    labels: dict[str, str]
    case_id: uuid.UUID | None


@router.post(
    "/licences/verification",
    auth=Needs("licences:verify"),
    response=VerdictOut,
    operation_id="verify_licence",
    summary="核验证照",
)
def verify(request: HttpRequest, asked: VerifyIn) -> dict[str, Any]:
    """Tell whether a licence is genuine and in force. One that is not known is an answer, not an error.

    Of a person's licence, name and number are masked: whoever holds the paper can compare.
    """
    found = (
        queries.find_by_check_code(asked.check_code)
        if asked.check_code
        else queries.find_by_numbers(asked.identifier, asked.number)
    )
    if found is None:
        return {"found": False, "valid": False}
    personal = found.holder is None or found.holder.kind is PartyKind.PERSON
    over = found.valid_to is not None and found.valid_to < clock.today()
    return {
        "found": True,
        "valid": found.status is LicenceStatus.VALID and not over,
        "status": LicenceStatus.EXPIRED if over and found.status is LicenceStatus.VALID else found.status,
        "name": found.name,
        "identifier": found.identifier,
        "number": mask_id(found.number) if personal else found.number,
        "holder_name": mask_name(found.holder_name) if personal else found.holder_name,
        "issuer_name": found.issuer_name,
        "issued_on": found.issued_on,
        "valid_to": found.valid_to,
    }


@router.get(
    "/licences",
    auth=Needs("applications:read"),
    response=list[LicenceOut],
    operation_id="licences",
    summary="我的证照",
)
def licences(request: HttpRequest) -> list[LicenceView]:
    """List the licences of the principal, newest first, whatever their state."""
    return queries.wallet(actor_of(request))


@router.get(
    "/licences/{licence_id}",
    auth=Needs("applications:read"),
    response=LicenceOut,
    operation_id="licence",
    summary="一份证照",
)
def licence(request: HttpRequest, licence_id: uuid.UUID) -> LicenceView:
    """Return one licence of the principal."""
    return queries.get_licence(licence_id, actor_of(request))
