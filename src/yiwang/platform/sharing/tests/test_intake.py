"""Rows that come in: the store is what a slow reading of the same rows says, whatever order and however often they come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yiwang.kernel import clock
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.problems import Invalid, KeyReused, NotAllowed, NotFound
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import Actor, ActorKind, Role, RoleGrant
from yiwang.platform.directory.models import Agency
from yiwang.platform.sharing import acts, feed_queries, indexes, intake, queries
from yiwang.platform.sharing.models import BadRow, Dataset, Record, Run
from yiwang.platform.sharing.tests.datasets import CONSUMER, allowed, dataset, item, published
from yiwang.platform.sharing.types import Brought

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
VEHICLES = dataset(
    code="test_vehicles",
    key=("plate",),
    items=(item("plate", required=True), item("brand"), item("bought_on", kind=FieldKind.DATE)),
)


@pytest.fixture
def vehicles(testville: None, db: None) -> Dataset:
    return published(VEHICLES)


@pytest.fixture
def provider(vehicles: Dataset) -> Actor:
    return client(vehicles.agency)


def client(agency: Agency) -> Actor:
    return Actor(
        kind=ActorKind.CLIENT,
        id=agency.pk,
        label=f"{agency.short_name}系统",
        agency=agency.path,
        scopes=frozenset({"data:write"}),
    )


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


def bring_in(rows: tuple[dict[str, Any], ...], *, by: Actor, key: str) -> Brought:
    return acts.bring_in(queries.id_of("test_vehicles"), rows, by=by, key=key)


def at(minutes: int) -> str:
    return (NOON - timedelta(hours=1) + timedelta(minutes=minutes)).isoformat()


def asked(*numbers: str) -> Any:
    return queries.ask(numbers, {"test_vehicles": {"": [CONSUMER]}})["test_vehicles"].values


def car(subject: str, plate: str, minutes: int, **values: Any) -> dict[str, Any]:
    return {"subject": subject, "plate": plate, "at": at(minutes), **values}


# --- against a slow oracle ---


class Oracle:
    """What the store must hold: for each subject and plate, what was so from when to when."""

    def __init__(self) -> None:
        self.history: dict[tuple[str, str], list[list[Any]]] = {}
        self.gone: dict[tuple[str, str], str] = {}
        """When it was last said that there is no such record."""

    def take(self, rows: list[dict[str, Any]]) -> dict[str, int]:
        counts = dict.fromkeys(("added", "changed", "removed", "unchanged", "older"), 0)
        told: dict[tuple[str, str, str], dict[str, Any]] = {}
        for row in rows:
            key = (row["at"], row["subject"], row["plate"])
            counts["older"] += key in told
            told[key] = row
        for (_at, *key), row in sorted(told.items(), key=lambda one: one[0]):
            counts[self._one((key[0], key[1]), row)] += 1
        return counts

    def _one(self, key: tuple[str, str], row: dict[str, Any]) -> str:
        past = self.history.setdefault(key, [])
        if row.get("deleted"):
            self.gone[key] = max(row["at"], self.gone.get(key, ""))
        values = {name: row[name] for name in ("plate", "brand") if row.get(name)}
        current = past[-1] if past and past[-1][3] is None else None
        if current is None:
            if row.get("deleted"):
                return "unchanged"
            if row["at"] < self.gone.get(key, ""):
                return "older"
            past.append([values, row["at"], row["at"], None])
            return "added"
        if current[0] == values and not row.get("deleted"):
            current[1] = max(current[1], row["at"])
            return "unchanged"
        if row["at"] < current[1]:
            return "older"
        current[3] = row["at"]
        if row.get("deleted"):
            return "removed"
        past.append([values, row["at"], row["at"], None])
        return "changed"


def history(vehicles: Dataset) -> dict[tuple[str, str], list[list[Any]]]:
    """Read the store as the oracle holds it."""
    names = {blind_index(subject, indexes.SUBJECT): subject for subject in "甲乙"}
    found: dict[tuple[str, str], list[list[Any]]] = {}
    for one in Record.objects.filter(dataset=vehicles).exclude(digest=b"").order_by("valid_from", "pk"):
        key = (names[bytes(one.subject_index)], one.values["plate"])
        end = one.valid_to and one.valid_to.isoformat()
        found.setdefault(key, []).append([one.values, one.at.isoformat(), one.valid_from.isoformat(), end])
    return found


ROWS = st.lists(
    st.builds(
        lambda subject, plate, minutes, brand, gone: car(
            subject, plate, minutes, brand=brand, **({"deleted": True} if gone else {})
        ),
        st.sampled_from("甲乙"),
        st.sampled_from(["浙C1", "浙C2"]),
        st.integers(0, 5),
        st.sampled_from(["", "红旗", "飞鸽"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


BATCHES = st.lists(ROWS, min_size=1, max_size=4).flatmap(
    lambda batches: st.lists(st.sampled_from(batches), max_size=2).map(lambda again: [*batches, *again])
)
"""Batches of which some are sent again at the end."""


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES)
def test_the_store_is_what_a_slow_reading_says(
    vehicles: Dataset, provider: Actor, batches: list[list[dict[str, Any]]]
) -> None:
    oracle = Oracle()
    with transaction.atomic():
        for number, rows in enumerate(batches):
            brought = bring_in(tuple(rows), by=provider, key=f"batch-{number}")
            counts = oracle.take(rows)
            assert {name: getattr(brought, name) for name in counts} == counts
            assert brought.read == len(rows) == sum(counts.values())
        assert history(vehicles) == {key: past for key, past in oracle.history.items() if past}
        for past in oracle.history.values():
            assert all(one[3] is not None and one[3] <= then[2] for one, then in pairwise(past))
        transaction.set_rollback(True)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES)
def test_what_was_so_at_the_end_of_a_day_is_what_a_slow_reading_says(
    vehicles: Dataset, provider: Actor, batches: list[list[dict[str, Any]]]
) -> None:
    """The rows' minutes are six-hour steps here: some fall on midnight in Shanghai, some into the same day."""
    oracle, first = Oracle(), datetime(2026, 2, 26, 16, tzinfo=UTC)
    steward = Actor(
        kind=ActorKind.STAFF, id=uuid4(), label="S-1", grants=(RoleGrant(Role.DATA_STEWARD, vehicles.agency.path),)
    )
    days = [date(2026, 2, 26) + timedelta(days=number) for number in range(5)]
    with transaction.atomic():
        for number, rows in enumerate(batches):
            spread = [
                row
                | {"at": (first + (datetime.fromisoformat(row["at"]) - NOON + timedelta(hours=1)) * 360).isoformat()}
                for row in rows
            ]
            bring_in(tuple(spread), by=provider, key=f"batch-{number}")
            oracle.take(spread)
        for subject in "甲乙":
            for day in days:
                moment = datetime(day.year, day.month, day.day, 15, 59, 59, 999999, tzinfo=UTC)
                slow = [
                    (begin, values)
                    for (whose, _plate), past in oracle.history.items()
                    for values, _at, begin, end in past
                    if whose == subject
                    and datetime.fromisoformat(begin) <= moment
                    and (end is None or moment < datetime.fromisoformat(end))
                ]
                found = feed_queries.as_of("test_vehicles", subject, day, steward)
                said = [(one.valid_from.isoformat(), one.values) for one in found]
                assert sorted(said, key=str) == sorted(slow, key=str)
        transaction.set_rollback(True)


