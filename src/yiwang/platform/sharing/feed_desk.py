"""Feeds at the desk: how each dataset's data come in, to be configured and watched by the provider's stewards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _

from yiwang.kernel.acts import record_read
from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.types import Actor, Role
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory.desk import field, posted, take
from yiwang.platform.identity import queries as identity
from yiwang.platform.sharing import acts, feed_queries, scores
from yiwang.platform.sharing.acts.feeds import FOR_TESTS
from yiwang.platform.sharing.connectors import Connector, live_connectors, pushed_connectors, registry
from yiwang.platform.sharing.labels import CHOICES, FEED_HEALTH, OWN_COLUMNS, RUN_STATES
from yiwang.platform.sharing.managers import STEWARDS
from yiwang.platform.sharing.types import (
    DatasetDefinition,
    DatasetItem,
    FeedHealth,
    FeedSpec,
    FeedView,
    PastRecord,
    RunView,
)
from yiwang.ui.addresses import neighbours
from yiwang.ui.entry import staff
from yiwang.ui.forms import SpecForm
from yiwang.ui.frame import Link
from yiwang.ui.reading import show_value
from yiwang.ui.templatetags.ui import said

NOT_WANTED = "-"
"""In the form: a column of the source that is known and not wanted."""
_LAMPS = {
    FeedHealth.OFF: "paused",
    FeedHealth.FIRST: "yellow",
    FeedHealth.GOOD: "green",
    FeedHealth.LATE: "orange",
    FeedHealth.RETRYING: "orange",
    FeedHealth.BROKEN: "red",
}


def _actor(request: HttpRequest) -> Actor:
    who: Actor = request.actor  # type: ignore[attr-defined]
    return who


@staff(*STEWARDS)
def feeds(request: HttpRequest) -> HttpResponse:
    """List the datasets that one looks after, with how their data come in."""
    which = request.GET.get("show", "")
    which = which if which in feed_queries.LISTS else "connected"
    here = reverse("sharing_desk:feeds")
    found = feed_queries.feeds(
        _actor(request), which, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    names = {"connected": _("已接入"), "trouble": _("出错的"), "open": _("没有接入的")}

    context = {
        "rows": [
            (one, _lamp(one.feed), _way(one.feed.connector) if one.feed else "", _counts(one.run))
            for one in found.items
        ],
        "tabs": [Link(label, f"{here}?show={name}", name) for name, label in names.items()],
        "tab": which,
        **neighbours(here, found, show=which),
        "section": "feeds",
    }
    return render(request, "sharing/feeds.html", context)


@staff(*STEWARDS)
def feed(request: HttpRequest, code: str) -> HttpResponse:
    """Show how a dataset's data come in, and what came; configure it, switch it."""
    by = _actor(request)
    pk, definition, view = feed_queries.get_feed(code, by)
    chosen = request.POST.get("connector") or request.GET.get("connector") or (view.connector if view else "")
    connectors = _offered()
    chosen = chosen if chosen in connectors else next(iter(connectors))
    typed = posted(request) if request.POST.get("do") == "save" else None
    form = SpecForm(_specs(connectors[chosen], definition, view), typed, initial=_initial(view, chosen))
    switch = SpecForm([], posted(request) if request.POST.get("do") == "switch" else None, prefix="s")

    def save(values: dict[str, Any]) -> None:
        spec = replace(_spec(chosen, connectors[chosen], values), secret=request.POST.get("secret", "")[:400])
        acts.save_feed(pk, spec, by=by, key=form.key)

    def turn(_values: dict[str, Any]) -> None:
        assert view is not None
        acts.switch_feed(view.id, not view.enabled, by=by, key=switch.key)

    if take(form, save) or (view is not None and take(switch, turn)):
        return redirect("sharing_desk:feed", code)
    labels = {item.name: said(item, "label") for item in definition.items} | _own_labels()
    context = {
        "dataset": definition,
        "view": view,
        "lamp": _lamp(view),
        "connector": _way(view.connector) if view else "",
        "cycle": CHOICES[type(definition.cycle)][definition.cycle],
        "unknown": _("、").join(view.drift.unknown) if view else "",
        "missing": _("、").join(labels.get(name, name) for name in view.drift.missing) if view else "",
        "form": form,
        "switch": switch,
        "chosen": chosen,
        "connectors": [(name, one.label) for name, one in connectors.items()],
        "live": view is not None and view.connector in live_connectors(),
        "sent": view is not None and view.connector in pushed_connectors(),
        "past": feed_queries.is_own(code, by),
        "asks": connectors[chosen].live,
        "sends": connectors[chosen].pushed,
        "asks_secret": connectors[chosen].takes_secret,
        "runs": [
            (run, _way(run.connector), RUN_STATES[run.state], _counts(run)) for run in feed_queries.runs(code, by)
        ],
        "waiting": scores.waiting(pk, by),
        "section": "feeds",
    }
    wrong = (form.is_bound and not form.is_step) or switch.is_bound
    return render(request, "sharing/feed.html", context, status=422 if wrong else 200)


