"""Licences at the desk: their issuers find them and do what the law does to them (STANDARDS 6.4)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _

from yiwang.kernel.acts import record_read
from yiwang.kernel.problems import Invalid, NotNow
from yiwang.kernel.types import Actor, PartyKind, Role
from yiwang.platform.licences import acts, labels, making, queries, rules
from yiwang.platform.licences.types import LicenceView, Operation
from yiwang.ui.entry import staff
from yiwang.ui.frame import Link

app_name = "licences_desk"
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
"""What can be done by hand, the mildest first; issue and change come out of cases, expiry out of time."""


def links(actor: Actor) -> list[Link]:
    """Return the entry of the desk's rail, for those who may follow it."""
    return [Link(_("证照"), reverse("licences_desk:find"), "licences")] if actor.has_role(set(ROLES)) else []


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
        _log(actor, found)
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


def _log(actor: Actor, found: LicenceView) -> None:
    """Whoever holds it can see that an official looked (个人信息保护法)."""
    if found.holder is not None and found.holder.kind is PartyKind.PERSON:
        record_read(
            actor,
            name="licences.read",
            person=found.holder.id,
            purpose=_("查看证照：%(name)s") % {"name": found.name},
            case=found.case_id,
            detail={"licence": str(found.id)},
        )


def _shown(request: HttpRequest, found: LicenceView, errors: dict[str, str] | None = None) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    context = {
        "section": "licences",
        "licence": found,
        "card": labels.card(found),
        "trust": labels.TRUST[found.trust],
        "fields": queries.shown(found),
        "versions": queries.versions(found.id, actor),
        "uses": [labels.use_words(use) for use in queries.uses(found.id, actor)],
        "check_url": making.check_url(found.check_code),
        "operations": [
            (operation.value, labels.OPERATION[operation], operation in rules.NEEDS_REASON)
            for operation in _ACTS
            if rules.after(operation, found.status) is not None
        ],
        "typed": {name: request.POST.get(name, "") for name in ("operation", "reason")},
        "errors": errors or {},
        "key": uuid.uuid4().hex,
    }
    return render(request, "licences/desk_licence.html", context, status=422 if errors else 200)


urlpatterns = [
    path("licences/", find, name="find"),
    path("licences/<uuid:pk>/", licence, name="licence"),
]