def test_nothing_changes_when_the_same_comes_again(vehicles: Dataset, provider: Actor) -> None:
    rows = tuple(car(f"某{number}", "浙C1", 0, brand="红旗") for number in range(30))
    first = bring_in(rows, by=provider, key="first-call")
    again = bring_in(rows, by=provider, key="first-call")
    assert again == first
    assert Run.objects.count() == 1
    other = bring_in(rows, by=provider, key="other-call")
    assert (other.unchanged, other.added, Record.objects.filter(dataset=vehicles).count()) == (30, 0, 30)
    with pytest.raises(KeyReused):
        bring_in(rows[:2], by=provider, key="first-call")


def test_what_was_deleted_stays_deleted_when_its_rows_come_again(vehicles: Dataset, provider: Actor) -> None:
    rows = (car("甲", "浙C1", 0, brand="红旗"), car("乙", "浙C2", 0))
    bring_in(rows, by=provider, key="first-call")
    assert bring_in((car("甲", "浙C1", 5, deleted=True),), by=provider, key="gone-since").removed == 1
    again = bring_in(rows, by=provider, key="sent-again")
    assert (again.added, again.older, again.unchanged) == (0, 1, 1)
    assert bring_in((car("甲", "浙C1", 4, brand="飞鸽"),), by=provider, key="come-late").older == 1
    assert history(vehicles)["甲", "浙C1"] == [[{"plate": "浙C1", "brand": "红旗"}, at(0), at(0), at(5)]]
    assert bring_in((car("甲", "浙C1", 6, brand="红旗"),), by=provider, key="bought-anew").added == 1


