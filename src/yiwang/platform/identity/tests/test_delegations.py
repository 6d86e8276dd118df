"""Delegations: who gives them, to whom, how they end in the middle of a session; firms and their representatives."""

from __future__ import annotations

from datetime import timedelta

import pytest

from yiwang.kernel import clock
from yiwang.kernel.acts import Permission
from yiwang.kernel.models import AuditEntry, Event
from yiwang.kernel.problems import Invalid, NeedsSignIn, NotAllowed, NotFound, NotNow
from yiwang.kernel.types import ActorKind, Party, PartyKind
from yiwang.platform.identity import acts, queries, sessions
from yiwang.platform.identity.models import Delegation, Organisation, Person
from yiwang.platform.identity.secret import Secret

from .conftest import key, person, signed_in

STARTER = (Secret("测试创业戊"), Secret("19900000005"))


def give(by, to=STARTER, items=(), *, sign=True, last=None):
    return acts.grant_delegation(*to, list(items), sign, last or clock.today() + timedelta(days=30), by=by, key=key())


def firm():
    return Organisation.objects.get(name="测试小吃有限公司")


def as_firm(login, **more):
    return person(login, principal=Party(PartyKind.ORGANISATION, firm().id), **more)


def test_a_person_delegates_and_the_delegate_acts_in_their_name():
    pk = give(person("elder"), items=["330131018001"], sign=False)
    browser = signed_in("starter")
    elder = person("elder").principal
    assert browser.post("/standings/act/", {"party": f"person:{elder.id}"}).url == "/my/"
    standing = next(one for one in queries.standings(person("starter").id) if one.party == elder)
    assert (standing.delegation, standing.items, standing.may_sign) == (pk, frozenset({"330131018001"}), False)


@pytest.mark.parametrize(
    "to",
    [
        (Secret("测试创业己"), Secret("19900000005")),
        (Secret("测试创业戊"), Secret("19900000009")),
        (Secret("没有的人"), Secret("13000000000")),
    ],
)
def test_whoever_does_not_fit_name_and_number_is_simply_not_found(to):
    with pytest.raises(Invalid) as refused:
        give(person("elder"), to=to)
    assert "没有找到这个人" in str(refused.value.errors[0].message)


def test_a_delegate_is_found_by_document_too():
    assert give(person("elder"), to=(Secret("测试创业戊"), Secret("339901199505055551")))


@pytest.mark.parametrize("days", [-1, 3 * 366 + 1])
def test_a_delegation_ends_in_the_future_within_three_years(days):
    with pytest.raises(Invalid):
        give(person("elder"), last=clock.today() + timedelta(days=days))


def test_a_delegation_needs_the_level_of_a_signature():
    with pytest.raises(NeedsSignIn) as refused:
        give(person("elder", level=2))
    assert refused.value.more["level"] == 3


def test_a_delegate_cannot_pass_it_on_but_the_representative_can_give_it():
    with pytest.raises(NotAllowed):
        give(as_firm("agent"))
    pk = give(as_firm("rep"))
    assert Delegation.objects.get(pk=pk).grantor_organisation_id == firm().id
    with pytest.raises(Invalid):
        give(as_firm("rep"), to=(Secret("测试法人甲"), Secret("19900000001")))


def test_only_the_giver_takes_back_and_only_the_holder_gives_up():
    pk = give(person("elder"))
    for act, login in (
        (acts.revoke_delegation, "starter"),
        (acts.give_up_delegation, "elder"),
        (acts.revoke_delegation, "rep"),
    ):
        with pytest.raises(NotFound):
            act(pk, by=person(login), key=key())
    acts.give_up_delegation(pk, by=person("starter"), key=key())
    with pytest.raises(NotNow):
        acts.revoke_delegation(pk, by=person("elder"), key=key())
    names = list(Event.objects.filter(name__startswith="identity.delegation").values_list("name", flat=True))
    assert names == ["identity.delegation_granted", "identity.delegation_ended"]


def acting_browser():
    browser = signed_in("agent")
    assert browser.post("/standings/act/", {"party": f"organisation:{firm().id}"}).url == "/my/"
    assert "正在代表" in browser.get("/my/").content.decode()
    return browser


def test_taking_back_works_at_the_next_request():
    browser = acting_browser()
    pk = Delegation.objects.get(grantor_organisation=firm()).id
    acts.revoke_delegation(pk, by=as_firm("rep"), key=key())
    assert "正在代表" not in browser.get("/my/").content.decode()
    assert sessions.ACTING not in browser.session


def test_what_is_sent_after_the_end_is_not_done_in_one_s_own_name():
    browser = acting_browser()
    Delegation.objects.filter(grantor_organisation=firm()).update(expires_at=clock.now() - timedelta(seconds=1))
    before = AuditEntry.objects.filter(kind="act").count()
    answer = browser.post("/items/anything/start/")
    assert answer.status_code == 403
    assert "已经到期或被收回" in answer.content.decode()
    assert AuditEntry.objects.filter(kind="act").count() == before


def test_a_delegation_that_has_run_out_cannot_be_chosen():
    browser = signed_in("agent")
    rival = Organisation.objects.get(name="测试隔壁有限公司")
    assert browser.post("/standings/act/", {"party": f"organisation:{rival.id}"}).status_code == 422


class Matter:
    def __init__(self, principal, *codes):
        self.principal, self.item_codes = principal, frozenset(codes)


def test_a_delegation_for_some_items_covers_no_others():
    own = Permission(name="own", kinds=frozenset({ActorKind.PERSON}), own=True)
    elder = person("elder").principal
    delegate = person("starter", principal=elder, items=frozenset({"A", "B"}))
    assert own.allows(delegate, Matter(elder, "A"))
    assert own.allows(delegate, Matter(elder, "A", "B"))
    assert not own.allows(delegate, Matter(elder, "A", "C"))
    assert not own.allows(delegate, Matter(elder))
    assert not own.allows(person("starter"), Matter(elder, "A"))
    assert own.allows(person("starter", principal=elder), Matter(elder))


def test_a_firm_is_registered_by_its_representative_alone():
    row = firm()
    row.legal_representative = Person.objects.get(name="测试法人甲")
    row.checked_level = 2
    row.save()
    pk = acts.register_organisation(row.uscc, row.name, by=person("rep"), key=key())
    assert pk == row.id
    with pytest.raises(Invalid) as refused:
        acts.register_organisation(row.uscc, row.name, by=person("starter"), key=key())
    with pytest.raises(Invalid) as wrong_name:
        acts.register_organisation(row.uscc, "别的名字", by=person("rep"), key=key())
    assert str(refused.value.detail) == str(wrong_name.value.detail)


def test_acting_for_a_firm_never_reaches_above_the_firm_s_own_level():
    Organisation.objects.filter(pk=firm().id).update(checked_level=2)
    browser = signed_in("rep")
    browser.post("/standings/act/", {"party": f"organisation:{firm().id}"})
    answer = browser.get("/my/delegations/new/", follow=True)
    assert "电子营业执照" in answer.content.decode()
    done = browser.post("/step-up/", {"way": "firm", "token": "demo", "level": "3", "next": "/my/delegations/new/"})
    assert done.url == "/my/delegations/new/"
    assert browser.get(done.url).status_code == 200
