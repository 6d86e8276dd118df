"""Who comes in: our sign-in, our roles, and of Wagtail's admin only what editing needs."""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, URLPattern, URLResolver, resolve, reverse
from django.utils.datastructures import MultiValueDictKeyError

from yiwang.kernel.types import Actor, Role
from yiwang.platform.directory import queries as directory
from yiwang.platform.editing.kinds import Edited, kinds
from yiwang.ui.entry import View, staff

_COMMON = frozenset(
    {
        "wagtailadmin_sprite",
        "wagtailadmin_javascript_catalog",
        "wagtailadmin_dismissibles",
        "wagtailadmin_home",
    }
)
"""Addresses of Wagtail's admin that all editors need; those of each kind come on top."""
_COMMON_SPACE = "wagtailadmin_editing_sessions"
_pages: dict[str, frozenset[Role]] = {}

_acting: contextvars.ContextVar[Actor | None] = contextvars.ContextVar("acting", default=None)


def acting() -> Actor:
    """Return who is at the editors' desk in this request: Wagtail's own calls only hand on the account."""
    actor = _acting.get()
    if actor is None:
        raise RuntimeError("what is edited is published at the editors' desk or by an act, never by Wagtail alone")
    return actor


def open_page(name: str, roles: Iterable[Role]) -> str:
    """Open a room's own page at the editors' desk, by its address's name, to these roles; return the name."""
    _pages[name] = frozenset(roles)
    return name


def roles_of(kind: Edited) -> frozenset[Role]:
    """Return who may come to the drafts of a kind."""
    return kind.editors | kind.publishers


def all_roles() -> frozenset[Role]:
    """Return who has anything to do at the editors' desk."""
    return frozenset().union(*(roles_of(kind) for _model, kind in kinds()))


class RoleBackend(BaseBackend):
    """Answers Wagtail's questions about permissions from the directory's roles; signs nobody in."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Tell whether one of the account's roles carries the permission, somewhere."""
        wanted = _permissions().get(perm)
        if not wanted or not user_obj.is_active or not user_obj.is_staff:
            return False
        if not hasattr(user_obj, "_held_roles"):
            found = directory.staff_of_account(user_obj.pk)
            user_obj._held_roles = {grant.role for grant in found[1]} if found else set()
        return bool(wanted & user_obj._held_roles)


@functools.cache
def _permissions() -> dict[str, frozenset[Role]]:
    found = {"wagtailadmin.access_admin": all_roles()}
    for model, kind in kinds():
        app, _dot, name = model.partition(".")
        found |= {f"{app}.{action}_{name}": roles_of(kind) for action in ("view", "add", "change")}
        found[f"{app}.publish_{name}"] = kind.publishers
    return found


def opened_to(name: str | None, spaces: Iterable[str]) -> frozenset[Role]:
    """Return to whom an address of the desk is open, by its name and namespaces; to nobody if editing needs it not."""
    within = set(spaces)
    for _model, kind in kinds():
        if kind.namespace in within:
            return roles_of(kind)
    if name in _COMMON or _COMMON_SPACE in within:
        return all_roles()
    return _pages.get(name or "", frozenset())


def in_menu(url: str) -> bool:
    """Tell whether an entry of the menu leads to where whoever is at the desk may go."""
    try:
        match = resolve(url)
    except Resolver404:
        return False
    return acting().has_role(opened_to(match.url_name, match.namespaces))


def guarded(patterns: list[Any], spaces: tuple[str, ...] = ()) -> list[Any]:
    """Put our entry check before every address of an URL configuration."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            guarded(pattern.url_patterns, (*spaces, *filter(None, [pattern.namespace])))
        elif isinstance(pattern, URLPattern) and not hasattr(pattern.callback, "entry"):
            pattern.callback = _guard(pattern.callback, opened_to(pattern.name, spaces))
    return patterns


def _guard(view: View, roles: frozenset[Role]) -> View:
    @functools.wraps(view, updated=())
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        match = request.resolver_match
        if match is not None and match.url_name == "wagtailadmin_logout":
            return HttpResponseRedirect(reverse("identity:sign_out"))
        if not roles:
            raise Http404
        actor: Actor = request.actor  # type: ignore[attr-defined]
        token = _acting.set(actor)
        try:
            try:
                response = view(request, *args, **kwargs)
            except MultiValueDictKeyError as error:  # Wagtail's forms count on every field that they drew
                raise BadRequest(str(error)) from error
            render = getattr(response, "render", None)
            if render is not None:
                render()  # while it is known who acts
            return response
        finally:
            _acting.reset(token)

    return staff(*(roles or all_roles()))(inner)


def begin(request: HttpRequest) -> HttpResponse:
    """Lead an editor to the first list that their roles open."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    first = next(kind for _model, kind in kinds() if actor.has_role(roles_of(kind)))
    return HttpResponseRedirect(reverse(f"{first.namespace}:list"))
