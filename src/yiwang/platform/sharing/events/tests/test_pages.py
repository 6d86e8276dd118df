"""Events at the desk and through the API."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from yiwang.kernel import clock, timers
from yiwang.kernel.problems import Invalid, KeyReused, NotAllowed, NotFound, NotNow
from yiwang.kernel.types import Role
from yiwang.platform.sharing import acts
from yiwang.platform.sharing.events import queries
from yiwang.platform.sharing.events.models import Subscription, TopicMessage, TopicRow
from yiwang.platform.sharing.events.types import Method
from yiwang.platform.sharing.types import DatasetItem

from .receivers import (
    ADDRESS,
    CODE,
    Receiver,
    an_event,
    client,
    key,
    office,
    official,
    publish,
    send,
    steward,
    subscribed,
    topic,
)

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


@pytest.fixture
def stream(testville: None, db: None) -> TopicRow:
    return topic()


def test_from_asking_to_skipping_at_the_desk(stream: TopicRow, sign_in: Any) -> None:
    office = sign_in("data-office")
    page = office.get("/desk/events/")
    assert "amr.firm_changed" in page.content.decode()
    assert f'?topic={CODE}" aria-label' not in page.content.decode(), "nothing to list: no link"
    assert office.get("/desk/events/new/?topic=no.such").status_code == 404
    form = office.get(f"/desk/events/new/?topic={CODE}")
    assert "value" in form.content.decode()
    wrong = {
        "f-agency": "339901-fire",
        "f-address": "http://192.0.2.1/",
        "f-method": "hmac",
        "f-purpose": "x",
        "key": key(),
    }
    assert office.post(f"/desk/events/new/?topic={CODE}", wrong).status_code == 422
    right = wrong | {"f-address": ADDRESS, "key": key()}
    made = office.post(f"/desk/events/new/?topic={CODE}", right)
    assert made.status_code == 302, made.content.decode()
    row = Subscription.objects.get()
    address = f"/desk/events/{row.pk}/"
    assert made["Location"] == address
    asked = office.get(address).content.decode()
    assert "撤回申请" in asked
    assert "结束订阅" not in asked
    assert "送到第几条" not in asked, "nothing is sent yet"
    empty = office.post(address, {"do": "return", "return-reason": "", "key": key()})
    assert empty.status_code == 422
    assert "<title>错误：" in empty.content.decode()
    assert "同意订阅" not in office.get(address).content.decode(), "the topic's agency does"
    assert office.post(address, {"do": "pass", "key": key()}).status_code == 302
    provider = sign_in("steward")
    assert provider.post(address, {"do": "approve", "approve-months": "61", "key": key()}).status_code == 422
    assert provider.post(address, {"do": "approve", "approve-months": "6", "key": key()}).status_code == 302
    assert "2026" in provider.get(address).content.decode()
    office = sign_in("data-office")
    going = office.get(address).content.decode()
    assert row.secrets[0] in going
    assert "不能恢复" in going, "what ends for good says so before"
    assert f'?topic={CODE}" aria-label' in office.get("/desk/events/").content.decode()
    publish("bad", "bad", "a")
    send(Receiver(lambda events: 422 if any(one["subject"] == "bad" for one in events) else 200), 40, 5)
    page = office.get(address).content.decode()
    assert "发了 5 次" in page
    (held,) = queries.held(row.pk)
    skip = f"skip-{held.id}"
    assert office.post(address, {"do": skip, f"{skip}-reason": "", "key": key()}).status_code == 422
    assert office.post(address, {"do": skip, f"{skip}-reason": "重复", "key": key()}).status_code == 302
    for move in ("pause", "resume", "secret"):
        assert office.post(address, {"do": move, "key": key()}).status_code == 302, move
    for bad in ({}, {"replay-since": "gestern"}, {"replay-number": "99"}):
        assert office.post(address, {"do": "replay", "key": key(), **bad}).status_code == 422
    assert office.post(address, {"do": "replay", "replay-number": "1", "key": key()}).status_code == 302
    assert office.post(address, {"do": "replay", "replay-since": "2026-03-02 08:00", "key": key()}).status_code == 302
    assert office.post(address, {"do": "end", "key": key()}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.secrets, row.cursor) == ("ended", [], 0)


def test_what_does_not_fit_is_not_published(stream: TopicRow) -> None:
    def of(*events: Any) -> set[tuple[str, str]]:
        with pytest.raises(Invalid) as refused:
            acts.publish_events(stream.pk, events, by=client(), key=key())
        return {(one.field, one.message) for one in refused.value.errors}

    good = an_event()
    assert of(good, an_event(more="x")) == {("events.1.more", "unknown")}
    assert of(good, an_event(value=1)) == {("events.1.value", "kind")}
    assert of(good, good) == {("events.1.id", "twice")}
    assert of(an_event(" ")) == {("events.0.subject", "required")}
    assert of(an_event(value="x" * 70_000)) == {("events.0.data", "length")}
    assert [name for name, _word in of()] == ["events"]
    assert [name for name, _word in of(*[an_event()] * 501)] == ["events"]
    assert not TopicMessage.objects.exists()


def test_publishing_twice_is_one(stream: TopicRow) -> None:
    one, other = an_event(own="1"), an_event(own="2")
    first = acts.publish_events(stream.pk, (one,), by=client(), key="k")
    assert acts.publish_events(stream.pk, (one,), by=client(), key="k") == first
    again = acts.publish_events(stream.pk, (one, other), by=client(), key=key())
    assert (again.published, again.already, again.last) == (1, 1, 2)
    with pytest.raises(KeyReused):
        acts.publish_events(stream.pk, (other,), by=client(), key="k")
    with pytest.raises(Invalid):
        acts.publish_events(stream.pk, (an_event("乙", own="1"),), by=client(), key=key())
    assert list(TopicMessage.objects.order_by("seq").values_list("seq", "own_id")) == [(1, "1"), (2, "2")]


def test_only_the_topics_agency_publishes_and_only_subscribers_fetch(stream: TopicRow) -> None:
    with pytest.raises(NotAllowed):
        acts.publish_events(stream.pk, (an_event(),), by=client("339901-fire"), key=key())
    with pytest.raises(NotAllowed):
        acts.publish_events(stream.pk, (an_event(),), by=client("339901-amr", "data:write"), key=key())
    fire = client("339901-fire")
    with pytest.raises(NotAllowed):
        queries.events_after(CODE, fire, 0, 10)
    pk = acts.subscribe(CODE, "339901-fire", ADDRESS, Method.HMAC, "x", by=steward(), key=key())
    with pytest.raises(NotAllowed):
        queries.events_after(CODE, fire, 0, 10)
    with pytest.raises(NotAllowed):
        acts.pass_subscription(pk, by=steward(), key=key())
    with pytest.raises(NotFound):
        acts.pause_subscription(pk, by=steward("339901-data"), key=key())
    Subscription.objects.all().delete()
    row = subscribed()
    publish("a", "b")
    found, last = queries.events_after(CODE, fire, 1, 10)
    assert ([one.seq for one in found], last) == ([2], 2)
    with pytest.raises(NotAllowed):
        queries.events_after(CODE, client("339901-data"), 0, 10)
    acts.end_subscription(row.pk, by=steward(), key=key())
    with pytest.raises(NotAllowed):
        queries.events_after(CODE, fire, 0, 10)


def test_the_topics_agency_approves_for_a_while_and_may_end_it_at_once(stream: TopicRow) -> None:
    fire, amr = client("339901-fire"), steward("339901-amr")

    def asked(address: str) -> uuid.UUID:
        return acts.subscribe(CODE, "339901-fire", address, Method.HMAC, "x", by=steward(), key=key())

    pk = asked(ADDRESS)
    with pytest.raises(NotNow):
        acts.approve_subscription(pk, 12, by=amr, key=key())
    acts.pass_subscription(pk, by=office(), key=key())
    for other in (steward(), office()):
        with pytest.raises(NotAllowed):
            acts.approve_subscription(pk, 12, by=other, key=key())
        with pytest.raises(NotAllowed):
            queries.events_after(CODE, fire, 0, 10)
    for months in (0, 61):
        with pytest.raises(Invalid):
            acts.approve_subscription(pk, months, by=amr, key=key())
    acts.approve_subscription(pk, 1, by=amr, key=key())
    publish("a")
    assert queries.events_after(CODE, fire, 0, 10)[1] == 1
    with pytest.raises(NotAllowed):
        acts.revoke_subscription(pk, "x", by=steward(), key=key())
    acts.revoke_subscription(pk, "不再需要", by=amr, key=key())
    receiver = Receiver()
    send(receiver, 2, 5)
    assert not receiver.taken
    with pytest.raises(NotAllowed):
        queries.events_after(CODE, fire, 0, 10)

    refused = asked(ADDRESS + "/2")
    acts.pass_subscription(refused, by=office(), key=key())
    acts.refuse_subscription(refused, "与职责无关", by=amr, key=key())
    assert Subscription.objects.get(pk=refused).state == "refused"


def test_a_subscription_ends_with_its_term_unless_it_is_extended(stream: TopicRow) -> None:
    row = subscribed()
    assert row.expires_on == date(2027, 3, 2)
    acts.extend_subscription(row.pk, 24, by=steward("339901-amr"), key=key())
    with clock.at(datetime(2027, 3, 4, tzinfo=UTC)):
        timers.ring_due()
    assert Subscription.objects.get().state == "active"
    with clock.at(datetime(2028, 3, 2, 17, tzinfo=UTC)):
        timers.ring_due()
    row.refresh_from_db()
    assert (row.state, row.secrets) == ("ended", [])


def test_what_is_older_than_the_approval_is_nobodys(stream: TopicRow) -> None:
    publish("a", "b", "c")
    row = subscribed()
    publish("d")
    fire, receiver = client("339901-fire"), Receiver()
    assert [one.seq for one in queries.events_after(CODE, fire, 0, 10)[0]] == [4]
    assert acts.replay_events(row.pk, 1, by=steward(), key=key()) == 4
    assert acts.replay_events(row.pk, 0, datetime(2020, 1, 1, tzinfo=UTC), by=steward(), key=key()) == 4
    send(receiver, 2, 5)
    assert {one["subject"] for one in receiver.taken} == {"d"}


def test_a_steward_subscribes_for_their_own_agency_only(stream: TopicRow) -> None:
    with pytest.raises(NotAllowed):
        acts.subscribe(CODE, "339901-data", ADDRESS, Method.HMAC, "x", by=steward(), key=key())
    with pytest.raises(Invalid) as refused:
        acts.subscribe("no.such", "nobody", "ftp://x", Method.HMAC, " ", by=steward(), key=key())
    assert [one.field for one in refused.value.errors] == ["topic", "agency", "purpose", "address"]
    subscribed()
    with pytest.raises(Invalid):
        subscribed()


def test_a_topic_with_other_items_needs_a_higher_version(stream: TopicRow) -> None:
    with pytest.raises(Invalid):
        topic(items=(DatasetItem(name="other", label="别的"),))
    assert topic(items=(DatasetItem(name="other", label="别的"),), version=2).version == 2
    with pytest.raises(Invalid):
        topic(agency="339901-fire", version=3)


def test_the_keys_are_published_without_their_secret(stream: TopicRow, client: Any) -> None:
    for _number in range(3):
        newest: uuid.UUID = acts.renew_signing_key(by=official(Role.SYSTEM_ADMIN), key=key())
    keys = client.get("/.well-known/jwks.json").json()["keys"]
    assert len(keys) == 2
    assert keys[0]["kid"] == str(newest)
    assert all("d" not in one for one in keys)
