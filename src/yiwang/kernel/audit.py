"""The audit trail sealed: blocks over windows of transactions, chained by SM3 and closed with a keyed seal.

``verify`` finds any change: a row altered, added, removed or moved; a block altered, removed or made anew, also with
everything else of the trail changed to fit. What is cut off at the end fits by itself, so the head of the chain is also
kept outside of the database: ``seal`` writes it to a file and to the log. Rows of a room whose digest stands in the entry
of the act that wrote them are verified with the trail (``also_verify``). The tail that is not sealed yet (half a
minute) is guarded by the append-only triggers, and by the events that were written with it.
"""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.digest import canonical, sm3_hex
from yiwang.kernel.horizon import horizon
from yiwang.kernel.models import AuditBlock, AuditEntry

log = logging.getLogger(__name__)

GENESIS = "0" * 64
GUARDED = ("kernel_auditentry", "kernel_auditblock", "kernel_event")
"""Tables whose triggers refuse every change."""
_COLUMNS = [column.name for column in AuditEntry._meta.concrete_fields]
_FOREVER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with the trail: which block (0: the whole), and what."""

    block: int
    message: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain as it was when a block was sealed: kept where the database's owner cannot change it."""

    number: int
    digest: str


Verifier = Callable[[], Iterable[Finding]]
_verified: dict[str, Verifier] = {}


def also_verify(table: str, verifier: Verifier) -> None:
    """Verify a room's table with the trail: its triggers stand, and its rows agree with what entries say of them."""
    _verified[table] = verifier


def seal() -> int:
    """Seal everything that is final since the last block; returns the number of entries sealed."""
    with transaction.atomic():
        block = _next_block()
        if block is None:
            return 0
        block.save(force_insert=True)
    log.info("audit.sealed", extra={"block": block.number, "digest": block.digest, "entries": block.entries})
    with heads_file().open("a") as file:  # after the commit: a head must not be kept of a block that never was
        file.write(json.dumps({"number": block.number, "digest": block.digest}) + "\n")
    return block.entries


def heads_file() -> Path:
    """Return the file in which this machine keeps the heads that it sealed."""
    return Path(settings.YIWANG_STATE_DIR) / "audit-heads.jsonl"


def kept_heads() -> list[Head]:
    """Return the heads that this machine kept, oldest first."""
    path = heads_file()
    lines = path.read_text().splitlines() if path.exists() else []
    return [Head(**json.loads(line)) for line in lines]


def last_head() -> Head | None:
    """Return the head of the chain as the database has it: to be noted somewhere else."""
    last = AuditBlock.objects.order_by("-number").first()
    return Head(last.number, last.digest) if last else None


def sealed() -> tuple[int, int]:
    """Return how many blocks there are, and how many entries they hold."""
    found = AuditBlock.objects.aggregate(blocks=Count("number"), entries=Sum("entries"))
    return found["blocks"], found["entries"] or 0


def verify(heads: Iterable[Head] = ()) -> Iterator[Finding]:
    """Recompute every block; yields whatever does not agree, also with the heads that were kept here or are given."""
    yield from _triggers()
    expected = {head.number: head.digest for head in (*kept_heads(), *heads)}
    blocks = list(AuditBlock.objects.order_by("number"))
    ceilings = _ceilings(blocks)
    end = _end(blocks[-1]) if blocks else _FOREVER
    previous, last = GENESIS, None
    for number, block in enumerate(blocks, 1):
        if block.number != number:
            yield Finding(block.number, _("缺第 %(number)d 块") % {"number": number})
            break
        if block.previous != previous:
            yield Finding(block.number, _("链条断了：与上一块的摘要不符"))
        digest, entries = _digest(block, min(ceilings[block.seq_floor], end))
        if digest != block.digest or entries != block.entries:
            yield Finding(
                block.number,
                _("记录被改动：封存 %(sealed)d 条，现有 %(found)d 条") % {"sealed": block.entries, "found": entries},
            )
        if not hmac.compare_digest(block.seal, _seal(block.digest)):
            yield Finding(block.number, _("封条不是本系统加盖的"))
        if last is not None and not (block.xid_from == last.xid_to or block.seq_floor > last.seq_floor):
            yield Finding(block.number, _("与上一块不相接"))
        if expected.pop(block.number, block.digest) != block.digest:
            yield Finding(block.number, _("不是当时封存的那一块"))
        previous, last = block.digest, block
    yield from (Finding(number, _("封存过，现在没有了")) for number in sorted(expected))
    yield from _unsealed(last, end, sum(block.entries for block in blocks))
    for verifier in _verified.values():
        yield from verifier()