def test_what_was_deleted_before_it_was_first_told_is_not_brought_to_life_by_what_is_older(
    vehicles: Dataset, provider: Actor
) -> None:
    gone = bring_in(
        (car("甲", "浙C1", 5, deleted=True), car("乙", "浙C1", 3, deleted=True)), by=provider, key="gone-first"
    )
    assert (gone.unchanged, gone.removed) == (2, 0), "there was nothing to remove"
    late = bring_in((car("甲", "浙C1", 4, brand="红旗"), car("甲", "浙C2", 4)), by=provider, key="come-late")
    assert (late.older, late.added) == (1, 1), "it is another plate's deletion"
    assert asked("甲") == {"plate": "浙C2"}
    assert asked("乙") is None
    bring_in((car("甲", "浙C2", 5, deleted=True), car("甲", "浙C2", 8, deleted=True)), by=provider, key="gone-twice")
    assert bring_in((car("甲", "浙C2", 6),), by=provider, key="between-two").older == 1, "the later deletion counts"
    assert bring_in((car("甲", "浙C1", 5, brand="红旗"),), by=provider, key="bought-anew").added == 1
    assert history(vehicles)["甲", "浙C1"] == [[{"plate": "浙C1", "brand": "红旗"}, at(5), at(5), None]]


def test_a_deletion_that_is_told_again_and_again_leaves_one_trace(vehicles: Dataset, provider: Actor) -> None:
    for minute in range(4):
        bring_in((car("甲", "浙C1", minute, deleted=True),), by=provider, key=f"told-{minute:05}")
    assert Record.objects.filter(dataset=vehicles).count() == 1
    trace = Record.objects.get(dataset=vehicles)
    assert (trace.values, trace.valid_to) == ({}, NOON - timedelta(minutes=57))
    assert bring_in((car("甲", "浙C1", 2),), by=provider, key="come-late").older == 1
    assert bring_in((car("甲", "浙C1", 4),), by=provider, key="come-anew").added == 1


def test_several_states_of_a_record_in_one_batch_are_its_history(vehicles: Dataset, provider: Actor) -> None:
    rows = (
        car("甲", "浙C1", 7, brand="凤凰"),
        car("甲", "浙C1", 1, brand="红旗"),
        car("甲", "浙C1", 2, brand="红旗"),
        car("甲", "浙C1", 4, brand="飞鸽"),
    )
    brought = bring_in(rows, by=provider, key="whole-history")
    assert (brought.added, brought.changed, brought.unchanged) == (1, 2, 1)
    assert [(one["brand"], *when) for one, *when in history(vehicles)["甲", "浙C1"]] == [
        ("红旗", at(2), at(1), at(4)),
        ("飞鸽", at(4), at(4), at(7)),
        ("凤凰", at(7), at(7), None),
    ]
    again = bring_in(rows, by=provider, key="history-again")
    assert (again.added, again.changed, again.removed, again.older) == (0, 0, 0, 3)


