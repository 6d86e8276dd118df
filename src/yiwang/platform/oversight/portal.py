"""Rating at the portal, and what the public may know: figures, and why things were late."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _

from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.kernel.types import Actor
from yiwang.platform.oversight import acts, data, queries, rules
from yiwang.platform.oversight.labels import LEVELS
from yiwang.platform.oversight.types import Channel, Level
from yiwang.ui.entry import public, signed_in
from yiwang.ui.forms import SpecForm

app_name = "oversight"


@signed_in()
def rate(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Rate a service of a case: first how it was, then why; two pages, no script needed."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    services = queries.services_of(pk, actor)
    if not services:
        raise NotFound(_("这件事还没有办结，办结后再评价。"))
    open_ = next((service for service in services if service.attempt), None)
    context: dict[str, Any] = {"service": open_ or services[0], "case_id": pk, "section": "my"}
    if open_ is None:
        given = services[0].given
        context |= {"given": LEVELS[given] if given else "", "bad": bool(given and given.bad)}
        return render(request, "oversight/rated.html", context)
    level = _level(request.GET.get("level", ""))
    if level is None:
        levels = [(urlencode(_via(request) | {"level": one.value}), words) for one, words in LEVELS.items()]
        return render(request, "oversight/rate.html", context | {"levels": levels})
    form = SpecForm(_specs(level), request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            acts.rate(
                open_.id,
                level,
                list(form.plain.get("reasons") or []),
                str(form.plain.get("text") or ""),
                channel=_channel(request),
                by=actor,
                key=form.key,
            )
        except Invalid as problem:
            context["problem"] = problem
        else:
            return redirect("oversight:rate", pk=pk)
    action = f"{reverse('oversight:rate', args=[pk])}?{urlencode(_via(request) | {'level': level.value})}"
    wrong = "problem" in context or (form.is_bound and bool(form.errors))
    context |= {
        "form": form,
        "level": LEVELS[level],
        "bad": level.bad,
        "action": action,
        "page_errors": wrong,
    }
    return render(request, "oversight/reasons.html", context, status=422 if wrong else 200)


def _via(request: HttpRequest) -> dict[str, str]:
    via = request.GET.get("via", "")
    return {"via": via} if via in (Channel.QR, Channel.SMS) else {}


def _channel(request: HttpRequest) -> Channel:
    """Tell how the rater came: by a code on paper or a text message, on a telephone or at a desk."""
    if via := _via(request):
        return Channel(via["via"])
    telephone = request.headers.get("Sec-CH-UA-Mobile") == "?1" or "Mobi" in request.headers.get("User-Agent", "")
    return Channel.MOBILE if telephone else Channel.PC


def _level(text: str) -> Level | None:
    return Level(text) if text in set(Level) else None


def _specs(level: Level) -> list[FieldSpec]:
    reasons = data.reason_list().reasons[level]
    return [
        FieldSpec(
            "reasons",
            _("哪里不好？") if level.bad else _("好在哪里？"),
            FieldKind.CHOICES,
            required=False,
            hint=_("可以选几条，也可以只写一句话。") if level.bad else _("可以选几条，也可以不选。"),
            options=tuple(Option(reason.code, reason.label) for reason in reasons),
        ),
        FieldSpec(
            "text",
            _("还想说的"),
            FieldKind.LONG_TEXT,
            required=False,
            hint=_("请不要写身份证号、电话。"),
            max_length=rules.TEXT_LENGTH,
        ),
    ]


@public
def figures(request: HttpRequest) -> HttpResponse:
    """Show how the city's services are rated: computed from every rating, small counts left out."""
    found = queries.public_figures()
    tables = [("agencies", _("按部门"), found.agencies), ("items", _("按事项"), found.items)]
    return render(
        request,
        "oversight/figures.html",
        {
            "figures": found,
            "tables": [
                (name, title, [one for one in rows if one.figures], [one.name for one in rows if not one.figures])
                for name, title, rows in tables
                if rows
            ],
            "small": data.parameters().small,
            "section": "rate",
        },
    )


@public
def late(request: HttpRequest) -> HttpResponse:
    """Tell the public why matters were late (优化营商环境条例 art. 36)."""
    found, page = queries.explanations(request.GET.get("after", ""))
    return render(
        request,
        "oversight/late.html",
        {
            "explanations": found,
            "next": f"{reverse('oversight:late')}?after={page.next}" if page.next else "",
            "section": "rate",
        },
    )


urlpatterns = [
    path("cases/<uuid:pk>/rate/", rate, name="rate"),
    path("ratings/", figures, name="figures"),
    path("ratings/late/", late, name="late"),
]
