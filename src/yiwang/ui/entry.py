"""Entry checks: every route says who may come in. A guard test refuses a route without one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from yiwang.kernel.problems import NeedsSignIn, NotAllowed
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Role

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Entry:
    """Who may come in by a route."""

    kind: str
    """``public``, ``known``, ``person``, ``staff``, or what a door adds (``applicant``, ``client``)."""
    level: AssuranceLevel = AssuranceLevel.NONE
    roles: frozenset[Role] = frozenset()
    check: Callable[[Actor], None] = lambda actor: None
    """Raises ``NeedsSignIn`` or ``NotAllowed`` for whom it turns away."""


def _checked(entry: Entry) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @functools.wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            entry.check(request.actor)  # type: ignore[attr-defined]
            response = view(request, *args, **kwargs)
            if entry.kind != "public":
                response.headers.setdefault("Cache-Control", "no-store")
            return response

        inner.entry = entry  # type: ignore[attr-defined]
        return inner

    return decorate


def public(view: View) -> View:
    """Let everybody in."""
    view.entry = Entry("public")  # type: ignore[attr-defined]
    return view


def known(view: View) -> View:
    """Let in whoever has an account: persons, and staff also before their second factor."""

    def check(actor: Actor) -> None:
        if actor.kind not in (ActorKind.PERSON, ActorKind.STAFF):
            raise NeedsSignIn(_("请先登录。"))

    return _checked(Entry("known", check=check))(view)


def signed_in(level: AssuranceLevel = AssuranceLevel.L1) -> Callable[[View], View]:
    """Let persons in who are known at least this surely."""

    def check(actor: Actor) -> None:
        if actor.kind is not ActorKind.PERSON:
            raise NeedsSignIn(_("请先登录。"), level=int(level))
        if actor.level < level:
            raise NeedsSignIn(_("这一页要更高的认证等级。"), code="step-up-needed", level=int(level))

    return _checked(Entry("person", level, check=check))


def staff(*roles: Role) -> Callable[[View], View]:
    """Let staff in who hold one of these roles somewhere (any role, if none is named)."""

    def check(actor: Actor) -> None:
        if actor.kind is ActorKind.ANONYMOUS:
            raise NeedsSignIn(_("请用工作人员账号登录。"))
        if actor.kind is not ActorKind.STAFF or not actor.has_role(roles or Role):
            raise NotAllowed(_("这一页只对有相应岗位的工作人员开放。"))

    return _checked(Entry("staff", roles=frozenset(roles), check=check))
