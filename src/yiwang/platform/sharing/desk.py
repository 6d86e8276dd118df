"""The shared store at the desk: the whole catalogue, and requests for data on their way."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from yiwang.kernel import clock, paging
from yiwang.kernel.acts import record_read
from yiwang.kernel.fields import FieldKind, Option
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor, Role
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.desk import field, posted, take
from yiwang.platform.directory.types import AgencyView
from yiwang.platform.sharing import acts, feed_desk, granting, keeping, pages, quality_pages, queries
from yiwang.platform.sharing.events import desk as events
from yiwang.platform.sharing.events.queries import waiting as events_waiting
from yiwang.platform.sharing.labels import GRANT_MOVES, GRANT_STATES, OBJECTION_KINDS, OBJECTION_STATES, RIGHTS
from yiwang.platform.sharing.managers import STEWARDS, WATCHING
from yiwang.platform.sharing.means import desk as means
from yiwang.platform.sharing.queries import granted, objected
from yiwang.platform.sharing.types import GrantMove, GrantRequest, GrantView, ObjectionState, ObjectionView, Side
from yiwang.platform.sharing.watch import desk as watch
from yiwang.platform.sharing.watch.managers import ANSWERING
from yiwang.platform.sharing.watch.queries import waiting as alerts_waiting
from yiwang.ui.addresses import address, neighbours
from yiwang.ui.entry import staff
from yiwang.ui.forms import SpecForm
from yiwang.ui.frame import Link

app_name = "sharing_desk"
_WITH_REASON: dict[GrantMove, Callable[..., Any]] = {
    GrantMove.RETURN: acts.send_back,
    GrantMove.REFUSE: acts.refuse,
    GrantMove.APPEAL: acts.appeal,
    GrantMove.UPHOLD: acts.uphold,
    GrantMove.REVOKE: acts.revoke,
}
_PLAIN: dict[GrantMove, Callable[..., Any]] = {
    GrantMove.PASS: acts.pass_on,
    GrantMove.SETTLE: acts.settle,
    GrantMove.WITHDRAW: acts.give_up,
}


def links(actor: Actor) -> list[Link]:
    """Return the entries of the desk's rail that the actor may follow."""
    found = [Link(_("数据目录"), address("sharing_desk:catalogue"), "data")]
    if actor.has_role(STEWARDS | WATCHING):
        found.append(Link(_("数据质量"), address("sharing_desk:quality"), "quality"))
    lists: dict[str, list[QuerySet[Any]]] = {}
    if actor.has_role(STEWARDS):
        lists["grants"] = [granted.waiting(actor), granted.ending(actor)]
        lists["objections"], lists["events"] = (
            [objected.waiting(actor), objected.not_come(actor)],
            [events_waiting(actor)],
        )
    if actor.has_role(WATCHING | ANSWERING):
        lists["alerts"] = [alerts_waiting(actor)]
    waiting = {name: one.value + one.more for name, one in paging.counts(lists).items()}
    if actor.has_role(STEWARDS):
        found += [
            Link(_("共享申请"), address("sharing_desk:grants"), "grants", count=waiting["grants"]),
            Link(_("异议"), address("sharing_desk:objections"), "objections", count=waiting["objections"]),
            Link(_("事件"), address("sharing_desk:events"), "events", count=waiting["events"]),
            Link(_("数据接入"), address("sharing_desk:feeds"), "feeds"),
            Link(_("数据集编辑"), address("dataset_editing:list"), "datasets"),
        ]
    if "alerts" in waiting:
        found.append(Link(_("异常查询"), address("sharing_desk:alerts"), "alerts", count=waiting["alerts"]))
    return found


def _actor(request: HttpRequest) -> Actor:
    who: Actor = request.actor  # type: ignore[attr-defined]
    return who


@staff()
def catalogue(request: HttpRequest) -> HttpResponse:
    """List all datasets, those that are not shared too."""
    return pages.listed(request, "sharing_desk")


