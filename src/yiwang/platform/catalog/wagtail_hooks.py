"""What Wagtail finds by this name: the items' editing views."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from wagtail import hooks
from wagtail.snippets.models import register_snippet

from yiwang.platform.catalog.editing.views import ItemViewSet

register_snippet(ItemViewSet)


@hooks.register("construct_main_menu")  # type: ignore[untyped-decorator]
def only_items(request: HttpRequest, menu_items: list[Any]) -> None:
    """Leave out what is not there: help of another product, reports, settings."""
    menu_items[:] = [entry for entry in menu_items if entry.url.startswith("/editors/items/")]
