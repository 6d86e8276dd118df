"""What the site says of itself: its map, how it can be used by everybody, what it does with data."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from yiwang.doors.portal.views import by_agency, by_theme
from yiwang.halls.services.pages import mine
from yiwang.platform.catalog import queries as catalog
from yiwang.ui.addresses import address
from yiwang.ui.entry import public
from yiwang.ui.frame import Group, Link
from yiwang.ui.values import is_english


def links() -> Group:
    """Return the pages of this module, for the footer."""
    return Group(
        _("本站"),
        (
            Link(_("网站地图"), address("portal:site_map")),
            Link(_("无障碍声明"), address("portal:accessibility")),
            Link(_("隐私与数据使用"), address("portal:privacy")),
            Link(_("开放接口"), address("openapi_docs")),
        ),
    )


@public
def site_map(request: HttpRequest) -> HttpResponse:
    """List every page that somebody may look for."""
    english = is_english()
    events = tuple(
        Link((event.name_en if english else "") or event.name, address("services:navigator", event.code))
        for event in catalog.life_events()
    )
    groups = (
        Group(_("一件事一次办"), events),
        Group(
            _("找事项"),
            (
                Link(_("搜索"), address("portal:search")),
                Link(_("按主题找"), address("portal:themes")),
                Link(_("按部门找"), address("portal:agencies")),
                Link(_("到哪里办"), address("portal:centres")),
                Link(_("您在哪里"), address("portal:place")),
            ),
        ),
        Group(_("个人办事，按主题"), tuple(by_theme("person"))),
        Group(_("法人办事，按主题"), tuple(by_theme("organisation"))),
        Group(_("按部门找"), tuple(by_agency())),
        Group(
            _("查询"),
            (
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
            ),
        ),
        Group(
            _("我的"),
            (
                Link(_("登录"), address("identity:sign_in")),
                Link(_("注册账号"), address("identity:sign_up")),
                Link(_("我的办件"), address("services:my")),
                Link(_("消息"), address("notices:messages")),
                Link(_("我的证照"), address("licences:wallet")),
                *mine.links(),
            ),
        ),
        links(),
    )
    return _page(request, "portal/lists.html", _("网站地图"), groups=groups)


@public
def accessibility(request: HttpRequest) -> HttpResponse:
    """Say how the site can be used by everybody, what is not good yet, and whom to tell (无障碍环境建设法 art. 32)."""
    return _page(request, "portal/accessibility.html", _("无障碍声明"))


@public
def privacy(request: HttpRequest) -> HttpResponse:
    """Say what is kept, why, how long, who sees it and what one may ask for (个人信息保护法 arts. 17, 35, 44 to 50)."""
    return _page(request, "portal/privacy.html", _("隐私与数据使用"))


def _page(request: HttpRequest, template: str, title: str, **more: object) -> HttpResponse:
    context = {"title": title, "crumbs": (Link(_("首页"), "/"), Link(title, "")), **more}
    return render(request, template, context)
