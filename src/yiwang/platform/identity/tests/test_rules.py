"""Passwords, lock-out, levels, delegations' ends: pure rules against slow oracles."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel.types import AssuranceLevel
from yiwang.platform.identity import rules

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("password", "faults"),
    [
        ("Wen-Zhou-2026x", ()),
        ("Wz-2026", ("short",)),
        ("wenzhouwenzhou", ("simple",)),
        ("wenzhou2026", ("simple",)),
        ("Abc-19900000001", ("personal",)),
        ("Abc-850101-xyz", ("personal",)),
        ("aaa", ("short", "simple")),
        ("密码密码密码密码密码aA1", ()),
    ],
)
def test_passwords(password, faults):
    assert rules.password_faults(password, ["19900000001", "339901198501011119"]) == faults


@given(
    st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=16), st.text("0123456789", max_size=18)
)
def test_a_password_that_passes_shares_no_six_digits_with_what_is_known(password, known):
    if not rules.password_faults(password, [known]):
        pieces = {known[start : start + 6] for start in range(max(0, len(known) - 5))}
        assert not any(piece in password for piece in pieces)


def test_five_failures_lock_for_half_an_hour():
    failures, until = 0, None
    for number in range(1, 6):
        assert until is None
        failures, until = rules.after_failure(failures, NOW)
        assert failures == number % 5
    assert until == NOW + timedelta(minutes=30)
    assert rules.is_locked(until, NOW)
    assert not rules.is_locked(until, until)
    assert not rules.is_locked(None, NOW)


@given(st.sampled_from(AssuranceLevel), st.integers(0, 3))
def test_a_sign_in_never_reaches_above_way_or_check(way, checked):
    assert rules.reached(way, checked) == sorted([int(way), checked])[0]


@given(st.dates(date(2004, 1, 1), date(2090, 12, 31)))
def test_a_delegation_ends_within_three_years(start):
    latest = rules.delegation_latest(start)
    day = start
    while (day.year, day.month) < (start.year + 3, start.month):
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    assert (latest.year, latest.month) == (day.year, day.month)
    assert latest.day == start.day or (start.month, start.day) == (2, 29)


def test_staff_passwords_age():
    assert not rules.password_is_old(NOW - timedelta(days=90), NOW)
    assert rules.password_is_old(NOW - timedelta(days=90, seconds=1), NOW)
    assert not rules.password_is_old(None, NOW)


def test_staff_need_all_four_kinds():
    assert rules.password_faults("Wenzhou2026x") == ()
    assert rules.password_faults("Wenzhou2026x", classes=rules.STAFF_PASSWORD_CLASSES) == ("simple",)
    assert rules.password_faults("Wen-zhou2026", classes=rules.STAFF_PASSWORD_CLASSES) == ()
