"""Taking rows in: checked, told apart from what is there, written with their history; one transaction a batch.

A row is a mapping: ``subject`` (the number it is about), ``at`` (when the agency says that this was so, an instant),
``deleted`` (true: it is so no more), and the dataset's columns. What comes again unchanged changes nothing, what comes late
does not overwrite what is newer, nor bring back what has ended since; a deletion of what is not there leaves a trace for that.
Several states of one record in a batch are taken one
after the other, in the order of their instants; of several at the same instant the last one counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from yiwang.kernel import clock
from yiwang.kernel.sealed import blind_index, key_ring
from yiwang.platform.sharing.indexes import SUBJECT, own_index, values_index
from yiwang.platform.sharing.models import BadRow, Dataset, Record, Run
from yiwang.platform.sharing.rules import Checker, given
from yiwang.platform.sharing.types import Brought, DatasetDefinition, Drift, RowFault

MOST = 10_000
"""Most rows of one call."""
TOLD = 100
"""Rejected rows that an answer lists; all of them are kept."""
_OWN_NAMES = ("subject", "at", "deleted")
_TWICE = """
    DELETE FROM incoming one USING incoming other
    WHERE one.subject = other.subject AND one.own = other.own AND one.at = other.at AND one.line < other.line
"""
_TELL = """
    INSERT INTO told (line, there, run, at, last, ends, word)
    SELECT line, there, run, at, max(at) OVER (PARTITION BY subject, own, fresh, run),
           lead(at) OVER (PARTITION BY subject, own, fresh AND turns ORDER BY at),
           CASE WHEN NOT turns THEN 'unchanged' WHEN NOT fresh THEN 'older' WHEN before IS NULL THEN 'added'
                WHEN state IS NULL THEN 'removed' ELSE 'changed' END
    FROM (
        SELECT *, CASE WHEN fresh THEN count(*) FILTER (WHERE turns) OVER (PARTITION BY subject, own, fresh ORDER BY at)
                  END AS run
        FROM (
            SELECT *, state IS DISTINCT FROM before AS turns
            FROM (
                SELECT *, CASE WHEN fresh THEN lag(state, 1, was) OVER (PARTITION BY subject, own, fresh ORDER BY at)
                          ELSE was END AS before
                FROM (
                    SELECT one.line, one.subject, one.own, one.at, CASE WHEN NOT one.gone THEN one.digest END AS state,
                           there.id AS there, there.digest AS was,
                           one.at >= coalesce(there.at, past.valid_to, one.at) AS fresh
                    FROM incoming one
                    LEFT JOIN sharing_record there
                      ON there.dataset_id = %(dataset)s AND there.subject_index = one.subject AND there.own = one.own
                     AND there.valid_to IS NULL
                    LEFT JOIN LATERAL (
                        SELECT max(ended.valid_to) FILTER (WHERE ended.dataset_id = %(dataset)s) AS valid_to
                        FROM sharing_record ended
                        WHERE there.id IS NULL AND ended.subject_index = one.subject AND ended.own = one.own
                          AND (ended.valid_to IS NOT NULL OR ended.id = 0)
                    ) past ON true
                ) known
            ) compared
        ) turned
    ) counted
"""
"""What becomes of each row. A row is fresh if nothing newer is known of its key: fresh ones turn what was there before, one
after the other; ``run`` numbers the states between two turns (0: the record that is there), ``last`` is when a state was
last said, ``ends`` when the next turn comes. (The condition on what ended is that of the index ``record_past``, and the
filter keeps PostgreSQL from adding another: no other index shall serve it.)
"""
_COUNT = "SELECT word, count(*) FROM told GROUP BY word"
_SAME = """
    UPDATE sharing_record there SET at = one.last FROM told one
    WHERE there.id = one.there AND one.run = 0 AND one.at = one.last AND there.at < one.last
"""
_CLOSE = """
    UPDATE sharing_record there SET valid_to = one.at FROM told one
    WHERE there.id = one.there AND one.run = 1 AND one.word IN ('changed', 'removed')
