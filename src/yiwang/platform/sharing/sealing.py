"""Checks sealed with the audit trail: the entry of the act that wrote them holds how many they were, and their digest.

The entries stand in the sealed blocks, so a check that is changed, removed or added later does not agree with them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from yiwang.kernel.audit import Finding
from yiwang.kernel.digest import sha256_of
from yiwang.kernel.models import AuditEntry
from yiwang.platform.sharing.models import Check

NOTED = "checks_noted"
"""Where an entry's detail says which checks its act wrote: a batch each time that some were written."""
BEFORE = "before"
"""The batch of all checks that were there before they were sealed."""
COLUMNS = (
    "id", "at", "dataset", "dataset_name", "provider", "consumer", "consumer_path", "actor", "actor_kind", "actor_id",
    "actor_roles", "purpose", "item", "application_id", "case_id", "subject_index", "party_id", "fields", "outcome",
    "source_at", "result", "grant_id", "replaced",
)  # fmt: skip
"""What is sealed, in this order. A column that comes later is left out: what was sealed must be found the same."""


def digest_of(rows: Sequence[Sequence[Any]]) -> str:
    """Return the digest of checks in the order of their identities, each as the values of ``COLUMNS``."""
    return sha256_of([[_plain(value) for value in row] for row in rows])


def _plain(value: Any) -> Any:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def noted(batch: uuid.UUID, rows: Sequence[Check]) -> dict[str, Any]:
    """Return what an entry says of the checks that its act writes."""
    ordered = sorted(rows, key=lambda row: row.id)
    digest = digest_of([[getattr(row, name) for name in COLUMNS] for row in ordered])
    return {"batch": str(batch), "rows": len(rows), "digest": digest}


def verify() -> list[Finding]:
    """Recompute the checks of every act; returns whatever does not agree with the trail.

    Entries and checks are read as of one moment: an act that ends meanwhile is no finding.
    """
    with transaction.atomic():
        if not connection.savepoint_ids:
            with connection.cursor() as sql:
                sql.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return list(_findings())


def _findings() -> Iterator[Finding]:
    entries = AuditEntry.objects.filter(detail__has_key=NOTED).values_list("detail", flat=True)
    told = {
        one["batch"]: (one["rows"], one["digest"])
        for detail in entries.iterator(chunk_size=2000)
        for one in detail[NOTED]
    }
    rows = Check.objects.order_by(F("batch").asc(nulls_first=True), "id").values_list("batch", *COLUMNS)
    for batch, group in groupby(rows.iterator(chunk_size=2000), key=lambda row: row[0]):
        found = [row[1:] for row in group]
        count, digest = told.pop(str(batch) if batch else BEFORE, (0, ""))
        if not count:
            yield Finding(0, _("%(count)d 次核验不在任何办理记录里：是后来加的") % {"count": len(found)})
        elif (count, digest) != (len(found), digest_of(found)):
            words = {"at": found[0][1].isoformat(), "sealed": count, "found": len(found)}
            yield Finding(0, _("%(at)s 的核验被改动：当时 %(sealed)d 次，现有 %(found)d 次") % words)
    if gone := sum(count for count, _digest in told.values()):
        yield Finding(0, _("%(count)d 次核验记录过，现在没有了") % {"count": gone})
