"""What may stand in a column: words for what is wrong, and what holds for every value there is."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from yiwang.kernel.codes import citizen_id_check, uscc_check
from yiwang.kernel.fields import FieldKind
from yiwang.platform.sharing.linting import COLUMN_KINDS
from yiwang.platform.sharing.rules import FAULTS, faults, quick
from yiwang.platform.sharing.types import DatasetItem

ID = "33030219900307001X"
USCC = "91330300MA2AAA001M"
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def column(kind=FieldKind.TEXT, **more):
    return DatasetItem(name="it", label="它", kind=kind, **more)


@pytest.mark.parametrize("value", [None, "", "  ", "\u3000"])
def test_what_is_missing_is_a_fault_only_where_it_is_required(value):
    for kind in COLUMN_KINDS:
        assert faults(column(kind), value) == []
        assert faults(column(kind, required=True, max_length=1, min="5", options=("a",)), value) == ["required"]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", ["长期", "0"], [1, True, ["a"], {"a": 1}]),
        ("integer", ["62", "-3", 62, "007"], ["6.2", "62 ", "六", 6.2, True, "1e3", "²"]),
        ("decimal", ["98.6", "98", 98.6, -1, 1e16], ["98,6", ".5", "5.", "NaN", float("nan"), float("inf"), False]),
        ("money", ["862000.00", "5", 0.5], ["1.005", "1万", "￥5", True]),
        ("date", ["2026-11-09", "2024-02-29"], ["2026-02-29", "20261109", "2026-11", "2026-W46-1", "长期", 2026]),
        ("boolean", [True, False], ["true", "是", 1, 0]),
        ("citizen_id", [ID], ["33030219900307001x", "330302 199003070 01X", "330302199003070011", 330302199003070011]),
        ("uscc", [USCC], [USCC.lower(), USCC[:-1] + "N", USCC[:-1]]),
        ("phone", ["19900000001", "0577-88000000", "12345"], ["1990000", "没有"]),
        ("region", ["330302", "330302006", "330300"], ["33030", "990000", "鹿城"]),
        ("address", ["温州市鹿城区演示路 1 号"], [1]),
    ],
)
def test_values_are_of_their_kind(kind, good, bad):
    assert [value for value in good if faults(column(FieldKind(kind)), value)] == []
    assert [value for value in bad if faults(column(FieldKind(kind)), value) != ["kind"]] == []


@pytest.mark.parametrize(
    ("item", "value", "found"),
    [
        (column(FieldKind.CHOICE, options=("male", "female")), "other", ["options"]),
        (column(FieldKind.CHOICE, options=("male", "female")), "male", []),
        (column(pattern=r"JY\d{14}"), "JY23303020000185", []),
        (column(pattern=r"JY\d{14}"), "xJY23303020000185", ["pattern"]),
        (column(FieldKind.INTEGER, min="1", max="30"), "0", ["min"]),
        (column(FieldKind.INTEGER, min="1", max="30"), 31, ["max"]),
        (column(FieldKind.INTEGER, min="9"), "10", []),
        (column(FieldKind.MONEY, min="0.01"), "0.00", ["min"]),
        (column(FieldKind.DATE, min="2026-01-01", max="2026-12-31"), "2025-12-31", ["min"]),
        (column(FieldKind.DATE, min="2026-01-01", max="2026-12-31"), "2027-01-01", ["max"]),
        (column(max_length=4), "一二三四", []),
        (column(max_length=4), "一二三四五", ["length"]),
        (column(options=("a",), pattern="[b-z]+", max_length=2), "aaa", ["options", "pattern", "length"]),
        (column(FieldKind.INTEGER, options=("1", "2"), max="5"), 9, ["options", "max"]),
    ],
)
def test_options_patterns_bounds_and_lengths(item, value, found):
    assert faults(item, value) == found


def test_nobody_is_born_after_the_day_that_the_caller_names():
    assert faults(column(FieldKind.CITIZEN_ID), ID, today=date(1990, 3, 6)) == ["kind"]
    assert faults(column(FieldKind.CITIZEN_ID), ID, today=date(1990, 3, 7)) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))
NUMBERED = (FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY)


@st.composite
def columns(draw):
    """Columns as the linter lets them through: bounds can be read in the column's kind."""
    kind = draw(st.sampled_from(sorted(COLUMN_KINDS)))
    bound = DAYS.map(str) if kind is FieldKind.DATE else st.decimals(allow_nan=False, allow_infinity=False).map(str)
    return column(
        kind,
        required=draw(st.booleans()),
        max_length=draw(st.integers(0, 20)),
        options=tuple(draw(st.lists(st.text(max_size=5), max_size=3))),
        pattern=draw(st.sampled_from(["", ".*", r"\d+", "[a-z]{2,3}", "a|b"])),
        min=draw(st.just("") | bound),
        max=draw(st.just("") | bound),
    )