@staff()
def dataset(request: HttpRequest, code: str) -> HttpResponse:
    """Show one dataset, to stewards with the way to ask for it, to its own also when the oldest record is deleted."""
    by = _actor(request)
    ask = f"{address('sharing_desk:ask')}?{urlencode({'dataset': code})}" if by.has_role(STEWARDS) else ""
    return pages.shown(request, "sharing_desk", code, ask=ask, goes_on=keeping.next_day(code, by))


@staff()
def base(request: HttpRequest, code: str) -> HttpResponse:
    """Show one of the base stores."""
    return pages.base(request, "sharing_desk", code)


@staff(*STEWARDS)
def grants(request: HttpRequest) -> HttpResponse:
    """List requests and grants that one's agency made or has to answer, newest first."""
    which = request.GET.get("show", "")
    names = {"waiting": _("在办"), "granted": _("有效"), "ending": _("要续期"), "ended": _("已结束")}
    which = which if which in names else "waiting"
    found = queries.grants(
        _actor(request), which, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    here, ending = address("sharing_desk:grants"), queries.grants_ending(_actor(request))
    context = {
        "rows": [(one, GRANT_STATES[one.state], _late(one)) for one in found.items],
        "tabs": [
            Link(label, f"{here}?show={name}", name, count=ending.value + ending.more if name == "ending" else None)
            for name, label in names.items()
        ],
        "tab": which,
        "ending": which == "ending",
        **neighbours(here, found, show=which),
        "section": "grants",
    }
    return render(request, "sharing/grants.html", context)


def _late(one: GrantView) -> bool:
    return one.due_on is not None and one.due_on < clock.today()


@staff(*STEWARDS)
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a dataset: for which agency, which columns, which items, what for and how long; or renew a grant of it."""
    by = _actor(request)
    renewed = _renewed(request, by)
    view = queries.get_dataset(renewed.dataset if renewed else request.GET.get("dataset", ""), by)
    mine = [one for one in directory.agencies() if by.has_role(STEWARDS, directory.reach_of(one))]
    chosen = renewed.agency if renewed else request.GET.get("agency", "")
    agency = next((one for one in mine if one.code == chosen), None) or next(
        (one for one in mine if one.path == by.agency), mine[0]
    )
    # The city's body asks for its whole line: the counties' bodies of the same function come with it.
    line = [one.path for one in directory.agencies(function=agency.function) if one.region.startswith(_own(agency))]
    items = list(dict.fromkeys(catalog.items_of(line)))
    columns = (
        *(Option(f"?{answer.code}", _("只答是否：%s") % answer.label) for answer in view.definition.answers),
        *(Option(item.name, f"{item.label}（{item.name}）") for item in view.definition.items),
    )
    specs = [
        field("fields", _("要哪些信息项"), FieldKind.CHOICES, options=columns, hint=_("只选办事必需的。")),
        field(
            "items",
            _("用在哪些事项上"),
            FieldKind.CHOICES,
            options=tuple(Option(code, name) for code, name in items),
            hint=_("以后只能在办这些事项时查。"),
        ),
        field("purpose", _("用来做什么"), FieldKind.LONG_TEXT, max_length=400),
        field("months", _("要用多久"), FieldKind.INTEGER, unit=_("个月"), hint=_("最长 60 个月，到期可以续。")),
    ]
    initial: dict[str, Any] = {"months": 36}
    if renewed:
        initial = {
            "fields": renewed.fields,
            "items": renewed.items,
            "purpose": renewed.purpose,
            "months": renewed.months,
        }
    form = SpecForm(specs, posted(request), initial=initial)
    made: list[uuid.UUID] = []

    def request_it(values: dict[str, Any]) -> None:
        asked = GrantRequest(
            dataset=view.definition.code,
            agency=agency.code,
            items=tuple(values["items"]),
            fields=tuple(values["fields"]),
            purpose=values["purpose"],
            months=int(values["months"]),
            renews=renewed.id if renewed else None,
        )
        made.append(acts.request(asked, by=by, key=form.key))

    if take(form, request_it):
        return redirect("sharing_desk:grant", made[0])
    context = {
        "form": form,
        "view": view,
        "agency": agency,
        "mine": [] if renewed else mine,
        "renewed": renewed,
        "items": items,
        "section": "grants",
    }
    return render(request, "sharing/ask.html", context, status=422 if form.is_bound else 200)


def _renewed(request: HttpRequest, by: Actor) -> GrantView | None:
    """Return the grant that is to be renewed. Raises ``NotFound`` for one that is not there, or not the actor's to ask for."""
    given = request.GET.get("renews", "")
    if not given:
        return None
    try:
        view, reaches = queries.get_grant(uuid.UUID(given), by)
    except ValueError:
        raise NotFound(_("没有这份申请。")) from None
    if not by.has_role(STEWARDS, reaches[Side.CONSUMER]):
        raise NotFound(_("没有这份申请。"))
    return view


def _own(agency: AgencyView) -> str:
    """Return the beginning of the region codes that a grant to an agency covers."""
    return granting.region_of(agency.region, agency.level)


@staff(*STEWARDS)
def grant(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one request or grant with what may be done with it now; do it."""
    by = _actor(request)
    view, reaches = queries.get_grant(pk, by)
    moves = [
        move
        for side, reach in reaches.items()
        if by.has_role({Role.DATA_OFFICE} if side is Side.OFFICE else STEWARDS, reach)
        for move in granting.possible(view.state, side)
    ]
    definition = queries.get_dataset(view.dataset, by).definition
    columns: dict[str, Any] = {item.name: item for item in definition.items}
    columns |= {f"?{answer.code}": answer for answer in definition.answers}
    forms = _forms(view, list(dict.fromkeys(moves)), request, columns)
    for move, form in forms.items():
        if form.is_bound and take(form, lambda values, move=move, form=form: _do(view, move, values, by, form.key)):
            return redirect("sharing_desk:grant", pk)
    mine = by.has_role(STEWARDS, reaches[Side.CONSUMER])
    ends_soon = granting.renewable(view.state, view.expires_on, clock.today()) and not view.renewed_by
    context = {
        "view": view,
        "renew": f"{address('sharing_desk:ask')}?{urlencode({'renews': pk})}" if mine and ends_soon else "",
        "state": GRANT_STATES[view.state],
        "late": _late(view),
        "columns": [columns[name] for name in view.fields if name in columns],
        "items": catalog.item_names(view.items) | {one: str(RIGHTS[one]) for one in view.items if one in RIGHTS},
        "forms": [(move, GRANT_MOVES[move], form) for move, form in forms.items()],
        "section": "grants",
    }
    return render(
        request, "sharing/grant.html", context, status=422 if any(f.is_bound for f in forms.values()) else 200
    )


def _forms(
    view: GrantView, moves: list[GrantMove], request: HttpRequest, columns: dict[str, Any]
) -> dict[GrantMove, SpecForm]:
    done = request.POST.get("do", "")
    made: dict[GrantMove, SpecForm] = {}
    for move in moves:
        specs = []
        if move in _WITH_REASON:
            specs.append(field("reason", _("理由"), FieldKind.LONG_TEXT, max_length=400))
        initial: dict[str, Any] = {}
        if move is GrantMove.GRANT:
            options = tuple(Option(name, columns[name].label) for name in view.fields if name in columns)
            specs = [
                field("fields", _("给哪些信息项"), FieldKind.CHOICES, options=options),
                field("months", _("给多久"), FieldKind.INTEGER, unit=_("个月")),
                field("per_minute", _("每分钟最多查几次"), FieldKind.INTEGER),
            ]
            initial = {"fields": list(view.fields), "months": view.months, "per_minute": view.per_minute}
        typed = request.POST if request.method == "POST" and done == move.value else None
        made[move] = SpecForm(specs, typed, prefix=move.value, initial=initial)
    return made


def _do(view: GrantView, move: GrantMove, values: dict[str, Any], by: Actor, key: str) -> None:
    if move in _WITH_REASON:
        _WITH_REASON[move](view.id, values["reason"], by=by, key=key)
    elif move in _PLAIN:
        _PLAIN[move](view.id, by=by, key=key)
    else:
        fields, months, rate = tuple(values["fields"]), int(values["months"]), int(values["per_minute"])
        acts.grant(view.id, fields, months, rate, by=by, key=key)


@staff(*STEWARDS)
def objections(request: HttpRequest) -> HttpResponse:
    """List the objections that one's agency has to answer, by their day; and those that it raised."""
    show = request.GET.get("show", "")
    show = show if show in ("answered", "ours") else ""
    found = queries.objections(
        _actor(request), answered=show == "answered", asked=show == "ours", after=request.GET.get("after", "")
    )
    here = address("sharing_desk:objections")
    shown = f"&show={show}" if show else ""
    context = {
        "rows": [(one, OBJECTION_KINDS[one.kind], OBJECTION_STATES[one.state]) for one in found.items],
        "tabs": [
            Link(_("待答复"), here, "open"),
            Link(_("已答复"), f"{here}?show=answered", "answered"),
            Link(_("我们提的"), f"{here}?show=ours", "ours"),
        ],
        "tab": show or "open",
        "next": f"{here}?after={found.next}{shown}" if found.next else "",
        "section": "objections",
    }
    return render(request, "sharing/desk_objections.html", context)


@staff(*STEWARDS)
def objection(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one objection and answer it."""
    by = _actor(request)
    view = queries.get_objection(pk, by)
    options = tuple(Option(one.value, str(OBJECTION_STATES[one])) for one in acts.ANSWERS[view.kind])
    specs = [
        field("result", _("结果"), FieldKind.CHOICE, options=options),
        field("text", _("答复"), FieldKind.LONG_TEXT, max_length=1000, hint=_("这段话会告诉提出的人。")),
    ]
    if ObjectionState.CORRECTED in acts.ANSWERS[view.kind]:
        hint = _("已更正，但改过的数据还没有进库的，写最晚哪天进库。")
        specs.append(field("awaits", _("最晚哪天进库"), FieldKind.DATE, required=False, hint=hint))
    form = SpecForm(specs, posted(request), initial={"result": options[0].value})

    def put(values: dict[str, Any]) -> None:
        acts.answer(pk, ObjectionState(values["result"]), values["text"], values.get("awaits"), by=by, key=form.key)

    if take(form, put):
        return redirect("sharing_desk:objections")
    number = _whose(by, view) if request.GET.get("show") == "subject" else ""
    context = {
        "view": view,
        "number": number,
        "kind": OBJECTION_KINDS[view.kind],
        "state": OBJECTION_STATES[view.state],
        "form": form if view.state is ObjectionState.OPEN else None,
        "section": "objections",
    }
    return render(request, "sharing/desk_objection.html", context, status=422 if form.is_bound else 200)


def _whose(by: Actor, view: ObjectionView) -> str:
    """Return the number of whose data it is about; that it was read is logged, for them to see."""
    number, person = queries.whose(view.id, by)
    record_read(
        by,
        name="sharing.read_objection",
        person=person,
        purpose=_("查对异议里说的数据：%(name)s") % {"name": view.dataset_name or view.agency_name},
        detail={"objection": str(view.id)},
    )
    return number


urlpatterns = [
    *events.urlpatterns,
    path("objections/", objections, name="objections"),
    path("objections/<uuid:pk>/", objection, name="objection"),
    path("data/", catalogue, name="catalogue"),
    path("data/bases/<slug:code>/", base, name="base"),
    path("data/<slug:code>/", dataset, name="dataset"),
    path("grants/", grants, name="grants"),
    path("grants/new/", ask, name="ask"),
    path("grants/<uuid:pk>/", grant, name="grant"),
    *quality_pages.urlpatterns,
    *means.urlpatterns,
    *feed_desk.urlpatterns,
    *watch.urlpatterns,
]
