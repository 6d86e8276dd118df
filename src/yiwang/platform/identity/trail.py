"""Reading the audit trail: who looked at my data, who acted for me, and the audit administrator's search."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from yiwang.kernel import clock
from yiwang.kernel.digest import canonical
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.paging import Page, page
from yiwang.kernel.types import Actor, Party, Role
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity.types import TrailEntry, TrailPage

SIZE = 30


def reads_of(party: Party, after: str = "") -> TrailPage:
    """Return who read a party's data and why, newest first (个人信息保护法 arts. 44, 45)."""
    return _shown(page(AuditEntry.objects.filter(kind="read", person_id=party.id), ("-seq",), SIZE, after=after))


def read_of(party: Party, seq: int) -> TrailEntry | None:
    """Return one reading of a party's data."""
    return _one(AuditEntry.objects.filter(kind="read", person_id=party.id, seq=seq))


def read_entry(seq: int) -> TrailEntry | None:
    """Return a reading that somebody asked about."""
    return _one(AuditEntry.objects.filter(kind="read", seq=seq))


def _one(rows: QuerySet[AuditEntry]) -> TrailEntry | None:
    return next(iter(_shown(Page(list(rows))).entries), None)


def reads_about(party: Party, application: uuid.UUID, cases: Iterable[uuid.UUID], size: int = 5) -> list[TrailEntry]:
    """Return the latest reads of a party's data for one application or its cases."""
    matter = Q(application_id=application) | Q(case_id__in=list(cases))
    rows = AuditEntry.objects.filter(matter, kind="read", person_id=party.id).order_by("-seq")[:size]
    return list(_shown(Page(list(rows))).entries)


def acted_by_others(person: uuid.UUID, party: Party, after: str = "") -> TrailPage:
    """Return what anybody but ``person``, who asks, did in a party's name, newest first."""
    rows = AuditEntry.objects.filter(kind="act", principal_id=party.id).exclude(actor_id=person)
    return _shown(page(rows, ("-seq",), SIZE, after=after))


@dataclass(frozen=True, slots=True)
class TrailFilters:
    """What the audit administrator looks for; empty fields do not narrow."""

    kind: str = ""
    name: str = ""
    actor: str = ""
    subject: str = ""
    first: date | None = None
    last: date | None = None


def search(filters: TrailFilters, by: Actor, after: str = "") -> TrailPage:
    """Return a page of what the audit administrator may read of the trail: all, or what their agencies did; newest
    first.
    """
    rows = AuditEntry.objects.filter(_agencies(by))
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    if filters.name:
        rows = rows.filter(name__startswith=filters.name)
    if filters.actor:
        rows = rows.filter(actor_label__endswith=filters.actor)
    if filters.subject:
        rows = rows.filter(_subject(filters.subject))
    if filters.first:
        rows = rows.filter(at__gte=datetime.combine(filters.first, time.min, tzinfo=clock.SHANGHAI))
    if filters.last:
        rows = rows.filter(at__lt=clock.end_of(filters.last))
    return _shown(page(rows, ("-seq",), SIZE, after=after))


def _agencies(by: Actor) -> Q:
    paths = [grant.agency for grant in by.grants if grant.role is Role.AUDIT_ADMIN]
    return reduce(or_, (Q(actor_agency__startswith=path) if path else ~Q(pk__in=[]) for path in paths), Q(pk__in=[]))


def _subject(text: str) -> Q:
    try:
        pk = uuid.UUID(text)
    except ValueError:
        return Q(subject_id=text) | Q(request_id=text)
    return Q(subject_id=str(pk)) | Q(case_id=pk) | Q(application_id=pk) | Q(actor_id=pk)


def _shown(found: Page[AuditEntry]) -> TrailPage:
    paths = {row.actor_agency for row in found.items if row.actor_agency}
    names = {agency.path: agency.name for agency in directory.agencies_by_path(paths)} if paths else {}
    return TrailPage(tuple(_entry(row, names) for row in found.items), found.next)


def _entry(row: Any, names: dict[str, str]) -> TrailEntry:
    return TrailEntry(
        seq=row.seq,
        at=row.at,
        kind=row.kind,
        name=row.name,
        actor=row.actor_label or row.actor_kind,
        agency=names.get(row.actor_agency, ""),
        purpose=row.purpose,
        door=row.door,
        delegation=row.delegation_id,
        application_id=row.application_id,
        case_id=row.case_id,
        subject=f"{row.subject_kind} {row.subject_id}".strip(),
        detail=canonical(row.detail).decode() if row.detail else "",
        request_id=row.request_id,
        agency_path=row.actor_agency,
        roles=tuple(Role(one) for one in row.detail.get("roles", ())),
        shown=str(row.detail.get("shown", "")),
    )
