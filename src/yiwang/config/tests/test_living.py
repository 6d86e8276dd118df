"""A city is brought to life: in the order of time, through the acts, up to yesterday, once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from yiwang.config import living
from yiwang.config.environment import ROOT
from yiwang.config.scenario import Scenario
from yiwang.kernel import clock
from yiwang.kernel.audit import seal, verify
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.packs import Pack
from yiwang.platform.cases.models import Application, Case, InboxEntry
from yiwang.platform.licences.models import Licence
from yiwang.platform.oversight.models import Rating

PACK = Path(ROOT) / "packs" / "testville"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_testville_comes_to_life_once(testville: None) -> None:
    assert living.wanted()

    assert living.live(Pack(PACK)) == 3

    assert not living.wanted()
    states = dict(Case.objects.values_list("item_code", "state"))
    assert states == {"332011018000": "archived", "330131018001": "in_process", "330103015000": "submitted"}
    waiting = list(InboxEntry.objects.values_list("role", "case__item_code"))
    assert waiting == [("decider", "330131018001")]
    assert Application.objects.get(state="closed").submitted_at < clock.now() - timedelta(days=30)
    assert Rating.objects.count() == 1
    held = Licence.objects.get(number="3399012026000002")
    assert (held.status, held.status_reason) == ("held", "住所核查时查无此店")
    assert AuditEntry.objects.filter(name="cases.submit", at__lt=clock.now() - timedelta(days=1)).count() >= 2
    seal()
    assert list(verify()) == []


@pytest.mark.parametrize("level", ["satisfied", "dissatisfied"])
def test_only_a_bad_rating_is_put_right(level: str) -> None:
    pack = Pack(PACK)
    answered = {"finding": "属实", "measures": "已改", "call_back": "认可"}
    row = {"person": "elder", "rating": {"level": level, "reasons": [209], "answered": answered}}

    made = pack.make(PACK / "living" / "matters.yaml", row, Scenario)

    assert (made is not None) == (level == "dissatisfied")
    assert ["only a bad rating" in fault.message for fault in pack.faults] == [True] * (made is None)
