"""What changes licences: issue and every operation of STANDARDS 6.4."""

from __future__ import annotations

import secrets
import uuid
from datetime import date
from typing import Any

from yiwang.kernel import clock
from yiwang.kernel.acts import current, event
from yiwang.kernel.calendar import add_months
from yiwang.kernel.codes import build_licence_id
from yiwang.kernel.ids import uuid7
from yiwang.kernel.types import Party
from yiwang.platform.directory.types import AgencyView
from yiwang.platform.licences import tasks
from yiwang.platform.licences.models import Licence, LicenceUse
from yiwang.platform.licences.queries import licence_type
from yiwang.platform.licences.types import LicenceTypeSpec, Operation, TrustLevel

ISSUED = event("licence.issued", "A licence was issued.")


def issue_inside(
    *,
    type_code: str,
    holder: Party | None,
    holder_name: str,
    issuer: AgencyView,
    values: dict[str, Any],
    case_id: uuid.UUID | None = None,
    number: str = "",
    issued_on: date | None = None,
    valid_to: date | None = None,
) -> uuid.UUID:
    """Issue a licence inside another act (a decision, a pack). Returns its id; PDF and signature follow as a job.

    ``values`` are data elements (by the type's ``element``) or the type's own field names.
    """
    spec = licence_type(type_code)
    today = issued_on or clock.today()
    serial = _serial(today)
    row = Licence.objects.create(
        id=uuid7(),
        type_id=type_code,
        identifier=str(build_licence_id(spec.type_code, issuer.uscc, serial)),
        serial=serial,
        number=number or _number(spec, issuer, today),
        holder_kind=holder.kind.value if holder else spec.holder.value,
        holder_id=holder.id if holder else None,
        holder_name=holder_name,
        issuer_code=issuer.uscc,
        issuer_name=issuer.name,
        issuer_path=issuer.path,
        region=issuer.region,
        issued_on=today,
        valid_from=today,
        valid_to=valid_to or (add_months(today, spec.validity_months) if spec.validity_months else None),
        trust=TrustLevel.A.value,
        fields=_fields(spec, values),
        case_id=case_id,
        changed_at=clock.now(),
        check_code=secrets.token_urlsafe(15),
    )
    _use(row, Operation.ISSUE)
    current().emit(ISSUED, row, type=type_code, case=str(case_id or ""))
    tasks.make_document.defer(licence=str(row.id))
    return row.id


def _fields(spec: LicenceTypeSpec, values: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for field in spec.fields:
        value = values.get(field.element) if field.element else None
        if value in (None, ""):
            value = values.get(field.name)
        if value not in (None, ""):
            found[field.name] = value
    return found


def _serial(day: date) -> str:
    return f"{day:%Y%m%d}{secrets.randbelow(10**9):09d}"


def _number(spec: LicenceTypeSpec, issuer: AgencyView, day: date) -> str:
    return spec.number_format.format(
        year=day.year, region=issuer.region[:6], serial=secrets.randbelow(10**6)
    )


def _use(row: Licence, operation: Operation) -> None:
    LicenceUse.objects.create(
        licence=row,
        at=clock.now(),
        purpose=operation.value,
        user_label=current().by.label or "系统",
        case_id=row.case_id,
        operation=operation.value,
    )