def test_a_bad_row_is_kept_for_its_source_and_mended_by_a_good_one(vehicles: Dataset, provider: Actor) -> None:
    rows = (car("甲", "浙C1", 0), {"subject": "乙", "at": at(0)}, {"plate": "浙C3"}, car("丙", "浙C4", 999))
    brought = bring_in(rows, by=provider, key="with-faults")
    assert (brought.added, brought.rejected) == (1, 3)
    assert [(fault.line, fault.faults) for fault in brought.faults] == [
        (2, (("plate", "required"),)),
        (3, (("subject", "required"),)),
        (4, (("at", "max"),)),
    ]
    late = BadRow.objects.get(line=4)
    assert late.values["plate"] == "浙C4"
    bring_in((car("丙", "浙C4", 1),), by=provider, key="mended-now")
    late.refresh_from_db()
    assert late.mended_at == NOON
    assert BadRow.objects.filter(mended_at=None).count() == 2


def test_drift_is_told(vehicles: Dataset, provider: Actor) -> None:
    brought = bring_in((car("甲", "浙C1", 0, colour="红"),), by=provider, key="drifting-1")
    assert (brought.drift.unknown, brought.drift.missing) == (("colour",), ("bought_on", "brand"))
    assert Run.objects.get().drift == {"unknown": ["colour"], "missing": ["bought_on", "brand"]}
    assert "colour" not in Record.objects.get(dataset=vehicles).values


def test_no_rows_say_that_nothing_is_new(vehicles: Dataset, provider: Actor) -> None:
    Dataset.objects.filter(pk=vehicles.pk).update(refreshed_at=None)
    assert bring_in((), by=provider, key="nothing-new-1") == Brought()
    vehicles.refresh_from_db()
    assert vehicles.refreshed_at == clock.now()
    assert not Run.objects.exists()


def test_what_was_refused_makes_nothing_fresh(vehicles: Dataset, provider: Actor) -> None:
    Dataset.objects.filter(pk=vehicles.pk).update(refreshed_at=None)
    assert bring_in((car("甲", "", 0),), by=provider, key="all-refused").rejected == 1
    vehicles.refresh_from_db()
    assert vehicles.refreshed_at is None
    bring_in((car("甲", "", 0), car("乙", "浙C1", 0)), by=provider, key="one-is-good")
    vehicles.refresh_from_db()
    assert vehicles.refreshed_at == clock.now()


def test_only_the_provider_brings_in(vehicles: Dataset, provider: Actor) -> None:
    neighbour = Agency.objects.exclude(path__startswith=vehicles.agency.path).filter(code="339901-fire").get()
    rows = (car("甲", "浙C1", 0),)
    with pytest.raises(NotAllowed):
        bring_in(rows, by=client(neighbour), key="neighbour")
    with pytest.raises(NotAllowed):
        bring_in(rows, by=replace(provider, scopes=frozenset()), key="no-scope")
    with pytest.raises(NotAllowed):
        bring_in(rows, by=replace(provider, agency=""), key="a-firm-1")
    with pytest.raises(NotFound):
        acts.bring_in(uuid4(), rows, by=provider, key="nothing-1")
    with pytest.raises(Invalid):
        bring_in(rows * (intake.MOST + 1), by=provider, key="too-many")
    assert Record.objects.filter(dataset=vehicles).count() == 0


def test_the_newest_record_answers(vehicles: Dataset, provider: Actor) -> None:
    rows = (car("甲", "浙C1", 0, brand="红旗"), car("甲", "浙C2", 3, brand="飞鸽"))
    bring_in(rows, by=provider, key="two-cars-1")
    allowed(vehicles, fields=("plate", "brand"))
    assert asked("甲") == {"plate": "浙C2", "brand": "飞鸽"}
    assert asked("乙") is None
    bring_in((car("甲", "浙C2", 9, deleted=True),), by=provider, key="sold-one-1")
    assert asked("乙", "甲") == {"plate": "浙C1", "brand": "红旗"}
