"""The catalogue of data at the portal: open to everybody, with downloads."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from yiwang.platform.sharing import pages
from yiwang.ui.entry import public

app_name = "sharing"


@public
def catalogue(request: HttpRequest) -> HttpResponse:
    """List what data the city's agencies have and share."""
    return pages.listed(request, "sharing")


@public
def dataset(request: HttpRequest, code: str) -> HttpResponse:
    """Show one dataset."""
    return pages.shown(request, "sharing", code)


urlpatterns = [
    path("data/", catalogue, name="catalogue"),
    path("data/<slug:code>/", dataset, name="dataset"),
]
