"""What Wagtail finds by this name: the items' editing views."""

from __future__ import annotations

from wagtail.snippets.models import register_snippet

from yiwang.platform.catalog.editing.views import ItemViewSet

register_snippet(ItemViewSet)
