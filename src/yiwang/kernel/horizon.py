"""How far the record is final: below the oldest transaction that still runs in this database nothing can come late."""

from __future__ import annotations

from django.db import connection
from django.db.models import BigIntegerField, Func

_ELSEWHERE = (
    "SELECT array_agg(backend_xid::text::bigint) FROM pg_stat_get_activity(NULL)"
    " WHERE datid <> (SELECT oid FROM pg_database WHERE datname = current_database()) AND backend_xid IS NOT NULL"
)
_HORIZON = (
    "SELECT least(coming, (SELECT min(running) FROM"
    " (SELECT xip::text::bigint AS running FROM pg_snapshot_xip(now) AS xip) AS here"
    # the process list has the lower half of the number only
    " WHERE running & 4294967295 <> ALL (%s::bigint[])),"
    # one's own does not stand among those that run
    " pg_current_xact_id_if_assigned()::text::bigint), coming"
    " FROM (SELECT now, pg_snapshot_xmax(now)::text::bigint AS coming FROM pg_current_snapshot() AS now) AS snapshot"
)


class CurrentTransaction(Func):
    """The number of the transaction that writes, as a column's default in the database."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = BigIntegerField()


def horizon() -> tuple[int, int]:
    """Return the transaction below which all of this database's are over, and the first that is still to come.

    A snapshot knows the transactions of the whole cluster. Whose are other databases' is asked before it is taken: who
    was elsewhere then wrote nothing here, and who came since is above every earlier horizon, so none is ever below one
    before it.
    """
    with connection.cursor() as sql:
        sql.execute(_ELSEWHERE)
        (elsewhere,) = sql.fetchone()
        sql.execute(_HORIZON, [elsewhere or []])
        final, coming = sql.fetchone()
        return final, coming
