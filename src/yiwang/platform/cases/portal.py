"""What was granted, at the portal: open to everybody."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from yiwang.kernel.problems import NotFound
from yiwang.platform.cases import publicity
from yiwang.platform.directory import queries as directory
from yiwang.ui.entry import public
from yiwang.ui.frame import Link

app_name = "publicity"


@public
def granted(request: HttpRequest) -> HttpResponse:
    """List the administrative licences that were granted, by agency and by day (行政许可法 art. 40)."""
    asked = {name: request.GET.get(name, "").strip() for name in ("agency", "day")}
    agencies = {one.code: one for one in directory.agencies()}
    if asked["agency"] and asked["agency"] not in agencies:
        raise NotFound(_("没有这个部门。"))
    day = _day(asked["day"])
    wrong = bool(asked["day"]) and day is None
    found, page = publicity.granted(
        agency=agencies[asked["agency"]].id if asked["agency"] else None,
        day=day,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )

    def address(**where: str) -> str:
        return (
            f"{reverse('publicity:granted')}?{urlencode({name: one for name, one in (asked | where).items() if one})}"
        )

    context = {
        "grants": found,
        "agencies": sorted(agencies.values(), key=lambda one: one.path),
        "asked": asked,
        "wrong": {"day": _("日期不对，例如 2026-03-02。")} if wrong else {},
        "page_errors": wrong,
        "previous": address(before=page.previous) if page.previous else "",
        "next": address(after=page.next) if page.next else "",
        "crumbs": (Link(_("首页"), "/"), Link(_("行政许可决定公开"), "")),
        "section": "query",
    }
    return render(request, "cases/granted.html", context, status=422 if wrong else 200)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


urlpatterns = [path("licensing-decisions/", granted, name="granted")]
