"""A few rows of a city for tests: a region, an agency, code tables, the elements of the invented item."""

from __future__ import annotations

import uuid
from io import BytesIO

from yiwang.kernel.acts import system_record
from yiwang.kernel.types import Actor, ActorKind, Role, RoleGrant
from yiwang.platform.catalog.acts import write_sample
from yiwang.platform.catalog.elements import write_elements
from yiwang.platform.catalog.models import CodeEntry
from yiwang.platform.catalog.tests.items import ELEMENTS, USCC
from yiwang.platform.directory.models import Agency, Region, ServiceCentre
from yiwang.ui import store


def build() -> Agency:
    """Write the city and return its agency."""
    region = Region.objects.create(code="330302", name="鹿城区", full_name="温州市鹿城区", level=4)
    ServiceCentre.objects.create(code="lc-centre", name="演示中心", region=region, address="演示路1号", hours="9:00")
    for table, code, label in (
        ("item_types", "01", "行政许可"),
        ("item_types", "07", "行政确认"),
        ("person_themes", "035", "设立变更"),
        ("person_themes", "040", "准营准办"),
        ("legal_themes", "005", "设立变更"),
        ("legal_themes", "010", "准营准办"),
    ):
        CodeEntry.objects.create(table=table, code=code, label=label)
    with system_record("test.city"):
        write_elements(ELEMENTS.values())
        for name in ("result.pdf", "blank.pdf"):
            write_sample(name, store.save(BytesIO(name.encode())), "application/pdf", len(name))
    return agency("330302-amr", USCC, region)


def agency(code: str, uscc: str, region: Region) -> Agency:
    """Write an agency."""
    return Agency.objects.create(
        code=code, name=f"演示部门{code}", short_name=code, uscc=uscc, function="amr", region=region, level=4,
        path=f"/330302/{code}/", phone="0577-00000001", complaint_phone="0577-00000002",
    )  # fmt: skip


def staff(*roles: Role, agency_path: str = "") -> Actor:
    """Return a member of staff with these roles, everywhere or below a path."""
    return Actor(
        kind=ActorKind.STAFF,
        id=uuid.uuid4(),
        label="演示 0001",
        grants=tuple(RoleGrant(role, agency_path) for role in roles),
    )
