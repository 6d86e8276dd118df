"""Licences at the desk: their issuers find them and do what the law does to them (STANDARDS 6.4)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from yiwang.kernel.paging import BadCursor
from yiwang.kernel.problems import Invalid, NotFound, NotNow
from yiwang.kernel.types import Actor, Role
from yiwang.platform.directory import queries as directory
from yiwang.platform.licences import acts, labels, queries, rules
from yiwang.platform.licences.models import COMPARERS
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
NOTE = "note_renewal"
"""To note that renewal was applied for on paper: no operation, but from then on the law's term runs (行政许可法 art. 50)."""


@staff(*ROLES)
def find(request: HttpRequest) -> HttpResponse:
    """Find licences of one's agency by number, identifier or holder."""
    words = request.GET.get("q", "").strip()[:120]
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = queries.search(words, actor) if words else queries.latest(actor)
    context = {"q": words, "cards": [labels.card(one) for one in found], "section": "licences"}
    return render(request, "licences/desk_find.html", context)


@staff(*COMPARERS)
def unchecked(request: HttpRequest) -> HttpResponse:
    """List what waits to be compared with the original."""
    by, given = who(request), request.GET
    chosen = {name: given.get(name, "").strip()[:400] for name in ("q", "type", "agency", "batch")}
    try:
        page = queries.unchecked_licences(
            by,
            words=chosen["q"],
            type_code=chosen["type"],
            agency=chosen["agency"],
            batch=uuid.UUID(chosen["batch"]) if chosen["batch"] else None,
            after=given.get("after", ""),
            before=given.get("before", ""),
        )
    except (BadCursor, ValueError):
        return redirect("licences_desk:unchecked")
    kept = urlencode({name: value for name, value in chosen.items() if value})
    below = directory.subtrees([by.agency]).get(by.agency, [])
    context = {
        "section": "unchecked",
        "cards": [labels.card(one) for one in page.items],
        "chosen": chosen,
        "filtered": bool(kept),
        "types": queries.own_types(by),
        "agencies": directory.agencies_by_path(below) if len(below) > 1 else [],
        "batches": queries.comparable_batches(by),
        "previous": f"?{kept}&before={page.previous}" if page.previous else "",
        "next": f"?{kept}&after={page.next}" if page.next else "",
    }
    return render(request, "licences/desk_unchecked.html", context)


def _comparable(by: Actor, pk: uuid.UUID) -> LicenceView:
    """Return a licence: to who does not issue any, only one that waits to be compared with the original."""
    found = queries.get_licence(pk, by)
    if not (found.unchecked or by.has_role(ROLES)):
        raise NotFound(_("没有找到这份证照。"))
    return found


@staff(*COMPARERS)
def licence(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one licence with what may be done to it now; do it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = _comparable(actor, pk)
    if request.method != "POST":
        note_read(actor, found)
        return _shown(request, found)
    chosen = request.POST.get("operation", "")
    reason = request.POST.get("reason", "").strip()
    if chosen not in {NOTE, *(operation.value for operation in _ACTS)}:
        return _shown(request, found, {"operation": _("请选一项。")})
    do = acts.note_renewal if chosen == NOTE else _ACTS[Operation(chosen)]
    more = {"reason": reason} if chosen in rules.NEEDS_REASON else {}
    try:
        made: Any = do(pk, **more, by=actor, key=request.POST.get("key", ""))
    except Invalid as problem:
        return _shown(request, found, {error.field: error.message for error in problem.errors})
    except NotNow as problem:
        return _shown(request, found, {"operation": str(problem.detail)})
    return redirect("licences_desk:licence", made if isinstance(made, uuid.UUID) else pk)


@staff(*COMPARERS)
def check_original(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Note that a digitised licence was compared with the original."""
    if request.method == "POST":
        try:
            acts.check_original(pk, by=who(request), key=request.POST.get("key", ""))
        except NotNow as problem:
            return _shown(request, _comparable(who(request), pk), {"operation": str(problem.detail)})
        if not who(request).has_role(ROLES):
            return redirect("licences_desk:unchecked")
    return redirect("licences_desk:licence", pk)


@staff(*COMPARERS)
def scan(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Show the scan that a licence was taken over from."""
    found = _comparable(who(request), pk)
    if not found.scan:
        raise NotFound(_("这份证照没有扫描件。"))
    note_read(who(request), found)
    return scan_of(found)


def _may_be_renewed(found: LicenceView) -> bool:
    return found.valid_to is not None and rules.after(Operation.RENEW, found.status) is not None


def _shown(request: HttpRequest, found: LicenceView, errors: dict[str, str] | None = None) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    issues = actor.has_role(ROLES)
    context = {
        "section": "licences" if issues else "unchecked",
        "issues": issues,
        "licence": found,
        "card": labels.card(found),
        "trust": labels.TRUST[found.trust],
        "fields": queries.shown(found),
        "versions": labels.versions(queries.versions(found.id, actor)),
        "uses": [labels.use_words(use) for use in queries.uses(found.id, actor)],
        "check_url": labels.card(found).check_url,
        "operations": [(NOTE, _("登记延续申请"), False)] * (issues and _may_be_renewed(found))
        + [
            (operation.value, labels.OPERATION[operation], operation in rules.NEEDS_REASON)
            for operation in _ACTS
            if issues and rules.after(operation, found.status) is not None
        ],
        "typed": {name: request.POST.get(name, "") for name in ("operation", "reason")},
        "errors": errors or {},
        "page_errors": bool(errors),
        "may_change": issues and found.status is LicenceStatus.VALID,
        "key": uuid.uuid4().hex,
    }
    return render(request, "licences/desk_licence.html", context, status=422 if errors else 200)
