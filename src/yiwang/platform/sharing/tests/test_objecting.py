"""Objections: what somebody says of data about them, or of being looked at, and that the agency answers in time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import system_record
from yiwang.kernel.problems import Invalid, NeedsSignIn, NotAllowed, NotFound, NotNow
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Party, PartyKind, Role, RoleGrant
from yiwang.platform.directory.models import Agency
from yiwang.platform.identity.models import Organisation, Person
from yiwang.platform.sharing import acts, queries
from yiwang.platform.sharing.models import Objection
from yiwang.platform.sharing.tests.datasets import dataset, published
from yiwang.platform.sharing.types import Basis, ObjectionState, SharingType, Use

MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def monday(testville: None, db: None) -> Iterator[None]:
    with clock.at(MONDAY):
        yield


def person(name: str, level: AssuranceLevel = AssuranceLevel.L3) -> Actor:
    pk = Person.objects.get(name=name).pk
    return Actor(kind=ActorKind.PERSON, id=pk, principal=Party(PartyKind.PERSON, pk), level=level)


def steward(code: str) -> Actor:
    path = Agency.objects.get(code=code).path
    return Actor(kind=ActorKind.STAFF, id=uuid.uuid4(), label="D1", grants=(RoleGrant(Role.DATA_STEWARD, path),))


def key() -> str:
    return uuid.uuid4().hex


def checked(number: str, party: uuid.UUID | None = None) -> uuid.UUID:
    """Let the fire brigade check somebody."""
    use = Use(
        dataset="population",
        dataset_name="人口信息",
        provider="测试市",
        consumer="测试消防",
        consumer_path=Agency.objects.get(code="339901-fire").path,
        item="330103015000",
        fields=("name",),
        number=number,
    )
    with system_record("test.check"):
        return acts.note_checks([use], purpose="测试核验", party=party)[0]


def test_the_provider_puts_right_what_is_wrong_and_the_writer_reads_it() -> None:
    elder = person("测试老人丁")
    pk = acts.object_to_data("population", "年龄不对，应该是 75。", by=elder, key=key())
    row = Objection.objects.get(pk=pk)
    assert (row.agency.code, row.due_on) == ("339900", date(2026, 3, 23))
    (waiting,) = queries.objections(steward("339900")).items
    assert waiting.text == "年龄不对，应该是 75。"
    with pytest.raises(NotFound):
        acts.answer(pk, ObjectionState.CORRECTED, "已改", by=steward("339901-fire"), key=key())
    with pytest.raises(Invalid):
        acts.answer(pk, ObjectionState.ANSWERED, "已改", by=steward("339900"), key=key())
    acts.answer(pk, ObjectionState.CORRECTED, "已改成 75。", by=steward("339900"), key=key())
    (mine,) = queries.objections(elder).items
    assert (mine.state, mine.answer) == (ObjectionState.CORRECTED, "已改成 75。")
    with pytest.raises(NotNow):
        acts.answer(pk, ObjectionState.CONFIRMED, "又改", by=steward("339900"), key=key())
    assert queries.objections(person("测试创业戊")).items == []


def test_whoever_was_looked_at_may_ask_why_once_and_nobody_else() -> None:
    elder = person("测试老人丁")
    pk = checked("339901195004044442")
    with pytest.raises(NotFound):
        acts.object_to_check(pk, "为什么", by=person("测试创业戊"), key=key())
    asked = acts.object_to_check(pk, "为什么查我", by=elder, key=key())
    assert Objection.objects.get(pk=asked).agency.code == "339901-fire"
    with pytest.raises(NotNow):
        acts.object_to_check(pk, "再问", by=elder, key=key())
    acts.answer(asked, ObjectionState.ANSWERED, "消防检查要核对负责人。", by=steward("339901-fire"), key=key())
    acts.object_to_check(pk, "还是不明白", by=elder, key=key())


def test_only_who_is_known_surely_enough_objects() -> None:
    with pytest.raises(NeedsSignIn):
        acts.object_to_data("population", "不对", by=person("测试老人丁", AssuranceLevel.L1), key=key())
    with pytest.raises(Invalid):
        acts.object_to_data("population", " ", by=person("测试老人丁"), key=key())


def test_an_agent_does_not_object_in_the_firms_name(sign_in: Any) -> None:
    firm = Organisation.objects.get(uscc="91339901MADEM0011Y")
    agent = replace(person("测试代办乙"), principal=Party(PartyKind.ORGANISATION, firm.pk))
    with pytest.raises(NotAllowed):
        acts.object_to_data("legal_persons", "不对", by=agent, key=key())
    assert firm.legal_representative is not None
    head = replace(person(firm.legal_representative.name), principal=agent.principal)
    acts.object_to_data("legal_persons", "不对", by=head, key=key())


def test_what_is_not_shared_cannot_be_found_out_by_objecting() -> None:
    published(dataset(code="secret_data", sharing=SharingType.NONE, basis=(Basis("保守国家秘密法"),)))
    with pytest.raises(NotFound):
        acts.object_to_data("secret_data", "不对", by=person("测试老人丁"), key=key())


def test_silence_is_seen() -> None:
    pk = acts.object_to_data("population", "不对", by=person("测试老人丁"), key=key())
    with clock.at(MONDAY + timedelta(days=21)):
        timers.ring_due()
        assert not Objection.objects.get(pk=pk).late
    with clock.at(MONDAY + timedelta(days=22)):
        timers.ring_due()
        assert Objection.objects.get(pk=pk).late


def test_in_the_browser_from_the_access_page_to_the_answer(sign_in: Any, deliver: Any) -> None:
    elder, steward_page = sign_in("elder"), sign_in("steward")
    pk = checked("339901195004044442", person("测试老人丁").id)
    page = elder.get("/my/access/").content.decode()
    assert "测试核验" in page
    assert f"/my/access/{pk}/ask/" in page
    form = f"/my/access/{pk}/ask/"
    assert elder.post(form, {"f-text": ""}).status_code == 422
    assert elder.post(form, {"f-text": "为什么查我"}).headers["Location"] == "/my/objections/"
    assert "等答复" in elder.get("/my/objections/").content.decode()
    objection = Objection.objects.get()
    address = f"/desk/objections/{objection.pk}/"
    assert "为什么查我" in steward_page.get(address).content.decode()
    assert steward_page.post(address, {"f-result": "answered", "f-text": ""}).status_code == 422
    assert steward_page.post(address, {"f-result": "answered", "f-text": "办件要用。"}).status_code == 302
    assert "办件要用。" in elder.get("/my/objections/").content.decode()
    deliver("notices")
    assert "您的异议有答复了" in elder.get("/my/messages/").content.decode()
    stranger: Client = sign_in("starter")
    assert stranger.get(form).status_code == 404
