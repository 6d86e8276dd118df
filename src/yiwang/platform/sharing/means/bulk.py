"""Very many families at once: a scheme as one Ibis expression, for DuckDB in this process or for Spark.

The tables that go in: ``members`` (``family``, ``subject``, ``applicant``), each dataset (``subject``, ``at`` and its columns,
typed), and what was ``declared`` (``family`` and the scheme's columns). One row a family comes out: its facts, a column
``rule__CODE`` for each contradiction, ``verdict`` and ``decided_by``. ``rules`` says the same of one family.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import add, and_, eq, ge, gt, invert, le, lt, mul, ne, neg, or_, sub, truediv
from typing import TYPE_CHECKING, Any

from yiwang.kernel import expressions
from yiwang.kernel.fields import FieldKind
from yiwang.platform.sharing.means.reading import Node, read, read_cell
from yiwang.platform.sharing.means.rules import PEOPLE, window
from yiwang.platform.sharing.means.types import FactRule, Preliminary, Scheme, SchemeWant, Take, Weight, Whose
from yiwang.platform.sharing.types import DatasetDefinition

if TYPE_CHECKING:
    import ibis
    from ibis.expr.types import Table, Value
else:
    try:
        import ibis
    except ImportError:  # an optional extra
        ibis = None

FAMILY, SUBJECT, APPLICANT, AT = "family", "subject", "applicant", "at"
RULE = "rule__"
MISSING = "Comparing in bulk needs the extra “bulk”: pip install 'yiwang[bulk]' (and 'yiwang[spark]' for Spark)."
_ZERO = frozenset({Take.SUM, Take.COUNT, Take.DISTINCT})
_TYPES = {
    FieldKind.INTEGER: "int64",
    FieldKind.DECIMAL: "decimal(18, 4)",
    FieldKind.MONEY: "decimal(18, 2)",
    FieldKind.DATE: "date",
}
_CALLS = {Take.SUM: "sum", Take.MAX: "max", Take.MIN: "min", Take.DISTINCT: "nunique"}
_NUMBERS = frozenset({FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY})


class BulkMissing(RuntimeError):
    """The packages for comparing in bulk are not installed."""


def need() -> None:
    """Raise ``BulkMissing`` where Ibis is not installed."""
    if ibis is None:
        raise BulkMissing(MISSING)


def typed(table: Table, definition: DatasetDefinition, columns: Sequence[str]) -> Table:
    """Give text columns (CSV) the types of their kinds; empty is nothing."""
    kinds = {item.name: item.kind for item in definition.items}
    made: dict[str, Any] = {SUBJECT: table[SUBJECT], AT: table[AT]}
    for name in columns:
        text = table[name].nullif("")
        kind = kinds[name]
        made[name] = text == "true" if kind is FieldKind.BOOLEAN else text.cast(_TYPES.get(kind, "string"))
    return table.select(**made)


def compare(
    scheme: Scheme, members: Table, datasets: Mapping[str, Table], declared: Table | None, today: date
) -> Table:
    """Return the expression that compares every family; a dataset that is not given was not compared."""
    need()
    found = _compared(scheme, _facts(scheme, members, (FAMILY,), datasets, today), declared)
    names = {name: found[name] for name in found.columns}
    hits = {rule.code: _all(rule.when, names) for rule in scheme.rules if not rule.each}
    found = found.mutate(**{f"{RULE}{code}": hit.fill_null(False) for code, hit in hits.items()})
    if any(rule.each for rule in scheme.rules):
        found = _left(
            found, _each(scheme, found, _facts(scheme, members, (FAMILY, SUBJECT), datasets, today, each=True))
        )
    return _decided(scheme, found, sum(want.dataset not in datasets for want in scheme.wants))


def _each(scheme: Scheme, found: Table, own: Table) -> Table:
    """Return the families in which rules about each member hold for somebody: their own facts come before the family's."""
    own = own.drop(PEOPLE)
    joined = own.left_join(found, FAMILY).select(
        *(own[name] for name in own.columns), *(found[name] for name in found.columns if name not in own.columns)
    )
    names = {name: joined[name] for name in joined.columns}
    hits = {rule.code: _all(rule.when, names).fill_null(False) for rule in scheme.rules if rule.each}
    # as a number: Spark has no greatest truth
    most = {f"{RULE}{code}": hit.cast("int8").max() > 0 for code, hit in hits.items()}
    return joined.group_by(FAMILY).aggregate(**most)


