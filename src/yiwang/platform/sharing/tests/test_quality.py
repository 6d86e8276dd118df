"""How good a dataset is: the quick measure says what a slow reading says, scores are kept, faulty records wait to be mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from procrastinate.contrib.django.models import ProcrastinateJob

from yiwang.kernel import clock
from yiwang.kernel.codes import citizen_id_check
from yiwang.kernel.expressions import evaluate
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.models import AuditEntry, Event
from yiwang.kernel.sealed import SealBroken, blind_index
from yiwang.kernel.types import SYSTEM
from yiwang.platform.catalog.models import CodeEntry
from yiwang.platform.sharing import acts, indexes, quality, sweep, tasks
from yiwang.platform.sharing.inspecting import PLACE
from yiwang.platform.sharing.models import BadRow, CrossRuleRow, Dataset, Feed, QualityScore, Record, Run
from yiwang.platform.sharing.rules import PROMISES, WEIGHTS, faults, percent, score, timeliness
from yiwang.platform.sharing.tests.datasets import dataset, item, published
from yiwang.platform.sharing.types import Dimension, QualityRule, UpdateCycle

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
TODAY = date(2026, 3, 2)


def citizen(number: int) -> str:
    body = f"33030219900101{number:03d}"
    return body + citizen_id_check(body)


PEOPLE = tuple(citizen(number) for number in range(1, 5))
PERMITS = dataset(
    code="test_permits",
    key=("number",),
    items=(
        item("number", required=True),
        item("holder", kind=FieldKind.CITIZEN_ID, required=True),
        item("begins", kind=FieldKind.DATE, required=True),
        item("ends", kind=FieldKind.DATE),
        item("fee", kind=FieldKind.MONEY, min="0"),
    ),
    rules=(
        QualityRule(code="order", name="先始后终", expression="ends == null or d(ends) >= d(begins)"),
        QualityRule(code="cheap", name="不贵", expression="(fee ?? 0) < 100"),
    ),
)
PLACES = dataset(
    code="test_places",
    key=("plot",),
    items=(item("plot", required=True), item("owner"), item("fee", kind=FieldKind.MONEY)),
)
DEATHS = dataset(code="test_deaths", items=(item("died_on", kind=FieldKind.DATE),))
CROSS = {
    "alive": {"kind": "absent", "column": "", "there": "test_deaths", "other": ""},
    "holder_alive": {"kind": "absent", "column": "holder", "there": "test_deaths", "other": ""},
    "has_place": {"kind": "exists", "column": "", "there": "test_places", "other": ""},
    "holder_has_place": {"kind": "exists", "column": "holder", "there": "test_places", "other": ""},
    "dead_elsewhere": {"kind": "absent", "column": "", "there": "test_places", "other": "owner"},
    "owns_place": {"kind": "exists", "column": "", "there": "test_places", "other": "owner"},
    "same_fee": {"kind": "equal", "column": "fee", "there": "test_places", "other": "fee"},
}


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


@pytest.fixture
def permits(testville: None, db: None) -> Dataset:
    rows = {one.code: published(one) for one in (PERMITS, PLACES, DEATHS)}
    for code, rule in CROSS.items():
        CrossRuleRow.objects.create(
            code=code, name=code, here=rows["test_permits"], **rule | {"there": rows[rule["there"]]}
        )
    return reread(rows["test_permits"])


def reread(row: Dataset) -> Dataset:
    return Dataset.objects.select_related("current").get(pk=row.pk)


def keep(row: Dataset, records: list[tuple[str, dict[str, Any]]]) -> None:
    """Put records into the store as they are, checked by nobody."""
    for number, (subject, values) in enumerate(records):
        Record.objects.create(
            dataset=row,
            subject_index=blind_index(subject, indexes.SUBJECT),
            own=number.to_bytes(2, "big"),
            digest=b"",
            values=values,
            at=NOON,
            valid_from=NOON,
        )


def permit(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"number": f"A{number}", "holder": PEOPLE[0], "begins": "2026-01-01", **more}


# --- the measure against a slow reading ---


def slowly(row: Dataset) -> dict[str, Any]:
    """Read every record through the model, one by one, and look others up by loops."""
    current = {
        code: [one for one in Record.objects.filter(dataset__code=code) if one.valid_to is None]
        for code in ("test_permits", "test_places", "test_deaths")
    }
    told: Counter[tuple[str, str]] = Counter()
    sound = filled = 0
    for record in current["test_permits"]:
        wrong = [
            (one.name, word) for one in PERMITS.items for word in faults(one, record.values.get(one.name), today=TODAY)
        ]
        if not {"begins", "ends"} & {name for name, _word in wrong}:
            begins, ends = (record.values.get(name) for name in ("begins", "ends"))
            wrong += [("", "rule:order")] * bool(ends and date.fromisoformat(ends) < date.fromisoformat(begins))
        if "fee" not in {name for name, _word in wrong}:
            wrong += [("", "rule:cheap")] * (Decimal(str(record.values.get("fee") or 0)) >= 100)
        for code, rule in CROSS.items():
            about = bytes(record.subject_index)
            if rule["kind"] != "equal" and rule["column"]:
                value = record.values.get(rule["column"])
                if not value:
                    continue
                about = blind_index(str(value), indexes.SUBJECT)
            there = [one for one in current[rule["there"]] if bytes(one.subject_index) == about]
            if rule["other"] == "owner":
                owners = [one.values["owner"] for one in current[rule["there"]] if one.values.get("owner")]
                there = [one for one in owners if blind_index(str(one), indexes.SUBJECT) == about]
            if rule["kind"] == "equal":
                value, others = record.values.get("fee"), [one.values["fee"] for one in there if one.values.get("fee")]
                bad = bool(value and others) and not any(_equal(value, other) for other in others)
            else:
                bad = bool(there) != (rule["kind"] == "exists")
            wrong += [(rule["column"], f"cross:{code}")] * bad
        told.update(wrong)
        sound += not wrong
        filled += sum(bool(record.values.get(one.name)) for one in PERMITS.items if one.required)
    return {
        "rows": len(current["test_permits"]),
        "expected": 3 * len(current["test_permits"]),
        "filled": filled,
        "sound": sound,
        "faults": {(*fault, rows) for fault, rows in told.items()},
    }


def _equal(one: str, other: str) -> bool:
    try:
        return Decimal(one) == Decimal(other)
    except ArithmeticError:
        return one == other


def mixed(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "number": mixed("A1", "", "A2"),
        "holder": mixed(*PEOPLE, "12345", ""),
        "begins": mixed("2026-01-01", "2026-02-30", ""),
        "ends": mixed("2026-06-30", "2025-06-30", "长期", ""),
        "fee": mixed("5", "5.00", "-1", "99.99", "100", "免费", ""),
    },
)
STORES = st.fixed_dictionaries(
    {
        "test_permits": st.lists(st.tuples(mixed(*PEOPLE), VALUES), max_size=8),
        "test_places": st.lists(
            st.tuples(mixed(*PEOPLE), st.fixed_dictionaries({"fee": mixed("5", "6", ""), "owner": mixed(*PEOPLE, "")})),
            max_size=4,
        ),
        "test_deaths": st.lists(st.tuples(mixed(*PEOPLE), st.just({})), max_size=2),
    }
)


@pytest.mark.slow
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(store=STORES, portion=st.integers(1, 4))
def test_the_measure_is_what_a_slow_reading_says(permits: Dataset, store: dict[str, Any], portion: int) -> None:
    with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(quality, "PORTION", portion)
        for code, records in store.items():
            keep(Dataset.objects.get(code=code), records)
        found = quality.measure(permits)
        said = slowly(permits)
        assert {name: getattr(found, name) for name in ("rows", "expected", "filled", "sound")} | {
            "faults": set(found.faults)
        } == said
        assert len(found.wrong) == found.rows - found.sound
        assert sum(len(one) for one in found.wrong.values()) == sum(rows for *_fault, rows in found.faults)
        transaction.set_rollback(True)


@pytest.mark.slow
def test_many_processes_find_what_one_finds(permits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(permits, [(PEOPLE[n % 4], permit(n, ends="2025-01-01" if n % 7 == 0 else "")) for n in range(60)])
    alone = quality.measure(permits)
    assert ("", "rule:order", 9) in alone.faults
    pools: list[Any] = []
    monkeypatch.setattr(quality, "PORTION", 5)
    monkeypatch.setattr(quality, "FEW", 10)
    pool = quality.ProcessPoolExecutor
    monkeypatch.setattr(quality, "ProcessPoolExecutor", lambda *given: pools.append(pool(*given)) or pools[-1])
    assert quality.measure(permits) == alone
    assert len(pools) == 1


def test_what_ended_is_not_counted(permits: Dataset) -> None:
    keep(permits, [(PEOPLE[0], permit(1)), (PEOPLE[1], permit(2, fee="x"))])
    Record.objects.filter(dataset=permits, own=b"\0\1").update(valid_to=NOON)
    assert (quality.measure(permits).rows, quality.measure(permits).columns["fee"]) == (1, 0)


def test_what_was_refused_counts_until_it_is_mended(permits: Dataset) -> None:
    rows = [{"subject": PEOPLE[0], **permit(1)}, {"subject": PEOPLE[1], **permit(2, holder="", fee="viel")}]
    acts.bring_in(permits.pk, tuple(rows), by=SYSTEM, key="refused-1")
    found = quality.measure(permits)
    assert (found.rows, found.columns["fee"], found.columns["number"], found.columns["holder"]) == (2, 1, 2, 1)
    assert {(name, word) for name, word, _rows in found.faults} >= {("fee", "kind")}
    acts.bring_in(permits.pk, ({"subject": PEOPLE[1], **permit(2)},), by=SYSTEM, key="refused-2")
    after = quality.measure(permits)
    assert (after.rows, after.columns["fee"], after.columns["holder"]) == (2, 0, 2)
    assert ("fee", "kind") not in {(name, word) for name, word, _rows in after.faults}


def test_what_is_asked_at_its_source_has_no_score(permits: Dataset) -> None:
    feed = Feed.objects.create(dataset=permits, connector="http_ask", next_at=NOON)
    assert permits.pk not in sweep.unmeasured()
    Feed.objects.filter(pk=feed.pk).update(connector="http_pull")
    assert permits.pk in sweep.unmeasured()


def test_a_record_that_does_not_open_is_no_quiet_fault(permits: Dataset) -> None:
    keep(permits, [(PEOPLE[0], permit(1))])
    with connection.cursor() as sql:
        sql.execute('UPDATE sharing_record SET "values" = %s WHERE dataset_id = %s', [b"\1\2k1broken", permits.pk])
    with pytest.raises(SealBroken):
        quality.measure(permits)


def test_the_place_of_records_is_what_the_column_says() -> None:
    assert Record._meta.get_field("values").place == PLACE  # type: ignore[union-attr]


def test_rules_are_asked_of_numbers_and_of_today(permits: Dataset) -> None:
    rules = (
        QualityRule(code="sum", name="合计", expression="fee == null or fee * 2 == 21"),
        QualityRule(code="past", name="已开始", expression="d(begins) <= d(today)"),
        QualityRule(code="there", name="有终期", expression="ends != null"),
        QualityRule(code="odd", name="算不出", expression="number > 1"),
    )
    row = reread(published(replace(PERMITS, rules=rules)))
    CrossRuleRow.objects.all().delete()
    keep(row, [(PEOPLE[0], permit(1, fee="10.50"))])
    with clock.at(datetime(2025, 12, 31, 4, tzinfo=UTC)):
        assert {word for _name, word, _rows in quality.measure(row).faults} == {"rule:past", "rule:there", "rule:odd"}
    assert {word for _name, word, _rows in quality.measure(row).faults} == {"rule:there", "rule:odd"}


# --- scores ---


@given(st.fractions(0, 1))
def test_shares_are_rounded_down_to_one_decimal(share: Fraction) -> None:
    told = percent(share)
    assert told.as_tuple().exponent == -1
    assert 0 <= share * 100 - Fraction(told) < Fraction(1, 10)
    assert (told == 100) == (share == 1)


@given(
    st.lists(st.one_of(st.none(), st.fractions(0, 1)), min_size=3, max_size=3),
    st.lists(st.integers(0, 100), min_size=3, max_size=3),
)
def test_a_score_is_the_weighted_mean_of_what_is_known(shares: list[Fraction | None], weights: list[int]) -> None:
    told = score(dict(zip(Dimension, shares, strict=True)), dict(zip(Dimension, weights, strict=True)))
    known = [(share, weight) for share, weight in zip(shares, weights, strict=True) if share is not None and weight]
    if not known:
        assert told == 0
        return
    exact = sum(share * weight for share, weight in known) / sum(weight for _share, weight in known)
    assert Fraction(told) <= exact * 100 < Fraction(told) + Fraction(1, 10)
    assert min(share for share, _weight in known) * 100 - Fraction(1, 10) < told


def test_nothing_is_right_or_wrong_with_no_records() -> None:
    nothing = {Dimension.COMPLETENESS: None, Dimension.ACCURACY: None}
    assert score(nothing | {Dimension.TIMELINESS: Fraction(0)}) == 0
    assert score(nothing | {Dimension.TIMELINESS: Fraction(1, 3)}) == Decimal("33.3")
    assert sum(WEIGHTS.values()) == 100


@pytest.mark.parametrize("cycle", list(UpdateCycle))
def test_timeliness_day_by_day(cycle: UpdateCycle) -> None:
    days = PROMISES[cycle].days
    for age in range(4 * days + 1):
        # day by day: what is late loses the same each day, until three times the promise
        slow = 1 if age <= days else max(0.0, 1 - (age - days) / (2 * days))
        assert float(timeliness(cycle, NOON - timedelta(days=age), NOON)) == pytest.approx(slow)
    assert timeliness(cycle, NOON + timedelta(days=1), NOON) == 1
    assert timeliness(cycle, NOON - 3 * PROMISES[cycle], NOON) == 0
    assert timeliness(cycle, None, NOON) == 0


def test_weights_are_the_citys(permits: Dataset) -> None:
    keep(permits, [(PEOPLE[0], permit(1, ends="2025-01-01"))])
    CrossRuleRow.objects.all().delete()
    Dataset.objects.filter(pk=permits.pk).update(refreshed_at=NOON - timedelta(days=2))
    CodeEntry.objects.filter(table="quality_weights").delete()
    assert quality.measure(reread(permits)).score == Decimal("45.0")  # 30 of 30, 0 of 40, half of 30
    for code, weight in (("completeness", "0"), ("accuracy", "0"), ("timeliness", "1")):
        CodeEntry.objects.create(table="quality_weights", code=code, label=weight)
    assert quality.measure(reread(permits)).score == Decimal("50.0")


# --- every night ---


def nightly(day: int = 0) -> int:
    with clock.at(NOON + timedelta(days=day)):
        return sweep.measure_all()


def test_a_night_is_measured_once(permits: Dataset) -> None:
    keep(permits, [(PEOPLE[0], permit(1)), (PEOPLE[1], permit(2, ends="2025-01-01"))])
    published_ = Dataset.objects.filter(current__isnull=False).count()
    assert nightly() == published_
    kept = list(QualityScore.objects.filter(dataset=permits).values())
    assert (len(kept), BadRow.objects.filter(dataset=permits).count()) == (1, 2)
    assert nightly() == 0
    assert list(QualityScore.objects.filter(dataset=permits).values()) == kept
    assert Event.objects.filter(name="sharing.measured").count() == published_
    assert AuditEntry.objects.filter(name="sharing.measure").count() == published_
    assert nightly(1) == published_
    assert QualityScore.objects.filter(dataset=permits).count() == 2
    assert BadRow.objects.filter(dataset=permits).count() == 2
    assert Run.objects.filter(dataset=permits).count() == 1


def test_scores_are_kept_for_four_hundred_days(permits: Dataset) -> None:
    for day in (0, 400, 401):
        with clock.at(NOON + timedelta(days=day)):
            acts.note_measure(permits.pk, quality.measure(permits), by=SYSTEM, key=f"day-{day}")
    assert [one.day - TODAY for one in QualityScore.objects.order_by("day")] == [timedelta(400), timedelta(401)]


def test_every_dataset_is_a_job_of_its_own(permits: Dataset) -> None:
    count = Dataset.objects.filter(current__isnull=False).count()
    waiting_jobs = ProcrastinateJob.objects.filter(task_name="sharing.measure")
    assert tasks.measure_all(0) == count
    assert tasks.measure_all(0) == count
    assert waiting_jobs.count() == count, "what waits already is not put on the queue again"
    assert {job.args["dataset"] for job in waiting_jobs} >= {str(permits.pk)}
    assert tasks.measure(str(permits.pk))
    assert not tasks.measure(str(permits.pk))
    assert [row.dataset_id for row in QualityScore.objects.all()] == [permits.pk]
    assert tasks.measure_all(0) == count - 1


def test_what_is_published_no_more_is_not_measured(permits: Dataset) -> None:
    Dataset.objects.filter(pk=permits.pk).update(current=None)
    assert not tasks.measure(str(permits.pk))


# --- what waits to be mended ---


def waiting(row: Dataset) -> dict[str, list[list[str]]]:
    return {one.values["number"]: one.faults for one in BadRow.objects.filter(dataset=row, mended_at=None)}


def test_faulty_records_wait_until_they_are_good_or_end(permits: Dataset) -> None:
    CrossRuleRow.objects.all().delete()
    keep(permits, [(PEOPLE[0], permit(number, ends="2025-01-01")) for number in range(3)] + [(PEOPLE[1], permit(9))])
    nightly()
    order = [["", "rule:order"]]
    assert waiting(permits) == {"A0": order, "A1": order, "A2": order}
    first = BadRow.objects.get(dataset=permits, own=b"\0\0")
    assert (first.line, first.run.connector, first.values["subject"]) == (0, "quality", PEOPLE[0])
    for own, more in ((b"\0\0", {"ends": "2027-01-01"}), (b"\0\1", {"ends": "2025-01-01", "fee": "-1"})):
        record = Record.objects.get(dataset=permits, own=own)
        record.values = record.values | more
        record.save()
    Record.objects.filter(dataset=permits, own=b"\0\2").update(valid_to=NOON)
    nightly(1)
    assert waiting(permits) == {"A1": [["fee", "min"], ["", "rule:order"]]}
    assert BadRow.objects.filter(dataset=permits).count() == 3
    first.refresh_from_db()
    assert first.mended_at == NOON + timedelta(days=1)


def test_whose_record_it_is_may_stand_in_another_dataset(permits: Dataset) -> None:
    number = PEOPLE[1]
    keep(permits, [(number, permit(1, ends="2025-01-01"))])
    nightly()
    assert "subject" not in BadRow.objects.get(dataset=permits).values, "the holder is another"
    BadRow.objects.all().delete()
    keep(
        reread(published(dataset(code="test_cards", items=(item("card", kind=FieldKind.CITIZEN_ID),)))),
        [(number, {"card": number})],
    )
    nightly(1)
    assert BadRow.objects.get(dataset=permits).values["subject"] == number


def test_rows_that_were_not_taken_are_left_as_they_are(permits: Dataset) -> None:
    row = {"subject": PEOPLE[0], "holder": PEOPLE[0], "begins": "2026-01-01", "number": "A1", "ends": "2025-01-01"}
    brought = acts.bring_in(permits.pk, (row,), by=SYSTEM, key="bad-order-1")
    assert brought.faults[0].faults == (("", "rule:order"),)
    nightly()
    assert waiting(permits) == {"A1": [["", "rule:order"]]}


def test_what_comes_in_mends_what_was_found(permits: Dataset) -> None:
    CrossRuleRow.objects.all().delete()
    row = {"subject": PEOPLE[0], "holder": PEOPLE[0], "begins": "2026-01-01", "number": "A1", "ends": "2026-06-01"}
    acts.bring_in(permits.pk, (row,), by=SYSTEM, key="good-row-1")
    rules = (QualityRule(code="long", name="要到年底", expression="ends == null or d(ends) > d('2026-12-01')"),)
    published(replace(PERMITS, rules=rules))
    nightly()
    assert waiting(permits) == {"A1": [["", "rule:long"]]}
    acts.bring_in(permits.pk, (row | {"ends": "2027-01-01"},), by=SYSTEM, key="good-row-2")
    assert waiting(permits) == {}


def test_only_so_many_wait_and_those_that_wait_stay(permits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    CrossRuleRow.objects.all().delete()
    monkeypatch.setattr(quality, "LISTED", 2)
    keep(permits, [(PEOPLE[0], permit(number, ends="2025-01-01")) for number in range(5)])
    nightly()
    before = waiting(permits)
    nightly(1)
    assert (len(before), waiting(permits)) == (2, before)
    assert QualityScore.objects.filter(dataset=permits).latest("day").sound == 0


@pytest.mark.parametrize("expression", [rule.expression for rule in PERMITS.rules])
def test_an_empty_column_is_said_to_be_right(expression: str) -> None:
    assert evaluate(expression, {"begins": "2026-01-01"}).value is True
