"""Testville's agencies, people and staff, and ways to be one of them."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Door, Party, PartyKind, Role, RoleGrant
from yiwang.platform.directory.models import StaffMember
from yiwang.platform.identity import tasks
from yiwang.platform.identity.models import Account

PASSWORD = "Wen-Zhou-2026x"


@pytest.fixture(autouse=True)
def in_testville(testville):
    """Everything here is about its people and staff."""


@pytest.fixture
def real(settings, monkeypatch):
    """As in production: no demo sign-in, no demo plugin; codes are caught, their jobs done at once."""
    settings.YIWANG_DEMO = False
    settings.YIWANG_PLUGINS = {"identity.code_sender": "caught"}
    monkeypatch.setattr(tasks.send_code, "defer", tasks.send_code.func)
    Caught.sent.clear()
    return Caught.sent


from yiwang.platform.identity.ports import CodeSender, code_senders  # noqa: E402


@code_senders.register("caught")
class Caught(CodeSender):
    sent: list[tuple[str, str]] = []

    def send(self, phone: str, text: str, key: str) -> None:
        self.sent.append((phone, text))


def code_of(sent: list[tuple[str, str]]) -> str:
    found = re.search(r"\d{6}", sent[-1][1])
    assert found
    return found[0]


def account(login: str, password: str = PASSWORD) -> Account:
    row = Account.objects.get(login=login)
    row.set_password(password)
    row.save()
    return row


def signed_in(login: str, **more: Any) -> Client:
    """A browser in which the demo's sign-in was used."""
    browser = Client(**more)
    answer = browser.post("/sign-in/", {"method": "demo", "login": login})
    assert answer.status_code == 302, answer.content.decode()
    return browser


def person(login: str, *, level: int = 3, principal: Party | None = None, **more: Any) -> Actor:
    row = Account.objects.get(login=login)
    assert row.person_id
    me = Party(PartyKind.PERSON, row.person_id)
    return Actor(
        kind=ActorKind.PERSON,
        id=row.person_id,
        principal=principal or me,
        level=AssuranceLevel(level),
        door=Door.PORTAL,
        **more,
    )


def member(number: str, *roles: Role) -> Actor:
    row = StaffMember.objects.select_related("agency").get(number=number)
    return Actor(
        kind=ActorKind.STAFF,
        id=row.id,
        label=f"{row.agency.name} {number}",
        agency=row.agency.path,
        grants=tuple(RoleGrant(role) for role in roles),
        level=AssuranceLevel.L3,
        door=Door.DESK,
        second_factor=True,
    )


def key() -> str:
    return uuid.uuid4().hex
