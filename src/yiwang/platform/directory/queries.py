"""What others read of the directory."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.compiled import Compiled, Slot
from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.models import CalendarDay, CalendarYear
from yiwang.kernel.paging import Page, page
from yiwang.kernel.problems import NotFound
from yiwang.kernel.reach import reached
from yiwang.kernel.recording import once
from yiwang.kernel.remembered import remembered
from yiwang.kernel.types import Actor, Reach, Role, RoleGrant
from yiwang.platform.directory import places
from yiwang.platform.directory.models import Agency, Counter, Region, ServiceCentre, StaffMember, StaffRole
from yiwang.platform.directory.types import (
    ADMINISTRATIONS,
    AgencyDetail,
    AgencyView,
    CentreView,
    CounterKind,
    CounterView,
    DayView,
    NearCentre,
    RegionLevel,
    RegionView,
    StaffDetail,
    StaffView,
    YearView,
)
from yiwang.ui.names import names


def _agency(row: Agency) -> AgencyView:
    return AgencyView(
        row.id, row.code, row.name, row.short_name, row.name_en, row.uscc, row.function, row.region_id, row.level,
        row.path, row.phone, row.complaint_phone, row.external,
    )  # fmt: skip


def find_agency(code: str) -> AgencyView | None:
    """Return an agency by code, or nothing; an act that found it does not ask again."""
    known = once("directory.agencies_by_code", dict[str, AgencyView])
    if code not in known:
        row = _BY_CODE.first(code=code)
        if row is None:
            return None
        known[code] = _agency(row)
    return known[code]


def find_agency_by_uscc(uscc: str) -> AgencyView | None:
    """Return an agency by its unified social credit code, or nothing."""
    row = Agency.objects.filter(uscc=uscc, active=True).first()
    return _agency(row) if row else None


def get_agency(code: str) -> AgencyView:
    """Return an agency by code."""
    found = find_agency(code)
    if found is None:
        raise NotFound(_("没有这个部门。"))
    return found


def agencies(function: str = "", region: str = "") -> list[AgencyView]:
    """Return the city's active agencies, by function and region where given."""
    rows = Agency.objects.filter(active=True, external=False).order_by("level", "code")
    if function:
        rows = rows.filter(function=function)
    if region:
        rows = rows.filter(region_id=region)
    return [_agency(row) for row in rows]


def reach_of(agency: AgencyView) -> Reach:
    """Return where an agency's matters lie, for grants."""
    return Reach(agency.path, agency.region, agency.level)


def functions() -> dict[str, str]:
    """Return what every agency does, by its code: the same body of another county does the same (some minutes old)."""
    return remembered("directory.functions", lambda: {one.code: one.function for one in agencies()}, 300)


def agencies_doing(functions: Iterable[str], region: str) -> dict[str, str]:
    """Return, for each function, the path of the active agency that does it nearest to a region: in the same county, else
    in the city. One query, none where nothing is asked.
    """
    wanted = [function for function in functions if function]
    if not wanted:
        return {}
    rows = Agency.objects.filter(active=True, external=False, function__in=wanted).order_by("code")
    found: dict[str, tuple[int, str]] = {}
    for function, code, path in rows.values_list("function", "region_id", "path"):
        around = re.sub("(00)*$", "", code)
        if region.startswith(around) and len(around) > found.get(function, (0, ""))[0]:
            found[function] = (len(around), path)
    return {function: path for function, (_near, path) in found.items()}


_BY_CODE = Compiled(lambda: Agency.objects.filter(code=Slot("code"), active=True))
_BY_ID = Compiled(lambda: Agency.objects.filter(pk__any=Slot("ids")))
_BY_PATH = Compiled(lambda: Agency.objects.filter(path__any=Slot("paths")))


def agencies_by_id(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, AgencyView]:
    """Return agencies by id, one query; an act that knows them does not ask again."""
    wanted, known = set(ids), once("directory.agencies", dict[uuid.UUID, AgencyView])
    if missing := wanted - known.keys():
        known |= {row.id: _agency(row) for row in _BY_ID(ids=list(missing))}
    return {pk: known[pk] for pk in wanted if pk in known}


