"""Registering by telephone (L1), and choosing a new password with a code."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from yiwang.kernel import limits
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.problems import Problem
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.types import AssuranceLevel
from yiwang.platform.identity import acts, sessions
from yiwang.platform.identity.models import Account
from yiwang.platform.identity.pages.common import actor, next_url, text
from yiwang.platform.identity.secret import Secret
from yiwang.ui.entry import public
from yiwang.ui.forms import SpecForm

CHALLENGE, SHOWN = "challenge", "shown"


def _phone_form(request: HttpRequest) -> SpecForm:
    phone = text("mobile", _("手机号码"), kind=FieldKind.PHONE, pattern="", hint=_("用来收验证码和办事进度"))
    return SpecForm([phone], request.POST if request.method == "POST" else None)


def _send(request: HttpRequest, purpose: str, phone: str) -> None:
    limits.count(f"code:address:{limits.client_address(request)}", 20, 3_600)
    index = blind_index(phone, "phone")
    known = Account.objects.filter(person__phone_index=index, is_active=True, is_staff=False).exists()
    instead = None
    if purpose == "sign_up" and known:
        instead = _("这个手机号已经有账号。如果是您在注册，请直接登录或找回密码；如果不是，请不用理会。")
    if purpose == "reset" and not known:
        instead = ""  # a stranger's telephone is not rung
    challenge, shown = acts.send_code(purpose, Secret(phone), instead=instead, by=actor(request), key=str(uuid.uuid4()))
    request.session[CHALLENGE] = {"id": str(challenge), "purpose": purpose, "next": next_url(request, "")}
    request.session[SHOWN] = shown


@public
def sign_up(request: HttpRequest) -> HttpResponse:
    """Begin to register: a code is sent to the telephone; whether it has an account already is not shown."""
    return _first(request, "sign_up", "identity/sign_up.html", "identity:sign_up_code")


@public
def reset(request: HttpRequest) -> HttpResponse:
    """Begin to choose a new password."""
    return _first(request, "reset", "identity/reset.html", "identity:reset_code")


def _first(request: HttpRequest, purpose: str, template: str, then: str) -> HttpResponse:
    form, status = _phone_form(request), 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                _send(request, purpose, form.values["mobile"])
            except Problem as problem:
                form.add_errors(problem.errors, str(problem.detail))
                status = problem.status
            else:
                return redirect(then)
    return render(request, template, {"form": form, "next": next_url(request, ""), "section": "my"}, status=status)


@public
@never_cache
def sign_up_code(request: HttpRequest) -> HttpResponse:
    """Register: code, name, password, agreement."""
    specs = [
        text("code", _("短信验证码"), max_length=6, hint=_("6 位数字，5 分钟内有效")),
        text("name", _("姓名"), max_length=60, hint=_("请填证件上的姓名")),
    ]
    return _last(request, "sign_up", "identity/sign_up_code.html", specs)


@public
@never_cache
def reset_code(request: HttpRequest) -> HttpResponse:
    """Choose a new password: code and password."""
    specs = [
        text("code", _("短信验证码"), max_length=6, hint=_("6 位数字，5 分钟内有效")),
        text("name", _("姓名"), required=False, max_length=60, hint=_("一家人共用一个手机号才要填")),
    ]
    return _last(request, "reset", "identity/reset_code.html", specs)


def _last(request: HttpRequest, purpose: str, template: str, specs: list[Any]) -> HttpResponse:
    kept = request.session.get(CHALLENGE, {})
    if kept.get("purpose") != purpose:
        return redirect("identity:sign_up" if purpose == "sign_up" else "identity:reset")
    form = SpecForm(specs, request.POST if request.method == "POST" else None)
    wrong: dict[str, str] = {}
    status = 200
    if form.is_bound:
        status = 422
        wrong = password_errors(request)
        if form.is_valid() and not wrong:
            try:
                account = _finish(request, purpose, uuid.UUID(kept["id"]), form)
            except Problem as problem:
                mine = {one.field: str(one.message) for one in problem.errors if one.field in {"password", "agreed"}}
                wrong |= mine
                form.add_errors(
                    [one for one in problem.errors if one.field not in mine], "" if mine else str(problem.detail)
                )
                status = problem.status
            else:
                if account is not None:
                    return _signed_up(request, account, kept["next"], purpose)
                form.add_errors((), _("验证码不对或已过期。如果短信说的是别的，请照短信做；没有收到，请核对手机号。"))
    context = {
        "form": form,
        "wrong": wrong,
        "page_errors": bool(wrong),
        "shown": request.session.get(SHOWN, "") if settings.YIWANG_DEMO else "",
        "agreed": request.POST.get("agreed"),
        "section": "my",
    }
    return render(request, template, context, status=status)


def password_errors(request: HttpRequest) -> dict[str, str]:
    """Return what is wrong with the two inputs of a new password, before any act."""
    new, again = request.POST.get("password", ""), request.POST.get("again", "")
    if not new:
        return {"password": _("请填写新密码")}
    return {"again": _("两次填的密码不一样")} if new != again else {}


def _finish(request: HttpRequest, purpose: str, challenge: uuid.UUID, form: SpecForm) -> Account | None:
    by = actor(request)
    code = Secret(form.values["code"])
    if not acts.check_code(challenge, purpose, code, by=by, key=str(uuid.uuid4())):
        return None
    new = Secret(request.POST["password"])
    if purpose == "reset":
        pk = acts.reset_password(challenge, Secret(form.values["name"] or ""), new, by=by, key=form.key)
    else:
        agreed = request.POST.get("agreed") == "yes"
        pk = acts.register(challenge, Secret(form.values["name"]), new, agreed, by=by, key=form.key)
    return Account.objects.select_related("person").get(pk=pk)


def _signed_up(request: HttpRequest, account: Account, then: str, purpose: str) -> HttpResponse:
    for name in (CHALLENGE, SHOWN):
        request.session.pop(name, None)
    if purpose == "reset":
        return redirect("identity:sign_in")
    sessions.sign_in(request, account, AssuranceLevel.L1, method="register")
    return redirect(then or "identity:verify")
