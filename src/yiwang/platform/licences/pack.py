"""The licences' part of a pack: types, and the licences that invented people already hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from yiwang.kernel import clock
from yiwang.kernel.packs import Pack
from yiwang.kernel.types import Party, PartyKind
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.pack import Loaded
from yiwang.platform.licences.acts import issue_inside
from yiwang.platform.licences.models import Licence, LicenceType
from yiwang.platform.licences.queries import SPEC
from yiwang.platform.licences.types import LicenceTypeSpec, TrustLevel


@dataclass(frozen=True, slots=True)
class LicenceRow:
    """One licence of ``licences.yaml``."""

    type: str
    number: str
    issuer: str
    issued_on: date
    fields: dict[str, Any] = field(default_factory=dict)
    holder_person: str = ""
    holder_org: str = ""
    valid_to: date | None = None
    trust: TrustLevel = TrustLevel.A
    """B for what was taken over from paper and compared with the original (存量证照数字化)."""


def load(pack: Pack, loaded: Loaded) -> None:
    """Load licence types, then the licences that are not there yet (by type and number)."""
    types = {
        spec.code: LicenceType(
            code=spec.code,
            type_code=spec.type_code,
            name=spec.name,
            kind=spec.kind.value,
            group=spec.group,
            document=SPEC.dump_python(spec, mode="json"),
        )
        for spec in pack.rows("licence_types/*.yaml", LicenceTypeSpec)
    }
    pack.stop_if_faulty()
    LicenceType.objects.bulk_create(
        types.values(),
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["type_code", "name", "kind", "group", "document"],
    )
    path = pack.root / "licences.yaml"
    for row in pack.rows("licences.yaml", LicenceRow):
        issuer = directory.find_agency(row.issuer)
        party_id = loaded.people.get(row.holder_person) or loaded.organisations.get(row.holder_org)
        if issuer is None or party_id is None or not LicenceType.objects.filter(pk=row.type).exists():
            pack.fault(path, 1, f"{row.type} {row.number}: issuer, holder or type is not in the pack")
            continue
        if Licence.objects.filter(type_id=row.type, number=row.number).exists():
            continue
        kind = PartyKind.PERSON if row.holder_person else PartyKind.ORGANISATION
        holder = Party(kind, party_id)
        with clock.at(datetime.combine(row.issued_on, time(9), tzinfo=clock.SHANGHAI)):
            issue_inside(
                type_code=row.type,
                holder=holder,
                holder_name=identity.party_name(holder),
                issuer=issuer,
                values=row.fields,
                number=row.number,
                issued_on=row.issued_on,
                valid_to=row.valid_to,
                trust=row.trust,
            )
    pack.stop_if_faulty()