def agency_of(by: Actor) -> AgencyView | None:
    """Return the agency that a member of staff or a system belongs to, or nothing."""
    return next(iter(agencies_by_path([by.agency])), None) if by.agency else None


def find_region(code: str) -> RegionView | None:
    """Return a region by code, or nothing."""
    row = Region.objects.filter(code=code).first()
    if row is None:
        return None
    return RegionView(row.code, row.name, RegionLevel(row.level), row.parent_id or "", row.full_name)


def region_names(codes: Iterable[str]) -> dict[str, str]:
    """Return names of regions by code; one query."""
    return dict(Region.objects.filter(code__in=list(codes)).values_list("code", "name"))


def regions_below(parent: str) -> list[RegionView]:
    """Return the regions directly below one."""
    return [
        RegionView(row.code, row.name, RegionLevel(row.level), row.parent_id or "", row.full_name)
        for row in Region.objects.filter(parent_id=parent).order_by("code")
    ]


def regions_at(level: RegionLevel) -> list[RegionView]:
    """Return all regions of a level, in order of code."""
    return [
        RegionView(row.code, row.name, level, row.parent_id or "", row.full_name)
        for row in Region.objects.filter(level=level, external=False).order_by("code")
    ]


def first_county() -> str:
    """Return the code of the city's first county: where examples are counted when nobody said where they are."""
    row = Region.objects.filter(level=RegionLevel.COUNTY, external=False).order_by("code").values_list("code").first()
    return row[0] if row else ""


def centres(region: str = "") -> list[CentreView]:
    """Return service centres whose region lies within ``region``."""
    rows = ServiceCentre.objects.filter(region__code__startswith=region).order_by("region_id", "code")
    return [_centre(row) for row in rows]


def find_centre(code: str) -> CentreView | None:
    """Return a service centre by code, or nothing."""
    row = ServiceCentre.objects.filter(pk=code).first()
    return _centre(row) if row else None


def _centre(row: ServiceCentre) -> CentreView:
    return CentreView(
        row.code, row.name, row.region_id, row.address, row.hours, row.phone, row.longitude, row.latitude, row.traffic
    )


def centres_near(region: str, size: int = 4) -> list[NearCentre]:
    """Return the service centres nearest to a town or county: its own first, then by distance from that one.

    The city's first ones for no region. One query: a city has some hundred.
    """
    return places.nearest(centres(), region, size)


def _roles_of() -> QuerySet[StaffRole]:
    account, today = Slot("account"), Slot("today")
    mine = Q(staff__account_id=account, staff__active=True)
    stands_in = Q(staff__active=True, staff__deputy__account_id=account, staff__deputy__active=True)
    stands_in &= Q(staff__absent_from__lte=today, staff__absent_until__gte=today) & ~Q(role__in=ADMINISTRATIONS)
    return StaffRole.objects.filter(mine | stands_in).select_related("staff__agency")


_ROLES_OF = Compiled(_roles_of)


def staff_of_account(account: uuid.UUID) -> tuple[StaffView, tuple[RoleGrant, ...]] | None:
    """Return the member of staff behind an account with their grants and those of absent colleagues; or nothing."""
    roles = _ROLES_OF(account=account, today=clock.today())
    member = next((role.staff for role in roles if role.staff.account_id == account), None)
    if member is None:  # nothing of their own: new, or only standing in
        member = StaffMember.objects.filter(account_id=account, active=True).select_related("agency").first()
    if member is None:
        return None
    grants = tuple(
        RoleGrant(Role(role.role), role.agency_path, role.region, role.level, frozenset(role.items)) for role in roles
    )
    return _staff(member, grants), grants


def get_staff(pk: uuid.UUID, by: Actor | None = None) -> StaffDetail:
    """Return a member of staff with roles, absence and account; if ``by`` is given, within that administrator's reach."""
    row = _staff_rows(by).filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有找到这个工作人员。"))
    return _detail(row)


