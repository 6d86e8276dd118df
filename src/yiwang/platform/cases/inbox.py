"""Lists of the desk: narrow, keyset paged, never counted in full.

What waits for a role stands in ``InboxEntry``. A grant that reaches few agencies is read as one branch for each, every
branch along its own index; a grant that reaches many is read along the index of its role alone, where a good part of
what is met fits. Either way a page costs the same however many cases there are.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from yiwang.kernel import clock, holidays, paging
from yiwang.kernel.calendar import Unit
from yiwang.kernel.clock import Light
from yiwang.kernel.types import Actor, Door, Role, RoleGrant
from yiwang.platform.cases import mine
from yiwang.platform.cases.models import FAR, Case, Correction, InboxEntry, JointVisit, SpecialProcedure
from yiwang.platform.cases.queries import case_views, handlers_for
from yiwang.platform.cases.types import CaseState, CaseView
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory

SIZE = 20
NARROW = 12
"""Up to this many agencies a grant is read agency by agency."""
LISTED = mine.LISTED

OFFICE = (*LISTED, Role.DISPATCHER)
"""Roles that see everything that is worked on where they reach, whosever step it is (全科在办)."""

_READ = {*OFFICE, Role.SUPERVISOR}
_CASE_COLUMNS = [field.name for field in Case._meta.concrete_fields if field.name != "decision"]

Branches = list[QuerySet[InboxEntry]]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a member of staff filters the inbox by; empty does not narrow."""

    words: str = ""
    role: str = ""
    office: bool = False
    """Every step that waits where the actor reaches, not only those of the actor's roles."""
    light: str = ""
    state: str = ""
    item: str = ""
    who: str = ""
    """``me`` (and whom one stands in for) or ``nobody``."""
    until: date | None = None
    door: str = ""

    @classmethod
    def read(cls, data: Mapping[str, str]) -> Filters:
        """Read them from an address; what cannot be read does not narrow."""
        roles = {role.value for role in LISTED}
        return cls(
            words=data.get("q", "").strip()[:80],
            role=data.get("step", "") if data.get("step", "") in roles else "",
            office=data.get("scope", "") == "office",
            light=data.get("light", "") if data.get("light", "") in set(Light) else "",
            state=data.get("state", "") if data.get("state", "") in set(CaseState) else "",
            item=data.get("item", "")[:12],
            who=data.get("who", "") if data.get("who", "") in ("me", "nobody") else "",
            until=_date(data.get("until", "")),
            door=data.get("door", "") if data.get("door", "") in set(Door) else "",
        )

    @property
    def narrowed(self) -> bool:
        """Whether anything besides the light and the step is asked for."""
        return bool(self.state or self.item or self.who or self.until or self.door)


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A line of a list: a step that waits, its case and how the application came."""

    entry: uuid.UUID
    role: str
    step: str
    case: CaseView
    door: str
    together: str
    """Name of the life event, if the case is one of several."""
    mend_by: date | None = None
    """Until when the applicant may answer an open correction."""
    procedure: str = ""
    """The special procedure that runs, and until when it is expected to."""
    procedure_until: date | None = None
    visit_on: date | None = None
    """The day that was agreed for a site visit."""


@dataclass(frozen=True, slots=True)
class InboxPage:
    """One page of a list of steps."""

    rows: list[InboxRow]
    next: str = ""
    previous: str = ""


@dataclass(frozen=True, slots=True)
class LateAgency:
    """An agency with how many of its steps are over their limit and how many near it."""

    path: str
    name: str
    over: int
    near: int


class Inbox:
    """What waits for the steps that an actor's grants reach; made once for a request."""

    def __init__(self, by: Actor) -> None:
        self.by = by
        self.today = clock.today()
        self.below = directory.subtrees({grant.agency for grant in by.grants if grant.role in _READ and grant.agency})
        self.waiting: dict[str, Branches] = {
            role.value: self._branches([role], InboxEntry.objects.filter(role=role))
            for role in LISTED
            if by.has_role({role})
        }
        """By role, as querysets that do not overlap."""
        self.office = self._branches(OFFICE, InboxEntry.objects.all())
        self.supervised = self._branches([Role.SUPERVISOR], InboxEntry.objects.all())

    @cached_property
    def near(self) -> date:
        """Return the last day that is near; one query, for whoever asks for lights."""
        return holidays.for_region("", provisional=True).due(self.today, 1, Unit.WORKDAY)

    def page(self, filters: Filters, *, after: str = "", before: str = "") -> InboxPage:
        """Return the steps that wait for one of the actor's roles (or all where the actor works): over the limit first,
        then nearest to it.

        Raises ``paging.BadCursor``.
        """
        branches = [self._narrow(one, filters) for one in self._chosen(filters)]
        return _page(paging.page(branches, ("due_on",), SIZE, after=after, before=before))

    def counts(self, filters: Filters) -> dict[str, paging.Count]:
        """Return how many wait at each light, altogether (``all``), for each role, for anybody where the actor works
        (``office``, ``nobody``), and how many the actor has in hand (``mine``), each counted to 99; one query.
        """
        chosen = self._chosen(filters)
        nobodys = [one.filter(handler_id=None) for one in self.office]
        groups: dict[str, Any] = {"all": chosen, "office": self.office, "nobody": nobodys}
        in_hand = {name: [rows] for name, rows in mine.lists(self.by).items()}
        return paging.counts(self._lights(chosen) | groups | self.waiting | in_hand)

    def supervised_page(self, light: str = "", agency: str = "", *, after: str = "", before: str = "") -> InboxPage:
        """Return the steps near or over their limit that a supervisor answers for, nearest first."""
        branches = [one.filter(due_on__lte=self.near) for one in self.supervised]
        if light:
            branches = [one.filter(self.light(light)) for one in branches]
        if agency:
            branches = [one.filter(agency_path=agency) for one in branches]
        return _page(paging.page(branches, ("due_on",), SIZE, after=after, before=before))

    def supervised_counts(self) -> dict[str, paging.Count]:
        """Return how many supervised steps stand at each light, each counted to 99; one query."""
        return paging.counts(self._lights(self.supervised) | {"all": self.supervised})

    def late_by_agency(self) -> list[LateAgency]:
        """Return the agencies that have steps over or near their limit, most over first.

        One query for each branch and one for the names: only what is near or over is read, by the due day.
        """
        over: dict[str, list[int]] = {}
        for branch in self.supervised:
            counted = (
                branch.filter(due_on__lte=self.near)
                .order_by()
                .values("agency_path")
                .annotate(
                    over=Count("pk", filter=Q(due_on__lt=self.today)),
                    near=Count("pk", filter=Q(due_on__gte=self.today)),
                )
            )
            for row in counted:
                kept = over.setdefault(row["agency_path"], [0, 0])
                kept[0] += row["over"]
                kept[1] += row["near"]
        names = {one.path: one.name for one in directory.agencies_by_path(over)}
        late = [LateAgency(path, names.get(path, path), *numbers) for path, numbers in over.items()]
        return sorted(late, key=lambda one: (-one.over, -one.near, one.name))

    def neighbour(self, case: uuid.UUID, *, before: bool = False) -> uuid.UUID | None:
        """Return the case after (or before) this one in the whole list; nothing at its end."""
        branches = self._chosen(Filters())
        entry = InboxEntry.objects.filter(case_id=case, role__in=list(self.waiting)).first()
        if entry is None:
            return None
        cursor = paging.cursor_at(entry, ("due_on",))
        page = paging.page(branches, ("due_on",), 1, **{"before" if before else "after": cursor})
        return page.items[0].case_id if page.items else None

    def items(self) -> list[tuple[str, str]]:
        """Return the items that a member of staff may choose from: those of narrow grants; one query."""
        grants = [grant for grant in self.by.grants if grant.role in LISTED]
        paths = {path for grant in grants for path in self.below.get(grant.agency, ())}
        return catalog.items_of(paths) if paths and len(paths) <= NARROW else []

    def light(self, light: str) -> Q:
        """Return a light as a condition on dates (as ``clock.light`` has it)."""
        return {
            Light.RED.value: Q(due_on__lt=self.today),
            Light.ORANGE.value: Q(due_on__gte=self.today, due_on__lte=self.near),
            Light.YELLOW.value: Q(due_on__gt=self.near, due_on__lt=FAR, half_on__lte=self.today),
            Light.GREEN.value: Q(due_on__gt=self.near, due_on__lt=FAR, half_on__gt=self.today),
            Light.PAUSED.value: Q(due_on=FAR),
        }[light]

    def _lights(self, branches: Branches) -> dict[str, Branches]:
        return {one.value: [branch.filter(self.light(one)) for branch in branches] for one in Light}

    def _chosen(self, filters: Filters) -> Branches:
        if filters.office:
            return [one.filter(role=filters.role) if filters.role else one for one in self.office]
        return [one for role, found in self.waiting.items() if filters.role in ("", role) for one in found]

    def _narrow(self, entries: QuerySet[InboxEntry], filters: Filters) -> QuerySet[InboxEntry]:
        if filters.light:
            entries = entries.filter(self.light(filters.light))
        if filters.state:
            entries = entries.filter(state=filters.state)
        if filters.item:
            entries = entries.filter(item_code=filters.item)
        if filters.who == "me":
            entries = entries.filter(handler_id__in=handlers_for(self.by))
        elif filters.who == "nobody":
            entries = entries.filter(handler_id=None)
        if filters.until:
            entries = entries.filter(due_on__lte=filters.until)
        if filters.door:
            entries = entries.filter(door=filters.door)
        return entries

    def _branches(self, roles: Sequence[Role], entries: QuerySet[InboxEntry]) -> Branches:
        """Split narrow grants of these roles by agency; drop a branch that another already covers."""
        branches: dict[tuple[RoleGrant, bool], QuerySet[InboxEntry]] = {}
        for grant in self.by.grants:
            if grant.role not in roles:
                continue
            paths = self.below.get(grant.agency, [])
            narrow = 0 < len(paths) <= NARROW
            for path in paths if narrow else [grant.agency]:
                branch = entries
                if path:
                    branch = branch.filter(**{"agency_path" if narrow else "agency_path__startswith": path})
                if grant.region:
                    branch = branch.filter(region__startswith=grant.region)
                if grant.level:
                    branch = branch.filter(level=grant.level)
                if grant.items:
                    branch = branch.filter(item_code__in=sorted(grant.items))
                branches[replace(grant, role=roles[0], agency=path), narrow] = branch
        return [
            branch
            for one, branch in branches.items()
            if not any(other != one and _covers(*other, *one) for other in branches)
        ]


