"""Signing in and out, the second step, choosing for whom one acts."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from yiwang.kernel import clock, limits
from yiwang.kernel.problems import Problem
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel
from yiwang.platform.identity import acts, again, factors, queries, sessions
from yiwang.platform.identity.models import Account
from yiwang.platform.identity.pages.common import actor, next_url
from yiwang.platform.identity.secret import Secret
from yiwang.platform.identity.signing_in import Outcome, methods
from yiwang.ui.entry import public, signed_in

PENDING, SHOWN = "pending", "shown"
_PENDING_SECONDS = 600


@public
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the ways to sign in that the city chose; take one."""
    wanted = request.GET.get("level", "")
    if request.method != "POST" and actor(request).kind is ActorKind.PERSON and wanted in {"1", "2", "3"}:
        return redirect(f"{reverse('identity:step_up')}?{urlencode({'level': wanted, 'next': next_url(request, '')})}")
    ways = methods()
    context: dict[str, Any] = {
        "next": next_url(request, ""),
        "ways": ways.values(),
        "section": "my",
        "ended": again.KEY in request.session,
    }
    status = 200
    if request.method == "POST":
        way = ways.get(request.POST.get("method", ""))
        try:
            outcome = way.sign_in(request) if way else Outcome(message=_("请选一种登录方式。"))
            if outcome.account is not None:
                return _go_on(request, outcome, way.name if way else "")
            context["error"], status = outcome.message, 422
        except Problem as problem:
            context["error"], status = str(problem.detail), problem.status
        asked = way or next(iter(ways.values()), None)
        context |= {
            "typed": request.POST.get("login", ""),
            "used": way.name if way else "",
            "target": asked.field if asked else "",
            "page_errors": True,
        }
    for one in ways.values():
        context |= one.context(request)
    return render(request, "identity/sign_in.html", context, status=status)


def _go_on(request: HttpRequest, outcome: Outcome, method: str) -> HttpResponse:
    account = outcome.account
    assert account is not None
    home = reverse("desk:home") if account.is_staff else reverse("services:my")
    if outcome.needs_second and (not account.is_staff or factors.has(account.pk)):
        request.session[PENDING] = {
            "account": str(account.pk),
            "method": method,
            "next": next_url(request, home),
            "at": clock.now().timestamp(),
        }
        if not factors.has(account.pk) and account.person and account.person.phone:
            _send_code(request, account)
        return redirect("identity:second")
    sessions.sign_in(request, account, outcome.level, method=method, second_factor=outcome.second_factor)
    return _welcome(account, next_url(request, home))


def _welcome(account: Account, wanted: str) -> HttpResponse:
    """Lead to where the person wanted to go; first ask for whom, if they may act for more than themselves."""
    if account.person_id is None or len(queries.standings(account.person_id)) == 1:
        return redirect(wanted)
    return redirect(f"{reverse('identity:standings')}?{urlencode({'next': wanted})}")


def _send_code(request: HttpRequest, account: Account) -> None:
    phone = account.person.phone if account.person else ""
    challenge, shown = acts.send_code(
        "sign_in", Secret(phone or ""), account.pk, by=actor(request), key=str(uuid.uuid4())
    )
    request.session[PENDING] = {**request.session[PENDING], "challenge": str(challenge)}
    request.session[SHOWN] = shown


def _pending(request: HttpRequest) -> tuple[Account, dict[str, Any]] | None:
    kept = request.session.get(PENDING)
    if not kept or clock.now().timestamp() - kept["at"] > _PENDING_SECONDS:
        return None
    account = Account.objects.select_related("person").filter(pk=kept["account"], is_active=True).first()
    return (account, kept) if account else None