"""
_INSERT = """
    INSERT INTO sharing_record (dataset_id, subject_index, own, digest, "values", at, valid_from, valid_to)
    SELECT %(dataset)s, one.subject, one.own, one.digest, one.sealed, told.last, told.at, told.ends
    FROM told JOIN incoming one USING (line) WHERE told.word IN ('added', 'changed') ORDER BY told.at, told.line
"""
_GONE = """
    WITH last AS (SELECT subject, own, max(at) AS at FROM incoming WHERE gone GROUP BY subject, own),
    absent AS (
        SELECT last.*, past.trace FROM last
        LEFT JOIN sharing_record there
          ON there.dataset_id = %(dataset)s AND there.subject_index = last.subject AND there.own = last.own
         AND there.valid_to IS NULL
        LEFT JOIN LATERAL (
            SELECT max(ended.valid_to) FILTER (WHERE ended.dataset_id = %(dataset)s) AS valid_to,
                   max(ended.id) FILTER (WHERE ended.dataset_id = %(dataset)s AND ended.digest = '') AS trace
            FROM sharing_record ended
            WHERE ended.subject_index = last.subject AND ended.own = last.own
              AND (ended.valid_to IS NOT NULL OR ended.id = 0)
        ) past ON true
        WHERE there.id IS NULL AND (past.valid_to IS NULL OR past.valid_to < last.at)
    ),
    moved AS (
        UPDATE sharing_record one SET at = absent.at, valid_from = absent.at, valid_to = absent.at
        FROM absent WHERE one.id = absent.trace
    )
    INSERT INTO sharing_record (dataset_id, subject_index, own, digest, "values", at, valid_from, valid_to)
    SELECT %(dataset)s, subject, own, '', %(nothing)s, at, at, at FROM absent WHERE trace IS NULL
"""
"""The trace of a deletion of what is not there (any more): a record of nothing that ended when it began. What comes later and
is older does not bring the record to life. A key has one at most, of its last such deletion; it is kept as long as any record
that has ended.
"""
_MEND = """
    UPDATE sharing_badrow bad SET mended_at = %(now)s FROM incoming one
    WHERE bad.dataset_id = %(dataset)s AND bad.subject_index = one.subject AND bad.own = one.own
      AND bad.mended_at IS NULL AND bad.run_id <> %(run)s
