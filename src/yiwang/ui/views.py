"""The few pages and files that the design system serves itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from . import site

FOREVER = "public, max-age=31536000, immutable"


@require_safe
def theme(request: HttpRequest, version: str) -> HttpResponse:
    """Serve the city's tokens as a sheet.

    Its address carries its content's hash, so it may be kept for ever.
    """
    tokens = site.current().theme
    response = HttpResponse(site.theme_css(tokens), content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = FOREVER if version == site.theme_version(tokens) else "no-cache"
    return response


@require_safe
def seal(request: HttpRequest) -> HttpResponse:
    """Serve the city's seal as the site's icon."""
    current = site.current()
    values = {"site": current, "ground": current.theme.get("seal", "#b8321c")}
    response = render(request, "ui/seal.svg", values, content_type="image/svg+xml")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response
