"""The holder's licences: what they say, their files, who used them, copies made of them."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import Actor
from yiwang.platform.licences import acts, labels, queries
from yiwang.platform.licences.portal.parts import crumbs, scan_of, who
from yiwang.platform.licences.types import LicenceStatus
from yiwang.ui import store
from yiwang.ui.entry import signed_in
from yiwang.ui.frame import Link

TERMS = (7, 30, 90)
"""Days for which a copy may be used, to choose from."""
OFD = "application/ofd"


@signed_in()
def wallet(request: HttpRequest) -> HttpResponse:
    """Show the licences of the principal: those in force first."""
    licences = queries.wallet(who(request))
    in_force = {LicenceStatus.VALID, LicenceStatus.HELD}
    context = {
        "section": "my",
        "crumbs": crumbs(Link(_("我的"), reverse("services:my")), Link(_("我的证照"), "")),
        "current": [labels.card(one) for one in licences if one.status in in_force],
        "past": [labels.card(one) for one in licences if one.status not in in_force],
    }
    return render(request, "licences/wallet.html", context)


@signed_in()
def licence(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one licence: what it says, its file, its QR code, its versions, who used it, the copies made of it."""
    return _shown(request, pk)


def _uses(pk: uuid.UUID, by: Actor) -> list[labels.UseWords]:
    """Return the use log; its lines lead to the showing or the matter, where the reader may open that."""
    log = queries.uses(pk, by)
    showings, matters = queries.opened_by(log, by)
    lines = []
    for use in log:
        matter = next((matters[one] for one in (use.case_id, use.application_id) if one in matters), None)
        if use.showing_id in showings:
            link = reverse("licences:showing", args=[use.showing_id])
        else:
            link = reverse("services:application", args=[matter]) if matter else ""
        lines.append(labels.use_words(use, link))
    return lines


def _shown(request: HttpRequest, pk: uuid.UUID, problem: Invalid | None = None) -> HttpResponse:
    by = who(request)
    found = queries.get_licence(pk, by)
    context: dict[str, Any] = {
        "section": "my",
        "crumbs": crumbs(
            Link(_("我的"), reverse("services:my")),
            Link(_("我的证照"), reverse("licences:wallet")),
            Link(found.name, ""),
        ),
        "card": labels.card(found),
        "licence": found,
        "trust": labels.TRUST[found.trust],
        "fields": queries.shown(found),
        "versions": labels.versions(queries.versions(pk, by)),
        "uses": _uses(pk, by),
        "copies": queries.copies(pk, by),
        "check_url": labels.card(found).check_url,
        "terms": TERMS,
        "typed": {name: request.POST.get(name, "") for name in ("cause", "days")},
        "errors": {error.field: error.message for error in problem.errors} if problem else {},
        "key": uuid.uuid4().hex,
    }
    return render(request, "licences/licence.html", context, status=422 if problem else 200)


@signed_in()
def copy(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Make an annotated copy of a licence, for one purpose and a term."""
    if request.method != "POST":
        return redirect("licences:licence", pk)
    days = request.POST.get("days", "")
    try:
        acts.copy(
            pk,
            request.POST.get("cause", ""),
            int(days) if days.isdecimal() and len(days) < 5 else 0,
            by=who(request),
            key=request.POST.get("key", ""),
        )
    except Invalid as problem:
        return _shown(request, pk, problem)
    return redirect(f"{reverse('licences:licence', args=[pk])}#copies")


@signed_in()
def copy_file(request: HttpRequest, pk: uuid.UUID, copy: uuid.UUID) -> HttpResponseBase:
    """Give the file of an annotated copy to whoever may see the licence: PDF, or OFD if ``?format=ofd`` asks for it."""
    found = queries.get_copy(pk, copy, who(request))
    name = f"{_('加注副本')} {found.cause}"
    if request.GET.get("format") == "ofd" and found.ofd_digest:
        return store.download(found.ofd_digest, name=f"{name}.ofd", media_type=OFD)
    return store.download(found.digest, name=f"{name}.pdf", media_type="application/pdf")


@signed_in()
def file(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Give the signed file, PDF or (``?format=ofd``) OFD, to whoever may see the licence; it is made now if the worker
    has not come to it yet.
    """
    found = queries.get_licence(pk, who(request))
    if found.unchecked:
        return scan_of(found)
    if request.GET.get("format") == "ofd":
        return store.download(acts.ofd_of(found), name=f"{found.name} {found.number}.ofd", media_type=OFD)
    digest = acts.document_of(found)
    return store.download(digest, name=f"{found.name} {found.number}.pdf", media_type="application/pdf")
