"""One's own account: who one is, password, factors, sessions. Staff come here too, before they hold any role."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from yiwang.kernel.codes import mask_id, mask_name, mask_phone
from yiwang.kernel.fields import FieldKind, Option
from yiwang.kernel.problems import NeedsSignIn, Problem
from yiwang.kernel.types import ActorKind, AssuranceLevel
from yiwang.platform.identity import acts, factors, queries, sessions
from yiwang.platform.identity.models import Account
from yiwang.platform.identity.pages.common import LEVELS, actor, key, next_url, text
from yiwang.platform.identity.pages.sign_up import password_errors
from yiwang.platform.identity.ports import Proof
from yiwang.platform.identity.secret import Secret
from yiwang.ui.entry import known, signed_in
from yiwang.ui.forms import SpecForm


def _owner(request: HttpRequest) -> uuid.UUID:
    """Return the account in the session, of a person or of staff."""
    pk: uuid.UUID = request.user.pk
    return pk


def _context(request: HttpRequest, **more: Any) -> dict[str, Any]:
    return {"section": "my", "staff": actor(request).kind is ActorKind.STAFF, **more}


@signed_in()
def account_page(request: HttpRequest) -> HttpResponse:
    """Show who one is here, and lead to everything that can be changed."""
    who = actor(request)
    assert who.id is not None
    me = queries.get_person(who.id)
    return render(
        request,
        "identity/account.html",
        _context(
            request,
            name=mask_name(me.name),
            number=mask_id(me.number) if me.number else "",
            phone=mask_phone(me.phone) if me.phone else "",
            level=LEVELS[AssuranceLevel(me.checked_level)],
            here=LEVELS[AssuranceLevel(request.session.get(sessions.LEVEL, 0))],
            checked=me.checked_level,
            factors=len(factors.of_account(request.user.pk)),
            sessions=len(queries.sessions_of(request.user.pk, "")),
        ),
    )


@known
def password(request: HttpRequest) -> HttpResponse:
    """Choose a new password."""
    pk = _owner(request)
    wrong: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        wrong = password_errors(request)
        if not request.POST.get("old"):
            wrong["old"] = _("请填写原密码")
        if not wrong:
            old, new = Secret(request.POST["old"]), Secret(request.POST["password"])
            here = Secret(str(request.session.session_key))
            try:
                acts.change_password(pk, old, new, here, by=actor(request), key=str(uuid.uuid4()))
            except Problem as problem:
                wrong = {one.field: str(one.message) for one in problem.errors} or {"old": str(problem.detail)}
            else:
                return _password_changed(request)
        status = 422
    duty = request.session.get(sessions.DUTY) == sessions.PASSWORD_DUTY
    context = _context(request, wrong=wrong, page_errors=bool(wrong), duty=duty, next=next_url(request, ""))
    return render(request, "identity/password.html", context, status=status)


def _password_changed(request: HttpRequest) -> HttpResponse:
    sessions.renew(request, Account.objects.select_related("person").get(pk=request.user.pk), method="password")
    sessions.duty_done(request)
    return redirect(_home(request))


def _home(request: HttpRequest) -> str:
    if request.session.get(sessions.DUTY) == sessions.FACTOR_DUTY:
        return reverse("identity:factors")
    return reverse("desk:home" if actor(request).kind is ActorKind.STAFF else "identity:account")


@known
def factors_page(request: HttpRequest) -> HttpResponse:
    """List one's second factors; add an authenticator or a passkey; remove one."""
    pk = _owner(request)
    by, error, status = actor(request), "", 200
    if request.method == "POST":
        # Whoever only has the password may not add a factor to an account that has one: it would be no second factor.
        _must_hold_factor(request)
        try:
            error = _change_factors(request, pk)
        except NeedsSignIn:
            raise
        except Problem as problem:
            error = str(problem.detail)
        if not error:
            return redirect(_home(request) if request.POST.get("do") != "remove" else reverse("identity:factors"))
        status = 422
    secret, address = factors.begin_totp(request)
    context = _context(
        request,
        factors=factors.of_account(pk),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        address=address,
        error=error,
        target={"totp": "code", "passkey": "passkey"}.get(request.POST.get("do", ""), ""),
        page_errors=bool(error),
        duty=request.session.get(sessions.DUTY) == sessions.FACTOR_DUTY,
        options_url=reverse("identity:new_passkey_options"),
        key=key(request),
        by=by,
    )
    return render(request, "identity/factors.html", context, status=status)


