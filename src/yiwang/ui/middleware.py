"""Security headers, language, edition, and problems told as pages."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.cache import patch_vary_headers

from yiwang.kernel.problems import NeedsSignIn, Problem

from . import errors, parts
from .preferences import EDITION_COOKIE, Edition
from .values import is_english

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self), payment=(), usb=()",
}

View = Callable[[HttpRequest], HttpResponse]


class SecurityHeadersMiddleware:
    """Set the content security policy and its neighbours on every answer.

    Pages carry no inline style or script, so no nonce is needed. An answer may bring its own policy (a
    document shown alone); foreign applications whose pages cannot keep to ours are named by path in
    ``settings.UI_CSP_EXCEPTIONS`` (prefix to policy).
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response
        self.exceptions: dict[str, str] = getattr(settings, "UI_CSP_EXCEPTIONS", {})

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with headers; one that the view set itself stays."""
        response = self.get_response(request)
        policy = next((p for prefix, p in self.exceptions.items() if request.path.startswith(prefix)), None)
        response.headers.setdefault("Content-Security-Policy", policy or CONTENT_SECURITY_POLICY)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if settings.SECURE_HSTS_SECONDS and request.is_secure():
            response.headers.setdefault("Strict-Transport-Security", f"max-age={settings.SECURE_HSTS_SECONDS}")
        return response


LARGEST_BODY = 256 * 1024 * 1024
"""In bytes: as many files as a form takes. More is not even begun to be read."""
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


class ReadableMiddleware:
    """Refuse what no page can use: a body beyond all limits, and the sign NUL, which no database text holds."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, unless the address or the length says that it is no use."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > LARGEST_BODY:
            return errors.render(request, 413)
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return errors.render(request, 400)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        """Look at the fields of a form, which were read for its token anyway; a machine's body has its own schema."""
        if request.content_type not in FORMS or request.path.startswith("/api/"):
            return None
        nul = any("\x00" in text for name, values in request.POST.lists() for text in (name, *values))
        return errors.render(request, 400) if nul else None


class LanguageMiddleware:
    """Speak the language of the cookie, else Chinese.

    The browser's Accept-Language is left alone: the site speaks Chinese until a person chooses otherwise, so
    that two people at one screen, or on two devices, see the same page.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response
        self.languages = {code for code, _name in settings.LANGUAGES}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the chosen language."""
        language = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, settings.LANGUAGE_CODE)
        language = language if language in self.languages else settings.LANGUAGE_CODE
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Cookie",))
        return response


class PartsMiddleware:
    """Mark what stays Chinese on an English page; the pages of foreign applications are left as they are."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response
        self.foreign = tuple(getattr(settings, "UI_CSP_EXCEPTIONS", ()))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; in Chinese nothing is looked at."""
        response = self.get_response(request)
        page = not response.streaming and response.headers.get("Content-Type", "").startswith("text/html")
        if page and is_english() and not request.path.startswith(self.foreign):
            response.content = parts.mark_chinese(response.text)
        return response


class EditionMiddleware:
    """Read the edition from its cookie into ``request.edition``."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the chosen edition."""
        request.edition = Edition.of(request.COOKIES.get(EDITION_COOKIE))  # type: ignore[attr-defined]
        return self.get_response(request)


class ProblemMiddleware:
    """Tell a refused act as a page: its title, its sentence, what to do; a missing sign-in leads to it."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for a Problem that a view let through; leave everything else to Django."""
        if not isinstance(exception, Problem):
            return None
        if isinstance(exception, NeedsSignIn):
            return self._sign_in(request, exception)
        return errors.render_problem(request, exception)

    def _sign_in(self, request: HttpRequest, problem: NeedsSignIn) -> HttpResponse:
        # A posted form cannot be replayed after signing in, so the person returns to the page it stood on.
        back = request.get_full_path() if request.method in {"GET", "HEAD"} else request.path
        query = {"next": back} | ({"level": problem.more["level"]} if "level" in problem.more else {})
        target = f"{settings.LOGIN_URL}?{urlencode(query)}"
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": target})
        return HttpResponseRedirect(target)
