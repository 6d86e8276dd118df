"""The security administrator: staff and what they are trusted with; and absences."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import act, act_on, current
from yiwang.kernel.codes import CodeError, parse_basic_code
from yiwang.kernel.problems import NotAllowed, NotFound
from yiwang.kernel.types import Actor, ActorKind, Key, Role, RoleGrant
from yiwang.platform.directory.acts.common import CanAppoint, CanBeAbsent, wrong
from yiwang.platform.directory.models import Agency, Counter, Region, ServiceCentre, StaffMember, StaffRole
from yiwang.platform.directory.types import ADMINISTRATIONS


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
    """Enter a member of staff or change one; with another agency their roles end, they belong to the post.

    Returns their id. Raises Invalid, and NotAllowed outside the administrator's reach or for oneself.
    """
    home = Agency.objects.filter(code=agency, active=True).first()
    if home is None:
        raise wrong("agency", _("没有这个部门"))
    if centre and not ServiceCentre.objects.filter(pk=centre).exists():
        raise wrong("centre", _("没有这个办事大厅"))
    seat = Counter.objects.filter(centre_id=centre, number=counter).first() if counter else None
    if counter and seat is None:
        raise wrong("counter", _("这个大厅没有这个窗口"))
    CanAppoint.check(by, home)
    row = StaffMember.objects.select_for_update(of=("self",)).select_related("agency").filter(number=number).first()
    if row is not None:
        CanAppoint.check(by, row.agency)
        _not_oneself(row, by)
        if row.agency_id != home.pk:
            _leave_post(row)
    row = row or StaffMember(number=number)
    row.name, row.agency, row.centre_id, row.counter, row.active = name, home, centre or None, seat, active
    row.save()
    current().about(row)
    current().detail["active"] = active
    return row.id


def _not_oneself(row: StaffMember, by: Actor) -> None:
    if row.id == by.id:
        raise NotAllowed(_("不能改自己的岗位，请另一位安全管理员来改。"))


def _leave_post(row: StaffMember) -> None:
    """End the roles and the deputies of somebody who moves to another agency."""
    row.roles.all().delete()
    row.absent_from = row.absent_until = row.deputy = None
    StaffMember.objects.filter(deputy=row).update(deputy=None)
    current().detail["left"] = row.agency.path


def lock_staff(pk: uuid.UUID, by: Actor) -> StaffMember:
    """Return a member of staff, locked. Raises NotFound."""
    row = StaffMember.objects.select_for_update(of=("self",)).select_related("agency").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有找到这个工作人员。"))
    return row


@act_on("directory.note_own_number", lock_staff, permission=CanAppoint)
def note_own_number(staff: StaffMember, index: str, *, by: Actor, key: Key) -> None:
    """Note the blind index (hexadecimal) of a member of staff's own number, or take it out again; the number itself is not
    kept. Not by oneself.
    """
    CanAppoint.check(by, staff.agency)
    _not_oneself(staff, by)
    staff.own_index = bytes.fromhex(index) or None
    staff.save(update_fields=["own_index"])
    current().detail["known"] = bool(index)


@act_on("directory.set_roles", lock_staff, permission=CanAppoint)
def set_roles(staff: StaffMember, roles: list[dict[str, Any]], *, by: Actor, key: Key) -> None:
    """Say what a member of staff is trusted with: ``role``, ``agency`` (a code, empty for their own, ``*`` for all),
    ``region``, ``level`` and ``items``.

    Nobody gives themselves a role, nobody holds two of the three administrations, and an administrator gives nothing
    that reaches further than they do. Raises Invalid, NotAllowed.
    """
    CanAppoint.check(by, staff.agency)
    _not_oneself(staff, by)
    grants = _merged(_grant(one, staff) for one in roles)
    if len(ADMINISTRATIONS.intersection(grant.role for grant in grants)) > 1:
        raise wrong("roles", _("系统、安全、审计三种管理员不能由同一个人担任"))
    if not all(_may_give(by, grant) for grant in grants):
        raise NotAllowed(_("不能给出超过您自己管辖范围的岗位。"))
    staff.roles.all().delete()
    StaffRole.objects.bulk_create(
        StaffRole(
            staff=staff,
            role=grant.role.value,
            agency_path=grant.agency,
            region=grant.region,
            level=grant.level,
            items=sorted(grant.items),
        )
        for grant in grants
    )
    current().detail["roles"] = [f"{grant.role}@{grant.agency or '*'}{grant.region}" for grant in grants]


def _grant(one: dict[str, Any], staff: StaffMember) -> RoleGrant:
    code, region, items = (one.get(name) or "" for name in ("agency", "region", "items"))
    path = "" if code == "*" else staff.agency.path
    if code not in ("", "*"):
        found = Agency.objects.filter(code=code).first()
        if found is None:
            raise wrong("roles", _("没有这个部门：%(code)s") % {"code": code})
        path = found.path
    if region and not Region.objects.filter(code__startswith=region).exists():
        raise wrong("roles", _("没有这个行政区划：%(code)s") % {"code": region})
    try:
        codes = frozenset(str(parse_basic_code(item)) for item in items)
    except CodeError as error:
        raise wrong("roles", str(error)) from None
    return RoleGrant(Role(one["role"]), path, region, int(one.get("level") or 0), codes)


def _merged(grants: Iterable[RoleGrant]) -> list[RoleGrant]:
    """Join grants that differ by their items only; one without items covers them all."""
    joined: dict[RoleGrant, frozenset[str]] = {}
    for grant in grants:
        place = replace(grant, items=frozenset())
        known = joined.get(place)
        joined[place] = grant.items if known is None else known | grant.items if known and grant.items else frozenset()
    return [replace(place, items=items) for place, items in joined.items()]


def _may_give(by: Actor, grant: RoleGrant) -> bool:
    """Tell whether what a grant reaches lies within one of the administrator's own."""
    return by.kind is ActorKind.SYSTEM or any(
        own.role is Role.SECURITY_ADMIN
        and grant.agency.startswith(own.agency)
        and grant.region.startswith(own.region)
        and (not own.level or own.level == grant.level)
        and (not own.items or (bool(grant.items) and own.items.issuperset(grant.items)))
        for own in by.grants
    )


