"""Lists of the desk: narrow, keyset paged, never counted in full.

What waits for a role stands in ``InboxEntry``. A grant that reaches few agencies is read as one branch for each, every
branch along its own index; a grant that reaches many is read along the index of its role alone, where a good part of
what is met fits. Either way a page costs the same however many cases there are.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from yiwang.kernel import clock, holidays, paging
from yiwang.kernel.calendar import CalendarTable, Unit
from yiwang.kernel.clock import Light
from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.remembered import remembered
from yiwang.kernel.types import Actor, Door, Role
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


@dataclass(frozen=True, slots=True)
class Branch:
    """Part of a list that goes along one index; an empty condition does not narrow."""

    roles: tuple[str, ...]
    agencies: tuple[str, ...]
    below: str
    """Path of an agency with all of its subtree."""
    region: str
    level: int
    items: frozenset[str]

    def entries(self) -> QuerySet[InboxEntry]:
        """Return its steps."""
        conditions: dict[str, Any] = {}
        for column, values in (("role", self.roles), ("agency_path", self.agencies)):
            if values:
                conditions |= {column: values[0]} if len(values) == 1 else {f"{column}__in": values}
        if self.below:
            conditions["agency_path__startswith"] = self.below
        if self.region:
            conditions["region__startswith"] = self.region
        if self.level:
            conditions["level"] = self.level
        if self.items:
            conditions["item_code__in"] = sorted(self.items)
        return InboxEntry.objects.filter(**conditions)


Branches = list[Branch]


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


@dataclass(frozen=True, slots=True)
class Late:
    """What was late at an instant, agency by agency."""

    at: datetime
    agencies: tuple[LateAgency, ...]


class Inbox:
    """What waits for the steps that an actor's grants reach; made once for a request.

    Two are equal if they list and count the same: of the same person, with the same grants, on the same day.
    """

    def __init__(self, by: Actor) -> None:
        self.by = by
        self.today = clock.today()
        self.below = directory.subtrees({grant.agency for grant in by.grants if grant.role in _READ and grant.agency})
        self.waiting: dict[str, Branches] = {
            role.value: self._branches([role], (role.value,)) for role in LISTED if by.has_role({role})
        }
        """By role, as branches that do not overlap."""
        self.office = self._branches(OFFICE)
        self.supervised = self._branches([Role.SUPERVISOR])
        reached = tuple((path, *below) for path, below in sorted(self.below.items()))
        self._same = (by.id, by.grants, reached, self.today)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Inbox) and self._same == other._same

    def __hash__(self) -> int:
        return hash(self._same)

    @cached_property
    def calendar(self) -> CalendarTable:
        """Return the calendar of every region; one query, for whoever asks for lights or lines."""
        return holidays.table()

    @cached_property
    def near(self) -> date:
        """Return the last day that is near."""
        return self.calendar.holidays("", provisional=True).due(self.today, 1, Unit.WORKDAY)

    def page(self, filters: Filters, *, after: str = "", before: str = "") -> InboxPage:
        """Return the steps that wait for one of the actor's roles (or all where the actor works): over the limit first,
        then nearest to it.

        Raises ``paging.BadCursor``.
        """
        listed = _listing(self, self.near, filters, tuple(handlers_for(self.by)) if filters.who == "me" else ())
        return self._page(listed.page(after=after, before=before))

    def counts(self, filters: Filters) -> dict[str, paging.Count]:
        """Return how many wait at each light, altogether (``all``), for each role, for anybody where the actor works
        (``office``, ``nobody``), and how many the actor has in hand (``mine``), each counted to 99; one query.
        """
        return _with_all(_counting(self, self.near, filters.role, filters.office).counts())

    def supervised_page(self, light: str = "", agency: str = "", *, after: str = "", before: str = "") -> InboxPage:
        """Return the steps near or over their limit that a supervisor answers for, nearest first."""
        branches = [one.entries().filter(due_on__lte=self.near) for one in self.supervised]
        if light:
            branches = [one.filter(self.light(light)) for one in branches]
        if agency:
            branches = [one.filter(agency_path=agency) for one in branches]
        return self._page(paging.page(branches, ("due_on",), SIZE, after=after, before=before))

    def supervised_counts(self) -> dict[str, paging.Count]:
        """Return how many supervised steps stand at each light, each counted to 99; one query."""
        return _with_all(paging.counts(self.lights(self.supervised)))

    def late_by_agency(self) -> Late:
        """Return the agencies that have steps over or near their limit, most over first, as of a minute ago at most.

        All that is near or over is read, by the due day: a city with a backlog has much of it, so it is kept.
        """
        name = f"cases.late:{self.today}:{self.supervised}"
        return remembered(name, lambda: Late(clock.now(), tuple(self._late())))

    def _late(self) -> list[LateAgency]:
        over: dict[str, list[int]] = {}
        for branch in self.supervised:
            counted = (
                branch.entries()
                .filter(due_on__lte=self.near)
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
        branches = [one.entries() for one in self.chosen("", office=False)]
        entry = InboxEntry.objects.filter(case_id=case, role__in=list(self.waiting)).first()
        if entry is None:
            return None
        cursor = paging.cursor_at(entry, ("due_on",))
        page = paging.page(branches, ("due_on",), 1, **{"before" if before else "after": cursor})
        return page.items[0].case_id if page.items else None

    def items(self) -> list[tuple[str, str]]:
        """Return the items that a member of staff may choose from: those of narrow grants (kept for a minute)."""
        grants = [grant for grant in self.by.grants if grant.role in LISTED]
        paths = {path for grant in grants for path in self.below.get(grant.agency, ())}
        if not paths or len(paths) > NARROW:
            return []
        return remembered(f"cases.items:{sorted(paths)}", lambda: catalog.items_of(paths))

    def light(self, light: str) -> Q:
        """Return a light as a condition on dates (as ``clock.light`` has it)."""
        return {
            Light.RED.value: Q(due_on__lt=self.today),
            Light.ORANGE.value: Q(due_on__gte=self.today, due_on__lte=self.near),
            Light.YELLOW.value: Q(due_on__gt=self.near, due_on__lt=FAR, half_on__lte=self.today),
            Light.GREEN.value: Q(due_on__gt=self.near, due_on__lt=FAR, half_on__gt=self.today),
            Light.PAUSED.value: Q(due_on=FAR),
        }[light]

    def lights(self, branches: Branches) -> dict[str, list[QuerySet[InboxEntry]]]:
        """Return a list parted by its lights, to be counted."""
        entries = _entries(branches)
        return {one.value: [branch.filter(self.light(one)) for branch in entries] for one in Light}

    def _page(self, page: paging.Page[InboxEntry]) -> InboxPage:
        return InboxPage(_rows(page.items, self.calendar), page.next, page.previous)

    def chosen(self, role: str, office: bool) -> Branches:
        """Return the whole list that filters narrow: of the actor's roles (or one), or everybody's where they work."""
        if office:
            return [replace(one, roles=(role,)) if role else one for one in self.office]
        return [one for name, found in self.waiting.items() if role in ("", name) for one in found]

    def narrowed(self, filters: Filters, handlers: Sequence[uuid.UUID]) -> list[QuerySet[InboxEntry]]:
        """Return the branches of a list that filters narrow; ``handlers`` are whose cases are one's own."""
        chosen = self.chosen(filters.role, filters.office)
        return [self._narrow(one.entries(), filters, handlers) for one in chosen]

    def _narrow(
        self, entries: QuerySet[InboxEntry], filters: Filters, handlers: Sequence[uuid.UUID]
    ) -> QuerySet[InboxEntry]:
        if filters.light:
            entries = entries.filter(self.light(filters.light))
        if filters.state:
            entries = entries.filter(state=filters.state)
        if filters.item:
            entries = entries.filter(item_code=filters.item)
        if filters.who == "me":
            entries = entries.filter(handler_id__in=handlers)
        elif filters.who == "nobody":
            entries = entries.filter(handler_id=None)
        if filters.until:
            entries = entries.filter(due_on__lte=filters.until)
        if filters.door:
            entries = entries.filter(door=filters.door)
        return entries

    def _branches(self, grants: Sequence[Role], steps: tuple[str, ...] = ()) -> Branches:
        """Split narrow grants of these roles by agency; drop a branch that another already covers."""
        branches: dict[Branch, None] = {}
        for grant in self.by.grants:
            if grant.role not in grants:
                continue
            paths = self.below.get(grant.agency, [])
            whole = Branch(steps, (), grant.agency, grant.region, grant.level, grant.items)
            parts = [replace(whole, agencies=(path,), below="") for path in paths] if len(paths) <= NARROW else []
            branches |= dict.fromkeys(parts or [whole])
        return [one for one in branches if not any(other != one and _covers(other, one) for other in branches)]


