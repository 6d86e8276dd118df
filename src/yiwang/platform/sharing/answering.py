"""What an answer hands out: no more than was asked for and granted, a yes or no where that is enough. Pure."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from yiwang.kernel import expressions
from yiwang.kernel.fields import FieldKind
from yiwang.platform.sharing.rules import given
from yiwang.platform.sharing.types import Answer, DatasetDefinition, Said, Want

_NUMERIC = frozenset({FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY})


def typed(definition: DatasetDefinition, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record's values as expressions compare them: numbers as numbers, truth as truth; what cannot be read is
    left out.
    """
    kinds = {item.name: item.kind for item in definition.items}
    found: dict[str, Any] = {}
    for name, value in values.items():
        if kinds.get(name) in _NUMERIC and isinstance(value, str):
            with contextlib.suppress(InvalidOperation):
                found[name] = Decimal(value)
        elif kinds.get(name) is FieldKind.BOOLEAN and isinstance(value, str):
            found[name] = value == "true"
        else:
            found[name] = value
    return found


def answered(
    want: Want, definition: DatasetDefinition, answer: Answer | None, today: date
) -> tuple[Said, dict[str, Any]]:
    """Return what a dataset's answer says of what was asked, and the columns that may be handed out: no more than were
    asked for, none for a yes-or-no answer. A rule whose record cannot be read cannot say.
    """
    if answer is None or not set(columns(want)) <= set(answer.fields):
        return Said.REFUSED, {}
    if not answer.available:
        return Said.DEGRADED, {}
    if want.answer:
        rule = next((one for one in definition.answers if one.code == want.answer), None)
        if rule is None:
            return Said.UNKNOWN, {}
        if answer.values is None:
            return Said(rule.absent.value), {}
        data = typed(definition, given(answer.values)) | {"today": today.isoformat()}
        try:
            outcome = expressions.evaluate(rule.expression, data)
        except expressions.ExpressionError:
            return Said.UNKNOWN, {}
        return (Said.YES if outcome.value else Said.NO) if outcome.known else Said.UNKNOWN, {}
    if not want.fields:
        return (Said.NO if answer.values is None else Said.YES), {}
    if answer.values is None:
        return Said.UNKNOWN, {}
    return Said.VALUE, {name: answer.values.get(name) for name in want.fields}


def columns(want: Want) -> tuple[str, ...]:
    """Return what a grant must give for it: columns, ``?`` and the code of an answer, or (``""``) that there is a record."""
    return (f"?{want.answer}",) if want.answer else want.fields or ("",)


def needed(definition: DatasetDefinition, fields: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of a record without which these fields of a grant cannot be answered."""
    found: dict[str, None] = {}
    rules = {f"?{one.code}": one.expression for one in definition.answers}
    for name in fields:
        if name in rules:
            found |= dict.fromkeys(sorted(expressions.compile(rules[name]).names))
        elif name:
            found[name] = None
    names = {item.name for item in definition.items}
    return tuple(name for name in found if name in names)


def grantable(definition: DatasetDefinition) -> set[str]:
    """Return everything of a dataset that a grant can give."""
    return {item.name for item in definition.items} | {f"?{answer.code}" for answer in definition.answers}
