"""The desk's own pages: where a role begins its day, and its keys."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from yiwang.doors.desk.context import EDITORS
from yiwang.kernel.types import Actor, Role
from yiwang.platform.cases.inbox import LISTED
from yiwang.platform.directory import desk as directory
from yiwang.platform.identity import desk as identity
from yiwang.platform.sharing.managers import STEWARDS
from yiwang.ui.entry import staff


@staff()
def home(request: HttpRequest) -> HttpResponse:
    """Lead each role to its own list."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.has_role({Role.INTAKE}):
        return redirect("cases:intake")
    if actor.has_role(LISTED):
        return redirect("cases:inbox")
    if actor.has_role({Role.DISPATCHER}):
        return redirect(f"{reverse('cases:inbox')}?scope=office&who=nobody")
    if actor.has_role({Role.SUPERVISOR}):
        return redirect("cases:supervision")
    if actor.has_role({Role.ITEM_EDITOR, Role.ITEM_PUBLISHER}):
        return redirect(EDITORS)
    if actor.has_role(STEWARDS):
        return redirect("sharing_desk:catalogue")
    own = [*directory.links(actor), *identity.links(actor)]
    return redirect(own[0].url if own else "cases:find")


@staff()
def help_page(request: HttpRequest) -> HttpResponse:
    """Say which keys there are."""
    return render(request, "desk/help.html", {"section": "help"})
