"""Renewing a grant: asked for in time it goes on without a day between, and nobody holds two of one kind."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import system_record
from yiwang.kernel.models import Event, Timer
from yiwang.kernel.problems import Invalid, NotAllowed
from yiwang.kernel.types import SYSTEM, Actor
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing import acts, granting, queries
from yiwang.platform.sharing.acts.granting import write_grant
from yiwang.platform.sharing.models import Dataset, Grant
from yiwang.platform.sharing.tests.datasets import CONSUMER, allowed, published
from yiwang.platform.sharing.tests.test_granting import (
    MONDAY,
    ON_CONDITIONS,
    allowance,
    answered,
    asked,
    key,
    office,
    state,
    steward,
)
from yiwang.platform.sharing.types import Consumer, GrantState

TODAY = MONDAY.date()


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(MONDAY):
        yield


@pytest.fixture
def grant(testville: None, db: None) -> Grant:
    row = allowed(published(ON_CONDITIONS))
    return ending(row, 30)


def ending(row: Grant, days: int) -> Grant:
    row.expires_on, row.per_minute = TODAY + timedelta(days=days), 77
    row.save()
    return row


def renew(grant: Grant, by: Actor | None = None, **more: Any) -> uuid.UUID:
    return acts.request(asked(renews=grant.pk, **more), by=by or steward("339901-fire"), key=key())


def agreed(pk: uuid.UUID, fields: tuple[str, ...] = ("value", "more"), months: int = 12) -> Grant:
    acts.pass_on(pk, by=office(), key=key())
    acts.grant(pk, fields, months, 60, by=steward("339901-amr"), key=key())
    return Grant.objects.get(pk=pk)


# --- the rule ---


@given(st.dates(date(2024, 1, 1), date(2028, 12, 31)), st.integers(-20, 60), st.integers(1, 14))
def test_every_day_is_covered_once_up_to_the_last(today: date, left: int, months: int) -> None:
    until = today + timedelta(days=left)
    begins, ends = granting.term(months, today, until)
    old = allowance(expires_on=until)
    new = replace(old, begins_on=begins, expires_on=ends)
    asks = Consumer("fire", "339901", "a")
    for day in (today + timedelta(days=number) for number in range((ends - today).days + 2)):
        covering = [granting.covers(one, asks, day) for one in (old, new)]
        assert sum(covering) == (day <= ends)
    assert ends >= granting.term(months, today, None)[1] or left < 0


@pytest.mark.parametrize(("left", "may"), [(-1, False), (0, True), (60, True), (61, False)])
def test_a_grant_is_renewed_in_its_last_sixty_days(left: int, may: bool) -> None:
    until = TODAY + timedelta(days=left)
    assert granting.renewable(GrantState.GRANTED, until, TODAY) is may
    assert not granting.renewable(GrantState.REVOKED, until, TODAY)


# --- the acts ---


def test_a_renewal_takes_over_on_the_day_after_without_a_gap(grant: Grant) -> None:
    new = agreed(renew(grant), ("value",))
    assert grant.expires_on is not None
    assert (new.begins_on, new.expires_on) == (date(2026, 4, 2), date(2027, 4, 1))
    assert answered() == {"value", "more"}
    with clock.at(clock.end_of(grant.expires_on) - timedelta(seconds=1)):
        assert answered() == {"value", "more"}
    with clock.at(clock.end_of(grant.expires_on)):
        assert answered() == {"value"}
    assert state(grant.pk) is GrantState.GRANTED
    with clock.at(clock.end_of(grant.expires_on) + timedelta(seconds=1)):
        over(grant)
    assert (state(grant.pk), state(new.pk)) == (GrantState.EXPIRED, GrantState.GRANTED)
    told = Event.objects.filter(name=acts.MOVED, subject_id=str(grant.pk)).latest("seq")
    assert told.payload["state"] == "expired"


def over(grant: Grant) -> None:
    """Ring what is due: the timer stands where loading a pack set it, at the end that the grant had then."""
    Timer.objects.filter(subject_id=grant.pk, kind="sharing.grant_ends").update(due_at=clock.end_of(grant.expires_on))
    timers.ring_due()


def test_it_goes_the_same_way_with_the_rate_of_before(grant: Grant) -> None:
    row = Grant.objects.get(pk=renew(grant))
    assert (row.state, row.per_minute, row.renews_id) == ("requested", 77, grant.pk)
    acts.pass_on(row.pk, by=office(), key=key())
    acts.refuse(row.pk, "不再需要", by=steward("339901-amr"), key=key())
    assert answered() == {"value", "more"}
    assert state(renew(grant, fields=("value",))) is GrantState.REQUESTED  # what was refused is asked for otherwise


def test_what_is_agreed_to_after_the_end_begins_at_once(grant: Grant) -> None:
    pk = renew(grant)
    with clock.at(MONDAY + timedelta(days=40)):
        over(grant)
        assert answered() == set()
        timers.ring_due()
        acts.settle(pk, by=office(), key=key())  # nobody had answered: it had come to coordination by itself
        new = Grant.objects.get(pk=pk)
        assert (new.begins_on, new.expires_on) == (None, date(2029, 4, 11))
        assert answered() == {"value", "more"}


def refused(grant: Grant, **more: Any) -> list[str]:
    with pytest.raises(Invalid) as caught:
        renew(grant, **more)
    return [one.field for one in caught.value.errors]


def test_only_what_ends_soon_is_renewed_and_once(grant: Grant) -> None:
    assert refused(ending(grant, 61)) == ["renews"]
    renew(ending(grant, 60))
    assert refused(grant) == ["renews"]
    Grant.objects.filter(renews=grant).update(state="withdrawn")
    assert refused(grant, agency="339900-civil_affairs", items=("999999999999",)) == ["items", "renews"]
    Grant.objects.filter(pk=grant.pk).update(state="revoked")
    assert refused(grant) == ["renews"]


def test_nobody_renews_for_another_agency(grant: Grant) -> None:
    with pytest.raises(NotAllowed):
        renew(grant, steward("339901-amr"))
    with pytest.raises(Invalid):  # it cannot even be seen
        renew(grant, steward("339900-civil_affairs"))


def test_loading_a_pack_leaves_a_renewal_alone(grant: Grant) -> None:
    new = agreed(renew(grant))
    agency = directory.get_agency("339901-fire")
    with system_record("test.grant"):
        dataset = Dataset.objects.get(code="test_data")
        again = write_grant(asked(purpose=grant.purpose), dataset, agency, SYSTEM)
        other = write_grant(asked(purpose="另一种用途"), dataset, agency, SYSTEM)
    assert again.pk == grant.pk
    assert other.pk != grant.pk, "another purpose has a grant of its own"
    new.refresh_from_db()
    assert new.renews_id == grant.pk


def test_its_own_steward_is_told_and_the_provider_is_not(grant: Grant) -> None:
    told = {code: queries.grants_ending(steward(code)).value for code in ("339901-fire", "339901-amr")}
    assert told == {"339901-fire": 1, "339901-amr": 0}
    assert [one.id for one in queries.grants(steward("339901-fire"), "ending").items] == [grant.pk]
    renew(grant)
    assert queries.grants_ending(steward("339901-fire")).value == 0


# --- the pages ---


def test_a_steward_renews_in_the_browser(grant: Grant, sign_in: Any) -> None:
    client: Client = sign_in("steward")
    page = client.get("/desk/grants/?show=ending").content.decode()
    assert "测试数据" in page
    address = f"/desk/grants/new/?renews={grant.pk}"
    assert address in client.get(f"/desk/grants/{grant.pk}/").content.decode()
    form = client.get(address).content.decode()
    assert form.count("checked") == 3  # both columns and the item
    assert grant.purpose in form
    answer = client.post(address, {"f-fields": ["value"], "f-items": [CONSUMER.item], "f-purpose": "", "f-months": "6"})
    assert answer.status_code == 422
    sent = {"f-fields": ["value"], "f-items": [CONSUMER.item], "f-purpose": "核查", "f-months": "6"}
    answer = client.post(address, sent)
    assert answer.status_code == 302, answer.content.decode()
    assert "原来的授权" in client.get(answer.headers["Location"]).content.decode()
    old = client.get(f"/desk/grants/{grant.pk}/").content.decode()
    assert answer.headers["Location"] in old
    assert address not in old
    answer = client.post(address, sent | {"f-purpose": "再来"})
    assert answer.status_code == 422
    assert "已经有人申请续期" in answer.content.decode()
    for wrong in ("x", uuid.uuid4()):
        assert client.get(f"/desk/grants/new/?renews={wrong}").status_code == 404
    assert sign_in("amr-reviewer").get(address).status_code == 403
