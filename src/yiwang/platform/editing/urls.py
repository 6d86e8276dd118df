"""The editors' desk at ``/editors/``: Wagtail's admin behind our own entry check."""

from __future__ import annotations

from django.urls import path
from wagtail.admin import urls as wagtail_urls  # finds every room's hooks, and with them what is edited

from yiwang.platform.editing.access import all_roles, begin, guarded
from yiwang.ui.entry import staff

urlpatterns = [path("", staff(*all_roles())(begin), name="editors"), *guarded(wagtail_urls.urlpatterns)]
