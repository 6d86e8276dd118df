"""Rows made up in the process: a feed without a source, for tests and to try the platform out."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.kernel.fields import FieldKind, FieldSpec
from yiwang.platform.sharing.connectors import Batch, Connector, Source, limit_spec, number_spec, registry
from yiwang.platform.sharing.types import DatasetItem

_FIRST_DAY = date(2020, 1, 1)


@registry.register("demo")
class Demo(Connector):
    """``count`` rows of people that there are not, or the very ``rows`` that the settings hold; the token is how many."""

    label = gettext_lazy("演示数据")
    more_settings = frozenset({"rows"})

    def settings(self) -> tuple[FieldSpec, ...]:
        """How many rows there are."""
        return (number_spec("count", _("编造多少行"), 0, 10_000_000), limit_spec())

    def batches(self, source: Source, token: Any) -> Generator[Batch, None, None]:
        """Yield them."""
        rows = source.settings.get("rows")
        total = len(rows) if rows is not None else source.settings.get("count") or 0
        for start in range(token or 0, total, source.limit):
            end = min(start + source.limit, total)
            yield Batch(rows[start:end] if rows is not None else [_row(source, one) for one in range(start, end)], end)


def _row(source: Source, number: int) -> dict[str, Any]:
    values = {item.name: _value(item, number) for item in source.definition.items}
    return {"subject": f"DEMO{number:08d}", **values}


def _value(item: DatasetItem, number: int) -> Any:
    """Make a value of the column's kind; patterns and check digits it does not know."""
    if item.options:
        return item.options[number % len(item.options)]
    if item.kind is FieldKind.BOOLEAN:
        return number % 2 == 0
    if item.kind is FieldKind.DATE:
        return item.min or (_FIRST_DAY + timedelta(days=number % 2000)).isoformat()
    if item.kind in (FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY):
        return item.min or number % 100
    return f"{item.label}{number}"[: item.max_length or None]
