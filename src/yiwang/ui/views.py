"""The few pages and files that the design system serves itself."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from . import errors, samples, site
from .entry import public

FOREVER = "public, max-age=31536000, immutable"


@public
@require_safe
def theme(request: HttpRequest, version: str) -> HttpResponse:
    """Serve the city's tokens as a sheet.

    Its address carries its content's hash, so it may be kept for ever.
    """
    tokens = site.current().theme
    response = HttpResponse(site.theme_css(tokens), content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = FOREVER if version == site.theme_version(tokens) else "no-cache"
    return response


@public
@require_safe
def seal(request: HttpRequest) -> HttpResponse:
    """Serve the city's seal as the site's icon."""
    current = site.current()
    values = {"site": current, "ground": current.theme.get("seal", "#b8321c")}
    response = render(request, "ui/seal.svg", values, content_type="image/svg+xml")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


@public
@require_safe
def components(request: HttpRequest, door: str = "portal") -> HttpResponse:
    """Show every part of the design, on the portal's or the desk's frame.

    Raises Http404 outside demo and debug mode.
    """
    _only_in_demo()
    if door == "desk":
        return render(request, "ui/components_desk.html", samples.desk_page())
    return render(request, "ui/components.html", samples.page())


@public
@require_safe
def error_page(request: HttpRequest, status: int) -> HttpResponse:
    """Show an error page, with its status. Raises Http404 outside demo and debug mode."""
    _only_in_demo()
    return errors.render(request, status)


def _only_in_demo() -> None:
    if not (settings.DEBUG or getattr(settings, "YIWANG_DEMO", False)):
        raise Http404
