"""Receivers of deliveries, and topics, for tests."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from yiwang.kernel import clock
from yiwang.kernel.acts import system_record
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, Role, RoleGrant
from yiwang.platform.directory.models import Agency
from yiwang.platform.sharing import acts
from yiwang.platform.sharing.events import sending
from yiwang.platform.sharing.events.models import Subscription, TopicRow
from yiwang.platform.sharing.events.posting import Answer
from yiwang.platform.sharing.events.types import Method, NewEvent, Published, Topic
from yiwang.platform.sharing.types import DatasetItem

CODE = "test.happened"
ADDRESS = "http://127.0.0.1:9/events"
Event = dict[str, Any]


def key() -> str:
    return uuid.uuid4().hex


def client(code: str = "339901-amr", *scopes: str) -> Actor:
    agency = Agency.objects.get(code=code)
    given = frozenset(scopes or ("data:publish", "data:read"))
    return Actor(kind=ActorKind.CLIENT, id=agency.pk, label=f"{code}系统", agency=agency.path, scopes=given)


def official(role: Role, code: str = "") -> Actor:
    path = Agency.objects.get(code=code).path if code else ""
    return Actor(kind=ActorKind.STAFF, id=uuid.uuid4(), label=f"测试{role}", grants=(RoleGrant(role, path),))


def steward(code: str = "339901-fire") -> Actor:
    return official(Role.DATA_STEWARD, code)


def office() -> Actor:
    return official(Role.DATA_OFFICE)


def topic(**more: Any) -> TopicRow:
    given: dict[str, Any] = {
        "code": CODE,
        "name": "测试",
        "agency": "339901-amr",
        "subject": "编号",
        "items": (DatasetItem(name="value", label="值"),),
    }
    with system_record("test.topic"):
        return acts.write_topic(Topic(**(given | more)), by=SYSTEM)


def subscribed(*, address: str = ADDRESS, method: Method = Method.HMAC, code: str = CODE) -> Subscription:
    pk = acts.subscribe(code, "339901-fire", address, method, "测试", by=steward(), key=key())
    acts.pass_subscription(pk, by=office(), key=key())
    acts.approve_subscription(pk, 12, by=steward("339901-amr"), key=key())
    return Subscription.objects.get(pk=pk)


def an_event(subject: str = "甲", own: str = "", **data: Any) -> NewEvent:
    return NewEvent(
        id=own or key(), subject=subject, at=clock.now() - timedelta(minutes=1), data=data or {"value": "1"}
    )


def publish(*subjects: str, row: TopicRow | None = None) -> Published:
    """Publish an event about each subject, in this order; its value is its place in the test."""
    row = row or TopicRow.objects.get(code=CODE)
    events = tuple(an_event(subject) for subject in subjects)
    return acts.publish_events(row.pk, events, by=client(), key=key())


@dataclass
class Receiver:
    """Notes what it is sent; ``answer`` says what it thinks of a batch."""

    answer: Callable[[list[Event]], int] = lambda _events: 200
    deliveries: list[list[Event]] = field(default_factory=list)
    taken: list[Event] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def __call__(self, name: str, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        events = json.loads(body)
        self.deliveries.append(events)
        self.headers.append(headers)
        self.bodies.append(body)
        status = self.answer(events)
        if 200 <= status < 300:
            self.taken += events
        return Answer(status, f"HTTP {status}")

    @property
    def numbers(self) -> list[int]:
        return [int(one["sequence"]) for one in self.taken]

    def once(self) -> list[Event]:
        """Return what was taken without what came again, in order of the first coming."""
        return list({one["id"]: one for one in self.taken}.values())


def send(receiver: Callable[..., Answer], rounds: int = 1, step: float = 1.0) -> None:
    """Let the sender look so many times, ``step`` seconds apart."""
    now = clock.now()
    for number in range(rounds):
        with clock.at(now + timedelta(seconds=step * number)):
            sending.deliver_due(receiver)