"""


@dataclass(frozen=True, slots=True)
class _Good:
    line: int
    subject: bytes
    own: bytes
    digest: bytes
    sealed: bytes
    at: datetime
    gone: bool


def take_in(
    run: Run,
    definition: DatasetDefinition,
    rows: Sequence[Mapping[str, Any]],
    file: str = "",
    lines: Sequence[int] = (),
) -> Brought:
    """Check and write a batch (inside an act), add it to the run, and say what became of it. ``lines`` tells where each row
    stands in its ``file``; without them rows are numbered through the run.

    Batches of one dataset come one after the other: the dataset's row is locked.
    """
    Dataset.objects.select_for_update(of=("self",)).get(pk=run.dataset_id)
    good, bad = _sorted(run, definition, rows)
    for one in bad:
        one.file = file
        one.line = lines[one.line - 1] if lines else run.read + one.line
    counts = _written(run, good)
    BadRow.objects.bulk_create(bad, batch_size=1000)
    brought = Brought(
        read=len(rows),
        rejected=len(bad),
        faults=tuple(RowFault(row.line, tuple((name, word) for name, word in row.faults)) for row in bad[:TOLD]),
        drift=drift(definition, rows),
        run=run.pk,
        **counts,
    )
    for name in ("read", "added", "changed", "removed", "unchanged", "older", "rejected"):
        setattr(run, name, getattr(run, name) + getattr(brought, name))
    if brought.drift:
        run.drift = {
            "unknown": sorted({*run.drift.get("unknown", ()), *brought.drift.unknown}),
            "missing": sorted({*run.drift.get("missing", ()), *brought.drift.missing}),
        }
    return brought


def drift(definition: DatasetDefinition, rows: Sequence[Mapping[str, Any]]) -> Drift:
    """Say how the columns that came differ from the published ones; a column counts as missing if no row has it."""
    came = {name for row in rows for name in row} - set(_OWN_NAMES)
    known = {item.name for item in definition.items}
    carrying = any(not row.get("deleted") for row in rows)
    return Drift(tuple(sorted(came - known)), tuple(sorted(known - came)) if carrying else ())


def _sorted(
    run: Run, definition: DatasetDefinition, rows: Sequence[Mapping[str, Any]]
) -> tuple[list[_Good], list[BadRow]]:
    ring, place, now = key_ring(), Record._meta.get_field("values"), clock.now()
    checker = Checker(definition, clock.today())
    good: list[_Good] = []
    bad: list[BadRow] = []
    for line, row in enumerate(rows, 1):
        subject = str(row.get("subject") or "").strip()
        gone = row.get("deleted") is True or str(row.get("deleted", "")).lower() == "true"
        at, wrong = _instant(row.get("at"), now)
        found = [*wrong, *([] if subject else [("subject", "required")])]
        values = {item.name: row[item.name] for item in definition.items if row.get(item.name) not in (None, "")}
        if not gone:
            found += checker.faults(given({item.name: row.get(item.name) for item in definition.items}))
        index, own = blind_index(subject, SUBJECT), own_index(definition.key, values)
        if found:
            bad.append(
                BadRow(
                    run=run, dataset_id=run.dataset_id, line=line, subject_index=index, own=own,
                    faults=found, values=dict(row), at=now,
                )
            )  # fmt: skip
            continue
        sealed = ring.seal(place.to_bytes(values), place.place)  # type: ignore[union-attr]
        good.append(_Good(line, index, own, values_index(values), sealed, at, gone))
    return good, bad


def _instant(given: Any, now: datetime) -> tuple[datetime, list[tuple[str, str]]]:
    """Read when a row was so; without it, now. An instant needs its offset; nothing is so in the future."""
    if given in (None, ""):
        return now, []
    try:
        at = given if isinstance(given, datetime) else datetime.fromisoformat(str(given))
    except ValueError:
        return now, [("at", "kind")]
    if at.tzinfo is None:
        return now, [("at", "kind")]
    return at, [("at", "max")] if at > now else []


def _written(run: Run, good: Sequence[_Good]) -> dict[str, int]:
    if not good:
        return {}
    given = {"dataset": run.dataset_id, "run": run.pk, "now": clock.now()}
    with connection.cursor() as sql:
        sql.execute(
            "CREATE TEMP TABLE IF NOT EXISTS incoming (line int, subject bytea, own bytea, digest bytea,"
            " sealed bytea, at timestamptz, gone boolean) ON COMMIT DELETE ROWS;"
            "CREATE TEMP TABLE IF NOT EXISTS told (line int, there bigint, run int, at timestamptz, last timestamptz,"
            " ends timestamptz, word text) ON COMMIT DELETE ROWS; TRUNCATE incoming, told"
        )
        with sql.copy("COPY incoming FROM STDIN") as copy:
            for one in good:
                copy.write_row((one.line, one.subject, one.own, one.digest, one.sealed, one.at, one.gone))
        sql.execute(_TWICE)
        twice = sql.rowcount
        sql.execute("ANALYZE incoming")
        sql.execute(_TELL, given)
        sql.execute(_COUNT)
        counts = dict(sql.fetchall())
        sql.execute(_SAME)
        sql.execute(_CLOSE)
        sql.execute(_INSERT, given)
        if any(one.gone for one in good):
            place = Record._meta.get_field("values")
            nothing = key_ring().seal(place.to_bytes({}), place.place)  # type: ignore[union-attr]
            sql.execute(_GONE, given | {"nothing": nothing})
        sql.execute(_MEND, given)
    return counts | {"older": counts.get("older", 0) + twice}