def _triggers() -> Iterator[Finding]:
    """Somebody who switched the triggers off may have switched them on again; here is whether they are on now."""
    with connection.cursor() as sql:
        sql.execute(
            "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger"
            " WHERE tgname IN ('append_only', 'append_only_truncate') AND tgenabled = 'A' GROUP BY 1"
        )
        guarded = dict(sql.fetchall())
    for table in (*GUARDED, *_verified):
        if guarded.get(table) != 2:
            yield Finding(0, _("%(table)s：拒绝改动的触发器没有了，或者被关掉了") % {"table": table})


def _unsealed(last: AuditBlock | None, end: int, sealed: int) -> Iterator[Finding]:
    """What is in no block must be younger than the last, and every event of that time must have its entry."""
    floor, start = (last.seq_floor, last.xid_to) if last else (0, 0)
    tail = AuditEntry.objects.filter(Q(seq__gt=end) | Q(seq__gt=floor, xid__gte=start)).count()
    strays = AuditEntry.objects.count() - tail - sealed
    if strays > 0:
        yield Finding(0, _("%(count)d 条记录不在任何一块里，而那段时间已经封存") % {"count": strays})
    with connection.cursor() as sql:
        sql.execute(
            "SELECT count(*) FROM kernel_event WHERE xid >= %s"
            " AND NOT EXISTS (SELECT 1 FROM kernel_auditentry WHERE kernel_auditentry.xid = kernel_event.xid)",
            [start],
        )
        lost = sql.fetchone()[0]
    if lost:
        yield Finding(0, _("%(count)d 件事发生过却没有记录：尚未封存的记录被删") % {"count": lost})


def _next_block() -> AuditBlock | None:
    """Make the block over what is final by now; None if there is nothing."""
    with connection.cursor() as sql:
        sql.execute("SELECT pg_advisory_xact_lock(hashtext('kernel.audit.seal'))")
    last = AuditBlock.objects.order_by("-number").first()
    until, coming = horizon()
    floor, start, ceiling = (last.seq_floor, last.xid_to, _FOREVER) if last else (0, 0, _FOREVER)
    if last is not None and until < start and not _above(floor, start).exists():
        floor, start = _end(last), 0  # restored into a new cluster, whose transaction numbers begin again
    old = _above(floor, max(start, coming)).aggregate(end=Max("seq"))["end"]
    if old is not None or until < start:
        # First what the old cluster left unsealed; sequences go on after a restore, so it stands up to the last of it.
        until, ceiling = _FOREVER, old or _FOREVER
    block = AuditBlock(
        number=last.number + 1 if last else 1,
        seq_floor=floor,
        xid_from=start,
        xid_to=until,
        previous=last.digest if last else GENESIS,
        sealed_at=clock.now(),
    )
    block.digest, block.entries = _digest(block, ceiling)
    if not block.entries:
        return None
    block.seal = _seal(block.digest)
    return block


def _above(floor: int, xid: int) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(seq__gt=floor, xid__gte=xid)


def _ceilings(blocks: list[AuditBlock]) -> dict[int, int]:
    """Return up to which entry the blocks above each floor read: later clusters use their transactions' numbers again."""
    floors = sorted({block.seq_floor for block in blocks})
    return dict(pairwise([*floors, _FOREVER]))


def _end(last: AuditBlock) -> int:
    """Return the last entry that the last block's cluster wrote; no end, while that is the one that runs.

    After a restore, what is new has the greater sequence numbers: of the entries whose transactions the blocks cover
    the first belong to the old cluster, as many as were sealed.
    """
    if horizon()[0] >= last.xid_to:
        return _FOREVER
    of_floor = AuditEntry.objects.filter(seq__gt=last.seq_floor)
    sealed = AuditBlock.objects.filter(seq_floor=last.seq_floor).aggregate(entries=Sum("entries"))["entries"]
    covered = of_floor.filter(xid__lt=last.xid_to).order_by("seq")[:sealed]
    left = of_floor.filter(xid__gte=last.xid_to)
    ends = [rows.aggregate(end=Max("seq"))["end"] for rows in (covered, left)]
    return max((end for end in ends if end is not None), default=last.seq_floor)


def _digest(block: AuditBlock, ceiling: int = _FOREVER) -> tuple[str, int]:
    rows: Any = (
        AuditEntry.objects.filter(
            seq__gt=block.seq_floor, seq__lte=ceiling, xid__gte=block.xid_from, xid__lt=block.xid_to
        )
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
