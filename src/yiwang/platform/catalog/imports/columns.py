"""The columns of CSV and XLSX: field names of the national exchange schema (STANDARDS 3.5) and what they mean here.

Digits of foreign code tables live in this file only (STANDARDS 1). What the schema has no name for is named ``x_…``.
Both directions come from one table, so that what is exported comes back the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

NONE_WORDS = frozenset({"", "无", "/", "—", "-"})
_YES, _NO = frozenset({"1", "是", "支持", "true", "yes"}), frozenset({"0", "否", "不支持", "false", "no"})


class CellError(ValueError):
    """A cell cannot be read; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How a value stands in a cell. ``read`` raises CellError."""

    read: Callable[[str], Any]
    write: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, where its value stands in the document, how it is written."""

    name: str
    path: tuple[str, ...]
    codec: Codec
    required: bool = False


def _integer(text: str) -> int:
    try:
        return int(text.removesuffix(".0"))
    except ValueError:
        raise CellError(_("应为整数。")) from None


def _limit(text: str) -> int | None:
    return None if text in NONE_WORDS else _integer(text)


def _boolean(text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise CellError(_("应为 1（是）或 0（否）。"))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise CellError(_("应为 JSON。")) from None


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")) if value else ""


def _choice(**names: str) -> Codec:
    """Digits (without the leading underscore) to our name; the name itself is read too."""
    by_digit = {digit.removeprefix("_"): name for digit, name in names.items()}
    to_digit = {name: digit for digit, name in reversed(by_digit.items())}

    def read(text: str) -> str:
        key = text.removesuffix(".0")
        if key in by_digit:
            return by_digit[key]
        if text in to_digit:
            return text
        raise CellError(_("应为 %(values)s 之一。") % {"values": "、".join(by_digit)})

    return Codec(read, lambda value: to_digit.get(value, str(value)))


def _choices(one: Codec) -> Codec:
    return Codec(
        lambda text: [one.read(part.strip()) for part in text.replace("，", ",").split(",") if part.strip()],
        lambda values: ",".join(one.write(value) for value in values),
    )


def _strings(text: str) -> list[str]:
    if text.startswith("["):
        made = _json(text)
        if isinstance(made, list):
            return [str(part) for part in made]
    return [part.strip() for part in text.replace("，", ",").split(",")]


def _join(values: list[str]) -> str:
    simple = all(value and value == value.strip() and not set(value) & set(",，[") for value in values)
    return ",".join(values) if simple else _dump(values)


def _numbers(text: str) -> list[int]:
    numbers = [_integer(part.strip()) for part in text.replace("，", ",").split(",") if part.strip()]
    return [] if numbers == [0] else numbers


TEXT = Codec(str, lambda value: "" if value is None else str(value))
INTEGER = Codec(_integer, str)
LIMIT = Codec(_limit, str)
BOOLEAN = Codec(_boolean, lambda value: "1" if value else "0")
JSON = Codec(_json, _dump)
STRINGS = Codec(_strings, _join)
NUMBERS = Codec(_numbers, lambda values: ",".join(map(str, values)) or "0")
UNIT = _choice(_1="workday", _2="day", _3="month")
NATURE = _choice(_1="statutory", _2="authorised", _3="entrusted", _9="other")
CASE_TYPE = _choice(_1="immediate", _2="committed", _9="committed")
SERVES = _choice(
    _1="person",
    _2="enterprise",
    _3="institution",
    _4="social_organisation",
    _5="unincorporated",
    _6="administration",
    _9="other",
)
RESULT = _choice(_10="licence", _20="approval", _99="other", _30="other")
AREA = _choice(_1="national", _2="cross_province", _3="cross_city", _4="cross_county")
NECESSITY = _choice(_1="required", _2="optional", _3="deferrable")
SOURCE = _choice(_10="applicant", _20="government", _99="other")
FORM = _choice(_1="paper", _2="electronic", _3="both")
ORIGINAL = _choice(_1="original", _2="copy", _3="both")


def _rows(columns: tuple[Column, ...]) -> Codec:
    """Child rows as a JSON list of objects whose keys are the child's field names."""

    def read(text: str) -> list[dict[str, Any]]:
        made = _json(text)
        if not isinstance(made, list) or not all(isinstance(row, dict) for row in made):
            raise CellError(_("应为 JSON 列表，每行一个对象。"))
        return [read_child(columns, {key: cell(value) for key, value in row.items()}) for row in made]

    def write(rows: Iterable[Mapping[str, Any]]) -> str:
        return _dump([write_child(columns, row) for row in rows])

    return Codec(read, write)


def cell(value: Any) -> str:
    """Return a value of a child row as text: child rows may be JSON objects or rows of a sheet."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def read_child(columns: tuple[Column, ...], cells: Mapping[str, str]) -> dict[str, Any]:
    """Read a child row. Raises CellError with the field's name."""
    made: dict[str, Any] = {}
    for column in columns:
        text = cells.get(column.name, "")
        if text == "" and not (column.required and column.name in cells):
            continue
        try:
            put(made, column.path, column.codec.read(text))
        except CellError as error:
            raise CellError(f"{column.name}: {error}") from None
    return made


def write_child(columns: tuple[Column, ...], row: Mapping[str, Any]) -> dict[str, str]:
    """Write a child row: what is not empty, and what must be there."""
    cells = {column: column.codec.write(get(row, column.path)) for column in columns}
    return {column.name: text for column, text in cells.items() if text or column.required}


def _own(*names: str, codec: Codec = TEXT) -> tuple[Column, ...]:
    return tuple(Column(name, (name,), codec) for name in names)


CHILDREN: dict[str, tuple[Column, ...]] = {
    "by_law": (
        Column("law_name", ("law",), TEXT, required=True),
        Column("law_number", ("number",), TEXT),
        Column("clause_number", ("article",), TEXT, required=True),
        Column("clause_content", ("text",), TEXT, required=True),
    ),
    "materials": (
        Column("material_code", ("code",), TEXT, required=True),
        Column("material_name", ("name",), TEXT, required=True),
        Column("material_name_en", ("name_en",), TEXT),
        Column("material_kind", ("kind",), TEXT, required=True),
        Column("is_need", ("necessity",), NECESSITY),
        Column("source_type", ("source",), SOURCE),
        Column("material_format", ("form",), FORM),
        Column("original_or_copy", ("original",), ORIGINAL),
        Column("page_num", ("copies",), INTEGER),
        Column("source_explain", ("issuer",), TEXT),
        Column("fill_explain", ("hint",), TEXT),
        Column("accept_stand", ("standard",), TEXT),
        Column("example_guid", ("sample",), TEXT),
        Column("form_guid", ("blank",), TEXT),
        Column("by_law", ("basis",), TEXT),
        *_own("shared", "when"),
        *_own("satisfied_by", codec=JSON),
        *_own("mistakes", codec=STRINGS),
    ),
    "fees": (
        Column("fee_name", ("name",), TEXT, required=True),
        Column("fee_stand", ("standard",), TEXT, required=True),
        Column("by_law", ("basis",), TEXT, required=True),
        Column("is_desc", ("reducible",), BOOLEAN),
        Column("desc_explain", ("reduction",), TEXT),
        Column("remark", ("note",), TEXT),
        Column("amount", ("amount",), TEXT),
    ),
    "faq": (
        Column("question", ("question",), TEXT, required=True),
        Column("answer", ("answer",), TEXT, required=True),
    ),
}
"""Children with field names of their own: JSON columns of these names, or sheets of these names."""
CHILD_PATHS = {"by_law": "legal_basis", "materials": "materials", "fees": "fees", "faq": "faq"}

COLUMNS: tuple[Column, ...] = (
    Column("catalog_code", ("basic_code",), TEXT, required=True),
    Column("local_catalog_code", ("local_basic_code",), TEXT),
    Column("task_code", ("task_code",), TEXT, required=True),
    Column("local_task_code", ("local_task_code",), TEXT),
    Column("task_handle_item", ("handle_code",), TEXT),
    Column("task_name", ("name",), TEXT, required=True),
    Column("task_type", ("item_type",), TEXT, required=True),
    Column("plan_effective_date", ("effective_on",), TEXT),
    Column("plan_cancel_date", ("cancelled_on",), TEXT),
    Column("by_law", ("legal_basis",), _rows(CHILDREN["by_law"])),
    Column("power_source", ("power_source",), TEXT),
    Column("use_level", ("level",), INTEGER, required=True),
    Column("power_division", ("power_division",), TEXT),
    Column("power_content", ("power_content",), TEXT),
    Column("dept_type", ("body_nature",), NATURE),
    Column("entrust_name", ("entrusted_by",), TEXT),
    Column("other_dept", ("co_agencies",), STRINGS),
    Column("accept_dept", ("accepting_body",), TEXT),
    Column("decide_dept", ("deciding_body",), TEXT),
    Column("server_type", ("serves",), _choices(SERVES), required=True),
    Column("anticipate_day", ("statutory_limit", "value"), LIMIT, required=True),
    Column("anticipate_type", ("statutory_limit", "unit"), UNIT),
    Column("anticipate_explain", ("statutory_limit", "note"), TEXT),
    Column("promise_day", ("promised_limit", "value"), LIMIT, required=True),
    Column("promise_type", ("promised_limit", "unit"), UNIT),
    Column("promise_explain", ("promised_limit", "note"), TEXT),
    Column("project_type", ("case_type",), CASE_TYPE, required=True),
    Column("handle_flow", ("process",), JSON),
    Column("special_procedure", ("special_procedures",), JSON),
    Column("accept_condition", ("conditions",), JSON),
    Column("limit_scene_num", ("channels", "visits"), INTEGER),
    Column("limit_scene_explain", ("channels", "visits_reason"), TEXT),
    Column("is_online", ("channels", "online"), BOOLEAN),
    Column("online_handle_depth", ("channels", "depth"), NUMBERS),
    Column("link_addr", ("channels", "link"), TEXT),
    Column("mobile_terminal_url", ("channels", "mobile_link"), TEXT),
    Column("is_single_login", ("channels", "single_sign_on"), BOOLEAN),
    Column("is_entry_center", ("channels", "in_centre"), BOOLEAN),
    Column("is_schedule", ("channels", "booking"), BOOLEAN),
    Column("schedule_num", ("channels", "booking_quota"), INTEGER),
    Column("schedule_rule", ("channels", "booking_rule"), TEXT),
    Column("is_pay_online", ("channels", "pay_online"), BOOLEAN),
    Column("is_express_material", ("channels", "mail_in"), BOOLEAN),
    Column("is_express_result", ("channels", "mail_out"), BOOLEAN),
    Column("is_service_terminals", ("channels", "kiosk"), BOOLEAN),
    Column("handle_area", ("channels", "cross_region"), AREA),
    Column("result_type", ("result", "kind"), RESULT),
    Column("result_name", ("result", "name"), TEXT),
    Column("result_name_en", ("result", "name_en"), TEXT),
    Column("result_guid", ("result", "sample"), TEXT),
    Column("result_months", ("result", "validity_months"), INTEGER),
    Column("result_licence_type", ("result", "licence_type"), TEXT),
    Column("fees", ("fees",), _rows(CHILDREN["fees"])),
    Column("user_topic_type", ("person_themes",), STRINGS),
    Column("corp_topic_type", ("legal_themes",), STRINGS),
    Column("places", ("places",), JSON),
    Column("link_way", ("consult_phone",), TEXT),
    Column("link_web", ("consult_web",), TEXT),
    Column("link_address", ("consult_address",), TEXT),
    Column("supervise_way", ("complaint_phone",), TEXT),
    Column("supervise_web", ("complaint_web",), TEXT),
    Column("supervise_address", ("complaint_address",), TEXT),
    Column("reconsideration", ("reconsideration",), TEXT),
    Column("lawsuit", ("lawsuit",), TEXT),
    Column("rights", ("rights",), TEXT),
    Column("limit_explain", ("quantity_limit",), TEXT),
    Column("service_type", ("intermediary",), TEXT),
    Column("materials", ("materials",), _rows(CHILDREN["materials"])),
    Column("faq", ("faq",), _rows(CHILDREN["faq"])),
    Column("situations", ("situations",), JSON),
    Column("x_name_en", ("name_en",), TEXT),
    Column("x_short_name", ("short_name",), TEXT),
    Column("x_plain", ("plain",), TEXT),
    Column("x_plain_en", ("plain_en",), TEXT),
    Column("x_form", ("form",), JSON),
    Column("x_commitments", ("commitments",), JSON),
    Column("x_mistakes", ("mistakes",), STRINGS),
    Column("x_keywords", ("keywords",), STRINGS),
    Column("x_min_level", ("min_level",), INTEGER),
    Column("x_decision_by_rule", ("decision_by_rule",), TEXT),
    Column("x_sample_only", ("sample_only",), BOOLEAN),
)
BODY_COLUMNS = ("dept_name", "dept_code")
DERIVED = ("is_fee", "transact_addr", "transact_time", "row_guid", "task_version", "task_state", "is_express")
"""Columns of the schema that other columns already tell; read where nothing better is there, never needed."""
REQUIRED = frozenset({column.name for column in COLUMNS if column.required}) | set(BODY_COLUMNS)
KNOWN = frozenset({column.name for column in COLUMNS}) | set(BODY_COLUMNS) | set(DERIVED)


def get(document: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """Return what stands at a path of a document."""
    value: Any = document
    for part in path:
        value = value[part]
    return value


def put(document: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Put a value at a path of a document."""
    for part in path[:-1]:
        document = document.setdefault(part, {})
    document[path[-1]] = value


def read_row(cells: Mapping[str, str]) -> dict[str, Any]:
    """Make a document of a row's cells; empty cells leave the defaults. Raises CellError with the column's name."""
    document = read_child(COLUMNS, cells)
    for path in (("legal_basis",), ("process",), ("serves",)):
        document.setdefault(path[0], [])
    result = document.setdefault("result", {})
    result.setdefault("name", "")
    result.setdefault("kind", "other")
    for name in ("statutory_limit", "promised_limit"):
        document.setdefault(name, {}).setdefault("value", None)
    address, hours = cells.get("transact_addr", ""), cells.get("transact_time", "")
    if "places" not in document and (address or hours):
        document["places"] = [{"centre": "", "address": address, "hours": hours}]
    return document


def write_row(document: Mapping[str, Any]) -> dict[str, str]:
    """Make the cells of a document."""
    cells = {column.name: column.codec.write(get(document, column.path)) for column in COLUMNS}
    places = document["places"]
    cells["is_fee"] = "1" if document["fees"] else "0"
    cells["transact_addr"] = places[0]["address"] if places else ""
    cells["transact_time"] = places[0]["hours"] if places else ""
    return cells
