"""What others read of persons and organisations."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.codes import clean
from yiwang.kernel.problems import NotFound
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Party, PartyKind
from yiwang.platform.identity.models import Delegation, Organisation, Person
from yiwang.platform.identity.types import (
    Contact,
    DelegationView,
    DocumentType,
    OrganisationKind,
    OrganisationView,
    PersonView,
    Standing,
)


def _person(row: Person) -> PersonView:
    return PersonView(
        row.id, row.name, DocumentType(row.document_type), row.number or "", row.phone or "", row.sex, row.born_on,
        row.region, row.address or "",
    )  # fmt: skip


def _organisation(row: Organisation) -> OrganisationView:
    return OrganisationView(
        row.id, row.name, row.uscc, OrganisationKind(row.kind), row.legal_representative_id,
        row.legal_representative.name if row.legal_representative else "", row.region, row.address,
        row.established_on, row.active,
    )  # fmt: skip


def get_person(pk: uuid.UUID) -> PersonView:
    """Return a person."""
    row = Person.objects.filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有找到这个人。"))
    return _person(row)


def find_person(number: str, document: DocumentType = DocumentType.CITIZEN_ID) -> PersonView | None:
    """Return a person by document number (through the blind index), or nothing."""
    row = Person.objects.filter(
        document_type=document, number_index=blind_index(clean(number), "citizen_id")
    ).first()
    return _person(row) if row else None


def get_organisation(pk: uuid.UUID) -> OrganisationView:
    """Return an organisation."""
    row = Organisation.objects.select_related("legal_representative").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有找到这个单位。"))
    return _organisation(row)


def find_organisation(uscc: str) -> OrganisationView | None:
    """Return an organisation by its social credit code, or nothing."""
    row = Organisation.objects.select_related("legal_representative").filter(uscc=clean(uscc)).first()
    return _organisation(row) if row else None


def party_name(party: Party) -> str:
    """Return the full name of a party."""
    if party.kind is PartyKind.PERSON:
        return get_person(party.id).name
    return get_organisation(party.id).name


def find_contact(party: Party) -> Contact | None:
    """Return how a party is reached; an organisation through its legal representative, if it has one."""
    rows = Person.objects.select_related("account")
    if party.kind is PartyKind.PERSON:
        row = rows.filter(pk=party.id).first()
    else:
        row = rows.filter(represents=party.id).first()
    if row is None:
        return None
    account = getattr(row, "account", None)
    return Contact(row.id, row.phone or "", account.email if account else "")


def standings(person: uuid.UUID) -> list[Standing]:
    """Return every capacity in which a person may act now: oneself first."""
    me = get_person(person)
    found = [Standing(me.party, me.name, "self")]
    for row in Organisation.objects.filter(legal_representative_id=person, active=True).order_by("name"):
        found.append(Standing(Party(PartyKind.ORGANISATION, row.id), row.name, "legal_representative"))
    for held in delegations_held(person):
        found.append(Standing(held.grantor, held.grantor_name, "delegation", held.id))
    return found


def delegations_held(person: uuid.UUID) -> list[DelegationView]:
    """Return the delegations that a person may use now."""
    rows = _delegations(Delegation.objects.filter(delegate_id=person, revoked_at=None, expires_at__gt=clock.now()))
    return list(rows)


def delegations_given(party: Party) -> list[DelegationView]:
    """Return every delegation that a party has given, also those that ended."""
    if party.kind is PartyKind.PERSON:
        return list(_delegations(Delegation.objects.filter(grantor_person_id=party.id)))
    return list(_delegations(Delegation.objects.filter(grantor_organisation_id=party.id)))


def _delegations(rows: Iterable[Delegation]) -> Iterable[DelegationView]:
    joined = rows.select_related("grantor_person", "grantor_organisation", "delegate")  # type: ignore[attr-defined]
    for row in joined.order_by("-created_at"):
        grantor = row.grantor_person or row.grantor_organisation
        kind = PartyKind.PERSON if row.grantor_person else PartyKind.ORGANISATION
        yield DelegationView(
            id=row.id,
            grantor=Party(kind, grantor.id),
            grantor_name=grantor.name,
            delegate=row.delegate_id,
            delegate_name=row.delegate.name,
            items=tuple(row.items),
            may_sign=row.may_sign,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            created_at=row.created_at,
        )
