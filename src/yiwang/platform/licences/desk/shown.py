"""Licences that people show at the desk: take up their code, say what for, wait for their consent, see, take a copy."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from yiwang.kernel.paging import BadCursor
from yiwang.kernel.problems import Invalid, NotFound, NotNow, TooMany
from yiwang.kernel.reach import HANDLING
from yiwang.kernel.types import Actor, Role
from yiwang.platform.identity import acts as accounts
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.secret import Secret
from yiwang.platform.licences import acts, labels, queries, rules
from yiwang.platform.licences.portal.parts import who
from yiwang.platform.licences.portal.showing import waiting
from yiwang.platform.licences.portal.wallet import OFD
from yiwang.platform.licences.reading import note_showing
from yiwang.platform.licences.types import Consent, ShowingState, Way
from yiwang.ui import store
from yiwang.ui.entry import staff

ROLES = tuple(HANDLING)
COUNTER = (Role.INTAKE, Role.ISSUER)


@staff(*ROLES)
def shown(request: HttpRequest) -> HttpResponse:
    """Take up a code; list what people show or have granted to one's agency."""
    if request.method != "POST":
        return _listed(request, {"code": rules.code_from(request.GET.get("code", ""))[:40]})
    typed = {name: request.POST.get(name, "")[:200] for name in ("code", "purpose")}
    try:
        made = acts.take_up(Secret(typed["code"]), typed["purpose"], by=who(request), key=request.POST.get("key", ""))
    except Invalid as problem:
        return _listed(request, typed, {error.field: error.message for error in problem.errors})
    return redirect("licences_desk:showing", made)


def _listed(request: HttpRequest, typed: dict[str, str], errors: dict[str, str] | None = None) -> HttpResponse:
    try:
        page = queries.showings(who(request), request.GET.get("after", ""), request.GET.get("before", ""))
    except BadCursor:
        return redirect("licences_desk:shown")
    context = {
        "section": "shown",
        "rows": [labels.showing(one) for one in page.items],
        "previous": f"?before={page.previous}" if page.previous else "",
        "next": f"?after={page.next}" if page.next else "",
        "counter": who(request).has_role(COUNTER),
        "typed": typed,
        "errors": errors or {},
        "page_errors": bool(errors),
        "key": uuid.uuid4().hex,
    }
    return render(request, "licences/desk_shown.html", context, status=422 if errors else 200)


