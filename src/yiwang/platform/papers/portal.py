"""My kept papers: what a window scanned for me, in which applications it was used, and to take it back."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _

from yiwang.kernel.paging import BadCursor
from yiwang.kernel.problems import NotFound, NotNow
from yiwang.kernel.types import Actor
from yiwang.platform.papers import acts, labels, queries
from yiwang.platform.papers.types import PaperState, PaperView
from yiwang.ui import store
from yiwang.ui.entry import signed_in
from yiwang.ui.frame import Link
from yiwang.ui.names import named

app_name = "papers"


def _who(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _way(*more: Link) -> tuple[Link, ...]:
    return (Link(_("首页"), "/"), Link(_("我的"), reverse("services:my")), *more)


@signed_in()
def listed(request: HttpRequest) -> HttpResponse:
    """List the papers that are kept for whom one acts."""
    try:
        found = queries.mine(_who(request), request.GET.get("after", ""), request.GET.get("before", ""))
    except BadCursor:
        return redirect("papers:listed")
    context = {
        "section": "my",
        "crumbs": _way(Link(_("我存的材料"), "")),
        "rows": [_row(one) for one in found.items],
        "previous": f"?before={found.previous}" if found.previous else "",
        "next": f"?after={found.next}" if found.next else "",
    }
    return render(request, "papers/listed.html", context)


@signed_in()
def shown(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one paper with its log; take it back."""
    by, problem = _who(request), ""
    if request.method == "POST":
        try:
            acts.take_back(pk, by=by, key=request.POST.get("key", ""))
            return redirect("papers:shown", pk)
        except NotNow as refused:
            problem = str(refused.detail)
    found = queries.get_paper(pk, by)
    context = {
        "section": "my",
        "crumbs": _way(Link(_("我存的材料"), reverse("papers:listed")), Link(named(found.name), "")),
        "problem": problem,
        "page_errors": bool(problem),
        "uses": queries.uses(pk),
        "key": uuid.uuid4().hex,
        **_row(found),
    }
    return render(request, "papers/shown.html", context, status=422 if problem else 200)


@signed_in()
def file(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Give the paper as a PDF."""
    found = queries.get_paper(pk, _who(request))
    if not found.digest:
        raise NotFound(_("这份材料已经退回或者收回，内容已按期删除。"))
    return store.download(found.digest, name=f"{found.name}.pdf", media_type="application/pdf", inline=True)


def _row(one: PaperView) -> dict[str, Any]:
    return {
        "paper": one,
        "state": labels.PAPER[one.state],
        "tone": labels.PAPER_TONE.get(one.state, ""),
        "kept": one.state in (PaperState.SCANNED, PaperState.CHECKED),
    }


urlpatterns = [
    path("my/papers/", listed, name="listed"),
    path("my/papers/<uuid:pk>/", shown, name="shown"),
    path("my/papers/<uuid:pk>/file", file, name="file"),
]
