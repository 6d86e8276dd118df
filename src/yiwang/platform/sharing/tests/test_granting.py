"""Grants: every arrow of their life, who moves it, that silence goes on, and that only what is granted is answered."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from yiwang.kernel import clock, timers
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound, NotNow
from yiwang.kernel.types import Actor, ActorKind, Role, RoleGrant
from yiwang.platform.directory.models import Agency
from yiwang.platform.sharing import acts, granting, queries
from yiwang.platform.sharing.models import Dataset, Grant
from yiwang.platform.sharing.tests.datasets import CONSUMER, allowed, dataset, item, published
from yiwang.platform.sharing.types import (
    Allowance,
    Basis,
    Consumer,
    GrantMove,
    GrantRequest,
    GrantState,
    SharingType,
    Side,
)

MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)
ON_CONDITIONS = dataset(
    sharing=SharingType.CONDITIONAL,
    condition="办事时核查",
    basis=(Basis("政务数据共享条例"),),
    items=(item("value"), item("more")),
)


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(MONDAY):
        yield


@pytest.fixture
def shop_data(testville: None, db: None) -> Dataset:
    return published(ON_CONDITIONS)


def steward(code: str) -> Actor:
    return official(Role.DATA_STEWARD, Agency.objects.get(code=code).path)


def official(role: Role, path: str = "") -> Actor:
    return Actor(kind=ActorKind.STAFF, id=uuid.uuid4(), label=f"测试{role}", grants=(RoleGrant(role, path),))


def office() -> Actor:
    return official(Role.DATA_OFFICE)


def asked(**more: Any) -> GrantRequest:
    return GrantRequest(
        **(
            {
                "dataset": "test_data",
                "agency": "339901-fire",
                "items": (CONSUMER.item,),
                "fields": ("value", "more"),
                "purpose": "核查消防检查的对象",
            }
            | more
        )
    )


def key() -> str:
    return uuid.uuid4().hex


def request(**more: Any) -> uuid.UUID:
    return acts.request(asked(**more), by=steward("339901-fire"), key=key())


def state(pk: uuid.UUID) -> GrantState:
    return GrantState(Grant.objects.get(pk=pk).state)


def answered(*fields: str) -> set[str]:
    """Return which columns the fire brigade may have."""
    wanted = {"test_data": {name: [CONSUMER] for name in fields or ("value", "more")}}
    return set(queries.ask(["某"], wanted)["test_data"].fields)


def test_the_way_of_a_grant_that_is_agreed_to(shop_data: Dataset) -> None:
    pk = request()
    assert Grant.objects.get(pk=pk).due_on == date(2026, 3, 4)
    acts.pass_on(pk, by=office(), key=key())
    assert Grant.objects.get(pk=pk).due_on == date(2026, 3, 9)
    assert answered() == set()
    acts.grant(pk, ("value",), 12, 60, by=steward("339901-amr"), key=key())
    row = Grant.objects.get(pk=pk)
    assert (row.state, row.expires_on, row.per_minute, row.due_on) == ("granted", date(2027, 3, 2), 60, None)
    assert answered() == {"value"}
    assert answered("") == {""}
    acts.revoke(pk, "另有规定", by=steward("339901-amr"), key=key())
    assert answered() == set()
    assert answered("") == set()


def test_a_refusal_has_a_reason_and_may_be_coordinated(shop_data: Dataset) -> None:
    pk = request()
    acts.pass_on(pk, by=office(), key=key())
    with pytest.raises(Invalid):
        acts.refuse(pk, " ", by=steward("339901-amr"), key=key())
    acts.refuse(pk, "不是办事必需的", by=steward("339901-amr"), key=key())
    acts.appeal(pk, "现场核查要用", by=steward("339901-fire"), key=key())
    assert state(pk) is GrantState.COORDINATION
    acts.settle(pk, by=office(), key=key())
    assert answered() == {"value", "more"}
    other = request()
    acts.send_back(other, "用途写得太宽", by=office(), key=key())
    assert state(other) is GrantState.RETURNED
    with pytest.raises(NotNow):
        acts.pass_on(other, by=office(), key=key())


def test_what_is_shared_without_conditions_needs_only_the_check(testville: None, db: None) -> None:
    published(dataset())
    pk = request(fields=("value",))
    acts.pass_on(pk, by=office(), key=key())
    assert state(pk) is GrantState.GRANTED


def test_silence_goes_on(shop_data: Dataset) -> None:
    pk = request()
    with clock.at(MONDAY + timedelta(days=2)):
        timers.ring_due()
        assert state(pk) is GrantState.REQUESTED
    with clock.at(MONDAY + timedelta(days=3)):
        timers.ring_due()
    row = Grant.objects.get(pk=pk)
    assert (row.state, row.escalated) == ("provider", True)
    with clock.at(clock.end_of(row.due_on) + timedelta(minutes=1)):
        timers.ring_due()
    assert state(pk) is GrantState.COORDINATION


def test_a_coordination_has_a_limit_and_is_late_after_it(shop_data: Dataset, sign_in: Any) -> None:
    pk = request()
    acts.pass_on(pk, by=office(), key=key())
    acts.refuse(pk, "不是办事必需的", by=steward("339901-amr"), key=key())
    assert Grant.objects.get(pk=pk).due_on is None, "it is for the one who asked to go on"
    acts.appeal(pk, "现场核查要用", by=steward("339901-fire"), key=key())
    row = Grant.objects.get(pk=pk)
    assert (row.due_on, row.escalated) == (date(2026, 3, 9), False)
    with clock.at(clock.end_of(date(2026, 3, 9)) - timedelta(minutes=1)):
        timers.ring_due()
        assert not Grant.objects.get(pk=pk).escalated
    with clock.at(clock.end_of(date(2026, 3, 9)) + timedelta(minutes=1)):
        timers.ring_due()
        row = Grant.objects.get(pk=pk)
        assert (row.state, row.escalated) == ("coordination", True)
        page = sign_in("data-office").get(f"/desk/grants/{pk}/").content.decode()
        assert "已逾期" in page
        assert "有一方没有按时答复" in page
        acts.settle(pk, by=office(), key=key())
    assert Grant.objects.get(pk=pk).due_on is None


def test_a_grant_ends_by_itself_and_on_the_day_nobody_is_answered(shop_data: Dataset) -> None:
    grant = allowed(shop_data)
    assert grant.expires_on is not None
    with clock.at(clock.end_of(grant.expires_on) - timedelta(minutes=1)):
        assert answered() == {"value", "more"}
    with clock.at(clock.end_of(grant.expires_on) + timedelta(minutes=1)):
        assert answered() == set()  # before any timer rang
        timers.ring_due()
    assert state(grant.pk) is GrantState.EXPIRED


def test_each_side_does_only_what_is_its_own(shop_data: Dataset) -> None:
    pk = request()
    for by in (steward("339901-fire"), steward("339901-amr")):
        with pytest.raises(NotAllowed):
            acts.pass_on(pk, by=by, key=key())
    acts.pass_on(pk, by=office(), key=key())
    with pytest.raises(NotAllowed):
        acts.grant(pk, ("value",), 12, 60, by=steward("339901-fire"), key=key())
    with pytest.raises(NotAllowed):
        acts.give_up(pk, by=steward("339901-amr"), key=key())
    with pytest.raises(NotFound):
        acts.give_up(pk, by=steward("339900-civil_affairs"), key=key())
    with pytest.raises(NotAllowed):
        acts.request(asked(), by=steward("339901-amr"), key=key())
    with pytest.raises(Invalid):
        acts.grant(pk, ("value", "other"), 12, 60, by=steward("339901-amr"), key=key())
    with pytest.raises(Invalid):
        acts.grant(pk, ("value",), 99, 60, by=steward("339901-amr"), key=key())
    acts.give_up(pk, by=steward("339901-fire"), key=key())
    assert state(pk) is GrantState.WITHDRAWN


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"dataset": "no_such"}, "dataset"),
        ({"agency": "no-such"}, "agency"),
        ({"fields": ()}, "fields"),
        ({"fields": ("value", "secret")}, "fields"),
        ({"items": ()}, "items"),
        ({"items": ("999999999999",)}, "items"),
        ({"purpose": "  "}, "purpose"),
        ({"months": 61}, "months"),
    ],
)
def test_a_request_that_is_wrong_says_where(shop_data: Dataset, more: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        request(**more)
    assert [one.field for one in caught.value.errors] == [field]
    assert Grant.objects.filter(dataset=shop_data).count() == 0


def test_what_is_not_shared_cannot_be_asked_for(testville: None, db: None) -> None:
    published(dataset(sharing=SharingType.NONE, basis=(Basis("保守国家秘密法"),)))
    with pytest.raises(Invalid):
        request(fields=("value",))


# --- the rules alone ---


def allowance(**more: Any) -> Allowance:
    return Allowance(
        **(
            {
                "id": uuid.uuid4(),
                "function": "fire",
                "region": "3399",
                "items": ("a", "b"),
                "fields": ("x",),
                "expires_on": date(2026, 3, 2),
            }
            | more
        )
    )


@pytest.mark.parametrize(
    ("consumer", "field", "day", "may"),
    [
        (Consumer("fire", "339901", "a"), "x", date(2026, 3, 2), True),
        (Consumer("fire", "339901", "a"), "", date(2026, 3, 2), True),
        (Consumer("fire", "339901", "a"), "y", date(2026, 3, 2), False),
        (Consumer("fire", "339901", "a"), "x", date(2026, 3, 3), False),
        (Consumer("fire", "339901", "c"), "x", date(2026, 3, 2), False),
        (Consumer("fire", "330101", "a"), "x", date(2026, 3, 2), False),
        (Consumer("amr", "339901", "a"), "x", date(2026, 3, 2), False),
    ],
)
def test_a_grant_covers_its_function_region_items_columns_and_term(
    consumer: Consumer, field: str, day: date, may: bool
) -> None:
    assert (granting.allowing([allowance()], field, [consumer], day) is not None) is may


def test_every_waiting_state_has_somebody_who_can_move_it_and_no_ended_one_has() -> None:
    for one in GrantState:
        moves = [move for side in Side for move in granting.possible(one, side)]
        ended = one in {
            GrantState.RETURNED,
            GrantState.UPHELD,
            GrantState.REVOKED,
            GrantState.WITHDRAWN,
            GrantState.EXPIRED,
        }
        assert bool(moves) is not ended
    assert {move for move, _where in granting.MOVES.items()} == set(GrantMove)


# --- the pages ---


def test_a_steward_asks_and_the_provider_grants_in_the_browser(shop_data: Dataset, sign_in: Any) -> None:
    client: Client = sign_in("steward")
    answer = client.post(
        "/desk/grants/new/?dataset=test_data&agency=339901-fire", {"f-fields": ["value"], "f-months": "x"}
    )
    assert answer.status_code == 422
    assert "用来做什么" in answer.content.decode()
    answer = client.post(
        "/desk/grants/new/?dataset=test_data&agency=339901-fire",
        {"f-fields": ["value"], "f-items": [CONSUMER.item], "f-purpose": "核查", "f-months": "6"},
    )
    assert answer.status_code == 302, answer.content.decode()
    address = answer.headers["Location"]
    assert "等数据主管审核" in client.get(address).content.decode()
    office: Client = sign_in("data-office")
    assert office.post(address, {"do": "pass"}).status_code == 302
    assert office.post(address, {"do": "refuse", "refuse-reason": ""}).status_code == 422
    grant = {"do": "grant", "grant-fields": ["value"], "grant-months": "6", "grant-per_minute": "30"}
    assert client.post(address, grant).status_code == 302
    assert "有效" in client.get(address).content.decode()
    assert "测试数据" in client.get("/desk/grants/?show=granted").content.decode()
