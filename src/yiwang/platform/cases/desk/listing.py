"""What the lists of the desk share: lights as filters, lines, pages by keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later

from yiwang.kernel import paging
from yiwang.platform.cases.inbox import InboxPage, InboxRow
from yiwang.platform.cases.labels import DOORS
from yiwang.platform.cases.shown import promise, work_lamp
from yiwang.platform.cases.types import CaseState
from yiwang.ui import dates

LIGHTS = (
    ("red", "stop", later("超时")),
    ("orange", "warn", later("1 天内到期")),
    ("yellow", "half", later("过半")),
    ("green", "ok", later("充裕")),
    ("paused", "pause", later("暂停")),
)


def lines(page: InboxPage) -> list[dict[str, Any]]:
    """Return the steps of a page, ready to draw."""
    return [
        {
            "row": row,
            "view": row.case,
            "lamp": work_lamp(row.case),
            "promise": promise(row.case),
            "due_on": row.case.deliver_by if row.case.deliver_left is not None else row.case.due_on,
            "door": DOORS.get(row.door, row.door),
            "hint": _hint(row),
            "step": row.step,
        }
        for row in page.rows
    ]


def _hint(row: InboxRow) -> str:
    """Say the one thing that whoever picks a line wants to know before opening it."""
    view = row.case
    if row.mend_by:
        return _("等申请人补正，到 %(day)s") % {"day": dates.said(row.mend_by)}
    if row.procedure:
        return _("%(name)s，预计到 %(day)s") % {"name": row.procedure, "day": dates.said(row.procedure_until)}
    if view.state is CaseState.SUSPENDED:
        return _("暂停计时")
    if view.recheck:
        return _("有数据源要重查")
    if view.conditional:
        return _("容缺，材料未补齐")
    if row.visit_on:
        return _("踏勘约在 %(day)s") % {"day": dates.said(row.visit_on)}
    return ""


def lights(
    counts: Mapping[str, paging.Count], chosen: str, query: QueryDict, only: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """Return the lights with their counts; those in ``only`` (all, if empty) filter the list."""
    found = []
    for name, icon, label in LIGHTS:
        one = {"name": name, "icon": icon, "label": label, "count": counts[name], "url": ""}
        if not only or name in only:
            one |= {"url": with_(query, light=name), "current": chosen == name}
        found.append(one)
    everything = {"name": "brand", "icon": "layers", "label": _("全部"), "count": counts["all"]}
    found.append({**everything, "url": with_(query, light=""), "current": not chosen})
    return found


def with_(query: QueryDict, **changes: str) -> str:
    """Return the address of this list with other filters, from its first page."""
    changed = query.copy()
    for name in ("after", "before"):
        changed.pop(name, None)
    for name, value in changes.items():
        changed[name] = value
        if not value:
            del changed[name]
    return f"?{changed.urlencode()}"


def pager(query: QueryDict, page: Any) -> dict[str, str]:
    """Return the addresses of the pages beside this one."""
    return {
        "previous": with_(query, before=page.previous) if page.previous else "",
        "next": with_(query, after=page.next) if page.next else "",
    }


def cursors(request: HttpRequest) -> dict[str, str]:
    """Return where the asked page begins or ends."""
    return {"after": request.GET.get("after", ""), "before": request.GET.get("before", "")}
