"""The desk's own page: where a role begins its day."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from yiwang.kernel.types import Actor, Role
from yiwang.platform.cases.desk import WORKERS
from yiwang.platform.directory import desk as directory
from yiwang.platform.identity import desk as identity
from yiwang.ui.entry import staff


@staff()
def home(request: HttpRequest) -> HttpResponse:
    """Lead each role to its own list."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.has_role({Role.INTAKE}):
        return redirect("cases:intake")
    if actor.has_role(WORKERS):
        return redirect("cases:inbox")
    return redirect([*directory.links(actor), *identity.links(actor)][0].url)
