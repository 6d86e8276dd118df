"""What others read of persons and organisations."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.codes import clean
from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.problems import NotFound
from yiwang.kernel.sealed import blind_index, normalised
from yiwang.kernel.types import AssuranceLevel, Party, PartyKind
from yiwang.platform.identity import rules
from yiwang.platform.identity.models import Account, Delegation, Organisation, Person, SignedIn
from yiwang.platform.identity.types import (
    AccountView,
    Contact,
    DelegationView,
    DocumentType,
    OrganisationKind,
    OrganisationView,
    PersonView,
    SessionView,
    Standing,
)


def _person(row: Person) -> PersonView:
    return PersonView(
        row.id, row.name, DocumentType(row.document_type), row.number or "", row.phone or "", row.sex, row.born_on,
        row.region, row.address or "", row.checked_level,
    )  # fmt: skip


def _organisation(row: Organisation) -> OrganisationView:
    return OrganisationView(
        row.id, row.name, row.uscc, OrganisationKind(row.kind), row.legal_representative_id,
        row.legal_representative.name if row.legal_representative else "", row.region, row.address,
        row.established_on, row.active, row.checked_level,
    )  # fmt: skip


_PERSON = Compiled(lambda: Person.objects.filter(pk=Slot("pk")))
_ORGANISATION = Compiled(lambda: Organisation.objects.select_related("legal_representative").filter(pk=Slot("pk")))
_REPRESENTED = Compiled(
    lambda: Organisation.objects.filter(legal_representative_id=Slot("person"), active=True).order_by("name"),
)


def get_person(pk: uuid.UUID) -> PersonView:
    """Return a person."""
    row = _PERSON.first(pk=pk)
    if row is None:
        raise NotFound(_("没有找到这个人。"))
    return _person(row)


def find_person(number: str, document: DocumentType = DocumentType.CITIZEN_ID) -> PersonView | None:
    """Return a person by document number (through the blind index), or nothing."""
    row = Person.objects.filter(document_type=document, number_index=blind_index(clean(number), "citizen_id")).first()
    return _person(row) if row else None


def get_organisation(pk: uuid.UUID) -> OrganisationView:
    """Return an organisation."""
    return organisation_with_head(pk)[0]


def organisation_with_head(pk: uuid.UUID) -> tuple[OrganisationView, PersonView | None]:
    """Return an organisation and its legal representative; one query."""
    row = _ORGANISATION.first(pk=pk)
    if row is None:
        raise NotFound(_("没有找到这个单位。"))
    return _organisation(row), _person(row.legal_representative) if row.legal_representative else None


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
    mine = {"pk": party.id} if party.kind is PartyKind.PERSON else {"represents": party.id}
    row = Person.objects.filter(**mine).first()
    return Contact(row.id, row.phone or "") if row else None


def standings(person: uuid.UUID) -> list[Standing]:
    """Return every capacity in which a person may act now: oneself first."""
    me = get_person(person)
    return [Standing(me.party, me.name, "self"), *_represented(person), *_delegated(person)]


def standing(person: uuid.UUID, party: Party, *, delegated: bool) -> Standing | None:
    """Return the capacity in which a person may act now for another party, by delegation or as its representative; one
    query, for whoever knows which it was.
    """
    found = _delegated(person) if delegated else _represented(person)
    return next((one for one in found if one.party == party), None)


def _represented(person: uuid.UUID) -> Iterator[Standing]:
    for row in _REPRESENTED(person=person):
        party = Party(PartyKind.ORGANISATION, row.id)
        yield Standing(party, row.name, "legal_representative", level=AssuranceLevel(row.checked_level))


def _delegated(person: uuid.UUID) -> Iterator[Standing]:
    for held in delegations_held(person):
        yield Standing(held.grantor, held.grantor_name, "delegation", held.id, frozenset(held.items), held.may_sign)


def numbers_of(party: Party) -> tuple[str, ...]:
    """Return the number under which a party stands in other systems."""
    if party.kind is PartyKind.PERSON:
        return (get_person(party.id).number,)
    return (organisation_with_head(party.id)[0].uscc,)


def numbers_by_person(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return people's numbers by id, of those who have one; one query, none for nobody."""
    wanted = list(ids)
    rows = Person.objects.filter(pk__in=wanted, number_index__isnull=False).values_list("pk", "number")
    return dict(rows) if wanted else {}


