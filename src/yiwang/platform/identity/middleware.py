"""Every request gets an actor: nobody, a person in one of their standings, or a member of staff."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from yiwang.platform.identity import sessions


class ActorMiddleware:
    """Set ``request.actor``, lazily: a page that needs nobody asks the database for nobody."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: sessions.actor_of(request))  # type: ignore[attr-defined]
        return self.get_response(request)