@staff(*ROLES)
def showing(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Wait for the holder, then see what they agreed to."""
    return _showing(request, pk)


def _showing(request: HttpRequest, pk: uuid.UUID, problem: str = "", told: str = "") -> HttpResponse:
    by = who(request)
    found = queries.get_showing(pk, by)
    licences = queries.seen(pk, by)
    if licences and request.method == "GET":
        note_showing(by, found)
    copies = queries.copies_taken(pk, by)
    context: dict[str, Any] = {
        "section": "shown",
        "card": labels.showing(found),
        "showing": found,
        "state": found.state.value,
        "licences": [
            {
                "card": labels.card(one),
                "licence": one,
                "trust": labels.TRUST[one.trust],
                "fields": queries.shown(one),
                "copies": [copy for licence, copy in copies if licence == one.id],
            }
            for one in licences
        ],
        "unchecked": queries.unchecked(pk, by),
        "by_card": found.way is Way.CARD and by.has_role(COUNTER),
        "sent": f"showing:{pk}" in request.session,
        "told": told,
        "problem": problem,
        "key": uuid.uuid4().hex,
    }
    return render(request, "licences/desk_showing.html", context, status=422 if problem else 200)


@staff(*COUNTER)
def card(request: HttpRequest) -> HttpResponse:
    """Read the social security card of somebody at the counter."""
    if request.method != "POST":
        return redirect("licences_desk:shown")
    typed = {name: request.POST.get(name, "")[:60] for name in ("card", "card_purpose")}
    try:
        made = acts.read_card(
            Secret(typed["card"]), typed["card_purpose"], by=who(request), key=request.POST.get("key", "")
        )
    except Invalid as problem:
        errors = {error.field: error.message for error in problem.errors}
        return _listed(
            request, typed, {"card_purpose" if name == "purpose" else name: said for name, said in errors.items()}
        )
    return redirect("licences_desk:showing", made)


@staff(*COUNTER)
def send_code(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Send a code to the telephone of the person at the counter: who tells it, agrees."""
    by = who(request)
    found = queries.get_showing(pk, by)
    if request.method != "POST" or found.state is not ShowingState.ASKED or found.way is not Way.CARD:
        return redirect("licences_desk:showing", pk)
    contact = identity.find_contact(found.holder)
    if contact is None or not contact.phone:
        return _showing(request, pk, _("没有登记手机号，请让本人签字。"))
    saying = _(
        "验证码 %%(code)s。告诉窗口就是同意%(agency)s今天看您的证照，用来：%(purpose)s。不同意请不要告诉任何人。"
    ) % {
        "agency": found.agency_name,
        "purpose": found.purpose.replace("%", "％"),
    }
    try:
        challenge, told = accounts.send_code(
            acts.CHALLENGE, Secret(contact.phone), saying=saying, by=by, key=request.POST.get("key", "")
        )
    except TooMany as problem:
        return _showing(request, pk, str(problem.detail))
    request.session[f"showing:{pk}"] = str(challenge)
    return _showing(request, pk, told=told or _("验证码已经发到本人手机上。"))


@staff(*COUNTER)
def consent(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Note that the person at the counter agreed: by the code, or by signing."""
    if request.method != "POST":
        return redirect("licences_desk:showing", pk)
    by, key = who(request), request.POST.get("key", "")
    try:
        if request.POST.get("consent") == Consent.SIGNATURE:
            if request.POST.get("signed") != "yes":
                return _showing(request, pk, _("请先让本人看过用途并在授权书上签字，再勾选。"))
            acts.agree_at_counter(pk, Consent.SIGNATURE, by=by, key=key)
        else:
            kept = request.session.get(f"showing:{pk}", "")
            challenge = uuid.UUID(kept) if kept else None
            code = Secret(request.POST.get("code", "").strip())
            if challenge is None or not accounts.check_code(challenge, acts.CHALLENGE, code, by=by, key=f"{key}c"):
                return _showing(request, pk, _("验证码不对，或者过了五分钟。"))
            acts.agree_at_counter(pk, Consent.MESSAGE, challenge, by=by, key=key)
    except (Invalid, NotFound, NotNow) as problem:
        return _showing(request, pk, str(problem.detail))
    request.session.pop(f"showing:{pk}", None)
    return redirect("licences_desk:showing", pk)


@staff(*ROLES)
def state(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Tell the page that waits whether the holder has answered."""
    return waiting(queries.get_showing(pk, who(request)).state is ShowingState.ASKED)


@staff(*ROLES)
def copy(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a copy of one licence that is shown."""
    if request.method == "POST":
        try:
            licence = uuid.UUID(request.POST.get("licence", ""))
            acts.take_copy(pk, licence, by=who(request), key=request.POST.get("key", ""))
        except ValueError:
            raise NotFound(_("没有找到这份证照。")) from None
        except NotNow as problem:
            return _showing(request, pk, str(problem.detail))
    return redirect("licences_desk:showing", pk)


@staff(*ROLES)
def copy_file(request: HttpRequest, pk: uuid.UUID, copy: uuid.UUID) -> HttpResponseBase:
    """Give the file of a copy that was taken, as long as the holder lets it be seen."""
    by: Actor = who(request)
    found = next((one for _licence, one in queries.copies_taken(pk, by) if one.id == copy), None)
    if found is None:
        raise NotFound(_("没有找到这份副本。"))
    name = f"{_('加注副本')} {found.cause}"
    if request.GET.get("format") == "ofd" and found.ofd_digest:
        return store.download(found.ofd_digest, name=f"{name}.ofd", media_type=OFD)
    return store.download(found.digest, name=f"{name}.pdf", media_type="application/pdf")
