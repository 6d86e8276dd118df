"""Keyset paging: the next page begins after the last row seen, by an index, and nothing is counted.

The cursor is signed and opaque: it holds the order and the last row's keys, so it cannot be bent to look
elsewhere, and a page stays right while rows come and go.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core import signing
from django.core.exceptions import EmptyResultSet, FieldDoesNotExist, ValidationError
from django.db import connections, models
from django.db.models import BooleanField, F, Func, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan
from django.utils.translation import gettext as _

from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.problems import NotFound

M = TypeVar("M", bound=models.Model)
_SALT = "yiwang.paging"


class BadCursor(NotFound):
    """The cursor was changed, belongs to another list, or is from before a change of the list's order."""

    def __init__(self) -> None:
        super().__init__(_("这一页的地址不对，请从第一页看起。"))


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """One page of a list. ``next`` and ``previous`` are cursors for ``after`` and ``before``; empty at the
    ends.
    """

    items: list[M]
    next: str = ""
    previous: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are, counted no further than a cap: shown as ``99+``."""

    value: int
    more: bool

    def __str__(self) -> str:
        return f"{self.value}+" if self.more else str(self.value)


class _Row(Func):
    """A row value: PostgreSQL compares ``(a, b) > (x, y)`` along an index on ``(a, b)``, which ORed terms
    do not.
    """

    template = "(%(expressions)s)"
    arg_joiner = ", "
    output_field = BooleanField()


def page(
    queryset: QuerySet[M] | Sequence[QuerySet[M]],
    order: Sequence[str] = ("id",),
    size: int = 50,
    *,
    after: str = "",
    before: str = "",
) -> Page[M]:
    """Return up to ``size`` rows in ``order``, those after or before a cursor; one query.

    ``order`` names columns of the model that are never null, all ascending or all descending (``-``); the
    primary key is added where the last is not unique. An index on the same columns makes every page as
    quick as the first. Several querysets over one model are read as one list: each goes by its own index,
    where one condition ORed over them would go by none. Raises BadCursor; ValueError for an order that
    cannot be paged.
    """
    branches = [queryset] if isinstance(queryset, QuerySet) else list(queryset)
    if not branches:
        return Page([])
    listed = _Order(branches[0].model, order)
    cursor = listed.read(before or after)
    edge = [Value(value, output_field=f) for f, value in zip(listed.fields, cursor, strict=False)]
    return listed.cut(list(listed.cutting(branches, size, edge, bool(before))), size, after=after, before=before)


class Paging(Generic[M]):
    """A list that is paged again and again, put into SQL once for each way: worth keeping where making the text takes
    longer than the answer. ``branches`` gives what ``page`` takes, when it is first needed.
    """

    def __init__(self, branches: Callable[[], Sequence[QuerySet[M]]], order: Sequence[str], size: int) -> None:
        self._branches = branches
        self._order = order
        self._size = size
        self._ways: dict[tuple[bool, bool], tuple[_Order, Compiled] | None] = {}

    def page(self, *, after: str = "", before: str = "") -> Page[M]:
        """Return the rows after or before a cursor, as ``paging.page`` does; one query."""
        way = bool(after), bool(before)
        if way not in self._ways:
            self._ways[way] = self._made(*way)
        if (made := self._ways[way]) is None:
            return Page([])
        listed, rows = made
        cursor = listed.read(before or after)
        given = {f.attname: value for f, value in zip(listed.fields, cursor, strict=False)}
        return listed.cut(rows(**given), self._size, after=after, before=before)

    def _made(self, after: bool, before: bool) -> tuple[_Order, Compiled] | None:
        branches = self._branches()
        if not branches:
            return None
        listed = _Order(branches[0].model, self._order)
        edge = [Slot(f.attname) for f in listed.fields] if after or before else []
        return listed, Compiled(lambda: listed.cutting(self._branches(), self._size, edge, before))


class _Order:
    """The columns that a list goes by, and the cursors that stand in it."""

    def __init__(self, model: type[models.Model], order: Sequence[str]) -> None:
        self.fields, self.descending = _columns(model, order)

    def read(self, cursor: str) -> list[Any]:
        """Return the values of a cursor; none for none."""
        return _read(cursor, self.fields, self.descending)

    def cutting(self, branches: Sequence[QuerySet[M]], size: int, edge: Sequence[Any], backwards: bool) -> QuerySet[M]:
        """Return the query for one page, and one row more."""
        names = [f.attname for f in self.fields]
        down = self.descending != backwards
        ordered = [f"-{name}" if down else name for name in names]
        if edge:
            row, last = _Row(*(F(name) for name in names)), _Row(*edge)
            branches = [one.filter(LessThan(row, last) if down else GreaterThan(row, last)) for one in branches]
        cut = [one.order_by(*ordered)[: size + 1] for one in branches]
        return cut[0] if len(cut) == 1 else cut[0].union(*cut[1:]).order_by(*ordered)[: size + 1]

    def cut(self, found: list[M], size: int, *, after: str, before: str) -> Page[M]:
        """Make the page of what was found."""
        backwards = bool(before)
        more, items = len(found) > size, found[:size]
        if backwards:
            items.reverse()
        if not items:
            return Page(items)
        return Page(
            items,
            next=_write(items[-1], self.fields, self.descending) if more or backwards else "",
            previous=_write(items[0], self.fields, self.descending) if (more if backwards else bool(after)) else "",
        )


def cursor_at(item: models.Model, order: Sequence[str] = ("id",)) -> str:
    """Return the cursor that stands at a row, for ``after`` and ``before`` in a list of that order."""
    return _write(item, *_columns(type(item), order))


def more_than(queryset: QuerySet[Any], cap: int = 99) -> Count:
    """Count up to ``cap`` rows and tell whether there are more; never reads further."""
    found = queryset.order_by()[: cap + 1].count()
    return Count(min(found, cap), found > cap)


@dataclass(frozen=True, slots=True)
class Counting:
    """Several lists to be counted at once, put into SQL: worth keeping where the text takes longer than the answer."""

    names: tuple[str, ...]
    sql: str
    params: tuple[Any, ...]
    cap: int
    any_values: bool

    def counts(self, using: str = "default") -> dict[str, Count]:
        """Return how many there are in each list now; one query."""
        if not self.names:
            return {}
        with connections[using].cursor() as cursor, self._planning(connections[using].connection):
            cursor.execute(self.sql, self.params)
            numbers = cursor.fetchone()
        return {name: Count(min(n, self.cap), n > self.cap) for name, n in zip(self.names, numbers, strict=True)}

    @contextlib.contextmanager
    def _planning(self, connection: Any) -> Iterator[None]:
        """Let the plan for any values serve; all goes to the server and comes back at once."""
        if not self.any_values:
            yield
            return
        with connection.pipeline():
            connection.execute("SET plan_cache_mode = force_generic_plan")
            try:
                yield
            finally:  # whatever the server refuses, it takes back as a whole
                connection.execute("RESET plan_cache_mode")


def counting(groups: Mapping[str, Sequence[QuerySet[Any]]], cap: int = 99, *, any_values: bool = False) -> Counting:
    """Prepare to count several lists at once, each no further than a cap; what is in two querysets counts once.

    PostgreSQL plans so many lists anew for every reader, which takes longer than counting. ``any_values`` lets one plan
    serve: for conditions whose index doesn't depend on the value (no beginning of a text, no partial index on a value).
    """
    columns: list[str] = []
    given: list[Any] = []
    for querysets in groups.values():
        branches = []
        for queryset in querysets:
            with contextlib.suppress(EmptyResultSet):
                sql, params = queryset.order_by().values("pk")[: cap + 1].query.sql_with_params()
                branches.append(f"({sql})")
                given.extend(params)
        found = f"SELECT pk FROM ({' UNION '.join(branches)}) AS branches LIMIT {cap + 1}"  # noqa: S608 (made by the ORM)
        columns.append(f"(SELECT count(*) FROM ({found}) AS found)" if branches else "0")  # noqa: S608
    # Many keep the same text, with other values: it is held once.
    return Counting(tuple(groups), sys.intern(f"SELECT {', '.join(columns)}"), tuple(given), cap, any_values)


def counts(groups: Mapping[str, Sequence[QuerySet[Any]]], cap: int = 99, *, using: str = "default") -> dict[str, Count]:
    """Count several lists at once (see ``counting``); one query."""
    return counting(groups, cap).counts(using)


def total(found: Iterable[Count], cap: int = 99) -> Count:
    """Add what was counted to a cap, to the same cap."""
    parts = list(found)
    number = sum(part.value for part in parts)
    return Count(min(number, cap), number > cap or any(part.more for part in parts))


def _columns(model: type[models.Model], order: Sequence[str]) -> tuple[list[models.Field[Any, Any]], bool]:
    descending = {name.startswith("-") for name in order}
    if len(descending) != 1:
        raise ValueError("a paged order goes one way: all ascending or all descending")
    fields: list[models.Field[Any, Any]] = []
    for name in order:
        try:
            column = model._meta.get_field(name.lstrip("-"))
        except FieldDoesNotExist:
            raise ValueError(f"{name}: only columns of {model.__name__} can be paged by") from None
        if not isinstance(column, models.Field) or column.null:
            raise ValueError(f"{name}: rows without a value would be lost; page by a column that is never null")
        fields.append(column)
    if not fields[-1].unique:
        fields.append(model._meta.pk)
    return fields, descending.pop()


def _write(item: models.Model, fields: list[models.Field[Any, Any]], descending: bool) -> str:
    values = [f.value_to_string(item) for f in fields]
    return signing.dumps([_order(fields, descending), values], salt=_SALT)


def _read(cursor: str, fields: list[models.Field[Any, Any]], descending: bool) -> list[Any]:
    if not cursor:
        return []
    try:
        order, values = signing.loads(cursor, salt=_SALT)
        if order != _order(fields, descending):
            raise BadCursor
        return [f.to_python(value) for f, value in zip(fields, values, strict=True)]
    except (signing.BadSignature, ValidationError, TypeError) as error:
        raise BadCursor from error


def _order(fields: list[models.Field[Any, Any]], descending: bool) -> str:
    return ("-" if descending else "") + ",".join(f"{f.model._meta.label_lower}.{f.name}" for f in fields)
