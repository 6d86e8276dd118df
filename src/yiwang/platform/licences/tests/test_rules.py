from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel.types import PartyKind
from yiwang.platform.licences import rules
from yiwang.platform.licences.types import LicenceStatus, Operation

S, Op = LicenceStatus, Operation
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))

# Read off STANDARDS 6.4 and 行政许可法 arts. 69 and 70, arrow by arrow, apart from the table in rules.
ARROWS = {
    (S.VALID, Op.HOLD, S.HELD),
    (S.HELD, Op.RELEASE, S.VALID),
    (S.VALID, Op.RENEW, S.EXPIRED),
    (S.VALID, Op.CHANGE, S.EXPIRED),
    (S.VALID, Op.EXPIRE, S.EXPIRED),
    (S.HELD, Op.EXPIRE, S.EXPIRED),
    (S.VALID, Op.CANCEL, S.CANCELLED),
    (S.HELD, Op.CANCEL, S.CANCELLED),
    (S.EXPIRED, Op.CANCEL, S.CANCELLED),
    (S.WITHDRAWN, Op.CANCEL, S.CANCELLED),
    (S.REVOKED, Op.CANCEL, S.CANCELLED),
    (S.VALID, Op.WITHDRAW, S.WITHDRAWN),
    (S.HELD, Op.WITHDRAW, S.WITHDRAWN),
    (S.VALID, Op.REVOKE, S.REVOKED),
    (S.HELD, Op.REVOKE, S.REVOKED),
    (S.VALID, Op.TRANSFER_OUT, S.TRANSFERRED),
    (S.VALID, Op.OTHER, S.OTHER),
    (S.OTHER, Op.RELEASE, S.VALID),
    (S.OTHER, Op.EXPIRE, S.EXPIRED),
    (S.OTHER, Op.CANCEL, S.CANCELLED),
    (S.OTHER, Op.WITHDRAW, S.WITHDRAWN),
    (S.OTHER, Op.REVOKE, S.REVOKED),
}


def test_every_arrow_and_no_other() -> None:
    found = {
        (status, operation, after)
        for status in S
        for operation in Op
        if (after := rules.after(operation, status)) is not None
    }
    assert found == ARROWS


@given(st.lists(st.sampled_from(list(Op)), max_size=30))
def test_what_has_ended_never_comes_back(operations: list[Operation]) -> None:
    status, ended = S.VALID, False
    for operation in operations:
        status = rules.after(operation, status) or status
        ended = ended or status not in {S.VALID, S.HELD, S.OTHER}
        assert not (ended and status in {S.VALID, S.HELD, S.OTHER})


@pytest.mark.parametrize(
    ("first", "months", "last"),
    [
        (date(2026, 11, 17), 60, date(2031, 11, 16)),
        (date(2024, 2, 29), 12, date(2025, 2, 27)),
        (date(2026, 1, 31), 1, date(2026, 2, 27)),
        (date(2026, 1, 1), 0, None),
    ],
)
def test_term(first: date, months: int, last: date | None) -> None:
    assert rules.last_day(first, months) == last


@given(DAYS, st.integers(-5, 90), st.sampled_from(list(S)))
def test_at_the_end_deemed_renewal_needs_thirty_days(end: date, days: int, status: LicenceStatus) -> None:
    applied = end - timedelta(days=days)
    what = rules.at_end(status, end, applied)
    if status is S.VALID and days >= 30:
        assert what is Op.RENEW
    elif status in {S.VALID, S.HELD, S.OTHER}:
        assert what is Op.EXPIRE
    else:
        assert what is None


@given(DAYS, DAYS, st.none() | DAYS, st.sampled_from(list(S)))
def test_effective_status(today: date, end: date, applied: date | None, status: LicenceStatus) -> None:
    shown = rules.effective(status, end, applied, today)
    if today <= end or status not in {S.VALID, S.HELD, S.OTHER}:
        assert shown is status
    elif status is S.VALID and applied is not None and (end - applied).days >= 30:
        assert shown is S.VALID
    else:
        assert shown is S.EXPIRED
    assert rules.effective(status, None, applied, today) is status


@given(DAYS, st.integers(0, 4000), DAYS)
def test_renewed_term_is_as_long_as_the_old_one(first: date, length: int, anew: date) -> None:
    last = rules.next_term(first, first + timedelta(days=length), anew, 0)
    assert last is not None
    assert (last - anew).days == length


def test_public_words_hold_no_personal_number() -> None:
    shown = rules.public_text(
        "负责人 330302199306115318，电话13800138000，统一码 91330302MADEM0011Y，编号 330302202600000001"
    )
    assert shown == "负责人 330302********5318，电话138****8000，统一码 91330302MADEM0011Y，编号 330302202600000001"
    assert rules.public_name(PartyKind.PERSON, "演示甲") == "演**"
    assert rules.public_name(PartyKind.ORGANISATION, "演示公司") == "演示公司"
