"""What Wagtail finds by this name: the items' editing views."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.snippets.models import register_snippet

from yiwang.platform.catalog.editing.access import acting
from yiwang.platform.catalog.editing.views import ItemViewSet

register_snippet(ItemViewSet)


@hooks.register("construct_main_menu")  # type: ignore[untyped-decorator]
def only_items(request: HttpRequest, menu_items: list[Any]) -> None:
    """Leave out what is not there: help of another product, reports, settings."""
    menu_items[:] = [entry for entry in menu_items if entry.url.startswith("/editors/items")]


@hooks.register("register_admin_menu_item")  # type: ignore[untyped-decorator]
def import_menu() -> MenuItem:
    """Lead to bringing items in."""
    return MenuItem(_("导入和导出"), reverse_lazy("item_import"), icon_name="upload", order=20)


@hooks.register("register_admin_menu_item")  # type: ignore[untyped-decorator]
def files_menu() -> MenuItem:
    """Lead to the sample files."""
    return MenuItem(_("样本文件"), reverse_lazy("item_files"), icon_name="doc-full-inverse", order=30)


@hooks.register("construct_snippet_action_menu")  # type: ignore[untyped-decorator]
def four_eyes(menu_items: list[Any], request: HttpRequest, context: dict[str, Any]) -> None:
    """Offer to publish only what somebody else wrote; the act checks it again."""
    instance = context.get("instance")
    own = instance is None or instance.pk is None or instance.implementation.drafted_by == acting().id
    if own:
        menu_items[:] = [entry for entry in menu_items if entry.name != "action-publish"]


@hooks.register("insert_global_admin_css")  # type: ignore[untyped-decorator]
def own_sheet() -> SafeString:
    """Bring the editors' own sheet to every page of the admin."""
    return format_html('<link rel="stylesheet" href="{}">', static("catalog/editors.css"))
