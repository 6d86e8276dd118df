"""Identity's part of a pack: invented people, firms, delegations and the accounts that sign in to the demo."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.contrib.auth.hashers import make_password

from yiwang.kernel import clock
from yiwang.kernel.codes import CodeError, parse_citizen_id, parse_uscc
from yiwang.kernel.packs import Pack
from yiwang.kernel.sealed import blind_index
from yiwang.platform.directory.pack import StaffRow, check_staff, enrol
from yiwang.platform.identity.models import Account, Delegation, Organisation, Person
from yiwang.platform.identity.types import OrganisationKind

DEMO_PASSWORD = "yiwang-demo"  # noqa: S105 (printed by the demo; refused outside of demo mode)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One invented person of ``people.yaml``."""

    code: str
    name: str
    number: str
    phone: str
    region: str = ""
    address: str = ""
    level: int = 3
    sign_in: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """One invented organisation of ``organisations.yaml``."""

    code: str
    name: str
    uscc: str
    kind: OrganisationKind
    legal_representative: str
    region: str = ""
    address: str = ""
    established_on: date | None = None


@dataclass(frozen=True, slots=True)
class DelegationRow:
    """One delegation of ``delegations.yaml``."""

    to: str
    expires_on: date
    from_org: str = ""
    from_person: str = ""
    items: tuple[str, ...] = ()
    may_sign: bool = True


@dataclass(frozen=True, slots=True)
class Loaded:
    """Who was loaded: pack code to id."""

    people: dict[str, uuid.UUID]
    organisations: dict[str, uuid.UUID]


def load(pack: Pack) -> Loaded:
    """Load people, organisations, delegations and staff accounts."""
    people = {row.code: _person(pack, row) for row in pack.rows("people.yaml", PersonRow)}
    pack.stop_if_faulty()
    organisations = {
        row.code: _organisation(pack, row, people) for row in pack.rows("organisations.yaml", OrganisationRow)
    }
    pack.stop_if_faulty()
    for row in pack.rows("delegations.yaml", DelegationRow):
        Delegation.objects.update_or_create(
            delegate_id=people[row.to],
            grantor_person_id=people.get(row.from_person),
            grantor_organisation_id=organisations.get(row.from_org),
            defaults={
                "items": list(row.items),
                "may_sign": row.may_sign,
                "created_at": clock.now(),
                "expires_at": clock.end_of(row.expires_on),
            },
        )
    staff = list(pack.rows("staff.yaml", StaffRow))
    check_staff(pack, staff)
    pack.stop_if_faulty()
    accounts = _staff_accounts({one.sign_in for one in staff if one.sign_in})
    enrol((one, accounts.get(one.sign_in)) for one in staff)
    return Loaded(people, organisations)


def _person(pack: Pack, row: PersonRow) -> uuid.UUID:
    try:
        parsed = parse_citizen_id(row.number)
    except CodeError as error:
        pack.fault(pack.root / "people.yaml", 1, f"{row.code}: {error}")
        return uuid.UUID(int=0)
    person, _made = Person.objects.update_or_create(
        document_type="citizen_id",
        number_index=blind_index(parsed.value, "citizen_id"),
        defaults={
            "name": row.name,
            "number": parsed.value,
            "phone": row.phone,
            "phone_index": blind_index(row.phone, "phone"),
            "sex": parsed.sex.value[:1],
            "born_on": parsed.born_on,
            "region": row.region,
            "address": row.address,
            "checked_level": row.level,
        },
    )
    if row.sign_in:
        _account(row.sign_in, person.id)
    return person.id


def _organisation(pack: Pack, row: OrganisationRow, people: dict[str, uuid.UUID]) -> uuid.UUID:
    try:
        parse_uscc(row.uscc)
    except CodeError as error:
        pack.fault(pack.root / "organisations.yaml", 1, f"{row.code}: {error}")
    organisation, _made = Organisation.objects.update_or_create(
        uscc=row.uscc,
        defaults={
            "name": row.name,
            "kind": row.kind,
            "legal_representative_id": people.get(row.legal_representative),
            "region": row.region,
            "address": row.address,
            "established_on": row.established_on,
        },
    )
    return organisation.id


def _account(login: str, person: uuid.UUID) -> None:
    account = Account.objects.filter(login=login).first() or Account(login=login, password=_demo_hash())
    account.person_id = person
    account.save()


def _staff_accounts(logins: set[str]) -> dict[str, uuid.UUID]:
    found = dict(Account.objects.filter(login__in=logins).values_list("login", "pk"))
    new = [Account(login=login, is_staff=True, password=_demo_hash()) for login in sorted(logins - set(found))]
    Account.objects.bulk_create(new)
    return found | {account.login: account.pk for account in new}


@lru_cache(maxsize=1)
def _demo_hash() -> str:
    """Hash the demo password once: hashing is slow on purpose, and these are all the same."""
    return make_password(DEMO_PASSWORD)
