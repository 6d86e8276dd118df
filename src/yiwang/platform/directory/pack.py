"""The directory's part of a pack: regions, agencies, centres and their counters, staff."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from yiwang.kernel.codes import CodeError, parse_uscc
from yiwang.kernel.ids import uuid7
from yiwang.kernel.packs import Pack
from yiwang.kernel.types import Role
from yiwang.platform.directory.city import CITY, CitySpec
from yiwang.platform.directory.models import Agency, City, Counter, Region, ServiceCentre, StaffMember, StaffRole
from yiwang.platform.directory.types import CounterKind


@dataclass(frozen=True, slots=True)
class AgencyRow:
    """One agency of ``agencies.yaml``."""

    code: str
    name: str
    short_name: str
    uscc: str
    function: str
    region: str
    level: int
    parent: str | None = None
    name_en: str = ""
    phone: str = ""
    complaint_phone: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class CounterRow:
    """One counter of a centre."""

    number: str
    name: str
    kind: CounterKind = CounterKind.GENERAL


@dataclass(frozen=True, slots=True)
class CentreRow:
    """One centre of ``centres.yaml``."""

    code: str
    name: str
    region: str
    address: str
    hours: str
    phone: str = ""
    traffic: str = ""
    longitude: float | None = None
    latitude: float | None = None
    counters: tuple[CounterRow, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role of a member of staff; ``agency`` is a code (own agency if empty), ``*`` for no narrowing."""

    role: Role
    agency: str = ""
    region: str = ""
    level: int = 0
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One member of staff of ``staff.yaml``."""

    number: str
    name: str
    agency: str
    roles: tuple[RoleRow, ...]
    sign_in: str = ""
    centre: str = ""
    counter: str = ""


def load(pack: Pack) -> None:
    """Load regions, agencies and centres; loading again changes what differs and removes nothing."""
    _city(pack)
    _regions(pack)
    _agencies(pack)
    _centres(pack)


def _city(pack: Pack) -> None:
    path = pack.root / "pack.yaml"
    document = pack.make(path, pack.yaml(path), CitySpec)
    pack.stop_if_faulty()
    City.objects.update_or_create(id=1, defaults={"document": CITY.dump_python(document, mode="json")})


def _regions(pack: Pack) -> None:
    rows: dict[str, Region] = {}
    for line, row in pack.csv("regions.csv", ("code", "name", "level", "parent")):
        parent = rows.get(row["parent"])
        if row["parent"] and parent is None:
            pack.fault(pack.root / "regions.csv", line, f"parent {row['parent']} is not above this line")
            continue
        rows[row["code"]] = Region(
            code=row["code"],
            name=row["name"],
            level=int(row["level"]),
            parent_id=row["parent"] or None,
            full_name=(parent.full_name if parent else "") + row["name"],
        )
    pack.stop_if_faulty()
    Region.objects.bulk_create(
        rows.values(),
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "level", "parent", "full_name"],
    )


def _agencies(pack: Pack) -> None:
    path = pack.root / "agencies.yaml"
    known = {row.code: row for row in Agency.objects.all()}
    made: dict[str, Agency] = {}
    for row in pack.rows("agencies.yaml", AgencyRow):
        try:
            parse_uscc(row.uscc)
        except CodeError as error:
            pack.fault(path, 1, f"{row.code}: {error}")
        parent = made.get(row.parent or "")
        if row.parent and parent is None:
            pack.fault(path, 1, f"{row.code}: parent {row.parent} is not above it")
        agency = known.get(row.code) or Agency(code=row.code)
        agency.name, agency.short_name, agency.name_en = row.name, row.short_name, row.name_en
        agency.uscc, agency.function, agency.region_id = row.uscc, row.function, row.region
        agency.level, agency.parent, agency.phone = row.level, parent, row.phone
        agency.complaint_phone, agency.address = row.complaint_phone, row.address
        agency.path = f"{parent.path if parent else '/'}{row.code}/"
        made[row.code] = agency
    pack.stop_if_faulty()
    for agency in made.values():
        agency.save()


def _centres(pack: Pack) -> None:
    rows = {row.code: row for row in pack.rows("centres.yaml", CentreRow)}
    centres = [
        ServiceCentre(
            code=row.code,
            name=row.name,
            region_id=row.region,
            address=row.address,
            hours=row.hours,
            phone=row.phone,
            traffic=row.traffic,
            longitude=row.longitude,
            latitude=row.latitude,
        )
        for row in rows.values()
    ]
    told = ["name", "region", "address", "hours", "phone", "traffic", "longitude", "latitude"]
    ServiceCentre.objects.bulk_create(centres, update_conflicts=True, unique_fields=["code"], update_fields=told)
    counters = {
        (row.code, one.number): Counter(centre_id=row.code, number=one.number, name=one.name, kind=one.kind)
        for row in rows.values()
        for one in row.counters
    }
    Counter.objects.bulk_create(
        counters.values(),
        update_conflicts=True,
        unique_fields=["centre", "number"],
        update_fields=["name", "kind"],
    )


def check_staff(pack: Pack, rows: Iterable[StaffRow]) -> None:
    """Note as faults which agencies staff name that are not there."""
    known = {"", "*", *Agency.objects.values_list("code", flat=True)}
    for row in rows:
        for code in sorted({row.agency, *(role.agency for role in row.roles)} - known):
            pack.fault(pack.root / "staff.yaml", 1, f"{row.number}: there is no agency {code}")


def enrol(members: Iterable[tuple[StaffRow, uuid.UUID | None]]) -> None:
    """Write members of staff with their roles, each with the account that they sign in with."""
    agencies = {code: (pk, path) for code, pk, path in Agency.objects.values_list("code", "pk", "path")}
    counters = {(centre, number): pk for centre, number, pk in Counter.objects.values_list("centre", "number", "pk")}
    known = dict(StaffMember.objects.values_list("number", "pk"))
    written = [
        (
            row,
            StaffMember(
                pk=known.get(row.number) or uuid7(),
                number=row.number,
                name=row.name,
                agency_id=agencies[row.agency][0],
                account_id=account,
                centre_id=row.centre or None,
                counter_id=counters.get((row.centre, row.counter)),
            ),
        )
        for row, account in members
    ]
    staff = [one for _row, one in written]
    StaffMember.objects.bulk_create(
        staff,
        update_conflicts=True,
        unique_fields=["number"],
        update_fields=["name", "agency", "account", "centre", "counter"],
    )
    StaffRole.objects.filter(staff__in=staff).delete()
    StaffRole.objects.bulk_create(
        StaffRole(
            staff=one,
            role=role.role,
            agency_path="" if role.agency == "*" else agencies[role.agency or row.agency][1],
            region=role.region,
            level=role.level,
            items=list(role.items),
        )
        for row, one in written
        for role in row.roles
    )