@lru_cache(maxsize=512)
def _listing(lists: Inbox, _near: date, filters: Filters, handlers: tuple[uuid.UUID, ...]) -> paging.Paging[InboxEntry]:
    return paging.Paging(lambda: lists.narrowed(filters, handlers), ("due_on",), SIZE)


@lru_cache(maxsize=512)
def _counting(lists: Inbox, _near: date, role: str, office: bool) -> paging.Counting:
    everybodys = _entries(lists.office)
    groups: dict[str, Sequence[QuerySet[Any]]] = {
        "office": everybodys,
        "nobody": [one.filter(handler_id=None) for one in everybodys],
    }
    groups |= lists.lights(lists.chosen(role, office))
    groups |= {name: _entries(found) for name, found in lists.waiting.items()}
    groups |= {name: [rows] for name, rows in mine.lists(lists.by).items()}
    # A subtree or a region narrows what is met along the index of a role, an agency or a handler; none begins with it.
    return paging.counting(groups, any_values=True)


def _with_all(counted: dict[str, paging.Count]) -> dict[str, paging.Count]:
    return counted | {"all": paging.total(counted[light.value] for light in Light)}


def _entries(branches: Branches) -> list[QuerySet[InboxEntry]]:
    return [one.entries() for one in joined(branches)]


