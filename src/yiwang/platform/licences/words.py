"""What a licence says, in words: values of data elements as a document or a page shows them. Pure
functions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from yiwang.kernel.fields import FieldKind
from yiwang.platform.catalog.types import DataElement
from yiwang.platform.licences.types import LicenceTypeSpec, ShownField

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(T.*)?")


def shown_fields(
    spec: LicenceTypeSpec, values: Mapping[str, Any], elements: Mapping[str, DataElement]
) -> tuple[ShownField, ...]:
    """Return the lines of a licence in the order of its type; what it does not say is left out."""
    found = []
    for field in spec.fields:
        value = values.get(field.name)
        if value in (None, "", [], {}):
            continue
        element = elements.get(field.element)
        if isinstance(value, list) and isinstance(value[0], Mapping):
            columns, rows = _table(value, elements)
            found.append(ShownField(field.label, field.label_en, columns=columns, rows=rows))
        else:
            lines = _text(value, element, elements, field.label).split("\n")
            found.append(ShownField(field.label, field.label_en, tuple(line for line in lines if line.strip())))
    return tuple(found)


def day(value: date) -> str:
    """Say a date: 2026年11月18日."""
    return f"{value.year}年{value.month}月{value.day}日"


def term(first: date, last: date | None) -> str:
    """Say a term of validity: first to last day, or 长期."""
    return f"{day(first)}起长期有效" if last is None else f"{day(first)}至{day(last)}"


def _table(
    rows: list[Mapping[str, Any]], elements: Mapping[str, DataElement]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = tuple(elements[name].label if name in elements else name for name in names)
    cells = tuple(tuple(_text(row.get(name, ""), elements.get(name), elements) for name in names) for row in rows)
    return columns, cells


def _text(value: Any, element: DataElement | None, elements: Mapping[str, DataElement], label: str = "") -> str:
    if value in (None, ""):
        return ""
    if isinstance(value, list | tuple):
        return "、".join(_text(one, element, elements, label) for one in value)
    if isinstance(value, Mapping):
        named = (
            (elements[key].label if key in elements else key, _text(one, elements.get(key), elements))
            for key, one in value.items()
        )
        return "\n".join(f"{name}：{text}" for name, text in named)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return day(value)
    text = str(value)
    if element is not None:
        text = next((option.label for option in element.options if option.value == text), text)
        number = element.kind in {FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY}
        if number and element.unit and element.unit not in label:
            return f"{text} {element.unit}"
    found = _DATE.fullmatch(text)
    return f"{found[1]}年{int(found[2])}月{int(found[3])}日" if found else text
