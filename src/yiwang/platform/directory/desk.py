"""The system administrator's pages: agencies, service centres with counters, the working-day calendar."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.paging import BadCursor
from yiwang.kernel.problems import NotFound, Problem
from yiwang.kernel.types import Actor, Role
from yiwang.platform.directory import acts, queries
from yiwang.platform.directory.labels import COUNTERS
from yiwang.ui.addresses import address, neighbours
from yiwang.ui.entry import staff
from yiwang.ui.forms import SpecForm
from yiwang.ui.frame import Link

app_name = "directory"


def links(actor: Actor) -> list[Link]:
    """Return the entries of the desk's rail that the actor may follow."""
    if not actor.has_role({Role.SYSTEM_ADMIN}):
        return []
    return [
        Link(_("部门"), address("directory:agencies"), "agencies"),
        Link(_("办事大厅和窗口"), address("directory:centres"), "centres"),
        Link(_("工作日日历"), address("directory:calendar"), "calendar"),
    ]


def field(name: str, label: str, kind: FieldKind = FieldKind.TEXT, **more: Any) -> FieldSpec:
    """Return a field of these pages."""
    return FieldSpec(name, label, kind, **more)


def take(form: SpecForm, act: Callable[[dict[str, Any]], object]) -> bool:
    """Do an act with a form's values; what it refuses is shown beside the fields. Tells whether it was done."""
    if not form.is_valid():
        return False
    try:
        act({name: "" if value is None else value for name, value in form.values.items()})
    except Problem as problem:
        form.add_errors(problem.errors, str(problem.detail))
        return False
    return True


def posted(request: HttpRequest) -> Any:
    """Return what was posted, or nothing."""
    return request.POST if request.method == "POST" else None


def _actor(request: HttpRequest) -> Actor:
    who: Actor = request.actor  # type: ignore[attr-defined]
    return who


@staff(Role.SYSTEM_ADMIN)
def agencies(request: HttpRequest) -> HttpResponse:
    """List agencies in their places in the tree."""
    words, here = request.GET.get("q", "").strip(), address("directory:agencies")
    try:
        found = queries.agency_list(words, request.GET.get("after", ""), request.GET.get("before", ""))
    except BadCursor:
        return redirect(here)
    context = {
        "agencies": found.items,
        "q": words,
        **neighbours(here, found, q=words),
        "section": "agencies",
    }
    return render(request, "directory/agencies.html", context)


def _levels() -> tuple[Option, ...]:
    names = {2: _("省级"), 3: _("市级"), 4: _("县级"), 5: _("乡镇街道"), 6: _("村社区")}
    return tuple(Option(str(level), name) for level, name in names.items())


def _agency_specs(new: bool) -> list[FieldSpec]:
    first = [field("code", _("部门代码"), max_length=40, pattern=r"[0-9a-z_-]+", example="339901-amr")] if new else []
    return [
        *first,
        field("name", _("名称"), max_length=120),
        field("short_name", _("简称"), max_length=40),
        field("uscc", _("统一社会信用代码"), FieldKind.USCC),
        field("function", _("职能"), max_length=40, hint=_("同类部门在各县用同一个英文词"), example="amr"),
        field("region", _("行政区划代码"), max_length=12),
        field("level", _("行使层级"), FieldKind.CHOICE, options=_levels()),
        field("parent", _("上级部门代码"), required=False, max_length=40),
        field("phone", _("咨询电话"), required=False, max_length=40),
        field("complaint_phone", _("监督电话"), required=False, max_length=40),
        field("address", _("地址"), FieldKind.ADDRESS, required=False, max_length=200),
        field("active", _("还在运行吗？"), FieldKind.BOOLEAN),
    ]


@staff(Role.SYSTEM_ADMIN)
def agency(request: HttpRequest, code: str = "") -> HttpResponse:
    """Enter an agency or change one."""
    known = queries.find_agency_detail(code) if code else None
    if code and known is None:
        return redirect("directory:agencies")
    initial: Mapping[str, Any] = {"active": True}
    if known is not None:
        view = known.view
        initial = {
            "name": view.name, "short_name": view.short_name, "uscc": view.uscc, "function": view.function,
            "region": view.region, "level": str(view.level), "parent": known.parent, "phone": view.phone,
            "complaint_phone": view.complaint_phone, "address": known.address, "active": known.active,
        }  # fmt: skip
    form = SpecForm(_agency_specs(known is None), posted(request), initial=initial)

    def save(values: dict[str, Any]) -> None:
        given = values | {"code": values.get("code", code), "level": int(values["level"])}
        acts.save_agency(**given, by=_actor(request), key=form.key)

    if take(form, save):
        return redirect("directory:agencies")
    title = known.view.name if known else _("新增部门")
    return _form_page(request, form, title, "agencies", address("directory:agencies"))


def _form_page(request: HttpRequest, form: SpecForm, title: str, section: str, back: str) -> HttpResponse:
    context = {"form": form, "title": title, "section": section, "back": back}
    return render(request, "directory/form.html", context, status=422 if form.is_bound and not form.is_step else 200)


@staff(Role.SYSTEM_ADMIN)
def centres(request: HttpRequest) -> HttpResponse:
    """List service centres."""
    return render(request, "directory/centres.html", {"centres": queries.centres(), "section": "centres"})


