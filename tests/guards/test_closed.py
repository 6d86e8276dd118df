"""Wagtail's own addresses are closed to everybody: of its admin only what editing items needs is open."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path, resolve, reverse

from yiwang.kernel.problems import NeedsSignIn, NotAllowed
from yiwang.kernel.types import ANONYMOUS, Actor, ActorKind, Role, RoleGrant
from yiwang.platform.editing.access import all_roles, guarded

from .addresses import is_closed
from .matrix import Route, routes

_VALUES = {"filter_spec": "width-100", "revision_id_a": "live", "revision_id_b": "latest"}
EVERYBODY = [
    ANONYMOUS,
    Actor(kind=ActorKind.PERSON),
    Actor(kind=ActorKind.CLIENT, scopes=frozenset({"items:read"})),
    *(Actor(kind=ActorKind.STAFF, grants=(RoleGrant(role),)) for role in Role),
]


def _path(route: Route) -> str:
    if not route.pattern.name:
        return "/editors/test404/" if "test404" in route.path else "/editors/whatever/"
    names = route.pattern.pattern.regex.groupindex
    kinds = route.pattern.pattern.converters
    kwargs = {name: _VALUES.get(name, "1" if not _is_uuid(kinds.get(name)) else uuid.UUID(int=1)) for name in names}
    return reverse(route.name, kwargs=kwargs)


def _is_uuid(converter: Any) -> bool:
    return type(converter).__name__ == "UUIDConverter"


def opened(view: Callable[..., Any], request: HttpRequest, kwargs: dict[str, Any], by: Actor) -> str:
    """Call a view as somebody; return what is wrong with its answer, nothing if it is as it must be."""
    request.actor = by  # type: ignore[attr-defined]
    editor = by.has_role(all_roles())
    try:
        answer = view(request, **kwargs)
    except Http404:
        return "" if editor else f"{request.path}: {by} learns that there is nothing"
    except NotAllowed as problem:
        expected = NeedsSignIn if by.kind is ActorKind.ANONYMOUS else NotAllowed
        return "" if type(problem) is expected and not editor else f"{request.path}: {by} gets {type(problem)}"
    signing_out = editor and getattr(answer, "url", "") == reverse("identity:sign_out")
    return "" if signing_out else f"{request.path}: {by} comes in"


def test_nobody_comes_in_by_an_address_that_editing_does_not_need() -> None:
    closed = [route for route in routes() if is_closed(route)]
    assert len(closed) > 150
    make = RequestFactory()
    wrong = []
    for route in closed:
        match = resolve(_path(route))
        for method in ("get", "post"):
            request = getattr(make, method)(_path(route))
            request.resolver_match = match
            wrong += [opened(match.func, request, match.kwargs, by) for by in EVERYBODY]
    assert [one for one in wrong if one] == []


def test_an_address_that_opened_is_seen() -> None:
    def planted(request: HttpRequest) -> HttpResponse:
        """Wagtail would answer."""
        return HttpResponse("pages")

    def here(name: str) -> tuple[Callable[..., Any], HttpRequest]:
        request = RequestFactory().get("/editors/planted/")
        (pattern,) = guarded([path("planted/", planted, name=name)])
        request.resolver_match = pattern.resolve("planted/")
        return pattern.callback, request

    view, request = here("item_editing_planted")
    assert not any(opened(view, request, {}, by) for by in EVERYBODY)
    assert all(opened(planted, request, {}, by) for by in EVERYBODY)
    view, request = here("wagtailadmin_home")
    assert [by for by in EVERYBODY if "comes in" in opened(view, request, {}, by)] == [
        by for by in EVERYBODY if by.has_role(all_roles())
    ]


@pytest.mark.django_db
def test_they_are_closed_in_a_browser_too(sign_in: Callable[[str], Client]) -> None:
    publisher = sign_in("publisher")
    paths = (
        "pages/",
        "images/",
        "documents/",
        "users/",
        "groups/",
        "collections/",
        "reports/site-history/",
        "account/",
    )
    assert {publisher.get(f"/editors/{one}").status_code for one in paths} == {404}
    assert {publisher.post(f"/editors/{one}").status_code for one in paths} == {404}
    assert publisher.get("/editors/logout/").status_code == 302
    assert publisher.get("/editors/items/").status_code == 200
