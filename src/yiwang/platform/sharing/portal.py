"""The catalogue of data at the portal: open to everybody, with downloads."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _

from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.paging import BadCursor
from yiwang.kernel.problems import NotFound, Problem
from yiwang.kernel.remembered import remembered
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.city import city
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity import trail
from yiwang.platform.sharing import acts, exports, pages, purposes, queries
from yiwang.platform.sharing.events.queries import published_keys
from yiwang.platform.sharing.labels import OBJECTION_KINDS, OBJECTION_STATES
from yiwang.platform.sharing.means import acts as means
from yiwang.platform.sharing.means import queries as comparisons
from yiwang.platform.sharing.means.labels import CONSENTS
from yiwang.platform.sharing.means.types import ConsentState, Scheme
from yiwang.platform.sharing.types import Ward
from yiwang.ui.entry import public, signed_in
from yiwang.ui.forms import SpecForm

app_name = "sharing"
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonld": "application/ld+json",
    "ttl": "text/turtle; charset=utf-8",
}


@public
def catalogue(request: HttpRequest) -> HttpResponse:
    """List what data the city's agencies have and share."""
    return pages.listed(request, "sharing")


@public
def dataset(request: HttpRequest, code: str) -> HttpResponse:
    """Show one dataset."""
    return pages.shown(request, "sharing", code)


@public
def base(request: HttpRequest, code: str) -> HttpResponse:
    """Show one of the base stores."""
    return pages.base(request, "sharing", code)


@public
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """Give the whole catalogue for machines: what everybody may see, at most ten minutes old."""
    content = remembered(f"sharing.export:{kind}", lambda: _export(kind), 600)
    answer = HttpResponse(content, content_type=MEDIA_TYPES[kind])
    answer.headers["Content-Disposition"] = f'inline; filename="catalogue.{kind}"'
    answer.headers["Cache-Control"] = "public, max-age=600"
    return answer


def _export(kind: str) -> bytes:
    views = list(queries.every(Actor(kind=ActorKind.ANONYMOUS)))
    info = _info()
    if kind == "csv":
        return "".join(exports.csv_lines(views, catalogue=info)).encode()
    made = exports.graph(views, catalogue=info)
    return exports.turtle(made) if kind == "ttl" else exports.json_ld(made)


def _info() -> exports.CatalogueInfo:
    """Say of the catalogue what the city and its directory say."""
    spec, agencies = city(), directory.agencies()
    providers = {
        one.code: exports.Provider(
            name=one.name, name_en=one.name_en, uscc=one.uscc, phone=one.phone, region=one.region
        )
        for one in agencies
    }
    here = f"{settings.BASE_URL}{reverse('sharing:catalogue')}"
    region = spec.region if spec else ""
    return exports.CatalogueInfo(
        url=here,
        dataset_url=here + "{code}/",
        check_url=f"{settings.BASE_URL}/api/v1/checks",
        check_description_url=f"{settings.BASE_URL}{reverse('openapi')}",
        title=spec.title if spec else here,
        title_en=spec.title_en if spec else "",
        description=spec.subtitle if spec else here,
        description_en=spec.subtitle_en if spec else "",
        publisher=providers.get(region) or next(iter(providers.values())),
        region=region,
        regions=directory.region_names({one.region for one in agencies} | {region}),
        agencies=providers,
        classes=catalog.code_table("data_classes"),
        classes_en=catalog.code_table("data_classes", english=True),
        domains=catalog.code_table("data_domains"),
        themes=catalog.code_table("dcat_themes"),
        licence=spec.data_licence if spec else "",
    )


def _oneself(request: HttpRequest) -> Actor:
    by: Actor = request.actor  # type: ignore[attr-defined]
    acts.check_oneself(by)
    return by


@signed_in(AssuranceLevel.L2)
def objections(request: HttpRequest) -> HttpResponse:
    """List what I objected to, with the answers."""
    by = _oneself(request)
    try:
        page = queries.objections(by, after=request.GET.get("after", ""))
    except BadCursor:
        return redirect("sharing:objections")
    rows = [(one, OBJECTION_KINDS[one.kind], OBJECTION_STATES[one.state]) for one in page.items]
    return render(
        request,
        "sharing/objections.html",
        {"rows": rows, "next": page.next, "sent": request.GET.get("sent") == "1", "section": "my"},
    )