def number_indexes(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, bytes]:
    """Return the blind indexes of people's numbers by id, of those who have one; one query, none for nobody."""
    wanted = list(ids)
    rows = Person.objects.filter(pk__in=wanted, number_index__isnull=False).values_list("pk", "number_index")
    return {pk: bytes(index) for pk, index in rows} if wanted else {}


def may_represent(person: uuid.UUID, party: Party) -> bool:
    """Tell whether a person may give and take back delegations of a party: oneself, or as legal representative."""
    if party.kind is PartyKind.PERSON:
        return party.id == person
    return Organisation.objects.filter(pk=party.id, legal_representative_id=person, active=True).exists()


def find_delegate(name: str, contact: str) -> uuid.UUID | None:
    """Return the person with this name and this telephone or document number, or nothing. Both must agree."""
    for row in Person.objects.filter(
        Q(phone_index=blind_index(clean(contact), "phone")) | Q(number_index=blind_index(clean(contact), "citizen_id")),
        merged_into=None,
        died_on=None,
    ):
        if normalised(row.name) == normalised(name):
            return row.id
    return None


def delegations_held(person: uuid.UUID) -> list[DelegationView]:
    """Return the delegations that a person may use now."""
    return [_delegation(row) for row in _HELD(person=person, now=clock.now())]


def delegations_given(party: Party) -> list[DelegationView]:
    """Return every delegation that a party has given, also those that ended."""
    of_person = party.kind is PartyKind.PERSON
    given = {"grantor_person_id" if of_person else "grantor_organisation_id": party.id}
    return [_delegation(row) for row in _joined().filter(**given)]


def _joined() -> QuerySet[Delegation]:
    rows = Delegation.objects.select_related("grantor_person", "grantor_organisation", "delegate")
    return rows.order_by("-created_at")


_HELD = Compiled(
    lambda: _joined().filter(delegate_id=Slot("person"), revoked_at=None, expires_at__gt=Slot("now")),
)


def _delegation(row: Delegation) -> DelegationView:
    grantor = row.grantor_person or row.grantor_organisation
    assert grantor is not None  # a delegation has one of the two
    return DelegationView(
        id=row.id,
        grantor=Party(PartyKind.PERSON if row.grantor_person else PartyKind.ORGANISATION, grantor.id),
        grantor_name=grantor.name,
        delegate=row.delegate_id,
        delegate_name=row.delegate.name,
        items=tuple(row.items),
        may_sign=row.may_sign,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        created_at=row.created_at,
        recorded_by=row.recorded_by,
    )


def demo_accounts(roles: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return login, name and role of the demo's people, and of one member of staff for each role."""
    people = Account.objects.filter(person__isnull=False, is_active=True).select_related("person").order_by("login")
    found = [(one.login, one.person.name, "") for one in people if one.person]
    for role in roles:
        one = Account.objects.filter(staff__roles__role=role, is_active=True).select_related("staff").first()
        if one is not None:
            found.append((one.login, one.staff.name, role))
    return found


def sessions_of(account: uuid.UUID, here: str) -> list[SessionView]:
    """Return where an account is signed in now, newest first; ``here`` is the key of the asking session."""
    rows = list(SignedIn.objects.filter(account_id=account, ended_at=None).order_by("-began_at")[:50])
    kept = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    alive = dict(
        Session.objects.filter(
            session_key__in=[row.session_key for row in rows], expire_date__gt=clock.now() + kept - rules.IDLE
        ).values_list("session_key", "expire_date")
    )
    return [
        SessionView(
            row.id, row.way, row.level, row.device, row.address or "", row.began_at,
            max(alive[row.session_key] - kept, row.began_at), row.session_key == here,
        )
        for row in rows
        if row.session_key in alive
    ]  # fmt: skip


def staff_accounts(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, AccountView]:
    """Return accounts of staff by id, one query."""
    rows = Account.objects.filter(pk__in=list(ids), is_staff=True).annotate(factors=Count("authenticator"))
    return {
        row.id: AccountView(
            row.id, row.login, row.is_active, row.locked_until, row.last_login, row.factors, row.must_change_password
        )
        for row in rows
    }


def delegate_names(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return, by delegation, the name of who acted under it, for the one who gave it; one query."""
    return dict(Delegation.objects.filter(pk__in=list(ids)).values_list("pk", "delegate__name"))
