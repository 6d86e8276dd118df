"""Numbers without gaps and without races: allotted in the transaction of the act that uses them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db import connection

from yiwang.kernel.models import Serial


def allot(scope: str) -> int:
    """Return the next number of a series, beginning with 1.

    The series is locked until the transaction ends: whoever comes second waits, and a rollback gives the
    number back.
    """
    return allot_many([scope])[scope][0]


def allot_many(scopes: Iterable[str]) -> dict[str, list[int]]:
    """Return the next numbers of several series, as many of each as it is named, in ascending order.

    One statement, and always in the order of their names: two who want the same series cannot block each
    other.
    """
    wanted = sorted(Counter(scopes).items())
    if not wanted:
        return {}
    rows = ", ".join(["(%s, %s)"] * len(wanted))
    with connection.cursor() as sql:
        sql.execute(
            f"INSERT INTO {Serial._meta.db_table} AS series (scope, last) VALUES {rows}"  # noqa: S608 - our own table
            " ON CONFLICT (scope) DO UPDATE SET last = series.last + EXCLUDED.last RETURNING scope, last",
            [value for pair in wanted for value in pair],
        )
        last = dict(sql.fetchall())
    return {scope: list(range(last[scope] - count + 1, last[scope] + 1)) for scope, count in wanted}
