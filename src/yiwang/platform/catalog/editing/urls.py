"""The editors' desk at ``/editors/``: Wagtail's admin behind our own entry check."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView
from wagtail.admin import urls as wagtail_urls

from yiwang.platform.catalog.editing import pages
from yiwang.platform.catalog.editing.access import EDITORS, guarded
from yiwang.ui.entry import staff

urlpatterns = [
    path("", staff(*EDITORS)(RedirectView.as_view(pattern_name="item_editing:list")), name="editors"),
    *guarded([*pages.urlpatterns, *wagtail_urls.urlpatterns]),
]
