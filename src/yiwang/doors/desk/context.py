"""What stands around every page of the desk."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from yiwang.kernel.types import Actor, Role
from yiwang.platform.cases.desk import WORKERS
from yiwang.platform.directory import desk as directory
from yiwang.platform.identity import desk as identity
from yiwang.ui.frame import DeskFrame, Group, Link


def frame(request: HttpRequest) -> dict[str, Any]:
    """Give the frame to templates of the desk."""
    if not request.path.startswith("/desk/"):
        return {}
    actor: Actor = request.actor  # type: ignore[attr-defined]
    work = [Link(_("我的待办"), reverse("cases:inbox"), "inbox")] if actor.has_role(WORKERS) else []
    if actor.has_role({Role.INTAKE}):
        work.append(Link(_("待受理"), reverse("cases:intake"), "intake"))
    return {
        "frame": DeskFrame(
            home_url=reverse("desk:home"),
            title=_("工作台"),
            search_url=reverse("cases:inbox") if work else "",
            search_hint=_("办件编号、申请人"),
            user=(Link(actor.label, reverse("identity:sign_out")),),
            rail=tuple(
                group
                for group in (
                    Group(_("办理"), tuple(work)),
                    *_watching(actor),
                    Group(_("管理"), (*directory.links(actor), *identity.links(actor))),
                )
                if group.links
            ),
        )
    }


def _watching(actor: Actor) -> list[Group]:
    """Return what shows how the service is doing, to those who answer for it."""
    links = []
    if actor.has_role({Role.REVIEWER, Role.DECIDER, Role.DISPATCHER, Role.SUPERVISOR}):
        links.append(Link(_("差评"), reverse("oversight_desk:bad_ratings"), "bad_ratings"))
    if actor.has_role({Role.DECIDER, Role.DISPATCHER, Role.SUPERVISOR}):
        links.append(Link(_("时限监察"), reverse("oversight_desk:supervision"), "supervision"))
    if actor.has_role({Role.SYSTEM_ADMIN}):
        links.append(Link(_("消息渠道"), reverse("notices_desk:channels"), "channels"))
    return [Group(_("监督"), tuple(links))] if links else []