def staff_list(by: Actor, words: str = "", after: str = "", before: str = "") -> Page[Any]:
    """Return one page of staff within an administrator's reach; ``words`` is the beginning of a number, or of a name."""
    rows = _staff_rows(by)
    if words:
        rows = rows.filter(Q(number__istartswith=words) | Q(name__startswith=words) | Q(agency__code=words))
    found = page(rows, ("number",), 30, after=after, before=before)
    return replace(found, items=[_detail(row) for row in found.items])


def _staff_rows(by: Actor | None) -> QuerySet[StaffMember]:
    rows = StaffMember.objects.select_related("agency", "counter", "deputy").prefetch_related("roles")
    if by is None:
        return rows
    return rows.filter(
        reached(by, {Role.SECURITY_ADMIN}, agency="agency__path", region="agency__region__code", level="agency__level")
    )


def _detail(row: StaffMember) -> StaffDetail:
    grants = _grants(row)
    return StaffDetail(
        _staff(row, grants), row.agency.code, row.centre_id or "", row.counter.number if row.counter else "",
        grants, row.account_id, row.absent_from, row.absent_until, row.deputy.number if row.deputy else "",
    )  # fmt: skip


def agency_list(words: str = "", after: str = "", before: str = "") -> Page[Any]:
    """Return one page of the city's agencies, also those closed, each after the one above it; ``words`` is part of a name, or
    the beginning of a code or of a region's.
    """
    rows = _agency_rows()
    if words:
        named = Q(name__icontains=words) | Q(short_name__icontains=words)
        rows = rows.filter(named | Q(code__istartswith=words) | Q(region__code__startswith=words))
    found = page(rows, ("path",), 30, after=after, before=before)
    return replace(found, items=[_agency_detail(row) for row in found.items])


def find_agency_detail(code: str) -> AgencyDetail | None:
    """Return one of the city's agencies by code, also a closed one, or nothing."""
    row = _agency_rows().filter(code=code).first()
    return _agency_detail(row) if row else None


def _agency_rows() -> QuerySet[Agency]:
    return Agency.objects.filter(external=False).select_related("parent")


def _agency_detail(row: Agency) -> AgencyDetail:
    parent = row.parent
    return AgencyDetail(
        _agency(row), parent.code if parent else "", parent.name if parent else "", row.address, row.active
    )


def counters_of(centre: str) -> list[CounterView]:
    """Return the counters of a centre, in order of number."""
    return [
        CounterView(row.number, row.name, CounterKind(row.kind))
        for row in Counter.objects.filter(centre_id=centre).order_by("number")
    ]


def calendar_years(region: str = "") -> list[YearView]:
    """Return the years entered for a region, newest first."""
    return [
        YearView(row.year, row.source, row.provisional)
        for row in CalendarYear.objects.filter(region=region).order_by("-year")
    ]


def calendar_days(year: int, region: str = "") -> list[DayView]:
    """Return the days of a year entered for a region."""
    return [
        DayView(row.date, row.is_workday, row.reason, row.source)
        for row in CalendarDay.objects.filter(region=region, date__year=year).order_by("date")
    ]


def staff_by_id(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, StaffView]:
    """Return staff by id, one query (without roles)."""
    rows = StaffMember.objects.filter(pk__in=list(ids)).select_related("agency")
    return {row.id: _staff(row, ()) for row in rows}


def own_indexes(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, bytes]:
    """Return the blind indexes of staff's own numbers by id, of those whose number was entered; one query."""
    rows = StaffMember.objects.filter(pk__in=list(ids), own_index__isnull=False).values_list("pk", "own_index")
    return {pk: bytes(index) for pk, index in rows}


def staff_by_number(numbers: Iterable[str]) -> dict[str, StaffView]:
    """Return active staff by number, one query (without roles)."""
    rows = StaffMember.objects.filter(number__in=list(numbers), active=True).select_related("agency")
    return {row.number: _staff(row, ()) for row in rows}


def _staff(row: StaffMember, grants: tuple[RoleGrant, ...]) -> StaffView:
    roles = tuple(dict.fromkeys(grant.role.value for grant in grants))
    return StaffView(row.id, row.number, row.name, row.agency.name, row.agency.path, roles, row.active)


