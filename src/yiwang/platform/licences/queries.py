"""What others read of licences."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.utils.translation import gettext as _
from pydantic import TypeAdapter

from yiwang.kernel import clock
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor, Party
from yiwang.platform.licences.models import Licence, LicenceType
from yiwang.platform.licences.types import LicenceStatus, LicenceTypeSpec, LicenceView, TrustLevel

SPEC: TypeAdapter[LicenceTypeSpec] = TypeAdapter(LicenceTypeSpec)


def licence_type(code: str) -> LicenceTypeSpec:
    """Return a licence type by its short name."""
    row = LicenceType.objects.filter(pk=code).first()
    if row is None:
        raise NotFound(_("没有这种证照。"))
    return SPEC.validate_python(row.document)


def licence_type_names(codes: Iterable[str]) -> dict[str, str]:
    """Return names of licence types by code, one query."""
    return dict(LicenceType.objects.filter(pk__in=list(codes)).values_list("code", "name"))


def type_names() -> dict[str, str]:
    """Return code and name of every licence type."""
    return dict(LicenceType.objects.values_list("code", "name"))


def held_by(party: Party, types: Iterable[str] | None = None) -> list[LicenceView]:
    """Return the valid licences of a holder, newest first; one query."""
    rows = Licence.objects.filter(holder_id=party.id, holder_kind=party.kind, status=LicenceStatus.VALID)
    if types is not None:
        rows = rows.filter(type_id__in=list(types))
    today = clock.today()
    return [
        view(row)
        for row in rows.select_related("type").order_by("-issued_on", "-id")
        if row.valid_to is None or row.valid_to >= today
    ]


def wallet(by: Actor) -> list[LicenceView]:
    """Return all licences of the principal, whatever their state."""
    return [view(row) for row in Licence.objects.visible_to(by).select_related("type").order_by("-issued_on", "-id")]


def get_licence(pk: uuid.UUID, by: Actor) -> LicenceView:
    """Return one licence that the actor may see."""
    row = Licence.objects.visible_to(by).select_related("type").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有找到这份证照。"))
    return view(row)


def of_cases(cases: Iterable[uuid.UUID]) -> dict[uuid.UUID, LicenceView]:
    """Return the licences that came out of cases, by case."""
    rows = Licence.objects.filter(case_id__in=list(cases)).select_related("type").order_by("version")
    return {row.case_id: view(row) for row in rows}


def view(row: Licence) -> LicenceView:
    """Make the view of a row (with its type joined)."""
    spec = SPEC.validate_python(row.type.document)
    return LicenceView(
        id=row.id,
        identifier=row.identifier,
        type_code=row.type.type_code,
        type_slug=row.type_id,
        name=row.type.name,
        number=row.number,
        version=row.version,
        holder=row.principal,
        holder_name=row.holder_name,
        issuer_name=row.issuer_name,
        issued_on=row.issued_on,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        status=LicenceStatus(row.status),
        trust=TrustLevel(row.trust),
        fields=row.fields,
        labels={field.name: field.label for field in spec.fields},
        case_id=row.case_id,
        changed_at=row.changed_at,
    )