@public
@never_cache
def second(request: HttpRequest) -> HttpResponse:
    """Ask for the second step after a right password: a passkey, an authenticator's code, or a code by SMS."""
    found = _pending(request)
    if found is None:
        return redirect("identity:sign_in")
    account, kept = found
    error, status = "", 200
    if request.method == "POST":
        try:
            level = _second_level(request, account, kept)
            if level is not None:
                del request.session[PENDING]
                request.session.pop(SHOWN, None)
                strong = level >= AssuranceLevel.L3
                sessions.sign_in(request, account, level, method=kept["method"], second_factor=strong)
                return _welcome(account, kept["next"])
            if request.POST.get("kind") != "send":
                error, status = _("验证没有通过，请再试一次。连续错 5 次要等 30 分钟。"), 422
        except Problem as problem:
            error, status = str(problem.detail), problem.status
    phone = account.person.phone if account.person else ""
    context = {
        "error": error,
        "target": kind if (kind := request.POST.get("kind")) in {"totp", "sms", "passkey"} else "",
        "page_errors": bool(error),
        "totp": factors.has(account.pk, "totp"),
        "passkey": factors.has(account.pk, "passkey"),
        "sms": bool(phone) and not account.is_staff,
        "sent": "challenge" in request.session.get(PENDING, {}),
        "phone_end": (phone or "")[-4:],
        "shown": request.session.get(SHOWN, "") if settings.YIWANG_DEMO else "",
        "options_url": reverse("identity:second_options"),
    }
    return render(request, "identity/second.html", context, status=status)


def _second_level(request: HttpRequest, account: Account, kept: dict[str, Any]) -> AssuranceLevel | None:
    kind, code = request.POST.get("kind", ""), request.POST.get("code", "").strip()
    by, fresh = actor(request), str(uuid.uuid4())
    if kind == "passkey":
        right = factors.check_passkey(request.POST.get("answer", ""), account) is not None
        return AssuranceLevel.L3 if right else None
    if kind == "totp":
        return AssuranceLevel.L3 if acts.check_totp(account.pk, Secret(code), by=by, key=fresh) else None
    if kind == "send" and not account.is_staff:
        _send_code(request, account)
        return None
    if kind == "sms" and kept.get("challenge") and not account.is_staff:
        right = acts.check_code(uuid.UUID(kept["challenge"]), "sign_in", Secret(code), by=by, key=fresh)
        return AssuranceLevel.L2 if right else None
    return None


@require_POST
@public
def passkey_options(request: HttpRequest) -> HttpResponse:
    """Give the browser a challenge for any passkey of this site."""
    limits.count(f"passkey:{limits.client_address(request)}", 60, 600)
    return JsonResponse(factors.begin_check())


@require_POST
@public
def second_options(request: HttpRequest) -> HttpResponse:
    """Give the browser a challenge for a passkey of the account that waits for its second step."""
    found = _pending(request)
    return JsonResponse(factors.begin_check(found[0] if found else None))


@public
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ask, then end the session."""
    if request.method == "POST":
        sessions.sign_out(request)
        return redirect("/")
    return render(request, "identity/sign_out.html", {"staff": actor(request).kind is ActorKind.STAFF})


@signed_in()
def standings(request: HttpRequest) -> HttpResponse:
    """Choose for whom to act."""
    who: Actor = actor(request)
    assert who.id is not None
    context = {
        "standings": queries.standings(who.id),
        "principal": who.principal,
        "next": next_url(request, "/my/"),
        "section": "my",
    }
    return render(request, "identity/standings.html", context)


@require_POST
@signed_in()
def act_for(request: HttpRequest) -> HttpResponse:
    """Change the principal of the session."""
    kind, _colon, pk = request.POST.get("party", "").partition(":")
    who = actor(request)
    assert who.id is not None
    found = queries.standings(who.id)
    wanted = next((one.party for one in found if one.party.kind.value == kind and str(one.party.id) == pk), None)
    if wanted is None or not sessions.act_for(request, wanted):
        context = {
            "standings": found,
            "principal": who.principal,
            "error": _("请选一个您可以代表的主体。"),
            "page_errors": True,
            "section": "my",
        }
        return render(request, "identity/standings.html", context, status=422)
    return redirect(next_url(request, "/my/"))
