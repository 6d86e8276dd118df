"""The restaurant on real sharing: every agency's data come from its own system, over the wire; then it and others with three of
them down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from yiwang.config import typed
from yiwang.config.journey import Scenario, numbers_of, prepare
from yiwang.config.management.commands.pack import load
from yiwang.config.simulate import connecting, stores
from yiwang.config.simulate.listening import Listener
from yiwang.config.staffing import Staff
from yiwang.config.tests.part_of_city import part_of_city
from yiwang.config.tests.test_simulate import Running, here, settle, there
from yiwang.kernel import clock
from yiwang.kernel.events import Happening
from yiwang.kernel.models import AuditEntry, Event
from yiwang.kernel.packs import Pack
from yiwang.platform.sharing import live
from yiwang.platform.sharing.events import sending, telling
from yiwang.platform.sharing.models import BadRow, Check, Feed, Record

PEOPLE = 600
THREE = {"330300-amr": "hang", "330300-natural_resources": "garbage", "330300-police": "refuse"}
"""Three that a restaurant needs, and how each fails."""

OTHERS = ("retirement", "car", "school", "birth")
"""Journeys of people that are walked with the three down as well."""


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return part_of_city(tmp_path / "packs" / "wenzhou", "restaurant", *OTHERS)


@pytest.fixture
def systems(city: Path, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setenv("YIWANG_PACK_DIR", str(city.parent))
    settings.YIWANG_FEED_DIR = tmp_path / "feeds"
    monkeypatch.setenv("YIWANG_FEED_DIR", str(settings.YIWANG_FEED_DIR))
    found = Running(
        tmp_path / "agencies", "--pack", "wenzhou", "--people", str(PEOPLE), "--firms", "60", "--bad", "100"
    )
    live.forget()
    yield found
    found.end()
    live.forget()


@pytest.mark.slow
@pytest.mark.django_db
def test_a_restaurant_on_what_agencies_have_with_all_of_them_up_and_with_three_down(
    city: Path, systems: Running, settings: Any, tmp_path: Path
) -> None:
    settings.YIWANG_STATE_DIR = tmp_path / "state"  # the seals made here are this city's
    pack = Pack(city)
    load(pack, records=False)
    assert not Record.objects.exists()
    places = systems.places
    assert len(places) >= 42
    connecting.connect(list(places.values()))
    kept = set(Feed.objects.exclude(connector="http_ask").values_list("dataset__code", flat=True))
    files = set(Feed.objects.filter(connector="file_drop").values_list("dataset__code", flat=True))
    settle(places, kept)

    # What each agency has is here, its bad rows are kept for mending, and nothing else came.
    counted: Counter[str] = Counter()
    for agency, place in places.items():
        counts = stores.Store(systems.folder / f"{agency}.sqlite").counts()
        for code in kept & set(place.datasets):
            good, bad = counts.get(code, (0, 0))
            assert (Record.objects.filter(dataset__code=code).count(), here(code)) == (
                good,
                there(systems, agency, code),
            )
            assert BadRow.objects.filter(dataset__code=code).count() == bad, code
            counted += Counter(good=good, bad=bad)
    assert counted["good"] > PEOPLE * 5
    assert counted["bad"] > 20
    assert {"tax_arrears", "energy_use", "annual_reports"} <= files
    assert Record.objects.filter(dataset__code__in=files).count() > 20, "files, too"
    assert not Record.objects.exclude(dataset__code__in=kept).exists(), "what is asked at its source is not kept"

    assert connecting.connect_listeners(city, list(places.values())) == 1
    staff = Staff()
    well = walk(pack, "restaurant", staff)
    fire = Listener(stores.Store(systems.folder / "330300-fire.sqlite")).heard()
    assert {(one["topic"], one["data"]["change"]) for one in fire} == {("amr.food_licence_changed", "issued")}
    assert {"legal_persons", "real_estate_premises"} <= well["found"]

    settings.YIWANG_ASK_SECONDS = 0.5
    for agency, outage in THREE.items():
        connecting.behave(places[agency], outage=outage)
    live.forget()
    three = walk(pack, "restaurant", staff)
    assert "legal_persons" in three["found"], "what was read in is there whoever is down"
    assert "real_estate_premises" not in three["found"]
    assert three["closed"] == well["closed"], "nobody's outage stops a case: what was missing is looked into by hand"
    assert three["by_hand"] > well["by_hand"]
    for name in OTHERS:
        told = walk(pack, name, staff)
        assert told["closed"].total() > 1, name
        assert set(told["closed"]) <= set(well["closed"]), f"{name} comes to its end, too"


def walk(pack: Pack, name: str, staff: Staff) -> dict[str, Any]:
    """Walk a journey to its end, say what came of it, and take it back."""
    path = pack.root / "journeys" / f"{name}.yaml"
    scenario = pack.make(path, pack.yaml(path), Scenario)
    assert scenario
    with transaction.atomic():
        journey = prepare(scenario, numbers_of(pack), clock.today(), words=typed.read(pack), staff=staff)
        list(journey.steps())
        with clock.at(clock.now() + timedelta(days=90)):  # the journey took its days
            for one in Event.objects.filter(name="licence.issued", payload__type="food_licence"):
                telling.tell(Happening(one.id, one.at, one.name, one.subject_id, one.payload))
        with clock.at(clock.now() + timedelta(minutes=1)):
            sending.deliver_due()
        told = {
            "found": set(Check.objects.filter(outcome="found").values_list("dataset", flat=True)),
            "closed": Counter(case.state for case in journey.walk.cases),
            "by_hand": AuditEntry.objects.filter(name="cases.check_by_hand").count(),
        }
        transaction.set_rollback(True)
    return told
