"""What Wagtail finds by this name: of its admin, what editing needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from wagtail import hooks

from yiwang.platform.editing.access import in_menu


@hooks.register("construct_main_menu")  # type: ignore[untyped-decorator]
def only_ours(request: HttpRequest, menu_items: list[Any]) -> None:
    """Leave out what is not there: help of another product, reports, settings; and what one's roles don't open."""
    menu_items[:] = [entry for entry in menu_items if in_menu(entry.url)]


@hooks.register("construct_snippet_action_menu")  # type: ignore[untyped-decorator]
def four_eyes(menu_items: list[Any], request: HttpRequest, context: dict[str, Any]) -> None:
    """Offer to publish only what somebody else wrote; the act checks it again."""
    instance = context.get("instance")
    if instance is None or instance.pk is None or instance.own:
        menu_items[:] = [entry for entry in menu_items if entry.name != "action-publish"]


@hooks.register("insert_global_admin_css")  # type: ignore[untyped-decorator]
def own_sheet() -> SafeString:
    """Bring the editors' own sheet to every page of the admin."""
    return format_html('<link rel="stylesheet" href="{}">', static("editing/editors.css"))
