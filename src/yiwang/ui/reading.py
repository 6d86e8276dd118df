"""From a value to what a person reads: the way back of ``ui.values``, the same on every page that shows what is known."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from yiwang.kernel.fields import FieldKind, FieldSpec

from . import dates
from .values import label_of


def show_value(spec: FieldSpec, value: Any) -> str:
    """Return a value as a person reads it: labels instead of codes, days in words, with its unit."""
    if value in (None, "", []):
        return ""
    labels = {option.value: label_of(option) for option in spec.options}
    if isinstance(value, list):
        return _("、").join(
            _row(spec, one) if isinstance(one, dict) else str(labels.get(str(one), one)) for one in value
        )
    if isinstance(value, bool) or spec.kind is FieldKind.BOOLEAN:
        return _("是") if value in (True, "true", "yes") else _("否")
    if spec.kind is FieldKind.DATE:
        day = value if isinstance(value, date) else _day(str(value))
        return dates.said(day, "date") if day else str(value)
    text = str(labels.get(str(value), value))
    return f"{text} {spec.unit}" if spec.unit else text


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _row(spec: FieldSpec, row: dict[str, Any]) -> str:
    columns = {column.name: column for column in spec.columns}
    shown = (show_value(columns[name], one) if name in columns else str(one or "") for name, one in row.items())
    return " ".join(text for text in shown if text)
