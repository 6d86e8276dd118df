"""When a page needs to know more surely who is there: which ways lead there, and back to where the person was."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from yiwang.kernel.problems import Problem
from yiwang.kernel.types import AssuranceLevel, PartyKind
from yiwang.platform.identity import acts, factors, queries, sessions
from yiwang.platform.identity.pages.common import LEVELS, actor, next_url
from yiwang.platform.identity.ports import face_checks
from yiwang.platform.identity.secret import Secret
from yiwang.ui.entry import signed_in


@signed_in()
def step_up(request: HttpRequest) -> HttpResponse:
    """Say which ways reach the level that is needed; take one; return with nothing lost."""
    wanted = request.POST.get("level") or request.GET.get("level") or "3"
    level = AssuranceLevel(int(wanted) if wanted in {"1", "2", "3"} else 3)
    then = next_url(request, reverse("services:my"))
    error, status = "", 200
    if request.method == "POST":
        try:
            error = _take(request)
        except Problem as problem:
            error, status = str(problem.detail), problem.status
        if error:
            status = max(status, 422)
    who = actor(request)
    if who.level >= level and not error:
        return redirect(then)
    assert who.id is not None
    me = queries.get_person(who.id)
    personal = AssuranceLevel(request.session.get(sessions.LEVEL, 0))
    firm = None
    if who.principal is not None and who.principal.kind is PartyKind.ORGANISATION and personal >= level:
        firm = queries.get_organisation(who.principal.id)
    context = {
        "level": int(level),
        "level_name": LEVELS[level],
        "here": LEVELS[who.level],
        "next": then,
        "error": error,
        "target": way if (way := request.POST.get("way")) in {"totp", "passkey", "face", "firm"} else "",
        "page_errors": bool(error),
        "firm": firm,
        "own_firm": bool(firm) and who.delegation is None,
        "verify": not firm and me.checked_level < AssuranceLevel.L2,
        "face": face_checks.selected().template if not firm and me.checked_level >= AssuranceLevel.L2 else "",
        "passkey": not firm and me.checked_level >= level and factors.has(request.user.pk, "passkey"),
        "totp": not firm and me.checked_level >= level and factors.has(request.user.pk, "totp"),
        "sign_in_again": not firm and level <= me.checked_level and level <= AssuranceLevel.L2,
        "options_url": reverse("identity:step_up_options"),
        "section": "my",
    }
    return render(request, "identity/step_up.html", context, status=status)


def _take(request: HttpRequest) -> str:
    """Take the way that was chosen; returns why it did not lead there, or nothing."""
    who, way, fresh = actor(request), request.POST.get("way", ""), str(uuid.uuid4())
    assert who.id is not None
    pk = request.user.pk
    if way == "firm" and who.principal is not None:
        acts.raise_organisation(who.principal.id, Secret(request.POST.get("token", "")), by=who, key=fresh)
        request.actor = sessions.actor_of(request)  # type: ignore[attr-defined]
        return ""
    if way == "face":
        me = queries.get_person(who.id)
        passed = face_checks.selected().passes(request, me.name, me.number)
        acts.pass_face_check(pk, passed, by=who, key=fresh)
        failed = _("人脸核验没有通过，请再试一次，或换一种方式。")
    elif way == "totp":
        passed = acts.check_totp(pk, Secret(request.POST.get("code", "").strip()), by=who, key=fresh)
        failed = _("口令不对，请再输一次新的口令。连续错 5 次要等 30 分钟。")
    else:
        passed = factors.check_passkey(request.POST.get("answer", ""), request.user) is not None
        failed = _("没有认出这把通行密钥，请再试一次，或换一种方式。")
    if not passed:
        return failed
    sessions.raise_level(request, AssuranceLevel.L3, method=way or "passkey", second_factor=way != "face" or None)
    return ""


@require_POST
@signed_in()
def step_up_options(request: HttpRequest) -> HttpResponse:
    """Give the browser a challenge for one's own passkeys."""
    return JsonResponse(factors.begin_check(request.user))
