"""What holds for every address of this door: who calls is told by a token, what goes wrong by a problem."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from yiwang.doors.openapi import answers, tokens

PREFIX = "/api/"
_KEPT = ("Allow", "Retry-After", "WWW-Authenticate", *tokens.RATE_HEADERS)

View = Callable[[HttpRequest], HttpResponse]


class ProblemDetailsMiddleware:
    """Turn every error that is not a problem yet into one: unknown addresses, wrong methods, crashes."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        response = self.get_response(request)
        if not request.path.startswith(PREFIX):
            return response
        if response.status_code < 400 or response.headers.get("Content-Type", "") == answers.MEDIA_TYPE:
            return response
        told = answers.of_status(request, response.status_code)
        for name in _KEPT:
            if name in response.headers:
                told.headers[name] = response.headers[name]
        return told


class ClientMiddleware:
    """Set ``request.actor`` from the token. A browser's session means nothing here: nobody can be tricked."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        if request.path.startswith(PREFIX):
            request.actor = SimpleLazyObject(lambda: tokens.actor_of(request))  # type: ignore[attr-defined]
        response = self.get_response(request)
        if request.path.startswith(PREFIX):
            tokens.tell_rate(request, response)
            response.headers.setdefault("Cache-Control", "no-store")  # unless it is an edition, which all may read
        return response
