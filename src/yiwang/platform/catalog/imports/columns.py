"""The columns of CSV and XLSX: field names of the national exchange schema (STANDARDS 3.5) and what they mean here.

Both directions come from one table, so that what is exported comes back the same. What the schema has no name for is
named ``x_…``. Columns that others already tell (``DERIVED``) are written for whoever reads the file elsewhere, and read
where nothing better is there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from yiwang.platform.catalog.imports.codecs import (
    AREA,
    BOOLEAN,
    CASE_TYPE,
    FLOW,
    FORM,
    INTEGER,
    JSON,
    LIMIT,
    NATURE,
    NECESSITY,
    NONE_WORDS,
    NUMBERS,
    ORIGINAL,
    PROHIBITS,
    RESULT,
    SERVES,
    SOURCE,
    SPECIAL,
    STRINGS,
    TEXT,
    UNIT,
    CellError,
    Codec,
    choices,
    dump,
    laws,
    prose_lines,
    read_json,
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, where its value stands in the document, how it is written."""

    name: str
    path: tuple[str, ...]
    codec: Codec
    required: bool = False


def _rows(columns: tuple[Column, ...], prose: Callable[[str], list[Any]] | None = None) -> Codec:
    """Child rows as a JSON list of objects whose keys are the child's field names; ``prose`` reads plain text."""

    def read(text: str) -> list[dict[str, Any]]:
        if prose is not None and not text.startswith(("[", "{")):
            return [] if text.strip() in NONE_WORDS else prose(text)
        made = read_json(text)
        if not isinstance(made, list) or not all(isinstance(row, dict) for row in made):
            raise CellError(_("应为 JSON 列表，每行一个对象。"))
        return read_children(columns, [{key: cell(value) for key, value in row.items()} for row in made])

    def write(rows: Iterable[Mapping[str, Any]]) -> str:
        return dump([write_child(columns, row, place) for place, row in enumerate(rows, 1)])

    return Codec(read, write)