def _decided(scheme: Scheme, found: Table, lacking: int) -> Table:
    def count(level: Weight) -> Value:
        codes = [rule.code for rule in scheme.rules if rule.level is level]
        total = ibis.literal(0)
        for code in codes:
            total = total + found[f"{RULE}{code}"].cast("int64")
        return total

    found = found.mutate(serious=count(Weight.SERIOUS), doubts=count(Weight.DOUBT), lacking=ibis.literal(lacking))
    columns = {name: found[name] for name in found.columns}
    verdicts: list[tuple[Any, Any]] = []
    places: list[tuple[Any, Any]] = []
    for place, row in enumerate(scheme.decision):
        fits = _all(row.when, columns)
        verdicts += [(fits, row.verdict.value), (fits.isnull(), Preliminary.LOOK.value)]
        places += [(fits, place), (fits.isnull(), -1)]
    return found.mutate(
        verdict=ibis.cases(*verdicts, else_=Preliminary.LOOK.value), decided_by=ibis.cases(*places, else_=-1)
    )


def _left(one: Table, other: Table) -> Table:
    """Join by the columns that both have to be told apart by; the left side keeps all its rows."""
    keys = [name for name in (FAMILY, SUBJECT) if name in one.columns and name in other.columns]
    return one.left_join(other, keys).select(
        *(one[name] for name in one.columns), *(other[name] for name in other.columns if name not in keys)
    )


def _compared(scheme: Scheme, found: Table, declared: Table | None) -> Table:
    """Add what was declared, and how it differs: ``declared__FACT``, ``over__FACT``, ``under__FACT``."""
    if declared is not None:
        wanted = {_column(f"declared.{one.fact}"): declared[one.column] for one in scheme.declared if one.column}
        found = _left(found, declared.select(declared[FAMILY], **wanted))
    made: dict[str, Value] = {}
    for one in scheme.declared:
        numeric, name = one.kind in _NUMBERS, _column(f"declared.{one.fact}")
        said = found[name] if name in found.columns else ibis.null("float64" if numeric else "string")
        over = under = ibis.null("boolean")
        if numeric:
            said, tolerance = said.cast("float64"), float(one.tolerance)
            over, under = found[one.fact] > said + tolerance, found[one.fact] < said - tolerance
        made |= {name: said, _column(f"over.{one.fact}"): over, _column(f"under.{one.fact}"): under}
    return found.mutate(**made) if made else found


def _column(name: str) -> str:
    """Return the column of a name: a dot would mean something else to Spark."""
    return name.replace(".", "__")


# --- Facts ---


def _facts(
    scheme: Scheme,
    members: Table,
    keys: tuple[str, ...],
    datasets: Mapping[str, Table],
    today: date,
    *,
    each: bool = False,
) -> Table:
    rules = {rule.code: rule for rule in scheme.facts if rule.each or not each}
    found = members.group_by(list(keys)).aggregate(**{PEOPLE: members.count()})
    for want in scheme.wants:
        of = [rule for rule in rules.values() if rule.dataset == want.dataset]
        if not of:
            continue
        if want.dataset not in datasets:
            found = found.mutate(**{rule.code: ibis.null(_result(rule)) for rule in of})
            continue
        rows = _rows(want, datasets[want.dataset], members, today)
        made: dict[str, Value] = {}
        for rule in of:
            if rule.take is Take.LATEST:
                found = _left(found, _latest(rule, rows, keys))
            else:
                made[rule.code] = _aggregate(rule, rows)
        if made:
            found = _left(found, rows.group_by(list(keys)).aggregate(**made))
        found = found.mutate(**{rule.code: _finish(rule, found[rule.code]) for rule in of})
    for code in expressions.check_acyclic({rule.code: rule.expression for rule in rules.values() if rule.expression}):
        names = {name: found[name] for name in found.columns}
        found = found.mutate(**{code: _finish(rules[code], value(read(rules[code].expression), names))})
    return found


def _rows(want: SchemeWant, table: Table, members: Table, today: date) -> Table:
    first, after = window(want, today)
    if first:
        month = table[want.by].cast("string").left(7)
        table = table.filter((month >= first) & (month < after))
    wanted = [table[name] for name in dict.fromkeys((AT, *want.fields))]
    return members.inner_join(table, SUBJECT).select(members[FAMILY], members[SUBJECT], members[APPLICANT], *wanted)


def _where(rule: FactRule, rows: Table) -> Value | None:
    conditions = []
    if rule.whose is Whose.APPLICANT:
        conditions.append(rows[APPLICANT])
    if rule.where:
        conditions.append(value(read(rule.where), {name: rows[name] for name in rows.columns}))
    if not conditions:
        return None
    return reduce(and_, conditions).fill_null(False)


