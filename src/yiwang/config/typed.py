"""What an invented applicant types: the pack's own words (``living/typed.yaml``), else the least that the field takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from yiwang.kernel import clock
from yiwang.kernel.fields import FieldKind, FieldSpec
from yiwang.kernel.packs import Pack

_DAYS = re.compile(r"[+-]\d{1,5}")


def read(pack: Pack) -> dict[str, str]:
    """Return what the pack's people type, by data element; dates may be told in days from the application."""
    path = pack.root / "living" / "typed.yaml"
    if not path.exists():
        return {}
    return pack.make(path, pack.yaml(path), dict[str, str]) or {}


def sample(spec: FieldSpec, region: str) -> Any:
    """Return a value that the field takes, whoever types it."""
    return value_of(spec, {}, clock.today(), region)


def value_of(spec: FieldSpec, words: Mapping[str, str], today: date, region: str) -> Any:
    """Return a value that the field takes: as the pack says, its example, its first choice, or the least of its kind.

    A place is the one that the matter is about. The citizen's number is the example of GB 11643.
    """
    text = words.get(spec.name) or spec.example
    if text:
        return _typed(spec, text, today)
    if spec.kind is FieldKind.CHOICES:
        return [spec.options[0].value]
    if spec.options:
        return spec.options[0].value
    if spec.kind in (FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY):
        least = spec.min if spec.min is not None else 1
        return int(max(least, 1))
    simple: dict[FieldKind, Any] = {
        FieldKind.BOOLEAN: True,
        FieldKind.DATE: "2030-06-15",
        FieldKind.PHONE: "19900000001",
        FieldKind.CITIZEN_ID: "11010519491231002X",
        FieldKind.USCC: "91339901MADEM99994",
        FieldKind.REGION: region,
        FieldKind.TABLE: [{column.name: value_of(column, words, today, region) for column in spec.columns}],
    }
    return simple.get(spec.kind, "演示内容")


def _typed(spec: FieldSpec, text: str, today: date) -> Any:
    if spec.kind is FieldKind.DATE and _DAYS.fullmatch(text):
        return (today + timedelta(days=int(text))).isoformat()
    if spec.kind is FieldKind.INTEGER:
        return int(text)
    if spec.kind in (FieldKind.DECIMAL, FieldKind.MONEY):
        return float(text)
    if spec.kind is FieldKind.BOOLEAN:
        return text in ("true", "是")
    if spec.kind is FieldKind.CHOICES:
        return text.split(",")
    if spec.kind is FieldKind.TABLE:
        names = [column.name for column in spec.columns]
        return [dict(zip(names, row.split("/"), strict=True)) for row in text.split(";")]
    return text
