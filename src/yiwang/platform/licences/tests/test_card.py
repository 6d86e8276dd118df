"""一卡通: a card opens what its holder has, at a counter, for a purpose, once they agree; never by the clerk's word alone."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from yiwang.kernel import clock
from yiwang.kernel.acts import system_record
from yiwang.kernel.models import AuditEntry, Event
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound, NotNow, TooMany
from yiwang.kernel.types import Actor, Party, PartyKind, Role
from yiwang.platform.directory.models import Agency
from yiwang.platform.identity.models import Challenge, Person
from yiwang.platform.identity.secret import Secret
from yiwang.platform.licences import acts, queries
from yiwang.platform.licences.models import Card, Licence, LicenceCopy, LicenceUse, Showing
from yiwang.platform.licences.tests.conftest import AMR, enter_type, official, spec
from yiwang.platform.licences.tests.test_desk import at_desk
from yiwang.platform.licences.tests.test_showing import FIRE, PURPOSE, agencies, clerk, holder, key
from yiwang.platform.licences.types import Consent, LicenceField, ShowingState, TrustLevel

Issue = Callable[..., Licence]
CARD = "W10000137"
__all__ = ["agencies"]


@pytest.fixture
def person(db: None) -> Person:
    """Return somebody with a telephone."""
    return Person.objects.create(name="演示持卡人", phone="19900000077")


@pytest.fixture
def card(issue: Issue, person: Person) -> Callable[..., Licence]:
    """Return a function that issues a card, to the person unless another is given."""
    enter_type(
        spec(
            code="demo_card",
            type_code="1110000000DEM03148077",
            holder=PartyKind.PERSON,
            card_field="card",
            fields=(LicenceField("name", "姓名", "Name"), LicenceField("card", "卡号", "Card")),
        )
    )

    def do(number: str = CARD, owner: uuid.UUID = person.pk) -> Licence:
        return issue(
            type_code="demo_card",
            holder=Party(PartyKind.PERSON, owner),
            holder_name="演示持卡人",
            values={"name": "演示持卡人", "card": number},
        )

    return do


def read(number: str = CARD, by: Actor | None = None, purpose: str = PURPOSE) -> uuid.UUID:
    return acts.read_card(Secret(number), purpose, by=by or clerk(), key=key())


def myself(person: Person) -> Actor:
    by = holder()
    return Actor(kind=by.kind, id=person.pk, principal=Party(PartyKind.PERSON, person.pk), level=by.level)


def test_a_card_opens_everything_in_force_once_its_holder_agrees(card: Any, issue: Issue, person: Person) -> None:
    party, desk = Party(PartyKind.PERSON, person.pk), clerk()
    mine = {card().pk, issue(holder=party).pk}
    ended = issue(holder=party)
    acts.revoke(ended.pk, reason="演示", by=official(Role.ISSUER), key=key())
    issue(holder=Party(PartyKind.PERSON, uuid.uuid4()))

    pk = read(by=desk)
    assert queries.seen(pk, desk) == []
    acts.agree(pk, 0, by=myself(person), key=key())
    assert {one.id for one in queries.seen(pk, desk)} == mine
    logged = LicenceUse.objects.filter(operation="", purpose=f"出示：{PURPOSE}").values_list("licence_id", flat=True)
    assert set(logged) == mine
    assert acts.take_copy(pk, next(iter(mine)), by=desk, key=key())
    with pytest.raises(NotFound):
        acts.take_copy(pk, ended.pk, by=desk, key=key())


def test_the_number_is_nowhere_in_the_open(card: Any) -> None:
    card()
    read()
    with connection.cursor() as cursor:
        for table in (
            "licences_licence",
            "licences_card",
            "licences_showing",
            "kernel_auditentry",
            "kernel_idempotencykey",
        ):
            cursor.execute(f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE %s", [f"%{CARD}%"])
            assert cursor.fetchone()[0] == 0, table


@pytest.mark.parametrize("number", ["W99999999", "", CARD[:-1], "w1000 0138"])
def test_a_card_that_is_not_known_opens_nothing(card: Any, number: str) -> None:
    card()
    with pytest.raises(Invalid) as refused:
        read(number)
    assert refused.value.errors[0].field == "card"
    assert not Showing.objects.exists()


def test_it_is_read_as_it_is_typed(card: Any) -> None:
    card()
    assert read("w1000 0137")


@pytest.mark.parametrize("ended", ["hold", "cancel"])
def test_a_lost_card_opens_nothing(card: Any, ended: str) -> None:
    getattr(acts, ended)(card().pk, reason="挂失", by=official(Role.ISSUER), key=key())
    with pytest.raises(Invalid):
        read()


def test_a_new_card_takes_the_place_of_the_old_one_and_of_nobody_else_s(card: Any, person: Person) -> None:
    first = card()
    renewed = acts.renew(first.pk, by=official(Role.ISSUER), key=key())
    assert Card.objects.get().licence_id == renewed
    with pytest.raises(Invalid):
        card(owner=uuid.uuid4())
    acts.cancel(renewed, reason="销卡", by=official(Role.ISSUER), key=key())
    other = Person.objects.create(name="演示另一人")
    card(owner=other.pk)
    assert Showing.objects.get(pk=read()).holder_id == other.pk


def test_who_tries_cards_is_stopped(card: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yiwang.kernel.limits.time.time", lambda: 1_800_000_000.0)
    card()
    desk = clerk()
    for number in range(10):
        with pytest.raises(Invalid):
            read(f"W{number:08}", by=desk)
    with pytest.raises(TooMany):
        read(by=desk)


def test_only_counters_read_cards(card: Any) -> None:
    card()
    for role in (Role.REVIEWER, Role.SUPERVISOR, Role.SYSTEM_ADMIN):
        with pytest.raises(NotAllowed):
            read(by=clerk(role=role))
    with pytest.raises(Invalid):
        read(purpose=" ")


def _challenge(phone: str, *, passed: bool = True) -> uuid.UUID:
    now = clock.now()
    return Challenge.objects.create(
        purpose=acts.CHALLENGE,
        phone=phone,
        code_index=b"0",
        sent_at=now,
        expires_at=now,
        passed_at=now if passed else None,
    ).pk


def test_a_clerk_alone_does_not_agree(card: Any, person: Person, issue: Issue) -> None:
    card()
    desk = clerk()
    pk = read(by=desk)
    for challenge in (None, uuid.uuid4(), _challenge("19900000077", passed=False), _challenge("19900000078")):
        with pytest.raises((Invalid, NotFound)):
            acts.agree_at_counter(pk, Consent.MESSAGE, challenge, by=desk, key=key())
    with pytest.raises(Invalid):
        acts.agree_at_counter(pk, Consent.DEVICE, by=desk, key=key())
    with pytest.raises(NotFound):
        acts.agree_at_counter(pk, Consent.SIGNATURE, by=clerk(AMR.path), key=key())
    right = _challenge("19900000077")
    acts.agree_at_counter(pk, Consent.MESSAGE, right, by=desk, key=key())
    assert queries.get_showing(pk, desk).consent is Consent.MESSAGE
    again = read(by=desk)
    with pytest.raises(NotFound):
        acts.agree_at_counter(again, Consent.MESSAGE, right, by=desk, key=key())


def test_what_was_shown_by_a_code_is_not_agreed_to_at_the_counter(card: Any, person: Person) -> None:
    desk, by = clerk(), myself(person)
    shown = acts.offer(card().pk, by=by, key=key())
    acts.take_up(Secret(queries.code_shown(shown, by)), PURPOSE, by=desk, key=key())
    with pytest.raises(NotNow):
        acts.agree_at_counter(shown, Consent.SIGNATURE, by=desk, key=key())


def test_a_signature_is_on_record_and_holds_for_today(card: Any, person: Person) -> None:
    card()
    desk = clerk()
    pk = read(by=desk)
    until = acts.agree_at_counter(pk, Consent.SIGNATURE, by=desk, key=key())
    assert until == clock.end_of(clock.today())
    entry = AuditEntry.objects.get(name="licences.agree_at_counter")
    assert (entry.detail["consent"], entry.person_id, entry.purpose) == ("signature", person.pk, PURPOSE)
    acts.take_back(pk, by=myself(person), key=key())
    assert queries.get_showing(pk, desk).state is ShowingState.REVOKED


def test_the_holder_is_told(card: Any) -> None:
    card()
    pk = read()
    assert Event.objects.get(name="licence.asked", subject_id=str(pk)).payload["way"] == "card"


def test_at_the_desk(card: Any, person: Person) -> None:
    licence = card()
    Agency.objects.filter(code="demo-fire").delete()
    desk: Client = at_desk(Role.INTAKE, FIRE)
    wrong = desk.post("/desk/licences/shown/card/", {"card": "W1", "card_purpose": PURPOSE, "key": "1"})
    assert wrong.status_code == 422
    assert PURPOSE in wrong.content.decode()
    page = desk.post("/desk/licences/shown/card/", {"card": CARD, "card_purpose": PURPOSE, "key": "2"}).headers[
        "Location"
    ]
    assert licence.number not in desk.get(page).content.decode()

    unsigned = desk.post(f"{page}consent/", {"consent": "signature", "key": "3"})
    assert unsigned.status_code == 422
    sent = desk.post(f"{page}code/", {"key": "4"}).content.decode()
    code = re.search(r"验证码 (\d{6})", sent)
    assert code is not None
    assert PURPOSE in sent
    wrong_code = f"{(int(code[1]) + 1) % 1_000_000:06}"
    assert desk.post(f"{page}consent/", {"consent": "message", "code": wrong_code, "key": "5"}).status_code == 422
    assert licence.number not in desk.get(page).content.decode()
    assert desk.post(f"{page}consent/", {"consent": "message", "code": code[1], "key": "6"}).status_code == 302
    assert licence.number in desk.get(page).content.decode()


def test_what_nobody_compared_with_the_original_is_neither_opened_nor_copied(
    card: Any, issue: Issue, person: Person
) -> None:
    party, desk = Party(PartyKind.PERSON, person.pk), clerk()
    own = card()
    scanned = issue(holder=party, trust=TrustLevel.C, scan="0" * 64)
    pk = read(by=desk)
    acts.agree(pk, 0, by=myself(person), key=key())
    assert [one.id for one in queries.seen(pk, desk)] == [own.pk]
    assert queries.unchecked(pk, desk) == 1
    assert not LicenceUse.objects.filter(licence=scanned, operation="").exists()
    with pytest.raises(NotFound):
        acts.take_copy(pk, scanned.pk, by=desk, key=key())
    assert not LicenceCopy.objects.exists()
    assert {one.id for one in queries.wallet(myself(person))} == {own.pk, scanned.pk}


def test_a_scanned_card_opens_nothing_until_somebody_saw_it(card: Any) -> None:
    Licence.objects.filter(pk=card().pk).update(trust="C", scan="0" * 64)
    with pytest.raises(Invalid, match="核对原件"):
        read()
    assert not Showing.objects.exists()


def test_no_seal_on_a_copy_of_what_is_not_checked(issue: Issue) -> None:
    scanned = issue(trust=TrustLevel.C, scan="0" * 64)
    with pytest.raises(NotNow, match="核对"), system_record("test.copy"):
        acts.copy_inside(scanned.pk, cause=PURPOSE, expires_on=clock.today(), case_id=uuid.uuid4())
