"""Grants of stewards that are narrowed to a region reach agencies' rows there, and no others."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from yiwang.kernel.types import Actor, ActorKind, Role, RoleGrant
from yiwang.platform.sharing.events.models import Subscription
from yiwang.platform.sharing.events.tests.receivers import subscribed, topic
from yiwang.platform.sharing.models import BadRow, Dataset, Grant, Objection
from yiwang.platform.sharing.watch.models import ReadingAlert

SEEN: dict[str, Callable[[Actor], Any]] = {
    "datasets": Dataset.objects.editable_by,
    "grants": Grant.objects.visible_to,
    "objections": Objection.objects.visible_to,
    "rows to mend": BadRow.objects.visible_to,
    "subscriptions": Subscription.objects.visible_to,
    "alerts": ReadingAlert.objects.visible_to,
}


def steward(region: str) -> Actor:
    grants = (RoleGrant(Role.DATA_STEWARD, region=region),)
    return Actor(kind=ActorKind.STAFF, id=uuid.uuid4(), label="测试", grants=grants)


@pytest.mark.parametrize("what", SEEN)
def test_a_region(testville: None, db: None, what: str) -> None:
    assert not SEEN[what](steward("110000")).exists()
    here = SEEN[what](steward("3399"))
    assert here.exists() is (what in {"datasets", "grants"})


def test_subscriptions_of_a_region(testville: None, db: None) -> None:
    topic()
    row = subscribed()
    assert list(Subscription.objects.visible_to(steward("3399"))) == [row]
    assert not Subscription.objects.visible_to(steward("110000")).exists()
