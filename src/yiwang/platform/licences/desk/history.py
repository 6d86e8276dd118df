"""存量证照数字化 at the desk: send a table with scans, see how far it is, fetch what is to be mended."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from yiwang.kernel.paging import BadCursor
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import Role
from yiwang.platform.licences import acts, labels, queries
from yiwang.platform.licences.portal.parts import who
from yiwang.platform.licences.portal.showing import waiting
from yiwang.platform.licences.types import BatchState
from yiwang.ui.entry import staff

STEWARD = Role.DATA_STEWARD


@staff(STEWARD)
def listed(request: HttpRequest) -> HttpResponse:
    """List the agency's imports; begin a new one."""
    if request.method != "POST":
        return _listed(request)
    code = request.POST.get("type", "")
    try:
        if code not in {spec.code for spec in queries.own_types(who(request))}:
            return _listed(request, {"type": _("请选一种证照。")})
        archive = acts.taken_in(code, request.FILES.get("archive"), by=who(request))
        made = acts.begin_import(code, archive, by=who(request), key=request.POST.get("key", ""))
    except Invalid as problem:
        return _listed(request, {error.field: error.message for error in problem.errors})
    return redirect("licences_desk:batch", made)


def _listed(request: HttpRequest, errors: dict[str, str] | None = None) -> HttpResponse:
    try:
        page = queries.batches(who(request), request.GET.get("after", ""), request.GET.get("before", ""))
    except BadCursor:
        return redirect("licences_desk:history")
    context = {
        "section": "history",
        "types": queries.own_types(who(request)),
        "chosen": request.POST.get("type", ""),
        "rows": [(one, labels.BATCH[one.state], labels.BATCH_TONE[one.state]) for one in page.items],
        "previous": f"?before={page.previous}" if page.previous else "",
        "next": f"?after={page.next}" if page.next else "",
        "errors": errors or {},
        "key": uuid.uuid4().hex,
    }
    return render(request, "licences/desk_history.html", context, status=422 if errors else 200)


@staff(STEWARD)
def shown(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show how far an import is, and what is to be mended."""
    found = queries.get_batch(pk, who(request))
    context = {
        "section": "history",
        "batch": found,
        "running": found.state is BatchState.RUNNING,
        "state": labels.BATCH[found.state],
        "tone": labels.BATCH_TONE[found.state],
        "faults": queries.faults(pk, who(request)),
    }
    return render(request, "licences/desk_batch.html", context)


@staff(STEWARD)
def state(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Tell the page that waits whether there is something new to see."""
    return waiting(str(queries.get_batch(pk, who(request)).done) == request.GET.get("done"))


@staff(STEWARD)
def report(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Give the rows that were not taken, with the reason, as a table to mend and send again."""
    found = queries.get_batch(pk, who(request))
    answer = StreamingHttpResponse(queries.report(pk, who(request)), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="faults-{found.id}.csv"'
    return answer


@staff(STEWARD)
def template(request: HttpRequest, code: str) -> HttpResponse:
    """Give an empty table for a type."""
    answer = HttpResponse(queries.template_of(queries.licence_type(code)), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{code}.csv"'
    return answer
