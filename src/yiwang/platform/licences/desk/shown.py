"""Licences that people show at the desk: take up their code, say what for, wait for their consent, see, take a copy."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from yiwang.kernel.paging import BadCursor
from yiwang.kernel.problems import Invalid, NotFound, NotNow
from yiwang.kernel.reach import HANDLING
from yiwang.kernel.types import Actor
from yiwang.platform.identity.secret import Secret
from yiwang.platform.licences import acts, labels, queries, rules
from yiwang.platform.licences.portal.parts import who
from yiwang.platform.licences.portal.showing import waiting
from yiwang.platform.licences.portal.wallet import OFD
from yiwang.platform.licences.reading import note_showing
from yiwang.platform.licences.types import ShowingState
from yiwang.ui import store
from yiwang.ui.entry import staff

ROLES = tuple(HANDLING)


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
        "typed": typed,
        "errors": errors or {},
        "key": uuid.uuid4().hex,
    }
    return render(request, "licences/desk_shown.html", context, status=422 if errors else 200)


@staff(*ROLES)
def showing(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Wait for the holder, then see what they agreed to."""
    return _showing(request, pk)


def _showing(request: HttpRequest, pk: uuid.UUID, problem: str = "") -> HttpResponse:
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
        "problem": problem,
        "key": uuid.uuid4().hex,
    }
    return render(request, "licences/desk_showing.html", context, status=422 if problem else 200)


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
