"""How a stored value is read by people."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel.fields import FieldKind, FieldSpec


def show_value(spec: FieldSpec, value: Any) -> str:
    """Return a value as a person reads it: labels instead of codes, with its unit."""
    if value in (None, "", []):
        return ""
    labels = {option.value: option.label for option in spec.options}
    if isinstance(value, list):
        return "、".join(_row(one) if isinstance(one, dict) else str(labels.get(str(one), one)) for one in value)
    if isinstance(value, bool) or spec.kind is FieldKind.BOOLEAN:
        return _("是") if value in (True, "true", "yes") else _("否")
    text = str(labels.get(str(value), value))
    return f"{text} {spec.unit}" if spec.unit else text


def _row(row: dict[str, Any]) -> str:
    return " ".join(str(value) for value in row.values() if value not in (None, ""))
