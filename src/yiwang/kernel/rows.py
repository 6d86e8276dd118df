"""Rows of several tables, written in one statement: a round trip costs more than a row.

It is for acts that write many rows of their own models; what is read and written one by one stays with the ORM. Values
are prepared by the fields themselves, so sealed columns are sealed and documents are JSON as everywhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from psycopg import RawCursor


class _Columns(NamedTuple):
    """What of a table is written, as SQL."""

    prepared: tuple[tuple[models.Field[Any, Any], str, bool], ...]
    """Each field with its attribute, and whether its values need no preparing."""
    table: str
    names: str
    given: str
    """Placeholders of a row to insert."""
    typed: str
    """Placeholders of a row in a list of values, which PostgreSQL would not know the types of."""
    pairs: str
    """``column = placeholder`` for one row to update, its key left out."""
    copied: str
    """``column = v.column`` for many."""


@lru_cache(maxsize=256)
def _columns(model: type[models.Model], wanted: tuple[str, ...] = ()) -> _Columns:
    """Return these fields, or all but what the database fills (a key that it numbers, an expression); the key first where
    some are wanted.
    """
    pk = model._meta.pk
    if wanted:
        fields = (pk, *(model._meta.get_field(name) for name in wanted))
    else:
        fields = tuple(
            one
            for one in model._meta.concrete_fields
            if not (one is pk and isinstance(one, models.AutoField)) and not isinstance(one.db_default, models.Func)
        )
    quoted = [connection.ops.quote_name(str(one.column)) for one in fields]  # type: ignore[union-attr]
    given = [f"%s::{_type(one)}" if isinstance(one, ArrayField) else "%s" for one in fields]
    return _Columns(
        tuple((one, one.attname, _is_plain(one)) for one in fields),  # type: ignore[union-attr, misc, arg-type]
        connection.ops.quote_name(model._meta.db_table),
        ", ".join(quoted),
        f"({', '.join(given)})",
        f"({', '.join(f'%s::{_type(one)}' for one in fields)})",
        ", ".join(f"{name} = {value}" for name, value in list(zip(quoted, given, strict=True))[1:]),
        ", ".join(f"{name} = v.{name}" for name in quoted[1:]),
    )


def _type(field: Any) -> str:
    kind: str = field.rel_db_type(connection) if field.primary_key else field.db_type(connection)
    return kind


_PLAIN = frozenset({str, int, bool, type(None), uuid.UUID, datetime, date})
"""Types of values that go to the database as they are, from columns of plain types (``_Columns.plain``)."""


def _values(row: models.Model, columns: _Columns, *, new: bool) -> list[Any]:
    values = []
    for field, name, plain in columns.prepared:
        value = getattr(row, name)
        if not plain or type(value) not in _PLAIN:
            value = field.get_db_prep_save(field.pre_save(row, new), connection)
        values.append(value)
    return values


def _is_plain(field: models.Field[Any, Any]) -> bool:
    if isinstance(field, models.ForeignKey):
        return _is_plain(field.target_field)
    stamped = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    return type(field) in _PLAIN_FIELDS and not stamped


_PLAIN_FIELDS = frozenset(
    {
        models.BooleanField,
        models.CharField,
        models.DateField,
        models.DateTimeField,
        models.IntegerField,
        models.SmallIntegerField,
        models.TextField,
        models.UUIDField,
    }
)


class _Numbering(RawCursor[Any]):
    """Numbers the placeholders at once; the driver's own way takes longer than the rest for a long statement."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Run a statement whose only ``%s`` are its placeholders."""
        first, *rest = query.split("%s")
        numbered = first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))
        return super().execute(numbered, params, **options)


class Batch:
    """What will be written together.

    Its parts see the database as it was before, and never each other; no row may stand in it twice.
    """

    __slots__ = ("_parts", "_values")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._values: list[Any] = []

    def insert(self, rows: Iterable[models.Model]) -> None:
        """Add new rows of one model; they have their keys, or the database numbers them."""
        made = list(rows)
        if not made:
            return
        columns = _columns(type(made[0]))
        values = [_values(row, columns, new=True) for row in made]
        self.add_lines(f"INSERT INTO {columns.table} ({columns.names}) VALUES", columns.given, values)
        for row in made:
            row._state.adding, row._state.db = False, connection.alias

    def update(self, rows: Iterable[models.Model], fields: Sequence[str]) -> None:
        """Add changed rows of one model: these of their fields are written."""
        changed = list(rows)
        if not changed:
            return
        columns = _columns(type(changed[0]), tuple(fields))
        key = str(columns.names.partition(",")[0])
        values = [_values(row, columns, new=False) for row in changed]
        if len(changed) == 1:
            pk, *rest = values[0]
            self.add(f"UPDATE {columns.table} SET {columns.pairs} WHERE {key} = %s", [*rest, pk])  # noqa: S608
            return
        self.add_lines(
            f"UPDATE {columns.table} AS t SET {columns.copied} FROM (VALUES",  # noqa: S608 - names of our own tables
            columns.typed,
            values,
            f") AS v ({columns.names}) WHERE t.{key} = v.{key}",
        )

    def add(self, sql: str, values: Iterable[Any]) -> None:
        """Add a statement that writes (one that only selects would not be run)."""
        self._parts.append(sql)
        self._values.extend(values)

    def add_lines(self, begin: str, line: str, rows: Iterable[Sequence[Any]], end: str = "") -> None:
        """Add a statement with a list of rows in it, ``line`` for each."""
        values = [value for row in rows for value in row]
        self.add(f"{begin} {', '.join([line] * (len(values) // line.count('%s')))} {end}", values)

    def send(self) -> None:
        """Write everything, and begin anew."""
        parts, values = self._parts, self._values
        self._parts, self._values = [], []
        if not parts:
            return
        *before, last = parts
        named = ", ".join(f"p{number} AS ({part})" for number, part in enumerate(before))
        connection.ensure_connection()
        wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
        with wrap(_Numbering(connection.connection)) as cursor:  # type: ignore[arg-type]
            cursor.execute(f"WITH {named} {last}" if before else last, values)
