"""A delegation's limits, where they matter: at applications."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from yiwang.kernel import clock, work
from yiwang.kernel.problems import NotAllowed, NotFound
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Party, PartyKind
from yiwang.platform.cases import acts, queries
from yiwang.platform.cases.models import Application
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.identity import acts as identity
from yiwang.platform.identity import queries as people
from yiwang.platform.identity.models import Account, Person
from yiwang.platform.identity.secret import Secret

REGION = "339901001"
pytestmark = pytest.mark.usefixtures("testville")


def key() -> str:
    return uuid.uuid4().hex


def actor(login: str, **more) -> Actor:
    pk = Account.objects.get(login=login).person_id
    me = Party(PartyKind.PERSON, pk)
    return Actor(kind=ActorKind.PERSON, id=pk, principal=me, level=AssuranceLevel.L3, **more)


def editions():
    event = catalog.get_life_event("shop")
    return catalog.editions_in(REGION, [item.basic_code for item in event.items])


def begin(by: Actor, *codes: str) -> uuid.UUID:
    return acts.start_draft([editions()[code].id for code in codes], {}, REGION, "shop", by=by, key=key())


@pytest.fixture
def delegate():
    """Somebody whom the elder lets handle the first of the shop's items only, without signing."""
    first = sorted(editions())[0]
    last = clock.today() + timedelta(days=9)
    to = (Secret("测试创业戊"), Secret("19900000005"))
    identity.grant_delegation(*to, [first], False, last, by=actor("elder"), key=key())
    mine = actor("starter")
    standing = next(one for one in people.standings(mine.id) if one.basis == "delegation")
    return replace(
        mine,
        principal=standing.party,
        delegation=standing.delegation,
        items=standing.items,
        may_sign=standing.may_sign,
    )


def test_only_the_items_named_can_be_begun_seen_and_changed(delegate):
    first, second = sorted(editions())[:2]
    with pytest.raises(NotAllowed) as refused:
        begin(delegate, first, second)
    assert refused.value.code == "outside-delegation"
    mine = begin(delegate, first)
    acts.save_answers(mine, {"x": 1}, by=delegate, key=key())
    theirs = begin(actor("elder"), second)
    with pytest.raises(NotFound):
        acts.save_answers(theirs, {"x": 1}, by=delegate, key=key())
    assert [one.id for one in queries.applications(delegate)] == [mine]
    assert {one.id for one in queries.applications(actor("elder"))} == {mine, theirs}


def test_whoever_may_not_sign_cannot_hand_in(delegate):
    mine = begin(delegate, sorted(editions())[0])
    with pytest.raises(NotAllowed) as refused:
        acts.submit(mine, by=delegate, key=key())
    assert refused.value.code == "may-not-sign"
    assert Application.objects.get(pk=mine).state == "draft"


@pytest.mark.django_db(transaction=True)
def test_what_was_begun_before_proving_who_one_is_stays_one_s_own():
    row = Person.objects.create(name="演示新人", number="", phone="13912345678", checked_level=1)
    account = Account.objects.create_account("newcomer", "Wen-Zhou-2026x", person=row)
    pk = begin(actor("newcomer"), sorted(editions())[0])
    claim = (Secret("测试路人丙"), Secret("33990219750303333X"), "bank_card", Secret("6222000011112222"))
    known = identity.verify_person(account.pk, *claim, by=actor("newcomer"), key=key())
    work.drain()
    assert known != row.id
    assert [one.id for one in queries.applications(actor("newcomer"))] == [pk]
