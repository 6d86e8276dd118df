"""Whatever people write, it stays text: script and reversed writing in every free field, then a look at the pages."""

from __future__ import annotations

import uuid
from collections import deque
from typing import Any

import pytest
from django.test import Client

from yiwang.config import typed
from yiwang.kernel.fields import FieldKind
from yiwang.platform.directory.models import Agency, ServiceCentre, StaffMember
from yiwang.platform.identity.models import Organisation, Person
from yiwang.platform.oversight import acts as oversight
from yiwang.platform.oversight.models import BadRating, Service
from yiwang.platform.oversight.types import Level

from .walking import links

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}{% now %}"
SHOP = {"place_region": "339901001", "has_licence": False, "shop_area": 320, "food_kinds": ["hot"]}
MOST_PAGES = 60


@pytest.fixture
def hostile(journey: Any, monkeypatch: pytest.MonkeyPatch, person_id: Any, deliver: Any) -> None:
    """A shop and an elderly card in which every name and every free field is hostile."""
    value_of = typed.value_of
    texts = {FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.ADDRESS}

    def write(spec: Any, *how: Any) -> Any:
        free = spec.kind in texts and not spec.pattern and (not spec.max_length or spec.max_length > len(HOSTILE))
        return HOSTILE if free else value_of(spec, *how)

    monkeypatch.setattr(typed, "value_of", write)
    short = HOSTILE[:60]
    Person.objects.update(name=short)
    Organisation.objects.update(name=HOSTILE)
    Agency.objects.update(name=HOSTILE, short_name=HOSTILE[:40])
    ServiceCentre.objects.update(name=HOSTILE, address=HOSTILE)
    StaffMember.objects.update(name=short)
    list(journey("starter", "shop", answers=SHOP, correction=("330103015000", "floor_plan", HOSTILE)).steps())
    list(journey("elder", "old_age").steps())
    for subscriber in ("oversight.services", "notices"):
        deliver(subscriber)
    service = Service.objects.filter(principal_id=person_id("elder")).latest("done_at")
    from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel

    elder = Actor(kind=ActorKind.PERSON, id=service.principal_id, principal=service.principal, level=AssuranceLevel.L3)
    oversight.rate(service.id, Level.DISSATISFIED, [], HOSTILE, by=elder, key=uuid.uuid4().hex)
    assert BadRating.objects.exists()


def pages(browser: Client, *starts: str) -> Any:
    """Walk the links from some addresses."""
    waiting, seen = deque(starts), set(starts)
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.popleft()
        answer = browser.get(path)
        if "text/html" in answer.headers.get("Content-Type", "") and not answer.streaming:
            yield path, answer.status_code, answer.content.decode()
        for link in links(answer):
            if link not in seen:
                seen.add(link)
                waiting.append(link)


VISITS = {
    "": ("/", "/search/?q=" + HOSTILE, "/progress/?number=x&code=" + HOSTILE, "/ratings/", "/ratings/late/"),
    "elder": ("/my/", "/my/messages/", "/my/access/", "/my/acted/", "/account/", "/standings/"),
    "starter": ("/my/", "/my/messages/", "/my/delegations/"),
    "intake": ("/desk/", "/desk/people/"),
    "civil": ("/desk/", "/desk/bad-ratings/"),
    "supervisor": ("/desk/", "/desk/limits/", "/desk/bad-ratings/"),
    "system-admin": ("/desk/", "/desk/agencies/", "/desk/centres/"),
    "security-admin": ("/desk/staff/",),
    "audit-admin": ("/desk/audit/",),
}


@pytest.mark.slow
def test_what_is_written_stays_text(hostile: None, sign_in: Any) -> None:
    for login, starts in VISITS.items():
        shown = 0
        for path, status, text in pages(sign_in(login) if login else Client(), *starts):
            assert status < 500, path
            assert "<script>alert" not in text, path
            assert "<img src=x" not in text, path
            assert ">49{" not in text, path
            shown += "&lt;script&gt;alert" in text
        assert shown, f"nothing hostile was shown to {login}"