def _covers(wide: RoleGrant, exact: bool, narrow: RoleGrant, narrow_exact: bool) -> bool:
    """Tell whether every entry of one branch is in another; an exact branch is that of one agency, not of a subtree."""
    if exact and not (narrow_exact and wide.agency == narrow.agency):
        return False
    return (
        narrow.agency.startswith(wide.agency)
        and narrow.region.startswith(wide.region)
        and wide.level in (0, narrow.level)
        and (not wide.items or (bool(narrow.items) and wide.items >= narrow.items))
    )


def _page(page: paging.Page[InboxEntry]) -> InboxPage:
    return InboxPage(_rows(page.items), page.next, page.previous)


def _rows(entries: Sequence[InboxEntry]) -> list[InboxRow]:
    stops = SpecialProcedure.objects.filter(case_id=OuterRef("pk"), kind="special", ended_at=None)
    mends = Correction.objects.filter(case_id=OuterRef("pk"), state="open")
    visits = JointVisit.objects.filter(tasks__case_id=OuterRef("pk"), tasks__done_at=None)
    found = list(
        Case.objects.filter(pk__in={entry.case_id for entry in entries})
        .select_related("application")
        .only(*_CASE_COLUMNS, "application__door", "application__title", "application__life_event")
        .annotate(
            mend_by=Subquery(mends.values("due_on")[:1]),
            stop=ArraySubquery(stops.values(json=JSONObject(name="name", until="expected_on"))),
            visit_on=Subquery(visits.values("planned_on")[:1]),
        )
    )
    views = {view.id: view for view in case_views(found)}
    rows = {row.id: row for row in found}
    return [
        InboxRow(
            entry=entry.id,
            role=entry.role,
            step=entry.step,
            case=views[entry.case_id],
            door=row.application.door,
            together=row.application.title if row.application.life_event else "",
            mend_by=row.mend_by,
            procedure=row.stop[0]["name"] if row.stop else "",
            procedure_until=_date(row.stop[0]["until"]) if row.stop else None,
            visit_on=row.visit_on if entry.role == Role.INSPECTOR else None,
        )
        for entry in entries
        if (row := rows.get(entry.case_id)) is not None
    ]


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
