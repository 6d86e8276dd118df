"""Numbers without gaps and without races: allotted in the transaction of the act that uses them."""

from __future__ import annotations

from django.db import connection

from yiwang.kernel.models import Serial


def allot(scope: str) -> int:
    """Return the next number of a series, beginning with 1.

    The series is locked until the transaction ends: whoever comes second waits, and a rollback gives the
    number back.
    """
    with connection.cursor() as sql:
        sql.execute(
            f"INSERT INTO {Serial._meta.db_table} AS series (scope, last) VALUES (%s, 1)"  # noqa: S608 - our own table
            " ON CONFLICT (scope) DO UPDATE SET last = series.last + 1 RETURNING last",
            [scope],
        )
        return int(sql.fetchone()[0])
