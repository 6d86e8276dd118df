"""What stands around every page of the portal."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _

from yiwang.doors.portal import about
from yiwang.kernel.types import Actor, ActorKind, PartyKind
from yiwang.platform.directory import chosen
from yiwang.platform.identity import queries as identity
from yiwang.platform.notices import queries as notices
from yiwang.ui import site
from yiwang.ui.addresses import address
from yiwang.ui.frame import Acting, Group, Link, PortalFrame


def frame(request: HttpRequest) -> dict[str, Any]:
    """Give the frame to templates, lazily for pages that do not use it."""
    if request.path.startswith("/desk/"):
        return {}
    return {"frame": _frame(request), "door_base": "ui/portal.html"}


def _frame(request: HttpRequest) -> PortalFrame:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    person = actor.kind is ActorKind.PERSON
    here = chosen.place_of(request)
    back = urlencode({"next": request.get_full_path() if request.method in {"GET", "HEAD"} else request.path})
    return PortalFrame(
        search_url=address("portal:search"),
        region=Link(here.name if here else site.current().region, f"{address('portal:place')}?{back}"),
        util=(
            Link(_("无障碍"), address("portal:accessibility")),
            Link(_("工作人员入口"), address("desk:home")),
        ),
        nav=(
            Link(_("首页"), "/", "home"),
            Link(_("办事"), address("services:events"), "apply"),
            Link(_("查询"), address("services:progress"), "query"),
            Link(_("评价"), address("oversight:figures"), "rate"),
            Link(_("我的"), address("services:my"), "my"),
        ),
        messages=Link(_("消息"), address("notices:messages"), "messages", count=notices.unread(actor))
        if person
        else None,
        user=(Link(_("退出"), address("identity:sign_out"), icon="left"),)
        if person
        else (Link(_("登录"), address("identity:sign_in")),),
        acting=_acting(actor) if person else None,
        footer=(
            Group(
                _("办事"),
                (
                    Link(_("一件事一次办"), address("services:events")),
                    Link(_("按主题找"), address("portal:themes")),
                    Link(_("按部门找"), address("portal:agencies")),
                    Link(_("办件进度查询"), address("services:progress")),
                    Link(_("证照核验"), address("licences:verify")),
                    Link(_("证照类型"), address("licences:types")),
                ),
            ),
            Group(
                _("监督"),
                (
                    Link(_("行政许可决定公开"), address("publicity:granted")),
                    Link(_("大家的评价"), address("oversight:figures")),
                    Link(_("超时的，为什么"), address("oversight:late")),
                    Link(_("谁看过我的数据"), address("services:access")),
                    Link(_("数据目录"), address("sharing:catalogue")),
                ),
            ),
            about.links(),
        ),
    )


def _acting(actor: Actor) -> Acting | None:
    if actor.principal is None or actor.id is None or actor.principal.id == actor.id:
        return None
    role = _("法定代表人") if actor.delegation is None else _("经办人")
    if actor.principal.kind is PartyKind.PERSON:
        role = _("受托人")
    return Acting(
        identity.get_person(actor.id).name,
        identity.party_name(actor.principal),
        role,
        address("identity:standings"),
    )
