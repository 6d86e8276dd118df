"""A licence type, its issuer, holders and staff: all invented."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from yiwang.kernel.acts import system_record
from yiwang.kernel.ids import uuid7
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Party, PartyKind, Role, RoleGrant
from yiwang.platform.directory.types import AgencyView
from yiwang.platform.identity.models import Account, Person
from yiwang.platform.licences import acts
from yiwang.platform.licences.models import Licence, LicenceType
from yiwang.platform.licences.queries import SPEC
from yiwang.platform.licences.types import LicenceField, LicenceKind, LicenceTypeSpec

AMR = AgencyView(
    uuid7(), "demo-amr", "演示区市场监督管理局", "演示市监局", "Demo AMR", "1133030200DEM1317Y", "amr",
    "330302000000", 4, "/330300/demo-amr/", "", "",
)  # fmt: skip


def spec(**changes: Any) -> LicenceTypeSpec:
    """Return a type of licence, changed as wanted."""
    base: dict[str, Any] = {
        "code": "demo_food",
        "type_code": "1110000000DEM03148003",
        "name": "演示食品经营许可证",
        "name_en": "Demo food licence",
        "kind": LicenceKind.CERTIFICATE,
        "defined_by": "演示总局",
        "issued_by": ("amr",),
        "number_format": "JY{region}{serial:07}",
        "validity_months": 60,
        "fields": (
            LicenceField("name", "经营者名称", "Name"),
            LicenceField("place", "经营场所", "Premises"),
            LicenceField("keeper", "联系人", "Keeper"),
        ),
        "statement": "准予从事下列食品经营活动。",
    }
    return LicenceTypeSpec(**(base | changes))


def enter_type(one: LicenceTypeSpec) -> None:
    """Store a licence type."""
    LicenceType.objects.create(
        code=one.code,
        type_code=one.type_code,
        name=one.name,
        kind=one.kind.value,
        group=one.group,
        document=SPEC.dump_python(one, mode="json"),
    )


@pytest.fixture(autouse=True)
def own_state(settings: Any, tmp_path: Any) -> None:
    """Give each test its own store, and empty counters of rate limits."""
    settings.MEDIA_ROOT = tmp_path / "files"
    cache.clear()


@pytest.fixture
def food(db: None) -> LicenceTypeSpec:
    """Return the usual type."""
    one = spec()
    enter_type(one)
    return one


@pytest.fixture
def firm() -> Party:
    """Return an organisation."""
    return Party(PartyKind.ORGANISATION, uuid.uuid4())


@pytest.fixture
def issue(food: LicenceTypeSpec, firm: Party) -> Callable[..., Licence]:
    """Return a function that issues a licence."""

    def do(**changes: Any) -> Licence:
        values = {"name": "演示餐饮有限公司", "place": "演示路 18 号 1 层"}
        given: dict[str, Any] = {
            "type_code": food.code,
            "holder": firm,
            "holder_name": "演示餐饮有限公司",
            "issuer": AMR,
            "values": values,
        }
        with system_record("test.issue"):
            return Licence.objects.get(pk=acts.issue_inside(**(given | changes)))

    return do


def official(*roles: Role, agency: str = AMR.path) -> Actor:
    """Return a member of staff of an agency with these roles."""
    return Actor(
        kind=ActorKind.STAFF,
        id=uuid.uuid4(),
        label="演示市监局 001",
        level=AssuranceLevel.L3,
        agency=agency,
        grants=tuple(RoleGrant(role, agency) for role in roles),
    )


@pytest.fixture
def signed_in(db: None) -> Callable[[str], tuple[Client, Party]]:
    """Return a function that signs an invented person in, by citizen number."""

    def do(number: str) -> tuple[Client, Party]:
        person = Person.objects.create(
            name="演示申请人甲",
            number=number,
            number_index=blind_index(number, "citizen_id"),
            checked_level=2,
        )
        account = Account.objects.create_account(f"demo-{number}", person=person)
        client = Client()
        client.force_login(account, backend="yiwang.platform.identity.store.AccountBackend")
        session = client.session
        session["level"] = 2
        session.save()
        return client, Party(PartyKind.PERSON, person.id)

    return do
