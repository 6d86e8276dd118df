"""The licences' part of a pack: types, and the licences that invented people already hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from yiwang.kernel import clock
from yiwang.kernel.codes import CodeError, parse_uscc
from yiwang.kernel.packs import Pack
from yiwang.kernel.types import Party, PartyKind
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.pack import Loaded
from yiwang.platform.licences.acts import issue_inside
from yiwang.platform.licences.models import Licence, LicenceType
from yiwang.platform.licences.queries import AUTHORITIES, GROUPS, SPEC
from yiwang.platform.licences.types import Joint, LicenceTypeSpec, TrustLevel


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
    joint_persons: tuple[str, ...] = ()
    """Persons who hold it together with the holder."""
    valid_to: date | None = None
    trust: TrustLevel = TrustLevel.A
    """B for what was taken over from paper and compared with the original (存量证照数字化)."""


def load(pack: Pack, loaded: Loaded) -> None:
    """Load licence types, then the licences that are not there yet (by type and number)."""
    groups, authorities = catalog.code_table(GROUPS), catalog.code_table(AUTHORITIES)
    types: dict[str, LicenceType] = {}
    for path in pack.files("licence_types/*.yaml"):
        for spec in pack.listed(path, LicenceTypeSpec):
            for fault in _faults(spec, groups, authorities):
                pack.fault(path, 1, f"{spec.code}: {fault}")
            types[spec.code] = LicenceType(
                code=spec.code,
                type_code=spec.type_code,
                name=spec.name,
                kind=spec.kind.value,
                group=spec.group,
                document=SPEC.dump_python(spec, mode="json"),
            )
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
        others = [Party(PartyKind.PERSON, loaded.people[one]) for one in row.joint_persons if one in loaded.people]
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
                joint=[Joint(identity.party_name(one), one) for one in others],
            )
    pack.stop_if_faulty()


def _faults(spec: LicenceTypeSpec, groups: dict[str, str], authorities: dict[str, str]) -> Iterator[str]:
    """A type's code begins with who defines it (GB/T 36904), its group has a name, its reminder falls into its term."""
    authority, serial = spec.type_code[:18], spec.type_code[18:]
    if not (len(serial) == 3 and serial.isdecimal()) or authorities.get(authority) != spec.defined_by:
        yield f"{spec.type_code} is no type code of {spec.defined_by} in {AUTHORITIES}"
    try:
        parse_uscc(authority)
    except CodeError as error:
        yield f"{authority}: {error}"
    if spec.group not in groups:
        yield f"{spec.group} is not in {GROUPS}"
    elements = catalog.elements()
    for where in spec.joint:
        names = (where.rows, where.name, where.number) if where.rows else (where.name, where.number)
        yield from (f"joint: there is no element {name}" for name in names if name not in elements)
    names = {one.changed_by for one in spec.fields if one.changed_by}
    yield from (f"changed_by: there is no element {name}" for name in sorted(names - set(elements)))
    if spec.card_field and spec.card_field not in {one.name for one in spec.fields}:
        yield f"card_field: it has no field {spec.card_field}"
    if spec.validity_months and spec.remind_days >= spec.validity_months * 28:
        yield "its holder is reminded before it is issued"
