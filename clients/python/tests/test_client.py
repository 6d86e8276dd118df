"""The client against the platform itself: catalogue, rows, checks, events out, events in, catching up."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from subscriber import Subscriber

from yiwang.config.wsgi import application
from yiwang.doors.openapi import acts as openapi
from yiwang.kernel import clock
from yiwang.kernel.api import SCOPES
from yiwang.kernel.types import SYSTEM
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing.events.models import Subscription, TopicMessage
from yiwang.platform.sharing.events.posting import Answer
from yiwang.platform.sharing.events.tests.receivers import send, subscribed, topic
from yiwang.platform.sharing.events.types import Method
from yiwang_client import Client, Event, Failed, Refused, Store, Sync

CODE, SECRET = "test.happened", "only-for-tests-0123456789"
Transport = httpx.BaseTransport


class Shaky(httpx.BaseTransport):
    """Fails as it is told, then lets through."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.troubles: list[httpx.Response | Exception] = []
        self.lose: int = 0
        self.asked: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.troubles:
            trouble = self.troubles.pop(0)
            if isinstance(trouble, Exception):
                raise trouble
            return trouble
        answer = self.inner.handle_request(request)
        if self.lose:
            self.lose -= 1
            answer.read()
            raise httpx.ReadTimeout("the answer was lost")
        return answer


@pytest.fixture
def line(testville: None, db: None) -> Iterator[Shaky]:
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield Shaky(httpx.WSGITransport(app=application))
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def client(line: Shaky, agency: str = "339901-amr", waits: list[float] | None = None) -> Client:
    name = f"{agency}-{uuid.uuid4().hex[:8]}"
    owner = directory.get_agency(agency).id
    openapi.register_client(name, name, SECRET, list(SCOPES), "测试", by=SYSTEM, key=uuid.uuid4().hex, agency=owner)
    sleep = (waits if waits is not None else []).append
    return Client("http://testserver", name, SECRET, transport=line, sleep=sleep)


def events(*subjects: str, start: int = 0) -> list[Event]:
    at = clock.now() - timedelta(minutes=1)
    return [
        Event(id=f"e-{start + place}", subject=subject, at=at, data={"value": str(place)})
        for place, subject in enumerate(subjects)
    ]


def test_the_catalogue_rows_and_what_is_refused(line: Shaky) -> None:
    with client(line) as city:
        assert {"population", "legal_persons"} <= {one["code"] for one in city.datasets()}
        assert CODE not in {one["code"] for one in city.topics()}
        rows = [{"subject": "91339901MADEM0011Y", "name": f"测试{n}", "uscc": "91339901MADEM0011Y"} for n in range(3)]
        answers = city.push("legal_persons", rows, size=2, key="whole-run-1")
        assert [one["read"] for one in answers] == [2, 1]
        assert city.push("legal_persons", rows, size=2, key="whole-run-1") == answers
        with pytest.raises(Refused) as refused:
            city.push("population", rows)
        assert refused.value.status == 403
        assert refused.value.problem["type"].endswith("not-provider")
        with pytest.raises(Refused):
            city.check("no-such-case", "330131018001", ["91339901MADEM0011Y"], [{"dataset": "legal_persons"}])


def test_rows_to_mend_are_read_page_by_page(line: Shaky) -> None:
    with client(line) as city:
        wrong = [{"subject": f"9133990{number}MADEM0011Y", "uscc": "?"} for number in range(5)]
        city.push("legal_persons", wrong)
        found = list(city.faults("legal_persons", limit=2))
        assert [one["line"] for one in found] == [1, 2, 3, 4, 5]
        assert ["uscc", "kind"] in found[0]["faults"]
        assert {one["file"] for one in found} == {""}