def read_children(columns: tuple[Column, ...], rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Read child rows in the order that they themselves tell (``order_num``), else as they stand. Raises CellError."""
    if rows and all(row.get(ORDER, "").isdecimal() for row in rows):
        rows = sorted(rows, key=lambda row: int(row[ORDER]))
    made = [read_child(columns, row) for row in rows]
    if columns is CHILDREN["materials"]:
        for place, (material, row) in enumerate(zip(made, rows, strict=True), 1):
            _material(material, row, place)
    return made


def _material(material: dict[str, Any], row: Mapping[str, str], place: int) -> None:
    """Fill what other lists leave out: a code, a kind; their ``material_type`` is 原件 or 复印件 (STANDARDS 1, row 10)."""
    if "material_code" not in row:
        material["code"] = f"m{place}"
    if not material["kind"]:
        material["kind"] = "form" if material["name"].endswith("表") else "other"
    if "original" not in material and row.get("material_type", "") in ("1", "2", "3"):
        material["original"] = ORIGINAL.read(row["material_type"])


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
    """Read a row; what is required and empty is read too. Raises CellError with the field's name."""
    made: dict[str, Any] = {}
    for column in columns:
        text = cells.get(column.name, "")
        if text == "" and not column.required:
            continue
        try:
            put(made, column.path, column.codec.read(text))
        except CellError as error:
            raise CellError(f"{column.name}: {error}") from None
    return made


def write_child(columns: tuple[Column, ...], row: Mapping[str, Any], place: int = 0) -> dict[str, str]:
    """Write a child row: what is not empty, and what must be there; ``place`` is its number where order matters."""
    cells = {column: column.codec.write(get(row, column.path)) for column in columns}
    made = {column.name: text for column, text in cells.items() if text or column.required}
    return made | {ORDER: str(place)} if place and columns is CHILDREN["materials"] else made


def _own(*names: str, codec: Codec = TEXT) -> tuple[Column, ...]:
    return tuple(Column(name, (name,), codec) for name in names)


def _office(prefix: str, path: str) -> tuple[Column, ...]:
    """The columns of who takes a remedy, and how they are reached."""
    names = (("dept", "name"), ("address", "address"), ("phone", "phone"), ("url", "web"))
    return tuple(Column(f"{prefix}_{name}", (path, own), TEXT) for name, own in names)


def _conditions(text: str) -> list[dict[str, Any]]:
    return [{"text": line} for line in prose_lines(text)]


ORDER = "order_num"
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
        Column("original_num", ("originals",), INTEGER),
        Column("copy_num", ("photocopies",), INTEGER),
        Column("page_format", ("size",), TEXT),
        Column("issue_org", ("issuer",), TEXT),
        Column("source_explain", ("source_note",), TEXT),
        Column("fill_explain", ("hint",), TEXT),
        Column("accept_stand", ("standard",), TEXT),
        Column("example_guid", ("sample",), TEXT),
        Column("form_guid", ("blank",), TEXT),
        Column("by_law", ("basis",), TEXT),
        Column("remark", ("note",), TEXT),
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
    "accept_condition": (
        Column("condition", ("text",), TEXT, required=True),
        Column("condition_type", ("prohibits",), PROHIBITS),
    ),
    "windows": (
        Column("centre", ("centre",), TEXT, required=True),
        Column("window_name", ("counters",), TEXT),
        Column("transact_addr", ("address",), TEXT),
        Column("transact_time", ("hours",), TEXT),
        Column("traffic_guide", ("traffic",), TEXT),
        Column("tel", ("phone",), TEXT),
        Column("map_url", ("map_link",), TEXT),
        Column("region_code", ("region",), TEXT),
    ),
    "faq": (
        Column("question", ("question",), TEXT, required=True),
        Column("answer", ("answer",), TEXT, required=True),
    ),
}
"""Children with field names of their own: JSON columns of these names, or sheets of these names."""
CONCERNED = (Column("licence_type", ("licence_type",), TEXT, required=True), *_own("by", "holder"))
"""Licences that the result changes or ends."""
CHILD_PATHS = {
    "by_law": "legal_basis",
    "materials": "materials",
    "fees": "fees",
    "accept_condition": "conditions",
    "windows": "places",
    "faq": "faq",
}

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
    Column("by_law", ("legal_basis",), _rows(CHILDREN["by_law"], laws)),
    Column("power_source", ("power_source",), TEXT),
    Column("use_level", ("level",), INTEGER, required=True),
    Column("power_division", ("power_division",), TEXT),
    Column("power_content", ("power_content",), TEXT),
    Column("dept_type", ("body_nature",), NATURE),
    Column("entrust_name", ("entrusted_by",), TEXT),
    Column("other_dept", ("co_agencies",), STRINGS),
    Column("accept_dept", ("accepting_body",), TEXT),
    Column("decide_dept", ("deciding_body",), TEXT),
    Column("server_type", ("serves",), choices(SERVES), required=True),
    Column("anticipate_day", ("statutory_limit", "value"), LIMIT, required=True),
    Column("anticipate_type", ("statutory_limit", "unit"), UNIT),
    Column("anticipate_explain", ("statutory_limit", "note"), TEXT),
    Column("promise_day", ("promised_limit", "value"), LIMIT, required=True),
    Column("promise_type", ("promised_limit", "unit"), UNIT),
    Column("promise_explain", ("promised_limit", "note"), TEXT),
    Column("project_type", ("case_type",), CASE_TYPE, required=True),
    Column("handle_flow", ("process",), FLOW),
    Column("online_flow", ("online_flow",), TEXT),
    Column("offline_flow", ("counter_flow",), TEXT),
    Column("flow_picture", ("flow_chart",), TEXT),
    Column("special_procedure", ("special_procedures",), SPECIAL),
    Column("accept_condition", ("conditions",), _rows(CHILDREN["accept_condition"], _conditions)),
    Column("limit_scene_num", ("channels", "visits"), INTEGER),
    Column("limit_scene_explain", ("channels", "visits_reason"), TEXT),
    Column("is_online", ("channels", "online"), BOOLEAN),
    Column("online_handle_depth", ("channels", "depth"), NUMBERS),
    Column("online_handle_url", ("channels", "apply_link"), TEXT),
    Column("link_addr", ("channels", "link"), TEXT),
    Column("mobile_terminal_url", ("channels", "mobile_link"), TEXT),
    Column("is_single_login", ("channels", "single_sign_on"), BOOLEAN),
    Column("app_is_single_login", ("channels", "app_single_sign_on"), BOOLEAN),
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
    Column("result_renews", ("result", "renews"), BOOLEAN),
    Column("result_changes", ("result", "changes"), _rows(CONCERNED)),
    Column("result_ends", ("result", "ends"), _rows(CONCERNED)),
    Column("result_private", ("result", "private"), BOOLEAN),
    Column("result_licence_type", ("result", "licence_type"), TEXT),
    Column("fees", ("fees",), _rows(CHILDREN["fees"])),
    Column("user_topic_type", ("person_themes",), STRINGS),
    Column("corp_topic_type", ("legal_themes",), STRINGS),
    Column("local_user_topic_type", ("local_person_themes",), STRINGS),
    Column("local_corp_topic_type", ("local_legal_themes",), STRINGS),
    Column("windows", ("places",), _rows(CHILDREN["windows"])),
    Column("link_way", ("consult_phone",), TEXT),
    Column("link_email", ("consult_email",), TEXT),
    Column("link_web", ("consult_web",), TEXT),
    Column("link_address", ("consult_address",), TEXT),
    Column("supervise_way", ("complaint_phone",), TEXT),
    Column("supervise_email", ("complaint_email",), TEXT),
    Column("supervise_web", ("complaint_web",), TEXT),
    Column("supervise_address", ("complaint_address",), TEXT),
    Column("reconsideration", ("reconsideration",), TEXT),
    *_office("reconsider", "reconsideration_office"),
    Column("lawsuit", ("lawsuit",), TEXT),
    *_office("lawsuit", "court"),
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
DERIVED = (
    "row_guid",
    "task_version",
    "task_state",
    "is_fee",
    "fee_basis",
    "handle_type",
    "is_express",
    "transact_addr",
    "transact_time",
    "traffic_guide",
    "town_code",
    "town_name",
    "village_code",
    "village_name",
)
"""Columns of the schema that other columns or our records already tell; see ``derived``. None of them is needed."""
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
    for name in ("legal_basis", "process", "serves"):
        document.setdefault(name, [])
    for name in ("statutory_limit", "promised_limit"):
        document.setdefault(name, {}).setdefault("value", None)
    result = document.setdefault("result", {})
    result.setdefault("name", "")
    result.setdefault("kind", "other")
    return document


def write_row(document: Mapping[str, Any]) -> dict[str, str]:
    """Make the cells of a document."""
    return {column.name: column.codec.write(get(document, column.path)) for column in COLUMNS}