def joined(branches: Branches) -> Branches:
    """Join what is only counted: without an order to keep, one scan takes many agencies and roles."""
    alike: dict[Branch, Branches] = {}
    for one in branches:
        alike.setdefault(replace(one, roles=(), agencies=()), []).append(one)
    whole: Branches = []
    for key, found in alike.items():
        roles = {role for one in found for role in one.roles}
        agencies = {path for one in found for path in one.agencies}
        every = replace(key, roles=tuple(sorted(roles)), agencies=tuple(sorted(agencies)))
        whole += [every] if len(found) == max(len(roles), 1) * max(len(agencies), 1) else found
    return whole


def _covers(wide: Branch, narrow: Branch) -> bool:
    """Tell whether every step of one branch of the same roles is in another."""
    if wide.agencies:
        within = wide.agencies == narrow.agencies
    else:
        within = (narrow.agencies[0] if narrow.agencies else narrow.below).startswith(wide.below)
    return (
        within
        and narrow.region.startswith(wide.region)
        and wide.level in (0, narrow.level)
        and (not wide.items or (bool(narrow.items) and wide.items >= narrow.items))
    )


_LINES = Compiled(
    lambda: (
        Case.objects.filter(pk__any=Slot("ids"))
        .only(*_CASE_COLUMNS)
        .annotate(
            came_by=F("application__door"),
            application_title=F("application__title"),
            life_event=F("application__life_event"),
            mend_by=Subquery(
                Correction.objects.filter(case_id=OuterRef("pk"), state="open").values("due_on")[:1],
            ),
            stop=ArraySubquery(
                SpecialProcedure.objects.filter(case_id=OuterRef("pk"), kind="special", ended_at=None).values(
                    json=JSONObject(name="name", until="expected_on")
                )
            ),
            visit_on=Subquery(
                JointVisit.objects.filter(tasks__case_id=OuterRef("pk"), tasks__done_at=None).values("planned_on")[:1]
            ),
        )
    )
)


def _rows(entries: Sequence[InboxEntry], calendar: CalendarTable) -> list[InboxRow]:
    found = _LINES(ids=list({entry.case_id for entry in entries}))
    views = {view.id: view for view in case_views(found, calendar)}
    rows = {row.id: row for row in found}
    return [
        InboxRow(
            entry=entry.id,
            role=entry.role,
            step=entry.step,
            case=views[entry.case_id],
            door=row.came_by,
            together=row.application_title if row.life_event else "",
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
