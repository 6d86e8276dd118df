"""Everything that changes the directory: what the system administrator and the security administrator keep."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import Permission, act, act_on, current
from yiwang.kernel.codes import CodeError, parse_uscc
from yiwang.kernel.models import CalendarDay, CalendarYear
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound
from yiwang.kernel.types import Actor, ActorKind, FieldError, Key, Reach, Role
from yiwang.platform.directory import queries
from yiwang.platform.directory.models import Agency, Counter, Region, ServiceCentre, StaffMember, StaffRole
from yiwang.platform.directory.types import ADMINISTRATIONS, AgencyView

EXTERNAL_ROOT = "/external/"
_ELSEWHERE = "000000"
_STAFF = frozenset({ActorKind.STAFF})
CanAdminister = Permission(name="administer", kinds=_STAFF, roles=frozenset({Role.SYSTEM_ADMIN}))
CanAppoint = Permission(name="appoint", kinds=_STAFF, roles=frozenset({Role.SECURITY_ADMIN}))
CanBeAbsent = Permission(name="be_absent", kinds=_STAFF, any_staff=True)
"""Oneself; for others a dispatcher or security administrator whose grant reaches them."""
_ARRANGERS = frozenset({Role.DISPATCHER, Role.SECURITY_ADMIN})


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(_("请核对后再保存。"), errors=(FieldError(field, message),))


# --- The system administrator: agencies, centres, counters, the calendar ---


@act("directory.save_agency", permission=CanAdminister)
def save_agency(
    code: str,
    name: str,
    *,
    short_name: str,
    uscc: str,
    function: str,
    region: str,
    level: int,
    parent: str = "",
    phone: str = "",
    complaint_phone: str = "",
    address: str = "",
    active: bool = True,
    by: Actor,
    key: Key,
) -> uuid.UUID:
    """Enter an agency or change one; its place in the tree is given by its parent once and does not move.

    Raises Invalid; NotAllowed outside of what the administrator's grant reaches.
    """
    try:
        parsed = parse_uscc(uscc)
    except CodeError as error:
        raise _wrong("uscc", str(error)) from None
    if not Region.objects.filter(pk=region).exists():
        raise _wrong("region", _("没有这个行政区划"))
    above = Agency.objects.filter(code=parent).first() if parent else None
    if parent and above is None:
        raise _wrong("parent", _("没有这个上级部门"))
    row = Agency.objects.select_for_update().filter(code=code).first()
    if row is None:
        row = Agency(code=code, parent=above, path=f"{above.path if above else '/'}{code}/")
    elif row.parent_id != (above.id if above else None):
        raise _wrong("parent", _("上级部门不能改：已有的办件和岗位都按它划分，请新建部门"))
    if Agency.objects.filter(uscc=parsed.value).exclude(pk=row.pk).exists():
        raise _wrong("uscc", _("这个代码已属于另一个部门"))
    if not row._state.adding:  # what it was, and what it becomes
        CanAdminister.check(by, row)
    row.name, row.short_name, row.uscc, row.function = name, short_name, parsed.value, function
    row.region_id, row.level, row.phone, row.complaint_phone = region, level, phone, complaint_phone
    row.address, row.active = address, active
    CanAdminister.check(by, row)
    row.save()
    current().about(row)
    current().detail["active"] = active
    return row.id


@act("directory.save_centre", permission=CanAdminister)
def save_centre(
    code: str,
    name: str,
    *,
    region: str,
    address: str,
    hours: str,
    phone: str = "",
    traffic: str = "",
    counters: Sequence[dict[str, str]] = (),
    by: Actor,
    key: Key,
) -> None:
    """Enter a service centre or change one, with its counters (``number``, ``name``, ``kind``).

    A counter at which somebody sits stays when it is left out. Raises Invalid.
    """
    if not Region.objects.filter(pk=region).exists():
        raise _wrong("region", _("没有这个行政区划"))
    numbers = [row["number"] for row in counters]
    if len(set(numbers)) < len(numbers):
        raise _wrong("counters", _("窗口号重复了"))
    row, _made = ServiceCentre.objects.update_or_create(
        code=code,
        defaults={
            "name": name,
            "region_id": region,
            "address": address,
            "hours": hours,
            "phone": phone,
            "traffic": traffic,
        },
    )
    for one in counters:
        Counter.objects.update_or_create(
            centre=row, number=one["number"], defaults={"name": one["name"], "kind": one["kind"]}
        )
    row.counters.exclude(number__in=numbers).filter(staffmember=None).delete()
    current().about(row)


@act("directory.set_day", permission=CanAdminister)
def set_day(day: date, is_workday: bool, *, reason: str, source: str, region: str = "", by: Actor, key: Key) -> None:
    """Enter a day that is worked or off against the week's rhythm, with the document it rests on.

    The year of the region is entered with it, so that every process reads the calendar anew. Dates of running cases do
    not move by themselves. Raises Invalid.
    """
    if not source:
        raise _wrong("source", _("请写明依据的文件"))
    if region and not Region.objects.filter(pk=region).exists():
        raise _wrong("region", _("没有这个行政区划"))
    if not CalendarYear.objects.filter(region="", year=day.year).exists() and region:
        raise _wrong("day", _("请先录入全国这一年的日历"))
    CalendarDay.objects.update_or_create(
        region=region, date=day, defaults={"is_workday": is_workday, "reason": reason, "source": source}
    )
    _touch_year(region, day.year, source)
    current().subject_kind, current().subject_id = "kernel.calendarday", f"{region or 'CN'}:{day.isoformat()}"
    current().detail.update(day=day.isoformat(), region=region, is_workday=is_workday, source=source)


@act("directory.clear_day", permission=CanAdminister)
def clear_day(day: date, region: str = "", *, by: Actor, key: Key) -> None:
    """Take a day's entry away: it follows the week's rhythm (and the country's calendar) again."""
    if not CalendarDay.objects.filter(region=region, date=day).delete()[0]:
        raise NotFound(_("日历里没有这一天。"))
    _touch_year(region, day.year, "")
    current().subject_kind, current().subject_id = "kernel.calendarday", f"{region or 'CN'}:{day.isoformat()}"
    current().detail.update(day=day.isoformat(), region=region)


@act("directory.set_year", permission=CanAdminister)
def set_year(year: int, source: str, provisional: bool, region: str = "", *, by: Actor, key: Key) -> None:
    """Enter a year that may be counted in, or say that its notice is out and it is no longer provisional."""
    if not 2004 <= year <= 2100:
        raise _wrong("year", _("年份请填 2004 到 2100"))
    if not source:
        raise _wrong("source", _("请写明依据的文件"))
    _touch_year(region, year, source, provisional)
    current().subject_kind, current().subject_id = "kernel.calendaryear", f"{region or 'CN'}:{year}"
    current().detail.update(year=year, region=region, provisional=provisional, source=source)


def _touch_year(region: str, year: int, source: str, provisional: bool | None = None) -> None:
    row, made = CalendarYear.objects.get_or_create(region=region, year=year, defaults={"source": source})
    if provisional is not None:
        row.provisional, row.source = provisional, source
    if not made or provisional is not None:
        row.save()


# --- The security administrator: staff and what they are trusted with ---


@act("directory.save_staff", permission=CanAppoint)
def save_staff(
    number: str,
    name: str,
    agency: str,
    *,
    centre: str = "",
    counter: str = "",
    active: bool = True,
    by: Actor,
    key: Key,
) -> uuid.UUID:
    """Enter a member of staff or change one. Returns their id.

    Raises Invalid; NotAllowed outside of what the administrator's grant reaches.
    """
    home = Agency.objects.filter(code=agency, active=True).first()
    if home is None:
        raise _wrong("agency", _("没有这个部门"))
    CanAppoint.check(by, home)
    known = StaffMember.objects.select_related("agency").filter(number=number).first()
    if known is not None:
        CanAppoint.check(by, known)
    if centre and not ServiceCentre.objects.filter(pk=centre).exists():
        raise _wrong("centre", _("没有这个办事大厅"))
    seat = Counter.objects.filter(centre_id=centre, number=counter).first() if counter else None
    if counter and seat is None:
        raise _wrong("counter", _("这个大厅没有这个窗口"))
    row, _made = StaffMember.objects.update_or_create(
        number=number,
        defaults={"name": name, "agency": home, "centre_id": centre or None, "counter": seat, "active": active},
    )
    current().about(row)
    current().detail["active"] = active
    return row.id


def lock_staff(pk: uuid.UUID, by: Actor) -> StaffMember:
    """Return a member of staff, locked. Raises NotFound."""
    row = StaffMember.objects.select_for_update(of=("self",)).select_related("agency").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有找到这个工作人员。"))
    return row


@act_on("directory.set_roles", lock_staff, permission=CanAppoint)
def set_roles(staff: StaffMember, roles: list[dict[str, Any]], *, by: Actor, key: Key) -> None:
    """Say what a member of staff is trusted with: ``role``, ``agency`` (a code, empty for their own, ``*`` for all),
    ``region``, ``level`` and ``items``.

    Nobody gives themselves a role, gives one that reaches further than their own, or holds two of the three
    administrations. Raises Invalid, NotAllowed.
    """
    if staff.id == by.id:
        raise NotAllowed(_("不能改自己的岗位，请另一位安全管理员来改。"))
    wanted = [Role(one["role"]) for one in roles]
    if len(ADMINISTRATIONS.intersection(wanted)) > 1:
        raise _wrong("roles", _("系统、安全、审计三种管理员不能由同一个人担任"))
    paths = dict(Agency.objects.values_list("code", "path"))
    rows = {}
    for one in roles:
        code = str(one.get("agency") or "")
        if code not in ("", "*") and code not in paths:
            raise _wrong("roles", _("没有这个部门：%(code)s") % {"code": code})
        path = "" if code == "*" else paths[code] if code else staff.agency.path
        items = sorted(one.get("items") or [])
        region, level = str(one.get("region") or ""), int(one.get("level") or 0)
        rows[(one["role"], path, region, level)] = StaffRole(
            staff=staff, role=Role(one["role"]).value, agency_path=path, region=region, level=level, items=items
        )
    for row in rows.values():
        if (
            not by.has_role(CanAppoint.roles, Reach(row.agency_path, row.region, row.level))
            and by.kind is ActorKind.STAFF
        ):
            raise NotAllowed(_("不能给出比自己管辖更大的岗位范围。"))
    staff.roles.all().delete()
    StaffRole.objects.bulk_create(rows.values())
    current().detail["roles"] = [f"{row.role}@{row.agency_path or '*'}{row.region}" for row in rows.values()]


def _absentee(pk: uuid.UUID, by: Actor) -> StaffMember:
    row = lock_staff(pk, by)
    if row.id != by.id and not by.has_role(_ARRANGERS, row.reach):
        raise NotFound(_("没有找到这个工作人员。"))
    return row


@act_on("directory.set_absence", _absentee, permission=CanBeAbsent)
def set_absence(
    staff: StaffMember, first: date | None, last: date | None, deputy: str = "", *, by: Actor, key: Key
) -> None:
    """Note an absence and who stands in (by number); without days it is over.

    While it lasts, the deputy may do what the absent person may, except administration. Raises Invalid.
    """
    stand_in = StaffMember.objects.filter(number=deputy, active=True).first() if deputy else None
    if deputy and (stand_in is None or stand_in.pk == staff.pk or stand_in.agency_id != staff.agency_id):
        raise _wrong("deputy", _("代班人要是同一部门在岗的另一位同事，请核对工号"))
    if first and last and last < first:
        raise _wrong("last", _("结束的日子在开始之前，请核对"))
    if last and last < clock.today():
        raise _wrong("last", _("结束的日子已经过去，请核对"))
    if bool(first) != bool(last):
        raise _wrong("last", _("请填齐开始和结束的日子"))
    staff.absent_from, staff.absent_until, staff.deputy = first, last, stand_in if last else None
    staff.save(update_fields=["absent_from", "absent_until", "deputy"])
    current().detail.update(first=str(first or ""), last=str(last or ""), deputy=deputy)


def attach_account(staff: uuid.UUID, account: uuid.UUID) -> None:
    """Give a member of staff the account they sign in with, inside the act that opens it. Raises NotAllowed."""
    row = StaffMember.objects.select_for_update().filter(pk=staff, active=True).first()
    if row is None:
        raise NotFound(_("没有找到这个工作人员。"))
    if row.account_id is not None:
        raise NotAllowed(_("这个工作人员已经有账号。"))
    row.account_id = account
    row.save(update_fields=["account"])


# --- Agencies elsewhere ---


def write_external_agency(*, name: str, uscc: str, region: str, region_name: str, level: int) -> AgencyView:
    """Record an agency of another city whose items are shown here (inside the act that imports them).

    It is flagged, has no staff and takes no applications; ``uscc`` may be the pseudo-code of a body without one.
    """
    where = region or _ELSEWHERE
    Region.objects.get_or_create(
        code=where,
        defaults={
            "name": region_name or "其他地区",
            "full_name": region_name or "其他地区",
            "level": min(max(level, 2), 6),
            "external": True,
        },
    )
    code = f"external-{uscc}"
    Agency.objects.get_or_create(
        uscc=uscc,
        defaults={
            "code": code,
            "name": name,
            "short_name": name[:40],
            "function": "",
            "region_id": where,
            "level": level,
            "path": f"{EXTERNAL_ROOT}{code}/",
            "external": True,
        },
    )
    return queries.get_agency(code)