def _absentee(pk: uuid.UUID, by: Actor) -> StaffMember:
    row = lock_staff(pk, by)
    arranges = any(
        grant.role in (Role.SECURITY_ADMIN, Role.DISPATCHER)
        and row.agency.path.startswith(grant.agency)
        and row.agency.region_id.startswith(grant.region)
        for grant in by.grants
    )
    if row.id != by.id and not arranges:
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
        raise wrong("deputy", _("代班人要是同一部门在岗的另一位同事，请核对工号"))
    if first and last and last < first:
        raise wrong("last", _("结束的日子在开始之前，请核对"))
    if last and last < clock.today():
        raise wrong("last", _("结束的日子已经过去，请核对"))
    if bool(first) != bool(last):
        raise wrong("last", _("请填齐开始和结束的日子"))
    staff.absent_from, staff.absent_until, staff.deputy = first, last, stand_in if last else None
    staff.save(update_fields=["absent_from", "absent_until", "deputy"])
    current().detail.update(first=str(first or ""), last=str(last or ""), deputy=deputy)


def attach_account(staff: uuid.UUID, account: uuid.UUID, by: Actor) -> None:
    """Give a member of staff the account they sign in with, inside the act that opens it. Raises NotAllowed."""
    rows = StaffMember.objects.select_for_update(of=("self",)).select_related("agency")
    row = rows.filter(pk=staff, active=True).first()
    if row is None:
        raise NotFound(_("没有找到这个工作人员。"))
    CanAppoint.check(by, row.agency)
    if row.account_id is not None:
        raise NotAllowed(_("这个工作人员已经有账号。"))
    row.account_id = account
    row.save(update_fields=["account"])