def _must_hold_factor(request: HttpRequest) -> None:
    if sessions.has_factor(request) and not request.session.get(sessions.FACTOR):
        raise NeedsSignIn(_("请用已有的第二重验证重新登录，再来添加或删除。"))


def _change_factors(request: HttpRequest, pk: uuid.UUID) -> str:
    by, what, fresh = actor(request), request.POST.get("do", ""), str(uuid.uuid4())
    if what == "remove" and request.POST.get("factor", "").isdigit():
        acts.remove_factor(pk, int(request.POST["factor"]), by=by, key=fresh)
        return ""
    if what == "totp":
        secret = factors.confirm_totp(request, request.POST.get("code", "").strip())
        if not secret:
            return _("口令不对。请看手机上的时间准不准，再输一次新的口令。")
        acts.add_totp(pk, Secret(secret), by=by, key=fresh)
    else:
        credential = factors.confirm_passkey(request.POST.get("answer", ""))
        if credential is None:
            return _("没有建成通行密钥，请再试一次。")
        device = sessions.device(request.headers.get("User-Agent", ""))
        acts.add_passkey(pk, device or _("通行密钥"), credential, by=by, key=fresh)
    sessions.raise_level(request, AssuranceLevel.L3, method=what or "passkey", second_factor=True)
    sessions.duty_done(request)
    return ""


@require_POST
@known
def new_passkey_options(request: HttpRequest) -> HttpResponse:
    """Give the browser what it needs to make a passkey for the account in the session."""
    _owner(request)
    _must_hold_factor(request)
    return JsonResponse(factors.begin_passkey(request))


@known
def sessions_page(request: HttpRequest) -> HttpResponse:
    """List where one is signed in; sign out there, or everywhere else."""
    pk = _owner(request)
    here = str(request.session.session_key)
    if request.method == "POST":
        wanted = request.POST.get("session", "")
        if wanted == "all":
            acts.end_all_sessions(pk, Secret(here), by=actor(request), key=key(request))
        elif wanted in (open_ := {str(one.id): one.id for one in queries.sessions_of(pk, here)}):
            acts.end_session(pk, open_[wanted], by=actor(request), key=key(request))
        return redirect("identity:sessions")
    context = _context(request, sessions=queries.sessions_of(pk, here), key=key(request))
    return render(request, "identity/sessions.html", context)


def proof_options() -> tuple[Option, ...]:
    """Return the third proofs that a person can choose from (国办函〔2016〕108号)."""
    labels = {
        Proof.SOCIAL_SECURITY_CARD: _("社会保障卡号"),
        Proof.BANK_CARD: _("银行卡号"),
        Proof.PROVIDENT_FUND: _("公积金账号"),
        Proof.DRIVING_LICENCE: _("驾驶证档案编号"),
    }
    return tuple(Option(proof.value, label) for proof, label in labels.items())


@signed_in()
def verify(request: HttpRequest) -> HttpResponse:
    """Prove who one is (L2): document, telephone (already proven), and one thing more."""
    who = actor(request)
    assert who.id is not None
    me = queries.get_person(who.id)
    if me.checked_level >= AssuranceLevel.L2:
        return redirect(next_url(request, reverse("identity:account")))
    specs = [
        text("name", _("姓名"), max_length=60),
        text("number", _("公民身份号码"), kind=FieldKind.CITIZEN_ID, sensitive=True),
        text("proof", _("再选一样证明"), kind=FieldKind.CHOICE, options=proof_options()),
        text("proof_number", _("它的号码"), max_length=30, sensitive=True),
    ]
    form = SpecForm(specs, request.POST if request.method == "POST" else None, initial={"name": me.name})
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            given = form.values
            try:
                acts.verify_person(
                    request.user.pk,
                    Secret(given["name"]),
                    Secret(given["number"]),
                    given["proof"],
                    Secret(given["proof_number"]),
                    by=who,
                    key=str(uuid.uuid4()),
                )
            except Problem as problem:
                form.add_errors(problem.errors, str(problem.detail))
                status = problem.status
            else:
                sessions.raise_level(request, AssuranceLevel.L2, method="verify")
                return redirect(next_url(request, reverse("identity:account")))
    context = _context(request, form=form, next=next_url(request, ""), phone=mask_phone(me.phone) if me.phone else "")
    return render(request, "identity/verify.html", context, status=status)
