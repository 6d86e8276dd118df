"""The channels at the desk: how long each queue is, how old its oldest, what was given up."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST

from yiwang.kernel.types import Role
from yiwang.platform.notices import acts, queries
from yiwang.platform.notices.labels import CHANNELS
from yiwang.ui.entry import staff

app_name = "notices_desk"


@staff(Role.SYSTEM_ADMIN)
def channels(request: HttpRequest) -> HttpResponse:
    """Show every channel's queue."""
    return render(
        request,
        "notices/channels.html",
        {
            "queues": [(CHANNELS[one.channel], one) for one in queries.queues()],
            "lost": [(CHANNELS[row.channel], row) for row in queries.lost()],
            "key": uuid.uuid4().hex,
            "section": "channels",
        },
    )


@require_POST
@staff(Role.SYSTEM_ADMIN)
def send_again(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Try a destination again that was given up."""
    acts.send_again(pk, by=request.actor, key=request.POST.get("key", ""))  # type: ignore[attr-defined]
    return redirect("notices_desk:channels")


urlpatterns = [
    path("channels/", channels, name="channels"),
    path("channels/<uuid:pk>/again/", send_again, name="again"),
]
