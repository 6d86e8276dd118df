"""The audit trail sealed: blocks over windows of transactions, chained by SM3 and closed with a keyed seal.

``verify`` finds any change: a row altered, added, removed or moved, a block altered or cut off in the middle. The tail
that is not sealed yet (about a minute) is guarded by the append-only triggers alone.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from yiwang.kernel import clock
from yiwang.kernel.digest import canonical, sm3_hex
from yiwang.kernel.models import AuditBlock, AuditEntry

GENESIS = "0" * 64
_COLUMNS = [column.name for column in AuditEntry._meta.concrete_fields]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with the trail: which block, and what."""

    block: int
    message: str


def seal() -> int:
    """Seal everything that is final since the last block; returns the number of entries sealed."""
    with transaction.atomic(), connection.cursor() as sql:
        sql.execute("SELECT pg_advisory_xact_lock(hashtext('kernel.audit.seal'))")
        last = AuditBlock.objects.order_by("-number").first()
        sql.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        xmin = int(sql.fetchone()[0])
        floor, start = (last.seq_floor, last.xid_to) if last else (0, 0)
        if xmin < start:
            # Restored into a new cluster: its transaction numbers start again, above what was sealed so far.
            floor, start = _last_sealed(last), 0
        block = AuditBlock(
            number=last.number + 1 if last else 1,
            seq_floor=floor,
            xid_from=start,
            xid_to=xmin,
            previous=last.digest if last else GENESIS,
            sealed_at=clock.now(),
        )
        block.digest, block.entries = _digest(block)
        if not block.entries:
            return 0
        block.seal = _seal(block.digest)
        block.save(force_insert=True)
        return block.entries


def verify() -> Iterator[Finding]:
    """Recompute every block; yields what does not agree."""
    previous, expected = GENESIS, 1
    last = None
    for block in AuditBlock.objects.order_by("number").iterator(chunk_size=500):
        if block.number != expected:
            yield Finding(block.number, f"block {expected} is missing")
        if block.previous != previous:
            yield Finding(block.number, "the chain is broken: previous digest differs")
        digest, entries = _digest(block)
        if digest != block.digest or entries != block.entries:
            yield Finding(block.number, f"entries were changed ({block.entries} sealed, {entries} found)")
        if not hmac.compare_digest(block.seal, _seal(block.digest)):
            yield Finding(block.number, "the seal is not ours")
        if last is not None and not (block.xid_from == last.xid_to or block.seq_floor > last.seq_floor):
            yield Finding(block.number, "the window does not join the one before")
        previous, expected, last = block.digest, block.number + 1, block


def _last_sealed(last: AuditBlock | None) -> int:
    if last is None:
        return 0
    newest = (
        AuditEntry.objects.filter(seq__gt=last.seq_floor, xid__lt=last.xid_to)
        .order_by("-seq")
        .values_list("seq", flat=True)
        .first()
    )
    return newest or last.seq_floor


def _digest(block: AuditBlock) -> tuple[str, int]:
    rows = (
        AuditEntry.objects.filter(seq__gt=block.seq_floor, xid__gte=block.xid_from, xid__lt=block.xid_to)
        .order_by("seq")
        .values_list(*_COLUMNS)
    )
    count = 0
    parts = [f"{block.previous}|{block.number}|{block.seq_floor}|{block.xid_from}|{block.xid_to}"]
    for row in rows.iterator(chunk_size=2000):
        parts.append(sm3_hex(canonical(dict(zip(_COLUMNS, row, strict=True)))))
        count += 1
    return sm3_hex("\n".join(parts).encode()), count


def _seal(digest: str) -> str:
    return hmac.digest(settings.YIWANG_AUDIT_KEY, digest.encode(), "sha256").hex()
