"""Who comes in: our sign-in, our roles, and of Wagtail's admin only what editing items needs."""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils.datastructures import MultiValueDictKeyError

from yiwang.kernel.types import Actor, Role
from yiwang.platform.directory import queries as directory
from yiwang.ui.entry import View, staff

EDITORS = (Role.ITEM_EDITOR, Role.ITEM_PUBLISHER)
NAMESPACE = "item_editing"
_OPEN = frozenset(
    {
        "wagtailadmin_sprite",
        "wagtailadmin_javascript_catalog",
        "wagtailadmin_dismissibles",
        "wagtailadmin_home",
        "item_import",
        "item_export",
        "item_files",
        "item_file",
    }
)
"""Addresses that are open: of Wagtail's admin what stays, and our own pages; the viewset's and the editing sessions' come
on top."""
_SPACES = frozenset({NAMESPACE, "wagtailadmin_editing_sessions"})
_PERMISSIONS = {
    "wagtailadmin.access_admin": frozenset(EDITORS),
    "catalog.view_itemdraft": frozenset(EDITORS),
    "catalog.add_itemdraft": frozenset(EDITORS),
    "catalog.change_itemdraft": frozenset(EDITORS),
    "catalog.publish_itemdraft": frozenset({Role.ITEM_PUBLISHER}),
}

_acting: contextvars.ContextVar[Actor | None] = contextvars.ContextVar("acting", default=None)


def acting() -> Actor:
    """Return who is at the editors' desk in this request: Wagtail's own calls only hand on the account."""
    actor = _acting.get()
    if actor is None:
        raise RuntimeError("items are published at the editors' desk or by an act, never by Wagtail alone")
    return actor


class RoleBackend(BaseBackend):
    """Answers Wagtail's questions about permissions from the directory's roles; signs nobody in."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Tell whether one of the account's roles carries the permission, somewhere."""
        wanted = _PERMISSIONS.get(perm)
        if not wanted or not user_obj.is_active or not user_obj.is_staff:
            return False
        if not hasattr(user_obj, "_held_roles"):
            found = directory.staff_of_account(user_obj.pk)
            user_obj._held_roles = {grant.role for grant in found[1]} if found else set()
        return bool(wanted & user_obj._held_roles)


def is_open(name: str | None, spaces: Iterable[str]) -> bool:
    """Tell whether an address of Wagtail's admin, by its name and namespaces, is one that editing items needs."""
    return name in _OPEN or not _SPACES.isdisjoint(spaces)


def guarded(patterns: list[Any]) -> list[Any]:
    """Put our entry check before every address of an URL configuration."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            guarded(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and not hasattr(pattern.callback, "entry"):
            pattern.callback = _guard(pattern.callback)
    return patterns


def _guard(view: View) -> View:
    @functools.wraps(view, updated=())
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        match = request.resolver_match
        if match is not None and match.url_name == "wagtailadmin_logout":
            return HttpResponseRedirect(reverse("identity:sign_out"))
        if match is None or not is_open(match.url_name, match.namespaces):
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

    return staff(*EDITORS)(inner)
