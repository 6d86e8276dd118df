"""Stamps: has anything of a sort changed? One small row says so, whoever changed it and however.

Triggers on the tables give the row a new value whenever one of them changes (``triggers``), in the same transaction; what was
made of the tables is kept under that value and is found no more as soon as it changes.
"""

from __future__ import annotations

from django.db import connection

PUBLIC = "public"
"""What every reader may see: published items and life events, codes, regions, agencies, centres, the city."""


def value(name: str = PUBLIC) -> str:
    """Return the present value of a stamp; one small query."""
    with connection.cursor() as sql:
        sql.execute("SELECT value FROM kernel_stamp WHERE name = %s", [name])
        row = sql.fetchone()
    return str(row[0]) if row else ""


def triggers(table: str, name: str = PUBLIC) -> tuple[str, str]:
    """Return the SQL that lets every change of a table renew a stamp, and the SQL that undoes it, for a migration."""
    forward = (
        f"CREATE TRIGGER stamp AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION kernel_stamp('{name}');"
    )
    return forward, f"DROP TRIGGER stamp ON {table};"
