from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel import clock
from yiwang.kernel.codes import citizen_id_check, uscc_check
from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.ui import dates, values
from yiwang.ui.values import Wrong, parse

K = FieldKind
OPTIONS = (Option("a", "甲"), Option("b", "乙"))
ID = "33030219900101001" + citizen_id_check("33030219900101001")
USCC = "91330302MADEM0011" + uscc_check("91330302MADEM0011")


def spec(kind, **more):
    return FieldSpec("x", more.pop("label", "面积"), kind, **more)


@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        (spec(K.TEXT), "  演示  有限公司 ", "演示 有限公司"),
        (spec(K.TEXT), "a\u202eb\x00c\u200b", "abc"),
        (spec(K.TEXT, pattern=r"[A-Z]\d+"), "A12", "A12"),
        (spec(K.LONG_TEXT), "一\n\n二 ", "一\n\n二"),
        (spec(K.INTEGER), "１,２３４", 1234),
        (spec(K.INTEGER, unit="位"), "96位", 96),
        (spec(K.INTEGER), "-3", -3),
        (spec(K.DECIMAL, decimals=1), "372.50", Decimal("372.50")),
        (spec(K.DECIMAL, decimals=1, unit="㎡"), "360 ㎡", Decimal(360)),
        (spec(K.MONEY), "¥1,000.50元", Decimal("1000.50")),
        (spec(K.DATE), {"y": "2026", "m": "02", "d": "3"}, date(2026, 2, 3)),
        (spec(K.DATE), "2026年2月3日", date(2026, 2, 3)),
        (spec(K.DATE), "２０２６-２-３", date(2026, 2, 3)),
        (spec(K.BOOLEAN), "false", False),
        (spec(K.CHOICE, options=OPTIONS), "b", "b"),
        (spec(K.CHOICES, options=OPTIONS), ["b", "a"], ["a", "b"]),
        (spec(K.CITIZEN_ID), f"{ID[:6]} {ID[6:14]} {ID[14:].lower()}", ID),
        (spec(K.USCC), USCC.lower(), USCC),
        (spec(K.PHONE), "+86 138-0000-0000", "13800000000"),
        (spec(K.REGION), "330302000000", "330302"),
        (spec(K.REGION, options=OPTIONS), "a", "a"),
        (spec(K.ADDRESS), "演示路 18 号", "演示路 18 号"),
        (spec(K.FILE), ["file"], ["file"]),
        (spec(K.TABLE, columns=(spec(K.TEXT),)), [{"x": ""}, {"x": "甲"}], [{"x": "甲"}]),
    ],
)
def test_what_was_typed_becomes_a_value(field, raw, value):
    assert parse(field, raw) == value


@pytest.mark.parametrize(
    ("field", "raw", "told"),
    [
        (spec(K.TEXT), "", "请填写面积"),
        (spec(K.TEXT), " \u3000\u200b", "请填写面积"),
        (spec(K.TEXT, label="面积多大？"), "", "请回答“面积多大？”"),
        (spec(K.TEXT, max_length=3), "一二三四", "面积最多 3 个字，您填了 4 个，请删去 1 个"),
        (spec(K.TEXT, pattern=r"\d+", example="12"), "x", "面积请照这个样子填：12"),
        (spec(K.TEXT, pattern=r"\d+"), "x", "面积的写法不对，请看输入框上方的说明"),
        (spec(K.INTEGER), "十二", "面积请只填数字，例如 12"),
        (spec(K.INTEGER), "1.5", "面积请填整数，您填的是 1.5"),
        (spec(K.INTEGER), "1e5", "面积请只填数字，例如 12"),
        (spec(K.INTEGER), "9" * 30, "面积太长，请核对是否多输了数字"),
        (spec(K.INTEGER), "NaN", "面积请只填数字，例如 12"),
        (spec(K.INTEGER, min=Decimal(1)), "0", "面积不能小于 1，您填的是 0"),
        (spec(K.DECIMAL, decimals=1), "1.25", "面积最多 1 位小数，您填的是 1.25"),
        (
            spec(K.DECIMAL, unit="㎡", max=Decimal("372.5")),
            "3600",
            "面积不能大于 372.5 ㎡，您填的是 3600",
        ),
        (spec(K.MONEY), "-1", "面积不能小于 0，您填的是 -1"),
        (spec(K.MONEY), "1.234", "面积最多 2 位小数，您填的是 1.234"),
        (spec(K.DATE), {"y": "2026", "m": "", "d": "3"}, "面积还缺“月”"),
        (spec(K.DATE), {"y": "26", "m": "2", "d": "3"}, "面积的“年”要写 4 位，例如 2026"),
        (spec(K.DATE), {"y": "2026", "m": "二", "d": "3"}, "面积的“月”请只填数字"),
        (spec(K.DATE), {"y": "2026", "m": "2", "d": "30"}, "面积：没有 2026 年 2 月 30 日这一天，请核对"),
        (spec(K.DATE), {"y": "0026", "m": "2", "d": "3"}, "面积的“年”请核对，您填的是 26"),
        (spec(K.DATE), "昨天", "面积请按“年、月、日”填写，例如 2026 年 3 月 2 日"),
        (spec(K.DATE), {}, "请填写面积"),
        (spec(K.BOOLEAN), "", "请选择面积"),
        (spec(K.BOOLEAN), "maybe", "面积请选“是”或“否”"),
        (spec(K.CHOICE, options=OPTIONS), "c", "面积请从列出的里面选一个"),
        (spec(K.CHOICE, options=OPTIONS), "", "请选择面积"),
        (spec(K.CHOICES, options=OPTIONS), ["a", "c"], "面积请从列出的里面选"),
        (spec(K.CHOICES, options=OPTIONS), [], "请选择面积"),
        (spec(K.CITIZEN_ID), ID[:17], "公民身份号码应为 18 位，您填写的是 17 位"),
        (spec(K.CITIZEN_ID), ID[:17] + "？", "公民身份号码的前 17 位应为数字，末位应为数字或 X"),
        (spec(K.USCC), USCC[:17], "统一社会信用代码应为 18 位，您填写的是 17 位"),
        (spec(K.PHONE), "138", "电话号码应为 11 位手机号码，或带区号的固定电话号码"),
        (spec(K.REGION), "99", "行政区划代码的前两位不是省级代码"),
        (spec(K.FILE), [], "请上传面积"),
        (spec(K.TABLE, columns=(spec(K.TEXT),)), [{"x": ""}], "请至少填写一行面积"),
        (spec(K.TABLE, max_rows=1, columns=(spec(K.TEXT),)), [{"x": "1"}] * 2, "面积最多 1 行，您填了 2 行"),
    ],
)
def test_a_mistake_is_told_as_what_to_do(field, raw, told):
    with pytest.raises(Wrong) as wrong:
        parse(field, raw)
    assert wrong.value.message == told


