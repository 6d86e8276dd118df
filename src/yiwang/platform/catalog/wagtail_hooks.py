"""What Wagtail finds by this name: items at the editors' desk, and their own pages."""

from __future__ import annotations

from typing import Any

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from yiwang.platform.catalog.editing import pages
from yiwang.platform.catalog.editing.elements import ELEMENTS
from yiwang.platform.catalog.editing.kind import ITEMS
from yiwang.platform.catalog.editing.models import ElementDraft, ItemDraft
from yiwang.platform.editing.views import register

register(ItemDraft, ITEMS)
register(ElementDraft, ELEMENTS)


@hooks.register("register_admin_urls")  # type: ignore[untyped-decorator]
def own_pages() -> list[Any]:
    """Bring in items, take them out, keep sample files."""
    return pages.urlpatterns


@hooks.register("register_admin_menu_item")  # type: ignore[untyped-decorator]
def import_menu() -> MenuItem:
    """Lead to bringing items in."""
    return MenuItem(_("导入和导出"), reverse_lazy("item_import"), icon_name="upload", order=20)


@hooks.register("register_admin_menu_item")  # type: ignore[untyped-decorator]
def files_menu() -> MenuItem:
    """Lead to the sample files."""
    return MenuItem(_("样本文件"), reverse_lazy("item_files"), icon_name="doc-full-inverse", order=30)