@signed_in(AssuranceLevel.L2)
def ask_why(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask the agency that made a check why it did."""
    by = _oneself(request)
    assert by.principal is not None
    ward = _child(request, by)
    whose = (queries.party_of(ward), (ward.number,)) if ward else (by.principal, identity.numbers_of(by.principal))
    check = queries.check_of(pk, *whose)

    def put(text: str, key: str) -> None:
        acts.object_to_check(pk, text, child=ward and ward.id, by=by, key=key)

    return _objecting(request, put, {"check": check, "ward": ward})


@signed_in(AssuranceLevel.L2)
def ask_why_read(request: HttpRequest, seq: int) -> HttpResponse:
    """Ask the agency whose officer opened my file why they did."""
    by = _oneself(request)
    ward = _child(request, by)
    party = queries.party_of(ward) if ward else by.principal
    read = trail.read_of(party, seq) if party else None
    if read is None or not read.agency_path:
        raise NotFound(_("没有这次查阅。"))

    def put(text: str, key: str) -> None:
        acts.object_to_read(seq, text, child=ward and ward.id, by=by, key=key)

    return _objecting(request, put, {"read": read, "ward": ward})


@signed_in(AssuranceLevel.L2)
def object_to(request: HttpRequest, code: str) -> HttpResponse:
    """Say that what a dataset says of me is wrong."""
    by = _oneself(request)
    view, ward = queries.get_dataset(code, by), _child(request, by)

    def put(text: str, key: str) -> None:
        acts.object_to_data(code, text, child=ward and ward.id, by=by, key=key)

    return _objecting(request, put, {"view": view, "ward": ward})


def _child(request: HttpRequest, by: Actor) -> Ward | None:
    """Return the child for whom a guardian writes, if the address names one. Raises ``NotFound``."""
    given = request.GET.get("child", "")
    return queries.get_ward(given, by) if given else None


def _objecting(request: HttpRequest, put: Callable[[str, str], None], context: dict[str, Any]) -> HttpResponse:
    hint = (
        _("写清楚哪里不对、应该是什么；不用写证件号码。") if "view" in context else _("您觉得哪里不对劲，写下来就行。")
    )
    spec = FieldSpec("text", _("您要说的"), FieldKind.LONG_TEXT, max_length=1000, hint=hint)
    form = SpecForm([spec], request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            put(form.values["text"], form.key)
        except Problem as problem:
            if problem.status == 401:
                raise
            form.add_errors(problem.errors, str(problem.detail))
        else:
            return redirect(f"{reverse('sharing:objections')}?sent=1")
    context |= {"form": form, "section": "my"}
    return render(request, "sharing/object.html", context, status=422 if form.is_bound else 200)


@signed_in(AssuranceLevel.L2)
def consents(request: HttpRequest) -> HttpResponse:
    """List the comparisons that I am, or was, asked to agree to."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    try:
        page = comparisons.my_consents(by, after=request.GET.get("after", ""))
    except BadCursor:
        return redirect("sharing:consents")
    rows = [(one, *CONSENTS[one.state]) for one in page.items]
    context = {"rows": rows, "next": page.next, "said": request.GET.get("said") == "1", "section": "my"}
    return render(request, "sharing/consents.html", context)


def _wanted(scheme: Scheme) -> list[dict[str, Any]]:
    """Return what a scheme looks at: datasets, whose they are, and their columns in words."""
    codes = [one.dataset for one in scheme.wants]
    known, labels = queries.providers(codes), queries.column_labels(codes)
    return [
        {
            "name": known[one.dataset][0],
            "agency": known[one.dataset][1],
            "columns": [labels.get(one.dataset, {}).get(column, column) for column in one.fields],
        }
        for one in scheme.wants
        if one.dataset in known
    ]


@signed_in(AssuranceLevel.L3)
def consent(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Say who wants to look at what about me, and why, and let me agree or not; later, let me change my answer."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    view = comparisons.get_consent(pk, by)
    running = purposes.find(str(view.case_id)) is not None
    said = view.state.value if view.state is not ConsentState.ASKED else None
    options = (
        Option(ConsentState.AGREED.value, _("同意核对")),
        Option(ConsentState.REFUSED.value, _("不同意核对")),
    )
    spec = FieldSpec("answer", _("您同意吗？"), FieldKind.CHOICE, options=options)
    form = SpecForm(
        [spec], request.POST if request.method == "POST" else None, initial={"answer": said} if said else {}
    )
    if form.is_bound and form.is_valid():
        try:
            means.answer_consent(pk, form.values["answer"] == ConsentState.AGREED.value, by=by, key=form.key)
        except Problem as problem:
            if problem.status == 401:
                raise
            form.add_errors(problem.errors, str(problem.detail))
        else:
            return redirect(f"{reverse('sharing:consents')}?said=1")
    context = {
        "one": view,
        "word": CONSENTS[view.state],
        "wants": _wanted(view.scheme),
        "running": running,
        "form": form,
        "section": "my",
    }
    return render(request, "sharing/consent.html", context, status=422 if form.is_bound else 200)


@public
def event_keys(request: HttpRequest) -> HttpResponse:
    """Publish the keys that deliveries of events are signed with (RFC 7517)."""
    return JsonResponse(published_keys(), headers={"Cache-Control": "public, max-age=300"})


urlpatterns = [
    path(".well-known/jwks.json", event_keys, name="event_keys"),
    path("my/objections/", objections, name="objections"),
    path("my/consents/", consents, name="consents"),
    path("my/consents/<uuid:pk>/", consent, name="consent"),
    path("my/access/<uuid:pk>/ask/", ask_why, name="ask_why"),
    path("my/access/reads/<int:seq>/ask/", ask_why_read, name="ask_why_read"),
    path("my/objections/<slug:code>/new/", object_to, name="object_to"),
    path("data/", catalogue, name="catalogue"),
    *(path(f"data/catalogue.{kind}", export, {"kind": kind}, name=f"export_{kind}") for kind in MEDIA_TYPES),
    path("data/bases/<slug:code>/", base, name="base"),
    path("data/<slug:code>/", dataset, name="dataset"),
]