def test_trouble_is_waited_out_and_a_write_is_done_once(line: Shaky) -> None:
    topic()
    waits: list[float] = []
    with client(line, waits=waits) as city:
        city.topics()
        line.troubles = [
            httpx.ConnectError("away"),
            httpx.Response(503),
            httpx.Response(429, headers={"Retry-After": "7"}),
        ]
        line.lose = 1
        told = events("a", "b", "c")
        assert city.publish(CODE, told[:2]) == 2
        assert len(waits) == 4
        assert waits[2] == 7
        assert 0.5 <= waits[0] <= 1
        assert TopicMessage.objects.count() == 2
        keys = {
            one.headers["Idempotency-Key"] for one in line.asked if one.method == "POST" and "/events" in one.url.path
        }
        assert len(keys) == 1
        assert city.publish(CODE, told) == 1
        line.troubles = [httpx.Response(500) for _number in range(6)]
        with pytest.raises(Failed):
            city.topics()


def test_a_token_that_was_taken_back_is_renewed(line: Shaky) -> None:
    with client(line) as city:
        city.topics()
        city._token = "taken-back"
        assert city.topics()
        city._until = 0.0
        assert city.topics()
        assert [one.url.path for one in line.asked].count("/oauth/token") == 3


def through(subscriber: Subscriber) -> Any:
    """Send deliveries to the example as a server would call it."""

    def post(name: str, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": headers["Content-Type"],
            "wsgi.input": io.BytesIO(body),
        }
        environ |= {f"HTTP_{key.upper().replace('-', '_')}": value for key, value in headers.items()}
        told: list[str] = []
        list(subscriber(environ, lambda status, _headers: told.append(status)))
        return Answer(int(told[0][:3]), told[0])

    return post


@pytest.mark.parametrize("method", list(Method))
def test_the_example_verifies_and_applies_once_and_in_order(line: Shaky, tmp_path: Path, method: Method) -> None:
    row = topic()
    told = subscribed(method=method)
    now = clock.now()
    with client(line) as city:
        keys: Any = told.secrets if method is Method.HMAC else city.keys()
        subscriber = Subscriber(Store(tmp_path / "events.db"), keys, audience=str(told.pk))
        city.publish(CODE, events("a", "b", "a"))
    assert row.code == CODE
    send(through(subscriber))
    assert [(number, subject) for number, subject, _id in subscriber.told()] == [(1, "a"), (2, "b"), (3, "a")]
    Subscription.objects.filter(pk=told.pk).update(cursor=1, next_at=now)  # the platform lost that it was taken
    with clock.at(clock.now() + timedelta(seconds=2)):
        send(through(subscriber))
    assert len(subscriber.told()) == 3
    stranger = Subscriber(Store(tmp_path / "other.db"), ["00" * 32], audience="other")
    Subscription.objects.filter(pk=told.pk).update(cursor=0, next_at=now)
    with clock.at(clock.now() + timedelta(seconds=3)):
        send(through(stranger))
    assert stranger.told() == []
    told.refresh_from_db()
    assert (told.cursor, told.failures) == (0, 1)
    assert told.last_error.startswith("401")


def test_catching_up_after_a_disaster(line: Shaky, tmp_path: Path) -> None:
    topic()
    subscribed()
    with client(line) as city:
        city.publish(CODE, events(*"abcdefg"))
    store, applied = Store(tmp_path / "events.db"), []
    with client(line, "339901-fire") as fire:

        def work(event: dict[str, Any], _line: Any) -> None:
            if len(applied) == 4 and not broken:
                broken.append(True)
                raise RuntimeError("power is out")
            applied.append(int(event["sequence"]))

        broken: list[bool] = []
        with pytest.raises(RuntimeError):
            Sync(CODE, store, size=3).run(fire, work)
        assert store.upto(CODE) == 3
        del applied[3:]  # what was applied in the transaction that was undone
        assert Sync(CODE, store, size=3).run(fire, work) == 4
        assert applied == [1, 2, 3, 4, 5, 6, 7]
        assert Sync(CODE, store, size=3).run(fire, work) == 0
    with client(line) as other, pytest.raises(Refused):
        Sync(CODE, Store(tmp_path / "other.db")).run(other, work)
