"""The same pages at two doors: a person at the portal, and a clerk at a counter who serves one.

The pages are mounted twice, as two instances of one set of addresses; links stay within the door that the request came
by. Who may come in is checked once for both: a person as at any page, a clerk only while somebody is being served.
"""

from __future__ import annotations

import functools
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from yiwang.kernel.problems import NeedsSignIn, NotAllowed
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Party, PartyKind, Role
from yiwang.ui.entry import Entry, View, signed_in

APPLICANT = "applicant"
"""Entry kind of a page for whoever a matter is for: the person, or the clerk who serves them."""


def at_desk(request: HttpRequest) -> bool:
    """Tell whether the request came by the desk."""
    return request.path.startswith("/desk/")


def applicant(view: View) -> View:
    """Let a person in at the portal, and a clerk at the desk while somebody is being served there."""
    as_person = signed_in()(view)

    @functools.wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not at_desk(request):
            return as_person(request, *args, **kwargs)
        actor: Actor = request.actor  # type: ignore[attr-defined]
        check_clerk(actor)
        if actor.principal is None:  # nobody is served any more: an old tab, or the session began anew
            return to(request, "counter")
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    inner.entry = Entry(APPLICANT, AssuranceLevel.L1, frozenset({Role.INTAKE}))  # type: ignore[attr-defined]
    return inner


def check_clerk(actor: Actor) -> None:
    """Raise unless the actor works at a counter."""
    if actor.kind is ActorKind.ANONYMOUS:
        raise NeedsSignIn(_("请用工作人员账号登录。"))
    if actor.kind is not ActorKind.STAFF or not actor.has_role({Role.INTAKE}):
        raise NotAllowed(_("这一页只对有相应岗位的工作人员开放。"))


def principal_of(request: HttpRequest) -> Party | None:
    """Return for whom the page is made; nobody if nobody is signed in or served."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor.principal if actor.kind in (ActorKind.PERSON, ActorKind.STAFF) else None


def agent_of(request: HttpRequest) -> Any:
    """Return the person who acts; a clerk's own data are nobody's evidence, but whom they serve stands before them."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.kind is ActorKind.STAFF and actor.principal and actor.principal.kind is PartyKind.PERSON:
        return actor.principal.id
    return actor.id if actor.kind is ActorKind.PERSON else None


def address(request: HttpRequest, name: str, *args: Any) -> str:
    """Return the address of one of these pages at the request's own door."""
    match = request.resolver_match
    return reverse(f"services:{name}", args=args, current_app=match.namespace if match else None)


def to(request: HttpRequest, name: str, *args: Any) -> HttpResponse:
    """Lead to one of these pages at the request's own door."""
    return HttpResponseRedirect(address(request, name, *args))