def agencies_by_path(paths: Iterable[str]) -> list[AgencyView]:
    """Return agencies by path, one query."""
    return [_agency(row) for row in _BY_PATH(paths=list(paths))]


@names
def english_agency_names() -> Iterator[tuple[str, str]]:
    """Return the names of agencies, long and short, with their English ones; one query."""
    for name, short, english in Agency.objects.values_list("name", "short_name", "name_en"):
        yield from ((name, english), (short, english))


def subtrees(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return, for each path, the paths of that agency and of those below it; one query."""
    wanted = list(paths)
    if not wanted:
        return {}
    below = reduce(or_, (Q(path__startswith=path) for path in wanted))
    found = list(Agency.objects.filter(below).order_by("path").values_list("path", flat=True))
    return {path: [one for one in found if one.startswith(path)] for path in wanted}


def town_options() -> tuple[Option, ...]:
    """Return every town and street as a choice, ``county · town``, in order of code; kept in memory."""
    return remembered("directory.towns", _read_towns, 300)


def _read_towns() -> tuple[Option, ...]:
    rows = Region.objects.filter(level=RegionLevel.TOWN).select_related("parent").order_by("code")
    return tuple(Option(row.code, f"{row.parent.name} · {row.name}") for row in rows if row.parent)


def with_regions(specs: Iterable[FieldSpec]) -> list[FieldSpec]:
    """Give every field that asks for a region its choices."""
    return [
        replace(spec, options=town_options()) if spec.kind is FieldKind.REGION and not spec.options else spec
        for spec in specs
    ]


def staff_with(role: Role) -> list[tuple[StaffView, tuple[RoleGrant, ...]]]:
    """Return active staff who hold a role anywhere, with all their grants."""
    rows = (
        StaffMember.objects.filter(active=True, roles__role=role.value)
        .select_related("agency")
        .prefetch_related("roles")
        .distinct()
        .order_by("number")
    )
    return [(_staff(row, grants), grants) for row in rows for grants in [_grants(row)]]


def _grants(row: StaffMember) -> tuple[RoleGrant, ...]:
    return tuple(
        RoleGrant(Role(role.role), role.agency_path, role.region, role.level, frozenset(role.items))
        for role in row.roles.all()
    )


def present(staff: uuid.UUID) -> StaffView | None:
    """Return who does the work of a member of staff today: themselves, or their deputy while they are away.

    Nobody where they have left, or are away without a deputy who is there.
    """
    today = clock.today()
    row = StaffMember.objects.filter(pk=staff, active=True).select_related("agency", "deputy__agency").first()
    if row is None:
        return None
    if not _away(row, today):
        return _staff(row, ())
    deputy = row.deputy
    return _staff(deputy, ()) if deputy and deputy.active and not _away(deputy, today) else None


def standing_in_for(staff: uuid.UUID) -> list[uuid.UUID]:
    """Return the members of staff who are away today and whose deputy this one is."""
    today = clock.today()
    begun = Q(absent_from=None) | Q(absent_from__lte=today)
    return list(StaffMember.objects.filter(begun, deputy=staff, absent_until__gte=today).values_list("pk", flat=True))


def _away(row: StaffMember, today: date) -> bool:
    return row.absent_until is not None and (row.absent_from or today) <= today <= row.absent_until


_COLLEAGUES = Compiled(
    lambda: (
        StaffMember.objects.filter(agency__path__any=Slot("paths"), active=True)
        .select_related("agency")
        .order_by("agency__path", "number")
    )
)


def colleagues_of(agencies: Iterable[str]) -> list[StaffView]:
    """Return the active staff of several agencies, by agency and number; one query, none where nothing is asked."""
    paths = list(agencies)
    if not paths:
        return []
    return [_staff(row, ()) for row in _COLLEAGUES(paths=paths)]


def colleagues(agency: str) -> list[StaffView]:
    """Return the active staff of an agency, by number; one query."""
    return colleagues_of([agency])
