"""Licences at the desk: their issuers find them and do what the law does to them (STANDARDS 6.4)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from yiwang.kernel.problems import Invalid, NotFound, NotNow
from yiwang.kernel.types import Actor, Role
from yiwang.platform.licences import acts, labels, queries, rules
from yiwang.platform.licences.portal.parts import scan_of, who
from yiwang.platform.licences.reading import note_read
from yiwang.platform.licences.types import LicenceStatus, LicenceView, Operation
from yiwang.ui.entry import staff

ROLES = (Role.ISSUER, Role.DECIDER)

_ACTS: dict[Operation, Callable[..., Any]] = {
    Operation.HOLD: acts.hold,
    Operation.RELEASE: acts.release,
    Operation.RENEW: acts.renew,
    Operation.TRANSFER_OUT: acts.transfer_out,
    Operation.CANCEL: acts.cancel,
    Operation.WITHDRAW: acts.withdraw,
    Operation.REVOKE: acts.revoke,
    Operation.OTHER: acts.set_aside,
}
"""What can be done with a reason at most, the mildest first; issue and change have forms of their own, expiry comes in time."""


@staff(*ROLES)
def find(request: HttpRequest) -> HttpResponse:
    """Find licences of one's agency by number, identifier or holder."""
    words = request.GET.get("q", "").strip()[:120]
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = queries.search(words, actor) if words else queries.latest(actor)
    context = {"q": words, "cards": [labels.card(one) for one in found], "section": "licences"}
    return render(request, "licences/desk_find.html", context)


@staff(*ROLES)
def licence(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one licence with what may be done to it now; do it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = queries.get_licence(pk, actor)
    if request.method != "POST":
        note_read(actor, found)
        return _shown(request, found)
    chosen = request.POST.get("operation", "")
    reason = request.POST.get("reason", "").strip()
    if chosen not in {operation.value for operation in _ACTS}:
        return _shown(request, found, {"operation": _("请选一项。")})
    operation = Operation(chosen)
    more = {"reason": reason} if operation in rules.NEEDS_REASON else {}
    try:
        made = _ACTS[operation](pk, **more, by=actor, key=request.POST.get("key", ""))
    except Invalid as problem:
        return _shown(request, found, {error.field: error.message for error in problem.errors})
    except NotNow as problem:
        return _shown(request, found, {"operation": str(problem.detail)})
    return redirect("licences_desk:licence", made if isinstance(made, uuid.UUID) else pk)


@staff(*ROLES)
def check_original(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Note that a digitised licence was compared with the original."""
    if request.method == "POST":
        try:
            acts.check_original(pk, by=who(request), key=request.POST.get("key", ""))
        except NotNow as problem:
            return _shown(request, queries.get_licence(pk, who(request)), {"operation": str(problem.detail)})
    return redirect("licences_desk:licence", pk)


@staff(*ROLES)
def scan(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Show the scan that a licence was taken over from."""
    found = queries.get_licence(pk, who(request))
    if not found.scan:
        raise NotFound(_("这份证照没有扫描件。"))
    note_read(who(request), found)
    return scan_of(found)


def _shown(request: HttpRequest, found: LicenceView, errors: dict[str, str] | None = None) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    context = {
        "section": "licences",
        "licence": found,
        "card": labels.card(found),
        "trust": labels.TRUST[found.trust],
        "fields": queries.shown(found),
        "versions": labels.versions(queries.versions(found.id, actor)),
        "uses": [labels.use_words(use) for use in queries.uses(found.id, actor)],
        "check_url": labels.card(found).check_url,
        "operations": [
            (operation.value, labels.OPERATION[operation], operation in rules.NEEDS_REASON)
            for operation in _ACTS
            if rules.after(operation, found.status) is not None
        ],
        "typed": {name: request.POST.get(name, "") for name in ("operation", "reason")},
        "errors": errors or {},
        "may_change": found.status is LicenceStatus.VALID,
        "key": uuid.uuid4().hex,
    }
    return render(request, "licences/desk_licence.html", context, status=422 if errors else 200)
