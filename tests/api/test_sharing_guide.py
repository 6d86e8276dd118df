"""The manual of the shared store is right: every example of docs/guides/sharing-api.md runs, in order."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from yiwang.config.environment import ROOT
from yiwang.kernel import clock
from yiwang.kernel.acts import system_record
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, AssuranceLevel, Party, PartyKind
from yiwang.platform.cases.models import Case
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity
from yiwang.platform.licences import acts as licences
from yiwang.platform.licences import queries as held
from yiwang.platform.sharing import acts
from yiwang.platform.sharing.events import queries as events
from yiwang.platform.sharing.events import sending
from yiwang.platform.sharing.events.tests.receivers import Receiver
from yiwang.platform.sharing.events.types import Method, NewEvent
from yiwang.platform.sharing.means import acts as means
from yiwang.platform.sharing.means import queries as means_queries
from yiwang.platform.sharing.models import ConsentRequest, Dataset
from yiwang.platform.sharing.types import GrantRequest

from .conftest import EATERY, SECRET, Caller, a_picture, register
from .test_applying import handed_in

GUIDE = Path(ROOT) / "docs" / "guides" / "sharing-api.md"
PART = re.compile(r"^```python\n(.*?)^```$|^<!-- agencies: (.*?) -->$", re.MULTILINE | re.DOTALL)
FOOD = "330131018001"


def allow() -> None:
    """Grant the market office the names of firms, for the food licence."""
    agency, row = directory.get_agency("339901-amr"), Dataset.objects.get(code="legal_persons")
    asked = GrantRequest(dataset=row.code, agency=agency.code, items=(FOOD,), fields=("name",), purpose="测试")
    with system_record("test.grant"):
        acts.write_grant(asked, row, agency, SYSTEM)


class Agencies:
    """What the guide's comments say that others do; ``names`` are what its examples read."""

    def __init__(self, firm: Caller, names: dict[str, Any]) -> None:
        self.firm, self.names = firm, names

    def a_case_is_running(self) -> None:
        allow()
        self.names["CASE"] = str(Case.objects.get(application_id=handed_in(self.firm), item_code=FOOD).pk)

    def a_scheme_is_in_force(self) -> None:
        elderly = means_queries.get_scheme("elderly").scheme
        with system_record("test.scheme"):
            means.write_scheme(replace(elderly, code="family_check", items=(FOOD,)), by=SYSTEM)

    def a_member_agrees(self) -> None:
        row = ConsentRequest.objects.filter(state="asked").earliest("id")
        member = identity.find_person(row.number)
        assert member
        by = Actor(kind=ActorKind.PERSON, id=member.id, label="家庭成员", level=AssuranceLevel.L3)
        means.answer_consent(row.pk, True, by=by, key=uuid.uuid4().hex)

    def a_system_subscribed_and_is_told(self) -> None:
        topic, agency = "amr.firm_changed", "339901-amr"
        pk = acts.subscribe(
            topic, agency, "http://127.0.0.1:9/events", Method.HMAC, "测试", by=SYSTEM, key=uuid.uuid4().hex
        )
        acts.pass_subscription(pk, by=SYSTEM, key=uuid.uuid4().hex)
        acts.approve_subscription(pk, 12, by=SYSTEM, key=uuid.uuid4().hex)
        data = {"uscc": EATERY, "name": "测试小吃有限公司", "kind": "head", "changed_on": "2026-03-02"}
        one = NewEvent(id="2", subject=EATERY, at=clock.now(), data=data)
        acts.publish_events(events.topic_id(topic), (one,), by=SYSTEM, key=uuid.uuid4().hex)
        receiver = Receiver()
        sending.deliver_due(receiver)
        self.names |= {"HEADERS": receiver.headers[0], "BODY": receiver.bodies[0], "NOW": clock.now().timestamp()}
        self.names["KEYS"] = list(events.secrets_of(pk, SYSTEM))

    def a_holder_shows_a_licence(self) -> None:
        person, firm = identity.find_person("339901198501011119"), identity.find_organisation(EATERY)
        assert person
        assert firm
        self.party = Party(PartyKind.ORGANISATION, firm.id)
        self.holder = Actor(
            kind=ActorKind.PERSON, id=person.id, label="申请人", principal=self.party, level=AssuranceLevel.L3
        )
        self.shown = licences.offer(uuid.UUID(self.names["changed"]["id"]), by=self.holder, key=uuid.uuid4().hex)
        self.names["CODE"] = held.code_shown(self.shown, self.holder)

    def the_holder_agrees(self) -> None:
        licences.agree(self.shown, 0, by=self.holder, key=uuid.uuid4().hex)

    def the_worker_takes_the_licences_over(self) -> None:
        while licences.work_on():
            pass


def test_the_guide_walks_from_token_to_licence(firm: Caller, wsgi: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = httpx.Client

    def inside(base_url: str) -> httpx.Client:
        return client(transport=httpx.WSGITransport(app=wsgi), base_url="http://testserver")

    monkeypatch.setattr(httpx, "Client", inside)
    scopes = ["data:read", "data:write", "data:check", "data:publish", "licences:write", "licences:look"]
    names: dict[str, Any] = {
        "CLIENT_ID": register("guide-agency", scopes, agency=directory.get_agency("339901-amr").id),
        "CLIENT_SECRET": SECRET,
        "SCAN": a_picture(),
    }
    agencies = Agencies(firm, names)
    parts = list(PART.finditer(GUIDE.read_text()))
    with clock.at(datetime(2026, 3, 2, 4, tzinfo=UTC)):
        for part in parts:
            if part[2]:
                getattr(agencies, part[2].replace(" ", "_"))()
            else:
                exec(compile(part[1], str(GUIDE), "exec"), names)
    assert len(parts) >= 18
