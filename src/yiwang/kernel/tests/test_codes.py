"""Codes: the vectors of the standards, agreement with an independent library, and what the checks promise."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric
from stdnum.cn import uscc as std_uscc
from stdnum.iso7064 import mod_37_36 as std_mod_37_36

from yiwang.kernel import codes
from yiwang.kernel.codes import CodeError, Level, RegionLevel, Sex

TODAY = date(2025, 9, 26)
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def fault(parse, *args, **kwargs):
    with pytest.raises(CodeError) as caught:
        parse(*args, **kwargs)
    return caught.value.code


def replaced(text, position, char):
    return text[:position] + char + text[position + 1 :]


# Citizen id


@pytest.mark.parametrize(
    ("text", "region", "born_on", "sex"),
    [
        ("33030219900307001X", "330302", date(1990, 3, 7), Sex.MALE),
        ("330382198511263528", "330382", date(1985, 11, 26), Sex.FEMALE),
        ("110101199001010015", "110101", date(1990, 1, 1), Sex.MALE),
        (" 330302 19900307 001x ", "330302", date(1990, 3, 7), Sex.MALE),
        ("３３０３０２１９９００３０７００１Ｘ", "330302", date(1990, 3, 7), Sex.MALE),
    ],
)
def test_citizen_id_tells_its_parts(text, region, born_on, sex):
    parsed = codes.parse_citizen_id(text, today=TODAY)
    assert (parsed.region, parsed.born_on, parsed.sex) == (region, born_on, sex)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("330302199003070011", "check"),
        ("33030219900307001", "length"),
        ("33030219900230001X", "date"),
        ("99030219900307001X", "region"),
        ("33030219X00307001X", "shape"),
        ("33030299991231001X", "future"),
        ("٣٣٠٣٠٢١٩٩٠٠٣٠٧٠٠١X", "shape"),
        ("", "length"),
    ],
)
def test_a_wrong_citizen_id_is_told_what_is_wrong(text, code):
    assert fault(codes.parse_citizen_id, text, today=TODAY) == code


def test_a_child_born_today_has_an_id_and_tomorrow_is_the_future():
    body = "33030220250926001"
    number = body + codes.citizen_id_check(body)
    assert codes.parse_citizen_id(number, today=TODAY).born_on == TODAY
    assert fault(codes.parse_citizen_id, number, today=date(2025, 9, 25)) == "future"


def test_a_directory_of_regions_may_refuse_a_prefix():
    assert fault(codes.parse_citizen_id, "33030219900307001X", today=TODAY, region_known=lambda _r: False) == "region"


def test_old_numbers_of_15_digits_are_upgraded():
    assert codes.upgrade_citizen_id("330302850307352", today=TODAY).value == "33030219850307352X"
    assert fault(codes.upgrade_citizen_id, "33030285030735X") == "shape"


def test_a_citizen_id_and_its_error_never_show_the_number():
    assert "19900307" not in repr(codes.parse_citizen_id("33030219900307001X", today=TODAY))
    with pytest.raises(CodeError) as caught:
        codes.parse_citizen_id("330302199003070011", today=TODAY)
    assert "1990" not in str(caught.value)
    assert "校验位" in str(caught.value)


citizen_bodies = st.builds(
    lambda region, born, order: f"{region}{born:%Y%m%d}{order:03d}",
    st.sampled_from(["330302", "330382", "110101", "440305", "659001"]),
    st.dates(date(1900, 1, 1), TODAY),
    st.integers(0, 999),
)


@given(citizen_bodies, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_changed_character_of_a_citizen_id_is_always_found(body, position, char):
    number = body + codes.citizen_id_check(body)
    assert codes.parse_citizen_id(number, today=TODAY).value == number
    assert ric.calc_check_digit(number) == number[17]
    changed = replaced(number, position, char)
    if changed != number:
        fault(codes.parse_citizen_id, changed, today=TODAY)


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2007, 9, 26), TODAY, 18),
        (date(2007, 9, 27), TODAY, 17),
        (date(2004, 2, 29), date(2022, 2, 28), 17),
        (date(2004, 2, 29), date(2022, 3, 1), 18),
    ],
)
def test_age_is_reached_on_the_birthday(born, day, age):
    assert codes.age_on(born, day) == age


# Organisations


@pytest.mark.parametrize(
    "text",
    [
        *("11330300002501239N", "91330300MA2AAA001M", "91350100M000100Y43", "1233030047050000XB"),
        *("92330302MA00000A9N", "523303005000000073", "11100000000013338W", "11450721MB15580811"),
        *("11430000006122244L", "91230500MA1B3N1N2M", "12441500196720244T"),
    ],
)
def test_known_credit_codes_are_valid(text):
    parsed = codes.parse_uscc(text.lower())
    assert parsed.value == text
    assert codes.parse_organisation_code(parsed.organisation_code) == text[8:17]


def test_a_wrong_credit_code_is_told_what_is_wrong():
    assert fault(codes.parse_uscc, "91330300MA2TEST00X") == "shape"
    assert fault(codes.parse_uscc, "91350100M000100Y42") == "check"
    assert fault(codes.parse_uscc, "9135010") == "length"
    assert fault(codes.parse_uscc, "13440000515356094L") == "check"


uscc_bodies = st.builds(
    lambda head, region, tail: f"{head}{region:06d}{tail}",
    st.sampled_from(["11", "12", "51", "91", "92"]),
    st.integers(110000, 659999),
    st.text(USCC_ALPHABET, min_size=9, max_size=9),
)


@given(uscc_bodies, st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_one_changed_character_of_a_credit_code_is_always_found(body, position, char):
    code = body + codes.uscc_check(body)
    assert codes.parse_uscc(code).value == code
    assert std_uscc.is_valid(code)
    changed = replaced(code, position, char)
    if changed != code:
        fault(codes.parse_uscc, changed)


@pytest.mark.parametrize("text", ["M000100Y4", "M000100Y-4", "01527918X", "006939748"])
def test_known_organisation_codes_are_valid(text):
    assert codes.parse_organisation_code(text) == text.replace("-", "")


@given(st.text(ALNUM, min_size=8, max_size=8), st.integers(0, 7), st.sampled_from(ALNUM))
def test_a_changed_character_of_an_organisation_code_is_found_unless_11_apart(body, position, char):
    code = body + codes.organisation_code_check(body)
    assert codes.parse_organisation_code(code) == code
    changed = replaced(code, position, char)
    if (int(char, 36) - int(body[position], 36)) % 11:
        assert fault(codes.parse_organisation_code, changed) == "check"


# Items


@pytest.mark.parametrize(
    ("text", "parts", "national", "parent"),
    [
        ("000131012000", ("00", "01", "31", "012", "000"), True, None),
        ("000104002000", ("00", "01", "04", "002", "000"), True, None),
        ("001033002000", ("00", "10", "33", "002", "000"), True, None),
        ("370117002011", ("37", "01", "17", "002", "011"), False, "37011700200Y"),
        ("44010200200Y", ("44", "01", "02", "002", "00Y"), False, None),
    ],
)
def test_basic_codes_tell_their_parts(text, parts, national, parent):
    code = codes.parse_basic_code(text)
    assert (code.province, code.item_type, code.department, code.main, code.sub) == parts
    assert code.is_national is national
    assert code.parent == (codes.parse_basic_code(parent) if parent else None)
    assert code.is_parent is text.endswith("00Y")
    assert str(code) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("00013101200", "length"),
        ("0001310120Y0", "shape"),
        ("990131012000", "region"),
        ("00013101200X", "shape"),
    ],
)
def test_wrong_basic_codes(text, code):
    assert fault(codes.parse_basic_code, text) == code


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("11330300002501239N3000131012000", Level.CITY),
        ("11450721MB155808114000104002000", Level.COUNTY),
        ("12441500196720244T3442199806003", Level.CITY),
        ("11370800MB285591843370117002011", Level.CITY),
    ],
)
def test_task_codes_tell_body_level_and_item(text, level):
    code = codes.parse_task_code(text)
    assert (code.body, code.level, str(code.basic), code.pseudo_body) == (text[:18], level, text[19:], False)
    assert str(code) == text


def test_a_body_without_credit_code_is_flagged_on_import_and_refused_otherwise():
    pseudo = "TE440000GD030003VV2442199374000"
    assert fault(codes.parse_task_code, pseudo) == "shape"
    assert codes.parse_task_code(pseudo, allow_pseudo=True).pseudo_body
    wrong_check = "13440000515356094L2440102001000"
    assert fault(codes.parse_task_code, wrong_check) == "check"
    assert codes.parse_task_code(wrong_check, allow_pseudo=True).pseudo_body
    assert not codes.parse_task_code("11330300002501239N3000131012000", allow_pseudo=True).pseudo_body


def test_handling_and_material_codes_carry_a_serial():
    handle = codes.parse_handle_code("11330300002501239N300013101200001")
    assert (str(handle.task), handle.serial) == ("11330300002501239N3000131012000", "01")
    assert codes.parse_handle_code("11440000006940116U244010200300103").serial == "03"
    material = codes.parse_material_code("11330300002501239N3000131012000001")
    assert (material.serial, str(material)) == ("001", "11330300002501239N3000131012000001")
    assert fault(codes.parse_handle_code, "11330300002501239N300013101200000") == "shape"
    assert fault(codes.parse_task_code, "11330300002501239N8000131012000") == "shape"


# Cases


@pytest.mark.parametrize(
    ("parse", "item", "length"),
    [
        (codes.parse_task_code, "11330300002501239N3000131012000", 45),
        (codes.parse_handle_code, "11330300002501239N300013101200001", 47),
    ],
)
def test_case_numbers_are_item_day_and_serial(parse, item, length):
    number = codes.build_case_number(parse(item), TODAY, 68)
    assert str(number) == f"{item}20250926000068"
    assert len(str(number)) == length
    assert codes.parse_case_number(str(number)) == number


def test_wrong_case_numbers():
    item = "11330300002501239N3000131012000"
    assert fault(codes.parse_case_number, item) == "length"
    assert fault(codes.parse_case_number, f"{item}20250931000001") == "date"
    assert fault(codes.parse_case_number, f"{item}20250926000000") == "shape"
    assert fault(codes.build_case_number, codes.parse_task_code(item), TODAY, 1_000_000) == "shape"


@given(st.integers(0, 7), st.sampled_from("23456789ABCDEFGHJKMNPQRSTUVWXYZ"), st.integers(0, 6))
def test_a_mistyped_or_swapped_query_code_is_always_found(position, char, swap):
    code = codes.new_query_code()
    assert codes.parse_query_code(f" {code[:4]}-{code[4:].lower()} ") == code
    if (changed := replaced(code, position, char)) != code:
        assert fault(codes.parse_query_code, changed) == "check"
    swapped = code[:swap] + code[swap + 1] + code[swap] + code[swap + 2 :]
    if swapped != code:
        assert fault(codes.parse_query_code, swapped) == "check"


def test_query_codes_have_no_characters_that_look_alike():
    assert fault(codes.parse_query_code, "0OIL2345") == "shape"
    assert len({codes.new_query_code() for _ in range(500)}) == 500


# Licences

SYNTHETIC = "1.2.156.3005.2.11330300002501239N001.11330300002501239N.20250000000000001.001.K"


@pytest.mark.parametrize(
    "text",
    [
        SYNTHETIC,
        "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
        "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
        "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F",
    ],
)
def test_known_licence_ids_are_valid(text):
    assert str(codes.parse_licence_id(text)) == text


@pytest.mark.parametrize(("body", "check"), [("A1", "W"), ("A12425GABC1234002", "M")])
def test_check_character_of_iso_7064(body, check):
    assert codes.mod_37_36(body) == check == std_mod_37_36.calc_check_digit(body)


def test_a_wrong_check_is_refused_and_only_flagged_on_import():
    wrong = SYNTHETIC[:-1] + "L"
    assert fault(codes.parse_licence_id, wrong) == "check"
    assert codes.parse_licence_id(wrong, strict=False).check_ok is False
    found = "1.2.156.3005.2.11100000000013661B006.113700000045046442.209FA4E88F9E4C878F3E9BED2CE7EA49.001.M"
    assert codes.parse_licence_id(found, strict=False).check_ok is False


def test_a_licence_id_is_built_and_counts_its_versions():
    built = codes.build_licence_id("11330300002501239N001", "11330300002501239n", "20250000000000001")
    assert str(built) == SYNTHETIC
    following = built.next_version()
    assert (following.version, following.serial) == (2, built.serial)
    assert codes.parse_licence_id(str(following)) == following


@pytest.mark.parametrize(
    "text",
    [
        "1.2.156.3005.3.11330300002501239N001.X.1.001.K",
        "1.2.156.3005.2.11330300002501239N001.X.1.001",
        "1.2.156.3005.2.11330300002501239N001..1.001.K",
        "1.2.156.3005.2.SHORT.X.1.001.K",
        "1.2.156.3005.2.11330300002501239N001.X.1.000.K",
        "1.2.156.3005.2.11330300002501239N001.X.证.001.K",
    ],
)
def test_misshapen_licence_ids(text):
    assert fault(codes.parse_licence_id, text) == "shape"


@given(st.text(ALNUM, min_size=1, max_size=30), st.integers(0, 200), st.sampled_from(ALNUM))
def test_one_changed_character_of_a_licence_id_is_always_found(serial, position, char):
    text = str(codes.build_licence_id("11330300002501239N001", "11330300002501239N", serial))
    check = std_mod_37_36.calc_check_digit(f"11330300002501239N00111330300002501239N{serial}001")
    assert text[-1] == check
    position = 15 + position % (len(text) - 15)
    if text[position] not in (".", char):
        fault(codes.parse_licence_id, replaced(text, position, char))


# Regions


@pytest.mark.parametrize(
    ("text", "value", "level"),
    [
        ("33", "33", RegionLevel.PROVINCE),
        ("330000", "33", RegionLevel.PROVINCE),
        ("3303", "3303", RegionLevel.CITY),
        ("330300", "3303", RegionLevel.CITY),
        ("330302", "330302", RegionLevel.COUNTY),
        ("330302001", "330302001", RegionLevel.TOWN),
        ("330302001001", "330302001001", RegionLevel.VILLAGE),
        ("330302001000", "330302001", RegionLevel.TOWN),
        ("330302000000", "330302", RegionLevel.COUNTY),
        ("441900003", "441900003", RegionLevel.TOWN),
    ],
)
def test_regions_are_told_by_their_significant_digits(text, value, level):
    region = codes.parse_region(text)
    assert (region.value, region.level) == (value, level)


def test_regions_lie_in_regions():
    village, city = codes.parse_region("330302001001"), codes.parse_region("330300")
    assert village.within(city)
    assert not city.within(village)
    assert not codes.parse_region("330400").within(city)
    assert village.lineage == ("33", "3303", "330302", "330302001", "330302001001")


@pytest.mark.parametrize(("text", "code"), [("33030", "shape"), ("99", "region"), ("3303AB", "shape"), ("", "shape")])
def test_wrong_regions(text, code):
    assert fault(codes.parse_region, text) == code


# Telephones and masks


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("138 0000 0000", "13800000000"),
        ("+86-13800000000", "13800000000"),
        ("0086 13800000000", "13800000000"),
    ],
)
def test_mobiles(text, digits):
    assert codes.parse_mobile(text) == digits == codes.parse_phone(text)


@pytest.mark.parametrize("text", ["0577-88960000", "(0577)88960000", "010-12345678", "12345", "4001234567", "95588"])
def test_other_telephones(text):
    if text == "010-12345678":
        assert fault(codes.parse_phone, text) == "shape"
    else:
        assert codes.parse_phone(text).isdigit()


@pytest.mark.parametrize("text", ["", "1380000000", "23800000000", "1380000000a", "٠١٢٣٤٥٦٧٨٩٠"])
def test_wrong_mobiles(text):
    assert fault(codes.parse_mobile, text) == "shape"


@pytest.mark.parametrize(
    ("masked", "expected"),
    [
        (codes.mask_name("演示甲"), "演**"),
        (codes.mask_name(""), ""),
        (codes.mask_id("33030219900307001X"), "330302********001X"),
        (codes.mask_id("33030219900307001X", strict=True), "3****************X"),
        (codes.mask_id("12345"), "1****"),
        (codes.mask_phone("13800001234"), "138****1234"),
        (codes.mask_phone("12345"), "*****"),
        (codes.mask_address("浙江省温州市鹿城区五马街道公园路12号"), "浙江省温州市鹿城区五马街道****"),
        (codes.mask_address("鹿城区公园路12号"), "鹿城区公园路****"),
    ],
)
def test_masks_show_only_what_they_may(masked, expected):
    assert masked == expected


@given(st.text(max_size=40))
def test_whatever_is_typed_is_parsed_or_refused(text):
    for parse in (
        codes.parse_citizen_id,
        codes.upgrade_citizen_id,
        codes.parse_uscc,
        codes.parse_organisation_code,
        codes.parse_basic_code,
        codes.parse_handle_code,
        codes.parse_case_number,
        codes.parse_query_code,
        codes.parse_licence_id,
        codes.parse_region,
        codes.parse_phone,
    ):
        with contextlib.suppress(CodeError):
            assert parse(text)
