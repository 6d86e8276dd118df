"""What the store keeps of what is over: as long as a walk through the days says, and not a day longer."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yiwang.kernel import clock
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.types import SYSTEM
from yiwang.platform.sharing import acts, keeping, sweep
from yiwang.platform.sharing.acts import keeping as acts_keeping
from yiwang.platform.sharing.models import BadRow, Dataset, Record, Run
from yiwang.platform.sharing.rules import gone_before, kept_until
from yiwang.platform.sharing.tests.datasets import dataset, published

TODAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
days = st.dates(date(2015, 1, 1), date(2026, 3, 2))


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


def walked(ended: date, months: int) -> date:
    """Walk on from a day until so many months are full: a month is full on the same day, or on its last where there is none."""
    day, full = ended, 0
    while full < months:
        day += timedelta(days=1)
        last = monthrange(day.year, day.month)[1]
        full += day.day == min(ended.day, last)
    return day


@given(days, st.integers(1, 60))
def test_a_term_ends_where_a_walk_through_the_days_ends(ended: date, months: int) -> None:
    assert kept_until(ended, months) == walked(ended, months)


@given(days, days, st.integers(1, 14))
def test_what_ended_is_gone_from_the_day_after_its_last(ended: date, today: date, months: int) -> None:
    assert (ended <= gone_before(months, today)) is (walked(ended, months) < today)


# --- the store against a slow reading ---


def kept(months: int, code: str = "test_kept") -> Dataset:
    return published(dataset(code=code, retention_months=months))


def record(row: Dataset, ended: datetime | None, subject: bytes = b"s") -> Record:
    begun = ended or NOON
    return Record.objects.create(
        dataset=row, subject_index=subject, digest=b"", values={"value": "x"}, at=begun, valid_from=begun, valid_to=ended
    )  # fmt: skip


def bad(row: Dataset, at: datetime, mended: datetime | None = None, line: int = 1) -> BadRow:
    run = Run.objects.create(dataset=row, connector="push", by="test", began_at=at)
    values = {"subject": "x"}
    return BadRow.objects.create(
        run=run, dataset=row, line=line, subject_index=b"s", faults=[], values=values, at=at, mended_at=mended
    )


def instant(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=clock.SHANGHAI)


ends = st.one_of(st.none(), st.builds(instant, days, st.integers(0, 23)))
refusals = st.tuples(st.builds(instant, days, st.integers(0, 23)), st.integers(0, 2), st.booleans())


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 40), st.lists(ends, max_size=8), st.lists(refusals, max_size=8))
def test_every_night_leaves_what_a_slow_reading_leaves(
    testville: None, db: None, months: int, ended: list[datetime | None], refused: list[tuple[datetime, int, bool]]
) -> None:
    row = kept(months)
    Record.objects.filter(dataset=row).delete()
    BadRow.objects.filter(dataset=row).delete()
    records = {record(row, one, bytes([place])).pk: one for place, one in enumerate(ended)}
    rows = {
        bad(row, at, at + timedelta(days=1) if mended else None, line).pk: (at, line, mended)
        for at, line, mended in refused
    }

    def over(at: datetime, term: int) -> bool:
        return bool(term) and walked(at.astimezone(clock.SHANGHAI).date(), term) < TODAY

    want = {pk for pk, end in records.items() if end is None or not over(end, months)}
    stay = {
        pk
        for pk, (at, line, mended) in rows.items()
        if not (over(at + timedelta(days=1), min(months or 12, 12)) if mended else line and over(at, months))
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(acts_keeping, "AT_ONCE", 2)
        assert sweep.forget_all() == len(records) + len(rows) - len(want) - len(stay)
    assert set(Record.objects.filter(dataset=row).values_list("pk", flat=True)) == want
    assert set(BadRow.objects.filter(dataset=row).values_list("pk", flat=True)) == stay
    assert sweep.forget_all() == 0


def test_the_trail_says_how_many_and_nothing_of_whom(testville: None, db: None) -> None:
    row = kept(12)
    for number in range(3):
        record(row, NOON - timedelta(days=500), bytes([number]))
    bad(row, NOON - timedelta(days=500))
    idle = AuditEntry.objects.filter(name="sharing.forget").count()
    assert sweep.forget_all() == 4
    entry = AuditEntry.objects.filter(name="sharing.forget").latest("seq")
    assert entry.detail == {"dataset": "test_kept", "records": 3, "rows": 1}
    sweep.forget_all()
    assert AuditEntry.objects.filter(name="sharing.forget").count() == idle + 1


def test_what_fell_over_goes_on_where_it_stopped(testville: None, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    row, other = kept(1), kept(1, "test_other")
    for one in (row, other):
        for number in range(5):
            record(one, NOON - timedelta(days=90), bytes([number]))
    monkeypatch.setattr(acts_keeping, "AT_ONCE", 2)
    overdue, asked = keeping.overdue, []

    def fall(pk: object) -> object:
        asked.append(pk)
        if pk == row.pk and asked.count(pk) == 3:
            raise OSError("planted")
        return overdue(pk)  # type: ignore[arg-type]

    monkeypatch.setattr(keeping, "overdue", fall)
    with pytest.raises(sweep.Unfinished, match="test_kept"):
        sweep.forget_all()
    assert Record.objects.filter(dataset=row).count() == 3
    assert not Record.objects.filter(dataset=other).exists()
    monkeypatch.setattr(keeping, "overdue", overdue)
    assert sweep.forget_all() == 3


def test_a_withdrawn_dataset_keeps_its_term(testville: None, db: None) -> None:
    row = kept(1)
    record(row, NOON - timedelta(days=90))
    acts.withdraw(row.pk, "不再提供", by=SYSTEM, key="w")
    assert sweep.forget_all() == 1


def test_no_look_reads_the_whole_table(testville: None, db: None) -> None:
    row = kept(1)
    with connection.cursor() as sql:
        sql.execute("SET LOCAL enable_seqscan = off")
        plans = [rows.explain() for rows in keeping.overdue(row.pk)]
    for index, plan in zip(("bad_row_mended", "bad_row_refused", "record_ended"), plans, strict=True):
        assert index in plan


# --- at the desk ---


def test_its_own_stewards_see_when_the_oldest_goes(testville: None, sign_in: Callable[[str], Client]) -> None:
    row = kept(12)
    record(row, NOON - timedelta(days=100))
    record(row, NOON - timedelta(days=10), b"t")
    told = "最早的一条 2026年11月23日 删除"
    assert told in sign_in("steward").get("/desk/data/test_kept/").content.decode()
    for login in ("intake", "amr-reviewer"):
        page = sign_in(login).get("/desk/data/test_kept/").content.decode()
        assert "失效后 12 个月" in page
        assert told not in page
