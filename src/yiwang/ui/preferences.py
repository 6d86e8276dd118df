"""How a person wants to see the site: edition and language, kept in cookies, changed by a plain form post."""

from __future__ import annotations

from enum import StrEnum

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from .entry import public

EDITION_COOKIE = "yw_edition"
YEAR = 365 * 24 * 3600


class Edition(StrEnum):
    """Standard, or the large-print edition for older people (长辈版)."""

    STANDARD = "standard"
    ELDER = "elder"

    @classmethod
    def of(cls, text: str | None) -> Edition:
        """Return the edition of that name; the standard one for anything else."""
        return cls.ELDER if text == cls.ELDER else cls.STANDARD


# Without a token on purpose: it changes nothing but how this browser shows pages, and public pages stay free
# of a
# token cookie, hence cacheable.
@public
@csrf_exempt
@require_POST
def choose(request: HttpRequest) -> HttpResponseRedirect:
    """Keep the posted ``edition`` and ``language`` and go back to ``next``."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    response = HttpResponseRedirect(target)
    if "edition" in request.POST:
        _keep(request, response, EDITION_COOKIE, Edition.of(request.POST["edition"]).value)
    if request.POST.get("language") in dict(settings.LANGUAGES):
        _keep(request, response, settings.LANGUAGE_COOKIE_NAME, request.POST["language"])
    return response


def _keep(request: HttpRequest, response: HttpResponseRedirect, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=request.is_secure(), httponly=True)
