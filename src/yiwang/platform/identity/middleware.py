"""Every request gets an actor: nobody, a person in one of their standings, or a member of staff."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from yiwang.kernel.problems import NotAllowed
from yiwang.platform.identity import again, sessions
from yiwang.ui import errors

_FREE = ("/account/", "/sign-out/", "/preferences", "/static/", "/healthz", "/readyz")
"""Where somebody may go who must change a first password or register a second factor before anything else."""


class ActorMiddleware:
    """Set ``request.actor``, lazily: a page that needs nobody asks the database for nobody."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, unless something must be done first or a delegation just ended."""
        request.actor = SimpleLazyObject(lambda: sessions.actor_of(request))  # type: ignore[attr-defined]
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            stopped = self._duty(request) or self._fallen_back(request) or self._again(request)
            if stopped is not None:
                return stopped
        return self.get_response(request)

    @staticmethod
    def _again(request: HttpRequest) -> HttpResponse | None:
        """Offer once more what was sent when the session before this one ended."""
        if again.KEY not in request.session or not request.user.is_authenticated:
            return None
        return again.offer(request)

    @staticmethod
    def _duty(request: HttpRequest) -> HttpResponse | None:
        if request.path.startswith(_FREE):
            return None
        duty = request.session.get(sessions.DUTY)
        if duty == sessions.PASSWORD_DUTY:
            return redirect("identity:password")
        return redirect("identity:factors") if duty == sessions.FACTOR_DUTY else None

    @staticmethod
    def _fallen_back(request: HttpRequest) -> HttpResponse | None:
        """What is sent in somebody's name after the delegation ended must not be done in one's own name instead."""
        if request.method in {"GET", "HEAD"} or sessions.ACTING not in request.session:
            return None
        bool(request.actor)  # type: ignore[attr-defined]
        if not getattr(request, "delegation_ended", False):
            return None
        told = NotAllowed(
            _("您代表的委托已经到期或被收回，刚才的操作没有办。现在是以您本人的名义。"), code="delegation-ended"
        )
        return errors.render_problem(request, told)