def _centre_specs(new: bool) -> list[FieldSpec]:
    kinds = tuple(Option(kind.value, str(label)) for kind, label in COUNTERS.items())
    columns = (
        field("number", _("窗口号"), max_length=10),
        field("name", _("名称"), max_length=80),
        field("kind", _("类型"), FieldKind.CHOICE, options=kinds),
    )
    first = (
        [field("code", _("大厅代码"), max_length=40, pattern=r"[0-9a-z_-]+", example="339901-centre")] if new else []
    )
    return [
        *first,
        field("name", _("名称"), max_length=120),
        field("region", _("行政区划代码"), max_length=12),
        field("address", _("地址"), FieldKind.ADDRESS, max_length=200),
        field("hours", _("开放时间"), max_length=200),
        field("phone", _("电话"), required=False, max_length=40),
        field("traffic", _("怎么去"), required=False, max_length=300),
        field("counters", _("窗口"), FieldKind.TABLE, required=False, columns=columns, max_rows=60),
    ]


@staff(Role.SYSTEM_ADMIN)
def centre(request: HttpRequest, code: str = "") -> HttpResponse:
    """Enter a service centre or change one, with its counters."""
    known = queries.find_centre(code) if code else None
    if code and known is None:
        return redirect("directory:centres")
    initial: Mapping[str, Any] = {}
    if known is not None:
        counters = [
            {"number": one.number, "name": one.name, "kind": one.kind.value} for one in queries.counters_of(code)
        ]
        initial = {
            "name": known.name, "region": known.region, "address": known.address, "hours": known.hours,
            "phone": known.phone, "counters": counters,
        }  # fmt: skip
    form = SpecForm(_centre_specs(known is None), posted(request), initial=initial)

    def save(values: dict[str, Any]) -> None:
        given = values | {"code": values.get("code", code), "counters": values["counters"] or []}
        acts.save_centre(**given, by=_actor(request), key=form.key)

    if take(form, save):
        return redirect("directory:centres")
    title = known.name if known else _("新增办事大厅")
    return _form_page(request, form, title, "centres", address("directory:centres"))


@staff(Role.SYSTEM_ADMIN)
def calendar(request: HttpRequest) -> HttpResponse:
    """Show a year of the calendar for the country or a region; enter and clear days; enter a year."""
    region = request.POST.get("region", request.GET.get("region", "")).strip()
    wanted = request.POST.get("of", request.GET.get("year", ""))
    year = int(wanted) if wanted.isdigit() and len(wanted) == 4 else clock.today().year
    kinds = (Option("off", _("放假")), Option("work", _("上班")))
    day_specs = [
        field("day", _("日期"), FieldKind.DATE),
        field("kind", _("这一天"), FieldKind.CHOICE, options=kinds),
        field("reason", _("名称"), required=False, max_length=60, example=_("春节调休")),
        field("source", _("依据的文件"), max_length=200),
    ]
    year_specs = [
        field("year", _("年份"), FieldKind.INTEGER),
        field("source", _("依据的文件"), max_length=200),
        field("provisional", _("是预排的吗（正式通知还没出）？"), FieldKind.BOOLEAN),
    ]
    do = request.POST.get("do", "")
    day_form = SpecForm(day_specs, request.POST if do == "day" else None, prefix="d")
    year_form = SpecForm(year_specs, request.POST if do == "year" else None, prefix="y", initial={"year": year + 1})
    by = _actor(request)

    def save_day(values: dict[str, Any]) -> None:
        work = values["kind"] == "work"
        more = {"reason": values["reason"], "source": values["source"], "region": region}
        acts.set_day(values["day"], work, **more, by=by, key=day_form.key)

    def save_year(values: dict[str, Any]) -> None:
        acts.set_year(values["year"], values["source"], values["provisional"], region, by=by, key=year_form.key)

    if do == "clear":
        acts.clear_day(_posted_day(request), region, by=by, key=str(uuid.uuid4()))
    done = do == "clear" or take(day_form, save_day) or take(year_form, save_year)
    if done:
        return redirect(f"{address('directory:calendar')}?{urlencode({'year': year, 'region': region})}")
    years = queries.calendar_years(region)
    context = {
        "region": region,
        "region_view": queries.find_region(region) if region else None,
        "year": year,
        "years": years,
        "entered": next((one for one in years if one.year == year), None),
        "days": queries.calendar_days(year, region),
        "day_form": day_form,
        "year_form": year_form,
        "page_errors": bool(do),
        "section": "calendar",
    }
    return render(request, "directory/calendar.html", context, status=422 if do else 200)


def _posted_day(request: HttpRequest) -> date:
    try:
        return date.fromisoformat(request.POST.get("day", ""))
    except ValueError:
        raise NotFound(_("日历里没有这一天。")) from None


urlpatterns = [
    path("agencies/", agencies, name="agencies"),
    path("agencies/new/", agency, name="new_agency"),
    path("agencies/<slug:code>/", agency, name="agency"),
    path("centres/", centres, name="centres"),
    path("centres/new/", centre, name="new_centre"),
    path("centres/<slug:code>/", centre, name="centre"),
    path("calendar/", calendar, name="calendar"),
]
