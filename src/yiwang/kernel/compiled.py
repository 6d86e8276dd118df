"""Queries of the ORM that are put into SQL once: making the text again for every request costs more than running it.

A query is written as always, with ``Slot`` where a value will stand::

    _BY_CODE = Compiled(lambda: Agency.objects.filter(code__any=Slot("codes")).values_list("code", "name"))

    _BY_CODE(codes=["339901-amr"])

It returns what the queryset would: tuples for ``values_list``, else instances. What is given is handed to PostgreSQL as it
is, so it has to be of the column's own type (a UUID, a date, text); sets are lists, compared by ``__any``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Field, Lookup, QuerySet
from django.db.models.base import ModelState
from django.db.models.expressions import Expression
from django.db.models.query import ValuesListIterable, get_related_populators

if TYPE_CHECKING:
    _Lookup = Lookup[Any]
else:
    _Lookup = Lookup


class Slot(Expression):
    """Where a value will stand."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Stand in the parameters itself."""
        return "%s", [self]


@Field.register_lookup
class AnyOf(_Lookup):
    """``column = ANY(list)``: one text whatever the length of the list, which ``__in`` is not."""

    lookup_name = "any"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Compare."""
        column, before = self.process_lhs(compiler, connection)
        if isinstance(self.rhs, Slot):
            return f"{column} = ANY(%s)", [*before, self.rhs]
        return f"{column} = ANY(%s)", [*before, list(self.rhs)]


class Overlaps(_Lookup):
    """``array && list``: as ``overlap``, for a list that is given later."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Compare."""
        column, before = self.process_lhs(compiler, connection)
        return f"{column} && %s", [*before, self.rhs]


ArrayField.register_lookup(Overlaps)


class Compiled:
    """A query that is put into SQL when it is first run."""

    def __init__(self, query: Callable[[], QuerySet[Any]]) -> None:
        self._query = query

    @cached_property
    def _made(self) -> tuple[str, tuple[Any, ...], Callable[[Iterable[Any]], list[Any]]]:
        queryset = self._query()
        compiler = queryset.query.get_compiler(connection=connection)
        try:
            sql, params = compiler.as_sql()
        except EmptyResultSet:
            return "", (), list
        converters = compiler.get_converters([column for column, _sql, _alias in compiler.select])
        make = tuple if issubclass(queryset._iterable_class, ValuesListIterable) else _instances(compiler)

        def read(rows: Iterable[Any]) -> list[Any]:
            return [make(row) for row in (_converted(rows, converters) if converters else rows)]

        return sys.intern(sql), params, read  # many lists have the same text, with other values

    def __call__(self, **given: Any) -> list[Any]:
        """Run it with what stands in its slots."""
        sql, params, read = self._made
        if not sql:  # nothing can fulfil its conditions
            return []
        values = [given[one.name] if isinstance(one, Slot) else one for one in params]
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return read(cursor.fetchall())

    def first(self, **given: Any) -> Any:
        """Return the first row, or nothing."""
        return next(iter(self(**given)), None)


def _converted(rows: Iterable[Any], converters: Any) -> Iterable[Any]:
    """Convert as ``SQLCompiler.apply_converters`` does, without keeping the compiler and its query."""
    for row in map(list, rows):
        for place, (steps, expression) in converters.items():
            for step in steps:
                row[place] = step(row[place], expression, connection)
        yield row


def _instances(compiler: Any) -> Callable[[Any], Any]:
    """Return what makes an instance of a row, with those that were selected beside it (as ``ModelIterable`` does).

    It is made as unpickling makes one, without ``__init__`` and its signals, which nobody here listens to: half the time.
    """
    model, where = compiler.klass_info["model"], compiler.klass_info["select_fields"]
    begin, end = where[0], where[-1] + 1
    names = [column.target.attname for column, _sql, _alias in compiler.select[begin:end]]
    populators = get_related_populators(compiler.klass_info, compiler.select, connection.alias)  # type: ignore[call-arg]
    annotations = compiler.annotation_col_map.items()

    def make(row: Any) -> Any:
        made = model.__new__(model)
        made._state = ModelState()
        made._state.adding, made._state.db = False, connection.alias
        made.__dict__.update(zip(names, row[begin:end], strict=True))
        for populator in populators:
            populator.populate(row, made)
        for name, place in annotations:
            setattr(made, name, row[place])
        return made

    return make
