"""The catalogue of data at the portal: open to everybody, with downloads."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse

from yiwang.kernel.remembered import remembered
from yiwang.kernel.types import Actor, ActorKind
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.city import city
from yiwang.platform.sharing import exports, pages, queries
from yiwang.ui.entry import public

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
        title=spec.title if spec else here,
        title_en=spec.title_en if spec else "",
        description=spec.subtitle if spec else here,
        publisher=providers.get(region) or next(iter(providers.values())),
        region=region,
        regions=directory.region_names({one.region for one in agencies} | {region}),
        agencies=providers,
        classes=catalog.code_table("data_classes"),
        classes_en=catalog.code_table("data_classes", english=True),
        domains=catalog.code_table("data_domains"),
    )


urlpatterns = [
    path("data/", catalogue, name="catalogue"),
    *(path(f"data/catalogue.{kind}", export, {"kind": kind}, name=f"export_{kind}") for kind in MEDIA_TYPES),
    path("data/<slug:code>/", dataset, name="dataset"),
]
