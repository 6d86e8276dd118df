"""Unusual reading at the desk: for those who watch, and for the officer's agency that has to explain."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _

from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.types import Actor, Reach
from yiwang.platform.directory.desk import field, posted, take
from yiwang.platform.sharing.managers import WATCHING
from yiwang.platform.sharing.watch import acts, queries
from yiwang.platform.sharing.watch.labels import READINGS, STATES, TONES
from yiwang.platform.sharing.watch.managers import ANSWERING
from yiwang.platform.sharing.watch.types import FINDINGS, AlertState, AlertView
from yiwang.ui.entry import staff
from yiwang.ui.forms import SpecForm
from yiwang.ui.frame import Link

Forms = dict[str, tuple[str, list[FieldSpec], Callable[[dict[str, Any], str], object]]]


def _actor(request: HttpRequest) -> Actor:
    who: Actor = request.actor  # type: ignore[attr-defined]
    return who


@staff(*(WATCHING | ANSWERING))
def alerts(request: HttpRequest) -> HttpResponse:
    """List alerts: those under way, or those that were closed."""
    closed = request.GET.get("show") == "closed"
    found = queries.alerts(_actor(request), closed=closed, after=request.GET.get("after", ""))
    here = reverse("sharing_desk:alerts")
    shown = "&show=closed" if closed else ""
    context = {
        "rows": [(one, STATES[one.state], TONES[one.state]) for one in found.items],
        "tabs": [Link(_("在办"), here, "open"), Link(_("已了结"), f"{here}?show=closed", "closed")],
        "tab": "closed" if closed else "open",
        "next": f"{here}?after={found.next}{shown}" if found.next else "",
        "section": "alerts",
    }
    return render(request, "sharing/alerts.html", context)


@staff(*(WATCHING | ANSWERING))
def alert(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one alert with its readings; ask, explain, close."""
    by = _actor(request)
    view, reach, evidence = queries.get_alert(pk, by)
    done = request.POST.get("do", "")
    forms = {
        name: (label, SpecForm(specs, posted(request) if done == name else None, prefix=name), act)
        for name, (label, specs, act) in _forms(view, reach, by).items()
    }
    for _label, form, act in forms.values():
        if form.is_bound and take(form, lambda given, act=act, form=form: act(given, form.key)):
            return redirect("sharing_desk:alert", pk)
    bound = any(form.is_bound for _label, form, _act in forms.values())
    context = {
        "view": view,
        "state": STATES[view.state],
        "tone": TONES[view.state],
        "evidence": [(one, READINGS.get(one.name, one.name)) for one in evidence],
        "left_off": view.count - len(evidence),
        "forms": [(name, label, form) for name, (label, form, _act) in forms.items()],
        "section": "alerts",
    }
    return render(request, "sharing/alert.html", context, status=422 if bound else 200)


def _forms(view: AlertView, reach: Reach, by: Actor) -> Forms:
    """Return what the actor may do with an alert now."""
    found: Forms = {}
    pk = view.id
    watches, answers = by.has_role(WATCHING, reach), by.has_role(ANSWERING, reach)
    if watches and view.state is AlertState.OPEN:
        specs = [field("question", _("要说明什么"), FieldKind.LONG_TEXT, max_length=acts.LONGEST)]
        found["ask"] = (_("要求部门说明"), specs, lambda given, key: acts.ask(pk, given["question"], by=by, key=key))
    if answers and view.state is AlertState.ASKED:
        specs = [field("text", _("说明"), FieldKind.LONG_TEXT, max_length=acts.LONGEST)]
        found["explain"] = (_("提交说明"), specs, lambda given, key: acts.explain(pk, given["text"], by=by, key=key))
    if watches and view.closed_at is None:
        options = tuple(Option(one.value, str(STATES[one])) for one in FINDINGS)
        specs = [
            field("result", _("结论"), FieldKind.CHOICE, options=options),
            field("finding", _("结论的理由"), FieldKind.LONG_TEXT, max_length=acts.LONGEST),
        ]
        found["close"] = (
            _("了结"),
            specs,
            lambda given, key: acts.close(pk, AlertState(given["result"]), given["finding"], by=by, key=key),
        )
    return found


urlpatterns = [path("alerts/", alerts, name="alerts"), path("alerts/<uuid:pk>/", alert, name="alert")]