@given(columns(), JSON)
def test_every_value_is_judged_in_known_words_each_once_and_in_order(item, value):
    found = faults(item, value)

    assert found == [word for word in FAULTS if word in found]
    assert ("required" in found) <= item.required
    assert not {"required", "kind"} & set(found) or len(found) == 1


LIKELY = st.one_of(
    JSON,
    DAYS.map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.sampled_from(["", " ", "a", "12", "-3.50", "2020-02-30", "２０２０-01-01", "1.5\n", "true"]),
    st.builds(
        lambda day, order, last: (body := f"330102{day:%Y%m%d}{order:03}") + (last or citizen_id_check(body)),
        DAYS, st.integers(0, 999), st.sampled_from(["", "", "x", "0"]),
    ),
)  # fmt: skip


@settings(max_examples=500)
@given(columns(), LIKELY, DAYS)
def test_what_is_quickly_right_has_no_faults(item, value, today):
    if quick(item, today)(value):
        assert faults(item, value, today=today) == []


@pytest.mark.parametrize(
    ("item", "value"),
    [
        (column(FieldKind.DATE, min="2000-01-01", max="2020-01-01"), "2000-01-01"),
        (column(FieldKind.MONEY, min="0", max="10"), "10.00"),
        (column(FieldKind.CITIZEN_ID), "330102198001010013"[:17] + citizen_id_check("33010219800101001")),
        (column(FieldKind.TEXT, options=("a",), pattern="[a-z]", max_length=1), "a"),
        (column(FieldKind.BOOLEAN), False),
    ],
)
def test_what_is_right_is_mostly_found_quickly(item, value):
    assert quick(item, date(2026, 1, 1))(value)


@given(columns(), JSON)
def test_a_column_that_asks_for_more_finds_no_less(item, value):
    free = column(item.kind)
    assert set(faults(free, value)) <= set(faults(item, value))


@given(st.sampled_from(NUMBERED), st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9), st.integers(0, 10**9))
def test_numbers_lie_between_their_bounds(kind, cents, low, width):
    """Against fractions, that know nothing of texts: whole numbers are bounded whole, the rest to the cent."""
    scale = 1 if kind is FieldKind.INTEGER else 100

    def written(number):
        sign, number = "-" if number < 0 else "", abs(number)
        return f"{sign}{number}" if scale == 1 else f"{sign}{number // 100}.{number % 100:02}"

    value, least, most = (Fraction(number, scale) for number in (cents, low, low + width))
    item = column(kind, min=written(low), max=written(low + width))
    wanted = ["min"] * (value < least) + ["max"] * (value > most)
    assert faults(item, written(cents)) == wanted
    if scale == 1:
        assert faults(item, cents) == wanted


@given(DAYS, DAYS, st.integers(0, 40_000))
def test_days_lie_between_their_bounds(day, first, length):
    assume(first <= date.max - timedelta(length))
    last = first + timedelta(length)
    item = column(FieldKind.DATE, min=str(first), max=str(last))
    assert faults(item, str(day)) == ["min"] * (day < first) + ["max"] * (day > last)


@given(DAYS, st.integers(0, 999), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_a_citizen_id_with_one_wrong_character_is_none(born_on, order, place, char):
    body = f"330302{born_on:%Y%m%d}{order:03}"
    number = body + citizen_id_check(body)
    assert faults(column(FieldKind.CITIZEN_ID), number) == []
    assume(number[place] != char)
    assert faults(column(FieldKind.CITIZEN_ID), number[:place] + char + number[place + 1 :]) == ["kind"]


@given(st.text(USCC_ALPHABET, min_size=9, max_size=9), st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_a_social_credit_code_with_one_wrong_character_is_none(own, place, char):
    body = f"91330302{own}"
    code = body + uscc_check(body)
    assert faults(column(FieldKind.USCC), code) == []
    assume(code[place] != char)
    assert faults(column(FieldKind.USCC), code[:place] + char + code[place + 1 :]) == ["kind"]


@given(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=4), st.text(min_size=1, max_size=6))
def test_only_what_is_listed_may_stand_where_there_are_options(listed, value):
    assume(value.strip())
    item = column(FieldKind.CHOICE, options=tuple(listed))
    assert faults(item, value) == ([] if value in listed else ["options"])
