"""Testville, a firm's client, an agency's client, and how they call."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.http import HttpResponse
from django.test import Client as Browser
from PIL import Image

from yiwang.config.wsgi import application
from yiwang.doors.openapi import acts
from yiwang.kernel import limits
from yiwang.kernel.api import SCOPES
from yiwang.kernel.types import SYSTEM
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity

SECRET = "only-for-tests-0123456789"
EATERY = "91339901MADEM0011Y"
AGENT = "339901199002022221"
SHOP = {"place_region": "339901001", "has_licence": True, "shop_area": 120, "food_kinds": ["hot"]}


@dataclass
class Caller:
    """A client with a token."""

    browser: Browser
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, key: str = "", **more: Any) -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= self.headers | ({"Idempotency-Key": key} if key else {}) | more.pop("headers", {})
        kwargs = {"data": body, "content_type": "application/json"} if body is not None else {}
        return self.browser.generic(method, path, headers=headers, **_encoded(kwargs), **more)

    def get(self, path: str, **more: Any) -> HttpResponse:
        return self.call("GET", f"/api/v1{path}", **more)

    def write(self, method: str, path: str, body: Any = None, key: str | None = None) -> HttpResponse:
        return self.call(method, f"/api/v1{path}", body, uuid.uuid4().hex if key is None else key)

    def upload(self, path: str, material: str, content: bytes, key: str = "", name: str = "a.png") -> HttpResponse:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": key or uuid.uuid4().hex,
        } | self.headers
        data = {"material": material, "file": SimpleUploadedFile(name, content)}
        return self.browser.post(f"/api/v1{path}", data, headers=headers)

    def send(self, path: str, content: bytes) -> HttpResponse:
        data = {"file": SimpleUploadedFile("a.pdf", content)}
        return self.browser.post(f"/api/v1{path}", data, headers={"Authorization": f"Bearer {self.token}"})


def _encoded(kwargs: dict[str, Any]) -> dict[str, Any]:
    import json

    if "data" in kwargs and not isinstance(kwargs["data"], bytes):
        kwargs["data"] = json.dumps(kwargs["data"])
    return kwargs


def register(name: str, scopes: list[str], **owner: Any) -> str:
    acts.register_client(name, name, SECRET, scopes, "测试", by=SYSTEM, key=uuid.uuid4().hex, **owner)
    return name


def ask_token(browser: Browser, client: str, secret: str = SECRET, scope: str = "") -> HttpResponse:
    basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
    data = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
    return browser.post("/oauth/token", data, headers={"Authorization": f"Basic {basic}"})


def caller(name: str, scopes: list[str] | None = None, **owner: Any) -> Caller:
    browser = Browser(raise_request_exception=False)
    register(name, scopes or list(SCOPES), **owner)
    return Caller(browser, ask_token(browser, name).json()["access_token"])


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test remembers another's rate, and none goes on into the next minute's."""
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: 1e9))
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def firm(db: None, testville: None) -> Caller:
    """The eatery's own system; its agent is the person that the elder and others delegate to."""
    eatery = identity.find_organisation(EATERY)
    agent = identity.find_person(AGENT)
    assert eatery
    assert agent
    return caller("eatery-system", organisation=eatery.id, agent=agent.id)


@pytest.fixture
def rival(db: None, testville: None) -> Caller:
    other = identity.find_organisation("91339902MADEM002X5")
    assert other
    return caller("rival-system", organisation=other.id)


@pytest.fixture
def office(db: None, testville: None) -> Caller:
    """An agency's system."""
    agent = identity.find_person(AGENT)
    assert agent
    return caller("office-system", agency=directory.get_agency("339901-amr").id, agent=agent.id)


@pytest.fixture
def picture() -> bytes:
    return a_picture()


def a_picture(shade: int = 255) -> bytes:
    file = BytesIO()
    Image.new("L", (64, 48), shade).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def wsgi() -> Iterator[Any]:
    """The application as a server calls it, inside the test's transaction (as Django's own client does it)."""
    signals = (request_started, request_finished)

    def call(environ: Any, start_response: Any) -> Any:
        for signal in signals:
            signal.disconnect(close_old_connections)
        return application(environ, start_response)

    yield call
    for signal in signals:
        signal.connect(close_old_connections)
