"""A licence on the holder's phone: a one-time code, the question of who scanned it, what was agreed, and to take it back."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.paging import BadCursor
from yiwang.kernel.problems import Invalid, NotNow
from yiwang.platform.directory import queries as directory
from yiwang.platform.licences import acts, labels, queries
from yiwang.platform.licences.portal.parts import crumbs, who
from yiwang.platform.licences.types import ShowingState
from yiwang.ui.entry import signed_in
from yiwang.ui.forms import SpecForm
from yiwang.ui.frame import Link
from yiwang.ui.names import named

TERMS = (0, 7, 30, 90)
"""Days for which one may agree, to choose from; 0 is today."""


def _way(*more: Link) -> tuple[Link, ...]:
    return crumbs(Link(_("我的"), reverse("services:my")), Link(_("我的证照"), reverse("licences:wallet")), *more)


@signed_in()
def offer(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Begin to show a licence."""
    if request.method != "POST":
        return redirect("licences:licence", pk)
    return redirect("licences:showing", acts.offer(pk, by=who(request), key=request.POST.get("key", "")))


@signed_in()
def listed(request: HttpRequest) -> HttpResponse:
    """List to whom I showed what, what for and until when; take back what still runs."""
    try:
        page = queries.showings(who(request), request.GET.get("after", ""), request.GET.get("before", ""))
    except BadCursor:
        return redirect("licences:showings")
    context = {
        "section": "my",
        "crumbs": _way(Link(_("我出示过的"), "")),
        "rows": [labels.showing(one) for one in page.items],
        "previous": f"?before={page.previous}" if page.previous else "",
        "next": f"?after={page.next}" if page.next else "",
        "key": uuid.uuid4().hex,
    }
    return render(request, "licences/showings.html", context)


@signed_in()
def shown(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the code, or ask whether who scanned it may see the licence, or say what came of it."""
    return _shown(request, pk)


def _shown(request: HttpRequest, pk: uuid.UUID, problem: str = "") -> HttpResponse:
    by = who(request)
    showing, code = queries.get_showing(pk, by), queries.code_shown(pk, by)
    context = {
        "section": "my",
        "crumbs": _way(Link(_("出示"), "")),
        "card": labels.showing(showing),
        "showing": showing,
        "code": " ".join(code[at : at + 4] for at in range(0, 12, 4)) if code else "",
        "scan": f"{settings.BASE_URL}{reverse('licences_desk:shown')}?code={code}" if code else "",
        "state": showing.state.value,
        "over": showing.state is ShowingState.OVER and showing.asked_at is None,
        "terms": TERMS,
        "problem": problem,
        "page_errors": bool(problem),
        "key": uuid.uuid4().hex,
    }
    return render(request, "licences/showing.html", context, status=422 if problem else 200)


@signed_in()
def renew(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give the code another minute: a new one, the one before is worth nothing any more."""
    if request.method == "POST":
        try:
            acts.renew_code(pk, by=who(request), key=request.POST.get("key", ""))
        except NotNow as problem:
            return _shown(request, pk, str(problem.detail))
    return redirect("licences:showing", pk)


@signed_in()
def state(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Tell the page that waits whether there is something new to see."""
    return waiting(queries.get_showing(pk, who(request)).state is ShowingState.OFFERED)


def waiting(still: bool) -> HttpResponse:
    """Answer a page that asks from time to time: nothing new, or to be read anew."""
    return HttpResponse(status=204, headers={} if still else {"HX-Refresh": "true"})


@signed_in()
def answer(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Agree for a time, or not."""
    if request.method != "POST":
        return redirect("licences:showing", pk)
    by, key, days = who(request), request.POST.get("key", ""), request.POST.get("days", "")
    try:
        if request.POST.get("answer") == "agree":
            acts.agree(pk, int(days) if days.isdecimal() and len(days) < 4 else -1, by=by, key=key)
        else:
            acts.decline(pk, by=by, key=key)
    except (Invalid, NotNow) as problem:
        return _shown(request, pk, str(problem.detail))
    return redirect("licences:showing", pk)


@signed_in()
def end(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take back what was agreed, at once."""
    if request.method == "POST":
        try:
            acts.take_back(pk, by=who(request), key=request.POST.get("key", ""))
        except NotNow as problem:
            return _shown(request, pk, str(problem.detail))
    return redirect("licences:showing", pk)


@signed_in()
def grant(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Let an agency see a licence until a day, without a code."""
    by = who(request)
    licence = queries.get_licence(pk, by)
    agencies = tuple(Option(one.code, named(one.name)) for one in directory.agencies())
    specs = [
        FieldSpec("agency", _("给哪个部门看"), FieldKind.CHOICE, options=agencies),
        FieldSpec("purpose", _("用来办什么"), FieldKind.TEXT, max_length=60),
        FieldSpec("last_day", _("最后一天"), FieldKind.DATE, hint=_("最长一年，随时可以收回。")),
    ]
    form = SpecForm(specs, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        given = form.values
        try:
            made = acts.grant(pk, given["agency"], given["purpose"], given["last_day"], by=by, key=form.key)
        except (Invalid, NotNow) as problem:
            form.add_errors(problem.errors, str(problem.detail))
        else:
            return redirect("licences:showing", made)
    context = {
        "section": "my",
        "crumbs": _way(Link(named(licence.name), reverse("licences:licence", args=[pk])), Link(_("授权"), "")),
        "licence": licence,
        "form": form,
    }
    return render(request, "licences/grant.html", context, status=422 if form.is_bound else 200)
