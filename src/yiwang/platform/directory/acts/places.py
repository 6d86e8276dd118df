"""The system administrator: agencies, centres, counters, the calendar; and agencies elsewhere."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from yiwang.kernel.acts import act, current
from yiwang.kernel.codes import CodeError, parse_uscc
from yiwang.kernel.models import CalendarDay, CalendarYear
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor, Key, Reach
from yiwang.platform.directory import queries
from yiwang.platform.directory.acts.common import CanAdminister, Place, wrong
from yiwang.platform.directory.models import Agency, Counter, Region, ServiceCentre
from yiwang.platform.directory.types import AgencyView

EXTERNAL_ROOT = "/external/"
_ELSEWHERE = "000000"


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

    Raises Invalid.
    """
    try:
        parsed = parse_uscc(uscc)
    except CodeError as error:
        raise wrong("uscc", str(error)) from None
    if not Region.objects.filter(pk=region).exists():
        raise wrong("region", _("没有这个行政区划"))
    above = Agency.objects.filter(code=parent).first() if parent else None
    if parent and above is None:
        raise wrong("parent", _("没有这个上级部门"))
    row = Agency.objects.select_for_update().filter(code=code).first()
    if row is None:
        row = Agency(code=code, parent=above, path=f"{above.path if above else '/'}{code}/")
    else:
        CanAdminister.check(by, row)
        if row.parent_id != (above.id if above else None):
            raise wrong("parent", _("上级部门不能改：已有的办件和岗位都按它划分，请新建部门"))
    CanAdminister.check(by, Place(Reach(row.path, region, level)))
    if Agency.objects.filter(uscc=parsed.value).exclude(pk=row.pk).exists():
        raise wrong("uscc", _("这个代码已属于另一个部门"))
    row.name, row.short_name, row.uscc, row.function = name, short_name, parsed.value, function
    row.region_id, row.level, row.phone, row.complaint_phone = region, level, phone, complaint_phone
    row.address, row.active = address, active
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
        raise wrong("region", _("没有这个行政区划"))
    known = ServiceCentre.objects.filter(pk=code).first()
    for where in {region, known.region_id if known else region}:
        CanAdminister.check(by, Place(Reach(region=where)))
    numbers = [row["number"] for row in counters]
    if len(set(numbers)) < len(numbers):
        raise wrong("counters", _("窗口号重复了"))
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
    CanAdminister.check(by, Place(Reach(region=region)))
    if not source:
        raise wrong("source", _("请写明依据的文件"))
    if region and not Region.objects.filter(pk=region).exists():
        raise wrong("region", _("没有这个行政区划"))
    if not CalendarYear.objects.filter(region="", year=day.year).exists() and region:
        raise wrong("day", _("请先录入全国这一年的日历"))
    CalendarDay.objects.update_or_create(
        region=region, date=day, defaults={"is_workday": is_workday, "reason": reason, "source": source}
    )
    _touch_year(region, day.year, source)
    current().subject_kind, current().subject_id = "kernel.calendarday", f"{region or 'CN'}:{day.isoformat()}"
    current().detail.update(day=day.isoformat(), region=region, is_workday=is_workday, source=source)


@act("directory.clear_day", permission=CanAdminister)
def clear_day(day: date, region: str = "", *, by: Actor, key: Key) -> None:
    """Take a day's entry away: it follows the week's rhythm (and the country's calendar) again."""
    CanAdminister.check(by, Place(Reach(region=region)))
    if not CalendarDay.objects.filter(region=region, date=day).delete()[0]:
        raise NotFound(_("日历里没有这一天。"))
    _touch_year(region, day.year, "")
    current().subject_kind, current().subject_id = "kernel.calendarday", f"{region or 'CN'}:{day.isoformat()}"
    current().detail.update(day=day.isoformat(), region=region)


@act("directory.set_year", permission=CanAdminister)
def set_year(year: int, source: str, provisional: bool, region: str = "", *, by: Actor, key: Key) -> None:
    """Enter a year that may be counted in, or say that its notice is out and it is no longer provisional."""
    CanAdminister.check(by, Place(Reach(region=region)))
    if not 2004 <= year <= 2100:
        raise wrong("year", _("年份请填 2004 到 2100"))
    if not source:
        raise wrong("source", _("请写明依据的文件"))
    _touch_year(region, year, source, provisional)
    current().subject_kind, current().subject_id = "kernel.calendaryear", f"{region or 'CN'}:{year}"
    current().detail.update(year=year, region=region, provisional=provisional, source=source)


def _touch_year(region: str, year: int, source: str, provisional: bool | None = None) -> None:
    row, made = CalendarYear.objects.get_or_create(region=region, year=year, defaults={"source": source})
    if provisional is not None:
        row.provisional, row.source = provisional, source
    if not made or provisional is not None:
        row.save()


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