@pytest.mark.parametrize("kind", list(FieldKind))
def test_an_optional_field_may_stay_empty(kind):
    assert not parse(spec(kind, required=False, options=OPTIONS), None)


def test_every_wrong_cell_of_a_table_is_told_with_the_row_as_it_stands_on_the_page():
    table = spec(
        K.TABLE,
        label="人员",
        columns=(FieldSpec("name", "姓名", K.TEXT), FieldSpec("age", "年龄", K.INTEGER)),
    )
    rows = [{"name": "", "age": ""}, {"name": "甲", "age": "x"}, {"name": "", "age": "3"}]
    with pytest.raises(Wrong) as wrong:
        parse(table, rows)
    assert [(cell.row, cell.column, cell.message) for cell in wrong.value.cells] == [
        (1, "age", "人员第 2 行：年龄请只填数字，例如 12"),
        (2, "name", "人员第 3 行：请填写姓名"),
    ]
    _values, errors = values.check([table], {"x": rows})
    assert [error.field for error in errors] == ["x.1.age", "x.2.name"]


@given(st.integers(-(10**15), 10**15))
def test_a_number_survives_any_way_of_writing_it(number):
    wide = str(number).translate(str.maketrans("0123456789-", "０１２３４５６７８９－"))
    for text in (str(number), f"{number:,}", wide, f" {number} "):
        assert parse(spec(K.INTEGER), text) == number


@given(st.integers(1850, 2200), st.integers(-5, 40), st.integers(-5, 40))
def test_a_date_is_taken_exactly_if_the_calendar_has_it(year, month, day):
    try:
        expected = date(year, month, day)
    except ValueError:
        expected = None
    try:
        found = parse(spec(K.DATE), {"y": str(year), "m": str(month), "d": str(day)})
    except Wrong:
        found = None
    assert found == expected


@given(st.text(max_size=400), st.sampled_from(list(FieldKind)))
def test_whatever_is_typed_gives_a_value_or_a_sentence(text, kind):
    raw = [{"x": text}] if kind is K.TABLE else [text] if kind in {K.CHOICES, K.FILE} else text
    field = spec(kind, options=OPTIONS, columns=(spec(K.DATE),))
    with suppress(Wrong):
        parse(field, raw)


def test_english_readers_get_english_labels_and_sentences():
    field = spec(K.INTEGER, label_en="Seats")
    with translation.override("en"), pytest.raises(Wrong, match="Seats: enter digits only"):
        parse(field, "many")


def test_a_time_of_another_year_is_told_with_its_year():
    with clock.at(datetime(2026, 12, 1, 3, 21, tzinfo=UTC)):
        assert dates.said(datetime(2026, 12, 1, 5, 22, tzinfo=UTC), "time") == "12月1日 13:22"
        assert dates.said(datetime(2017, 12, 1, 5, 22, tzinfo=UTC), "time") == "2017年12月1日 13:22"
        with translation.override("en"):
            assert dates.said(datetime(2017, 12, 1, 5, 22, tzinfo=UTC), "time") == "1 December 2017, 13:22"


def test_lately_says_the_time_of_today_and_the_year_of_another():
    now = datetime(2026, 11, 29, 1, 12, tzinfo=UTC)
    with clock.at(now):
        assert dates.said(now, "lately") == "今日 09:12"
        assert dates.said(datetime(2026, 11, 28, 15, 59, tzinfo=UTC), "lately") == "11月28日"
        assert dates.said(datetime(2026, 11, 28, 16, 1, tzinfo=UTC), "lately") == "今日 00:01"
        assert dates.said(date(2026, 3, 2), "lately") == "3月2日"
        assert dates.said(datetime(2025, 12, 31, 4, tzinfo=UTC), "lately") == "2025年12月31日"
        with translation.override("en"):
            assert dates.said(now, "lately") == "today, 09:12"
