"""Guides as Guangdong publishes them: one JSON object a line.

They say what people are told, not how the item is carried out: no legal basis, no process, no form. Such items are
shown and found, and applied for where they come from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.platform.catalog.imports.formats import (
    Body,
    FileRefused,
    ImportFormat,
    Refused,
    Row,
    Tables,
    registry,
)
from yiwang.platform.catalog.imports.reading import encoding_of, lines

_LIMIT = re.compile(r"(\d{1,4})\s*[(（]?\s*(个?工作日|个?自然日|天|日|个?月)\s*[)）]?")
_UNITS = {"工作日": "workday", "自然日": "day", "天": "day", "日": "day", "月": "month"}
_SERVES = {
    "自然人": "person",
    "企业法人": "enterprise",
    "事业法人": "institution",
    "社会组织法人": "social_organisation",
    "非法人企业": "unincorporated",
    "行政机关": "administration",
    "其他组织": "other",
}
_LEGAL = ("企业法人", "事业法人", "社会组织法人", "非法人企业")
_NO_COUNTER = "无线下办理窗口"


@registry.register("guangdong")
class Guangdong(ImportFormat):
    """JSON lines of the Guangdong service platform."""

    label = gettext_lazy("广东政务服务事项（JSON 行）")
    suffixes = (".jsonl", ".ndjson")

    def count(self, path: Path) -> int:
        """Count the lines."""
        with path.open("rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))

    def rows(self, path: Path, tables: Tables) -> Iterator[Row | Refused]:
        """Read line by line; a line over the limit is refused."""
        for line in lines(path, encoding_of(path)):
            if line.text is None:
                yield Refused(line.number, "", "line.long", _("这一行超过 1 MB，没有读入。"))
                continue
            if not line.text.strip():
                continue
            try:
                content = json.loads(line.text)
            except (ValueError, RecursionError):
                yield Refused(line.number, "", "json", _("这一行不是 JSON。"))
                continue
            if not isinstance(content, dict):
                yield Refused(line.number, "", "json", _("这一行不是 JSON 对象。"))
                continue
            missing = [name for name in ("TASK_CODE", "CATAID", "TASK_NAME", "TASK_TYPE") if not content.get(name)]
            if missing:
                if line.number == 1 and len(missing) == 4:
                    raise FileRefused("columns", _("缺少列：%(names)s。") % {"names": "、".join(missing)}, 1)
                message = _("缺少 %(names)s。") % {"names": "、".join(missing)}
                yield Refused(line.number, str(content.get("TASK_CODE") or ""), "columns", message)
                continue
            yield _row(line.number, content, tables)


def _row(number: int, content: Mapping[str, Any], tables: Tables) -> Row:
    code = str(content["TASK_CODE"]).strip()
    notes: list[tuple[str, str]] = []
    serves = [_SERVES[name] for name in _list(content, "service_object_name") if name in _SERVES]
    persons, legal = _themes(content, tables, notes)
    visits = _said(content, "visit_number")
    online = content.get("ONLINECHECK") == "1"
    place = _said(content, "handle_location").removeprefix("办理地点：")
    mail = _said(content, "courier_service") == "是"
    document: dict[str, Any] = {
        "basic_code": str(content["CATAID"]).strip(),
        "task_code": code[:31],
        "handle_code": code if len(code) > 31 else "",
        "local_task_code": _said(content, "matter_code"),
        "name": str(content["TASK_NAME"]).strip(),
        "short_name": _said(content, "matter_short"),
        "item_type": str(content["TASK_TYPE"]),
        "level": code[18:19],
        "serves": list(dict.fromkeys(serves)),
        "case_type": "committed",
        "statutory_limit": _limit(content, "handle_time", notes),
        "promised_limit": _limit(content, "handle_time_limit", notes),
        "legal_basis": [],
        "process": [],
        "conditions": [
            {"text": text.strip()} for text in _said(content, "accept_standard").splitlines() if text.strip()
        ],
        "materials": [
            {"code": f"m{index}", "name": name, "kind": "form" if name.endswith("表") else "proof"}
            for index, name in enumerate(_list(content, "material_intro"), 1)
        ],
        "result": {"name": "", "kind": "other"},
        "co_agencies": [text for text in (_said(content, "co_department"),) if text],
        "channels": {
            "online": online,
            "depth": [1, 2] if online else [1],
            "visits": int(visits) if visits.isdecimal() else 0,
            "in_centre": False,
            "booking": bool(_said(content, "online_book_addr")),
            "mail_in": mail,
            "mail_out": mail,
            "link": _said(content, "URL"),
        },
        "places": [{"centre": "", "address": place}] if place and place != _NO_COUNTER else [],
        "person_themes": persons,
        "legal_themes": legal,
        "consult_phone": _said(content, "consult_phone"),
        "complaint_phone": _said(content, "complain_phone"),
        "keywords": [word for word in re.split("[,，、;；]", _said(content, "matter_daily")) if word],
    }
    body = Body(code[:18], _said(content, "DEPT_NAME"), _said(content, "AREACODE"), _said(content, "AREA_CODE_TEXT"))
    return Row(number, code, document, body, elsewhere=True, notes=notes)


def _said(content: Mapping[str, Any], name: str) -> str:
    """Return what a field says; 无 says nothing."""
    value = content.get(name)
    text = value.strip() if isinstance(value, str) else ""
    return "" if text == "无" else text


def _list(content: Mapping[str, Any], name: str) -> list[str]:
    value = content.get(name)
    if not isinstance(value, list):
        return []
    return [text.strip() for text in value if isinstance(text, str) and text.strip() not in {"", "无"}]


def _limit(content: Mapping[str, Any], name: str, notes: list[tuple[str, str]]) -> dict[str, Any]:
    text = _said(content, name)
    if not text:
        return {"value": None}
    match = _LIMIT.fullmatch(text)
    if match is None:
        notes.append(("limit.unread", _("时限“%(text)s”读不懂，只作说明。") % {"text": text}))
        return {"value": None, "note": text}
    return {"value": int(match[1]), "unit": _UNITS[match[2].removeprefix("个")]}


def _themes(content: Mapping[str, Any], tables: Tables, notes: list[tuple[str, str]]) -> tuple[list[str], list[str]]:
    objects = _list(content, "service_object_name")
    persons: list[str] = []
    legal: list[str] = []
    for label in _list(content, "theme_category"):
        short = re.sub("[（(].*", "", label)
        codes = [
            (themes, table[short])
            for themes, table, wanted in (
                (persons, tables.person_themes, "自然人" in objects),
                (legal, tables.legal_themes, any(name in objects for name in _LEGAL)),
            )
            if wanted and short in table
        ]
        for themes, code in codes:
            if code not in themes:
                themes.append(code)
        if not codes:
            notes.append(("theme", _("主题“%(label)s”不在主题表里。") % {"label": label}))
    return persons, legal