def _aggregate(rule: FactRule, rows: Table) -> Value:
    where = _where(rule, rows)
    if rule.take in (Take.COUNT, Take.EXISTS):
        return rows.count(where=where)
    return getattr(rows[rule.column], _CALLS[rule.take])(where=where)


def _latest(rule: FactRule, rows: Table, keys: tuple[str, ...]) -> Table:
    where = _where(rule, rows)
    rows = (
        rows.filter(rows[rule.column].notnull()) if where is None else rows.filter(where, rows[rule.column].notnull())
    )
    newest = rows.mutate(newest=rows[AT].max().over(ibis.window(group_by=list(keys))))
    newest = newest.filter(newest[AT] == newest["newest"])
    return newest.group_by(list(keys)).aggregate(**{rule.code: newest[rule.column].max()})


def _result(rule: FactRule) -> str:
    if rule.take is Take.EXISTS or rule.kind is FieldKind.BOOLEAN:
        return "boolean"
    return "float64" if rule.kind in _NUMBERS else "string"


def _finish(rule: FactRule, made: Value) -> Value:
    """Fill in what no rows give, and cut money to whole cents as ``rules`` does."""
    if rule.dataset and rule.take is Take.EXISTS:
        return made.fill_null(0) > 0
    if rule.dataset and rule.take in _ZERO:
        made = made.fill_null(0)
    if rule.kind is FieldKind.MONEY:
        return (made.cast("float64") * 100 + 0.0001).floor().cast("float64") / 100
    return made.cast("float64") if rule.kind in _NUMBERS and made.type().is_numeric() else made


# --- Expressions ---


def _all(when: Mapping[str, str], columns: Mapping[str, Value]) -> Value:
    """Return the condition that every cell of a row holds; it is unknown as SQL's are."""
    conditions = [value(read_cell(subject, cell), columns) for subject, cell in when.items()]
    return reduce(and_, conditions) if conditions else ibis.literal(True)


def value(node: Node, columns: Mapping[str, Value]) -> Value:
    """Say a tree as an Ibis value."""
    if node.kind == "name":
        return _number(columns[_column(str(node.value))])
    if node.kind == "value":
        return ibis.literal(_plain(node.value))
    if node.kind in ("==", "!=") and any(part.kind == "value" and part.value is None for part in node.parts):
        one = next(part for part in node.parts if part.kind != "value" or part.value is not None)
        said = value(one, columns)
        return said.isnull() if node.kind == "==" else said.notnull()
    parts = [value(part, columns) for part in node.parts]
    if node.kind in _TWO:
        return _TWO[node.kind](parts[0], parts[1])
    if node.kind == "in":
        return parts[0].isin(parts[1:])
    if node.kind == "if":
        return ibis.cases((parts[0], parts[1]), (~parts[0], parts[2]), else_=None)
    if node.kind in ("max", "min"):
        known = reduce(and_, [part.notnull() for part in parts])
        # databases pass over what is unknown, the law does not
        return ibis.cases((known, (ibis.greatest if node.kind == "max" else ibis.least)(*parts)), else_=None)
    return _ONE[node.kind](parts[0])


_ONE: dict[str, Callable[[Any], Any]] = {"not": invert, "negative": neg, "abs": lambda one: one.abs()}
_TWO: dict[str, Callable[[Any, Any], Any]] = {
    "==": eq,
    "!=": ne,
    "<": lt,
    ">": gt,
    "<=": le,
    ">=": ge,
    "+": add,
    "-": sub,
    "*": mul,
    "/": truediv,
    "and": and_,
    "or": or_,
    "else": lambda one, two: one.coalesce(two),
}


def _number(column: Value) -> Value:
    """Decimals are compared and divided as ZEN does it: as binary fractions."""
    return column.cast("float64") if column.type().is_decimal() else column


def _plain(said: Any) -> Any:
    if isinstance(said, Decimal):
        return int(said) if said == said.to_integral_value() else float(said)
    return said


# --- Families as registers know them ---


def families(applicants: Table, households: Table) -> Table:
    """Return the members of each applicant's family: the applicant, and who is in their household register."""
    heads = applicants.select(family=applicants[SUBJECT], subject=applicants[SUBJECT]).distinct()
    there = households.filter(households["moved_out_on"].isnull())
    others = heads.select("family").inner_join(there, heads["family"] == there[SUBJECT])
    both = heads.union(others.select("family", subject=there["member_number"])).distinct()
    return both.mutate(applicant=both["family"] == both["subject"])
