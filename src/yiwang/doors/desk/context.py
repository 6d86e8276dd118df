"""What stands around every page of the desk."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from yiwang.kernel.types import Actor, ActorKind, Role
from yiwang.platform.cases.desk.lists import IN_HAND
from yiwang.platform.cases.inbox import LISTED, Inbox
from yiwang.platform.cases.inbox import Filters as Everything
from yiwang.platform.cases.intake import intake_count
from yiwang.platform.cases.labels import ROLES
from yiwang.platform.directory import desk as directory
from yiwang.platform.identity import desk as identity
from yiwang.platform.identity import sessions
from yiwang.platform.licences import desk as licences
from yiwang.platform.sharing import desk as sharing
from yiwang.ui.addresses import address
from yiwang.ui.frame import DeskFrame, Group, Link

EDITORS = "/editors/"
"""Where item editors work, if that door is open."""


def frame(request: HttpRequest) -> dict[str, Any]:
    """Give the frame to templates of the desk; its lists are counted only where a page shows them."""
    if not request.path.startswith("/desk/"):
        return {}
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return {
        "door_base": "ui/desk_reader.html",
        "above": "desk/serving.html",
        "serving": SimpleLazyObject(lambda: sessions.served(request)),
        "frame": DeskFrame(
            home_url=address("desk:home"),
            title=_("工作台"),
            search_url=address("cases:find"),
            search_hint=_("办件编号、查询码、统一社会信用代码、申请人"),
            util=(Link(_("快捷键"), address("desk:help"), key="?"),),
            user=(Link(actor.label, address("desk:home")), Link(_("退出"), address("identity:sign_out"), icon="left")),
            rail=SimpleLazyObject(lambda: _rail(request, actor)),  # type: ignore[arg-type]
        ),
    }


def _rail(request: HttpRequest, actor: Actor) -> tuple[Group, ...]:
    if actor.kind is not ActorKind.STAFF:
        return ()
    groups = []
    if actor.has_role({Role.INTAKE}):
        waiting = intake_count(actor)
        groups.append(
            Group(
                _("窗口"),
                (
                    Link(_("接待"), address("serving:counter"), "counter"),
                    Link(_("待受理"), address("cases:intake"), "intake", count=waiting.value + waiting.more),
                    Link(_("数据服务窗口"), address("papers_desk:listed"), "papers"),
                ),
            )
        )
    lists = getattr(request, "inbox", None) or Inbox(actor)
    counts = getattr(request, "inbox_counts", None) or (lists.counts(Everything()) if lists.office else {})
    if lists.waiting:
        groups.append(Group(_("待我办"), _mine(lists, counts)))
    if actor.has_role(LISTED):
        groups.append(Group(_("我经手的"), _in_hand(counts)))
    if lists.office:
        groups.append(Group(_("科室"), _office(counts)))
    more = []
    if actor.has_role({Role.SUPERVISOR}):
        more.append(Link(_("督查"), address("cases:supervision"), "supervision"))
    if actor.has_role({Role.ITEM_EDITOR, Role.ITEM_PUBLISHER}) and _open(EDITORS):
        more.append(Link(_("事项编辑"), EDITORS, "editors"))
    more += _watching(actor)
    more += [*sharing.links(actor), *licences.links(actor), *directory.links(actor), *identity.links(actor)]
    if more:
        groups.append(Group(_("管理"), tuple(more)))
    groups.append(Group(_("查找"), (Link(_("查办件"), address("cases:find"), "find"),)))
    return tuple(groups)


def _in_hand(counts: Any) -> tuple[Link, ...]:
    return tuple(
        Link(str(label), address("cases:in_hand", which), f"mine-{which}", count=_number(counts[which]))
        for which, label in IN_HAND.items()
    )


def _office(counts: Any) -> tuple[Link, ...]:
    here = f"{address('cases:inbox')}?scope=office"
    return (
        Link(_("未分配"), f"{here}&who=nobody", "nobody", count=_number(counts["nobody"])),
        Link(_("全部在办"), here, "office", count=_number(counts["office"])),
    )


def _mine(lists: Inbox, counts: Any) -> tuple[Link, ...]:
    here = address("cases:inbox")
    links = [Link(_("全部待办"), here, "inbox", count=sum(_number(counts[role]) for role in lists.waiting))]
    if len(lists.waiting) > 1:
        links += [
            Link(str(ROLES[role]), f"{here}?step={role}", f"inbox-{role}", count=_number(counts[role]))
            for role in lists.waiting
        ]
    return tuple(links)


def _number(count: Any) -> int:
    """Return a capped count as a number of which ``Link`` makes ``99+``."""
    return int(count.value + count.more)


def _open(address: str) -> bool:
    try:
        resolve(address)
    except Resolver404:
        return False
    return True


def _watching(actor: Actor) -> list[Link]:
    """Return what shows how the service is doing, to those who answer for it."""
    links: list[Link] = []
    if actor.has_role({Role.REVIEWER, Role.DECIDER, Role.DISPATCHER, Role.SUPERVISOR}):
        links.append(Link(_("差评"), address("oversight_desk:bad_ratings"), "bad_ratings"))
    if actor.has_role({Role.DECIDER, Role.DISPATCHER, Role.SUPERVISOR}):
        links.append(Link(_("时限监察"), address("oversight_desk:limits"), "limits"))
    if actor.has_role({Role.SYSTEM_ADMIN}):
        links.append(Link(_("消息渠道"), address("notices_desk:channels"), "channels"))
    return links
