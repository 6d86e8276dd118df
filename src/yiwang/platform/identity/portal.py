"""Signing in and choosing for whom one acts, at the portal."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from yiwang.kernel.types import Actor
from yiwang.platform.identity import queries, sessions
from yiwang.platform.identity.signing_in import methods
from yiwang.ui.entry import public, signed_in

app_name = "identity"


def _next(request: HttpRequest, default: str) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return wanted
    return default


@public
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the ways to sign in; take one."""
    context: dict[str, Any] = {"next": _next(request, ""), "methods": methods()}
    if request.method == "POST":
        method = context["methods"].get(request.POST.get("method", ""))
        if method is not None:
            outcome = method.sign_in(request)
            if outcome.account is not None:
                sessions.sign_in(request, outcome.account, outcome.level)
                home = "/desk/" if outcome.account.is_staff else "/my/"
                return redirect(_next(request, home))
            context |= {"error": outcome.message, "typed": request.POST.get("login", ""), "used": method.name}
            return render(request, "identity/sign_in.html", context, status=422)
    for method in context["methods"].values():
        context |= method.context()
    return render(request, "identity/sign_in.html", context)


@public
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ask, then end the session."""
    if request.method == "POST":
        sessions.sign_out(request)
        return redirect("/")
    return render(request, "identity/sign_out.html")


@signed_in()
def standings(request: HttpRequest) -> HttpResponse:
    """Choose for whom to act."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    assert actor.id is not None
    return render(
        request,
        "identity/standings.html",
        {"standings": queries.standings(actor.id), "principal": actor.principal, "next": _next(request, "/my/")},
    )


@require_POST
@signed_in()
def act_for(request: HttpRequest) -> HttpResponse:
    """Change the principal of the session."""
    kind, _colon, pk = request.POST.get("party", "").partition(":")
    actor: Actor = request.actor  # type: ignore[attr-defined]
    wanted = next(
        (
            standing.party
            for standing in queries.standings(actor.id)  # type: ignore[arg-type]
            if standing.party.kind.value == kind and str(standing.party.id) == pk
        ),
        None,
    )
    if wanted is None or not sessions.act_for(request, wanted):
        return render(
            request,
            "identity/standings.html",
            {
                "standings": queries.standings(actor.id),  # type: ignore[arg-type]
                "principal": actor.principal,
                "error": _("请选一个您可以代表的主体。"),
            },
            status=422,
        )
    return redirect(_next(request, "/my/"))



urlpatterns = [
    path("sign-in/", sign_in, name="sign_in"),
    path("sign-out/", sign_out, name="sign_out"),
    path("standings/", standings, name="standings"),
    path("standings/act/", act_for, name="act_for"),
]
