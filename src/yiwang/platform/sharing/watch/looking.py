"""The worker's look at what officers read: everything once, in the order in which it became final.

The cursor is a transaction: what was written by those below it has been looked at (``kernel.horizon``, as for events), so
nothing that is committed late is passed over. The look, what it remembers and the alerts that it raises are one transaction.
Watching begins with the first look, and after a restore into a new cluster, which counts transactions from the beginning, anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from yiwang.kernel import clock, holidays
from yiwang.kernel.horizon import horizon
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import SYSTEM, ActorKind
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity
from yiwang.platform.sharing import purposes
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.models import Check
from yiwang.platform.sharing.watch import acts
from yiwang.platform.sharing.watch.documents import RULE
from yiwang.platform.sharing.watch.kin import NUMBER, kin_of
from yiwang.platform.sharing.watch.models import SeenLook, WatchCursor, WatchRuleRow
from yiwang.platform.sharing.watch.rules import breaks, by_day, counts, crowd
from yiwang.platform.sharing.watch.types import Look, WatchKind, WatchRule

AT_ONCE = 2_000
"""Most readings, and most checks, of one look."""
REMEMBERED = timedelta(hours=2 * 48)
"""How long a reading is remembered: twice the longest window, for what becomes known late."""
IDLE = 10_000
"""Transactions without a reading after which the cursor moves all the same: an idle look writes nothing."""


def look() -> int:
    """Look at what became final since the last time; return how many readings that were. Zero: there was nothing."""
    with transaction.atomic():
        final, _coming = horizon()
        cursor, _begun = WatchCursor.objects.select_for_update().get_or_create(pk=1, defaults={"xid": final})
        if final <= cursor.xid:
            if final < cursor.xid:
                cursor.xid = final
                cursor.save()
            return 0
        reads = AuditEntry.objects.filter(kind="read", actor_kind=ActorKind.STAFF.value, person_id__isnull=False)
        checks = Check.objects.filter(actor_kind=ActorKind.STAFF.value, actor_id__isnull=False)
        until = _until(cursor.xid, final, (reads, checks))
        window = {"xid__gte": cursor.xid, "xid__lt": until}
        looks = _looks(list(reads.filter(**window).order_by("seq")), list(checks.filter(**window).order_by("at", "id")))
        judge(looks)
        more = until < final
        if looks or more or until - cursor.xid > IDLE:
            cursor.xid = until
            cursor.save()
        return len(looks) or int(more)


def _until(start: int, final: int, sources: Iterable[QuerySet[AuditEntry] | QuerySet[Check]]) -> int:
    """Return where this look ends: at the horizon, or after whole transactions with some ``AT_ONCE`` rows."""
    edges = [
        rows.filter(xid__gte=start, xid__lt=final).order_by("xid").values_list("xid", flat=True)[AT_ONCE : AT_ONCE + 1]
        for rows in sources
    ]
    return max(min([final, *(xid for found in edges for xid in found)]), start + 1)


def judge(looks: Sequence[Look]) -> None:
    """Remember readings and raise what is unusual in them."""
    if not looks:
        return
    SeenLook.objects.bulk_create(
        [
            SeenLook(kind=one.kind, ref=one.ref, at=one.at, name=one.name, officer=one.officer, subject=one.subject)
            for one in looks
        ],
        batch_size=1000,
    )
    SeenLook.objects.filter(at__lt=clock.now() - REMEMBERED).delete()
    tz, workday = clock.SHANGHAI, holidays.for_region("", provisional=True).is_workday
    for row in WatchRuleRow.objects.order_by("code"):
        rule = RULE.validate_python(row.definition)
        mine = [one for one in looks if counts(rule, one)]
        if rule.kind is WatchKind.MANY:
            told = [one for some in _around(rule, mine) for one in crowd(rule, some, {look.ref for look in mine})]
        else:
            told = [one for one in mine if breaks(rule, one, workday=workday, tz=tz)]
        for found in by_day(rule, told, tz):
            acts.raise_alert(found, by=SYSTEM, key=f"alert:{rule.code}:{found.looks[0].kind}:{found.looks[0].ref}")


def _around(rule: WatchRule, looks: Sequence[Look]) -> Iterable[list[Look]]:
    """Yield for each officer, reads and checks apart, what is remembered around the new readings, these with it."""
    new: dict[tuple[uuid.UUID, str], list[Look]] = {}
    for one in looks:
        new.setdefault((one.officer, one.kind), []).append(one)
    wide = timedelta(hours=rule.hours)
    for (officer, kind), some in new.items():
        first, last = min(one.at for one in some) - wide, max(one.at for one in some) + wide
        rows = SeenLook.objects.filter(officer=officer, kind=kind, at__gt=first, at__lte=last)
        known = [
            Look(kind=kind, ref=row.ref, at=row.at, name=row.name, officer=officer, subject=row.subject) for row in rows
        ]
        yield [one for one in known if counts(rule, one)]


def _looks(reads: Sequence[AuditEntry], checks: Sequence[Check]) -> list[Look]:
    officers = {row.actor_id for row in reads if row.actor_id} | {row.actor_id for row in checks if row.actor_id}
    staff = directory.staff_by_id(officers)
    reads = [row for row in reads if row.actor_id in staff]
    checks = [row for row in checks if row.actor_id in staff]
    own = directory.own_indexes(staff)
    people = identity.number_indexes({row.person_id for row in reads if row.actor_id in own and row.person_id})
    named = {
        case: _named(case) for case in {row.case_id for row in (*reads, *checks) if row.case_id and row.actor_id in own}
    }
    related = _Related(own, reads, checks, named)
    found = []
    for read in reads:
        assert read.actor_id is not None
        mine = own.get(read.actor_id)
        oneself = mine is not None and people.get(read.person_id) == mine
        in_matter = mine is not None and read.case_id is not None and mine in named[read.case_id]
        found.append(
            Look(
                kind="read",
                ref=str(read.seq),
                at=read.at,
                name=read.name,
                officer=read.actor_id,
                subject=str(read.person_id),
                matter=read.case_id is not None or read.application_id is not None,
                own=oneself,
                family=not oneself and (in_matter or related.reads(read)),
            )
        )
    for check in checks:
        assert check.actor_id is not None
        mine = own.get(check.actor_id)
        in_matter = mine is not None and check.case_id is not None and mine in named[check.case_id]
        oneself = in_matter and named[check.case_id][mine][0] == bytes(check.subject_index)
        found.append(
            Look(
                kind="check",
                ref=str(check.pk),
                at=check.at,
                name="check",
                officer=check.actor_id,
                subject=bytes(check.subject_index).hex(),
                matter=check.case_id is not None or check.application_id is not None,
                own=oneself,
                family=not oneself and (in_matter or related.checked(check)),
            )
        )
    return found


_Named = dict[bytes, tuple[bytes, str]]
"""Whom a matter names, by the index of persons: the index of the store, and the number."""


def _named(case: uuid.UUID) -> _Named:
    """Return whom a matter names; nobody once it is closed."""
    purpose = purposes.find(str(case))
    numbers = purpose.numbers if purpose else frozenset[str]()
    return {blind_index(number, NUMBER): (blind_index(number, SUBJECT), number) for number in numbers}


class _Related:
    """Who of those whom officers read about is a relative of the one who read, by the registers of the rules."""

    def __init__(
        self,
        own: Mapping[uuid.UUID, bytes],
        reads: Sequence[AuditEntry],
        checks: Sequence[Check],
        named: Mapping[uuid.UUID, _Named],
    ) -> None:
        self._own = own
        rules = [RULE.validate_python(row.definition) for row in WatchRuleRow.objects.order_by("code")]
        sources = {one for rule in rules if rule.kind is WatchKind.FAMILY for one in rule.kin}
        self._people: dict[uuid.UUID, str] = {}
        self._numbers: dict[bytes, str] = {}
        self._kin: dict[str, frozenset[bytes]] = {}
        if sources and own:
            wanted = {row.person_id for row in reads if row.person_id and row.actor_id in own}
            self._people = identity.numbers_by_person(wanted)
            cases = {row.case_id for row in checks if row.case_id and row.actor_id in own}
            self._numbers = {index: number for case in cases for index, number in named[case].values()}
            self._kin = kin_of({*self._people.values(), *self._numbers.values()}, sources)

    def reads(self, row: AuditEntry) -> bool:
        """Tell whether somebody read about a relative."""
        return row.person_id is not None and self._is_kin(row.actor_id, self._people.get(row.person_id))

    def checked(self, row: Check) -> bool:
        """Tell whether somebody checked a relative."""
        return self._is_kin(row.actor_id, self._numbers.get(bytes(row.subject_index)))

    def _is_kin(self, officer: uuid.UUID | None, number: str | None) -> bool:
        mine = self._own.get(officer) if officer else None
        return mine is not None and number is not None and mine in self._kin.get(number, ())
