"""Moving a case to the newest edition of its item: what it means is shown first, then it is done with a reason."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later

from yiwang.kernel.acts import record_read
from yiwang.kernel.problems import Problem
from yiwang.kernel.types import Actor, Role
from yiwang.platform.cases import acts, moving
from yiwang.platform.cases.desk.doable import posted_version
from yiwang.platform.cases.rules import Fate
from yiwang.ui.entry import staff

FATES = {
    Fate.KEPT: ("ok", later("不变")),
    Fate.ADDED: ("plus", later("新加的环节")),
    Fate.DROPPED: ("minus", later("不再需要")),
    Fate.REMEMBERED: ("file", later("已经办完，记录保留")),
}


@staff(Role.DISPATCHER, Role.DECIDER, Role.SUPERVISOR)
def edition(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what moving this case would mean (a dry run); move it when that was confirmed."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    problem = None
    if request.method == "POST":
        try:
            wanted = uuid.UUID(request.POST.get("edition", ""))
            reason, version = request.POST.get("reason", ""), posted_version(request.POST)
            acts.move_edition(pk, wanted, reason, version, by=actor, key=request.POST.get("key", ""))
        except ValueError:
            return redirect("cases:edition", pk=pk)
        except Problem as refused:
            problem = refused
        else:
            return redirect(f"{reverse('cases:case', args=[pk])}?done=move-edition")
    case, plan = moving.look(pk, actor)
    record_read(
        actor,
        name="cases.read",
        person=case.principal_id,
        purpose=_("换版本前的核对：%(name)s") % {"name": case.name},
        case=pk,
        application=case.application_id,
    )
    move = plan.view() if plan else None
    context = {
        "case": case,
        "move": move,
        "steps": [(name, *FATES[Fate(fate)]) for name, fate in move.steps] if move else [],
        "denial": acts.move_edition.denial(case, actor),
        "problem": problem,
        "errors": {one.field: one.message for one in problem.errors} if problem else {},
        "page_errors": problem is not None,
        "reason": request.POST.get("reason", ""),
        "key": request.POST.get("key") or uuid.uuid4().hex,
        "section": "inbox",
    }
    return render(request, "cases/edition.html", context, status=problem.status if problem else 200)