@staff(Role.DATA_STEWARD)
def past(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a dataset says of somebody on a day, asked with a purpose; that it was read is logged, for them to see."""
    by = _actor(request)
    definition = feed_queries.own_definition(code, by)
    specs = [
        field("number", _("谁的数据"), max_length=40, hint=_("身份证号码或统一社会信用代码")),
        field("day", _("哪一天"), FieldKind.DATE, hint=_("看那天结束时的样子")),
        field("purpose", _("为什么要看"), max_length=200, hint=_("记下来，本人看得到")),
    ]
    form = SpecForm(specs, posted(request))
    found: list[PastRecord] = []

    def look(values: dict[str, Any]) -> None:
        number, day = values["number"].strip(), values["day"]
        person = identity.find_person(number)
        with transaction.atomic():
            record_read(
                by,
                name="sharing.read_past",
                person=person.id if person else None,
                purpose=values["purpose"],
                detail={"dataset": code, "on": day.isoformat()},
            )
            found.extend(feed_queries.as_of(code, number, day, by))

    asked = take(form, look)
    read = [(item.name, said(item, "label"), _read_as(item)) for item in definition.items]
    context = {
        "dataset": definition,
        "form": form,
        "asked": asked,
        "records": [
            (one, [(label, show_value(spec, one.values[name])) for name, label, spec in read if name in one.values])
            for one in found
        ],
        "section": "feeds",
    }
    return render(request, "sharing/past.html", context, status=422 if form.is_bound and not asked else 200)


def _read_as(item: DatasetItem) -> FieldSpec:
    """Return how a column's values are put into words: as those of its data element, if it is of the same kind."""
    element = catalog.elements().get(item.element)
    if element is None or element.kind is not item.kind:
        return FieldSpec(item.name, item.label, item.kind, unit=item.unit)
    return FieldSpec(item.name, item.label, item.kind, unit=item.unit or element.unit, options=element.options)


# --- in words ---


def _lamp(view: FeedView | None) -> tuple[str, str] | None:
    return (_LAMPS[view.health], str(FEED_HEALTH[view.health])) if view else None


def _way(name: str) -> str:
    """Say how rows came."""
    return str(registry.get(name).label) if name in set(registry) else name


def _counts(run: RunView | None) -> list[str]:
    """Say what came of a run's rows; what there was none of is not said."""
    if run is None:
        return []
    told = [
        (run.added, _("新增 %(n)d")),
        (run.changed, _("更新 %(n)d")),
        (run.removed, _("删除 %(n)d")),
        (run.unchanged, _("未变 %(n)d")),
        (run.older, _("过时 %(n)d")),
        (run.rejected, _("拒收 %(n)d")),
    ]
    return [_("读入 %(n)d") % {"n": run.read}, *(words % {"n": number} for number, words in told if number)]


def _own_labels() -> dict[str, str]:
    return {name: str(label) for name, label in OWN_COLUMNS.items()}


# --- the form ---


def _offered() -> dict[str, Connector]:
    return {name: registry.get(name) for name in registry if settings.YIWANG_DEMO or name not in FOR_TESTS}


def _specs(connector: Connector, definition: DatasetDefinition, view: FeedView | None) -> list[FieldSpec]:
    targets = [Option(name, label) for name, label in _own_labels().items()]
    targets += [Option(item.name, f"{said(item, 'label')}（{item.name}）") for item in definition.items]
    specs = []
    if connector.address_hint:
        hint = str(connector.address_hint)
        specs.append(field("address", _("地址"), required=connector.takes_secret, max_length=400, hint=hint))
    specs += connector.settings()
    specs.append(
        field(
            "columns",
            _("列的对应"),
            FieldKind.TABLE,
            required=False,
            hint=_("同名的列不用写；来源有而不要的列，也写在这里。"),
            columns=(
                field("source", _("来源的列"), max_length=60),
                field("to", _("数据集的列"), FieldKind.CHOICE, options=(*targets, Option(NOT_WANTED, _("不要")))),
            ),
        )
    )
    if view is not None and not (connector.live or connector.pushed):
        specs.append(field("again", _("从头再读一遍吗？"), FieldKind.BOOLEAN, required=False))
    return specs


def _initial(view: FeedView | None, chosen: str) -> dict[str, Any]:
    if view is None:
        return {}
    columns = [{"source": name, "to": to or NOT_WANTED} for name, to in view.columns.items()]
    if view.connector != chosen:
        return {"columns": columns}
    return {**view.settings, "address": view.address, "columns": columns}


def _spec(name: str, connector: Connector, values: dict[str, Any]) -> FeedSpec:
    asked = {one.name for one in connector.settings()}
    return FeedSpec(
        connector=name,
        address=values.get("address", ""),
        settings={one: value for one, value in values.items() if one in asked and value != ""},
        columns={row["source"]: "" if row["to"] == NOT_WANTED else row["to"] for row in values["columns"] or ()},
        again=values.get("again") is True,
    )


urlpatterns = [
    path("feeds/", feeds, name="feeds"),
    path("feeds/<slug:code>/", feed, name="feed"),
    path("feeds/<slug:code>/past/", past, name="past"),
]
