"""The catalogue of data as pages, the same at both doors: the public one, and the desk with what is not shared too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.problems import NotFound
from yiwang.kernel.remembered import remembered
from yiwang.kernel.types import Actor
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing import queries, scores
from yiwang.platform.sharing.labels import BASES, CHOICES
from yiwang.platform.sharing.queries import Filters
from yiwang.platform.sharing.types import BaseStore, DatasetView, Openness, SharingType
from yiwang.ui.frame import Link
from yiwang.ui.names import named
from yiwang.ui.templatetags.ui import said

GROUP = 3
"""Digits of a class (类 1, 项 2): the second level is what one narrows by."""
_TONES = {SharingType.UNCONDITIONAL: "green", SharingType.CONDITIONAL: "yellow", SharingType.NONE: "line"}


@dataclass(frozen=True, slots=True)
class Row:
    """A dataset in the list."""

    name: str
    url: str
    summary: str
    agency: str
    code: str
    cycle: str
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet."""

    label: str
    count: int
    url: str
    chosen: bool


def listed(request: HttpRequest, space: str, **more: Any) -> HttpResponse:
    """List the catalogue: search, ways to narrow, downloads. Raises ``BadCursor``."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    filters = _read(request.GET)
    found = queries.catalogue(by, filters, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    here = reverse(f"{space}:catalogue")

    def address(**changes: str) -> str:
        asked = {name: value for name, value in (_asked(filters) | changes).items() if value}
        return f"{here}?{urlencode(asked)}" if asked else here

    facets, chosen = _facets(by, filters, address)
    context = {
        "q": filters.words,
        "kept": {name: value for name, value in _asked(filters).items() if name != "q"},
        "rows": [row(view, space) for view in found.items],
        "count": queries.count(by, filters),
        "facets": facets,
        "chosen": chosen,
        "wide": address(**dict.fromkeys(_asked(filters), "")),
        "previous": address(before=found.previous) if found.previous else "",
        "next": address(after=found.next) if found.next else "",
        "space": space,
        "bases": _bases(space),
        "saved": remembered("sharing.saved", _saved, 600),
        "files": [(kind, reverse(f"sharing:export_{kind}")) for kind in ("csv", "jsonld", "ttl")],
        "crumbs": [Link(_("首页"), "/"), Link(_("数据目录"), "")],
        "section": "data",
        "hide_search": True,
    }
    return render(request, "sharing/catalogue.html", context | more)


def _saved() -> tuple[int, list[tuple[str, int]]]:
    """Return how many papers checks made needless in a year, and which the most."""
    return queries.papers_replaced_since(clock.now() - timedelta(days=365), 6)


def shown(request: HttpRequest, space: str, code: str, **more: Any) -> HttpResponse:
    """Show one dataset: what it holds, who may have it, on what basis. Raises ``NotFound``."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    view = queries.get_dataset(code, by)
    definition = view.definition
    items = catalog.item_names(definition.service_items)
    related = queries.lines(by, definition.related)
    context = {
        "view": view,
        "dataset": definition,
        "row": row(view, space),
        "words": words(view),
        "entry": _entry(view),
        "base": reverse(f"{space}:base", args=[definition.base_store.value])
        if definition.base_store is not BaseStore.NONE
        else "",
        "columns": [
            {
                "item": item,
                "kind": CHOICES[type(item.kind)][item.kind],
                "source": item.element and queries.source_of(item.element),
            }
            for item in definition.items
        ],
        "items": [(name, reverse("portal:search") + "?" + urlencode({"q": name})) for name in items.values()],
        "related": [(named(name), reverse(f"{space}:dataset", args=[other])) for other, name in related],
        "history": queries.edition_history(view.id),
        "quality": scores.shown(view.id),
        "space": space,
        "crumbs": [
            Link(_("首页"), "/"),
            Link(_("数据目录"), reverse(f"{space}:catalogue")),
            Link(said(definition, "name"), ""),
        ],
        "section": "data",
    }
    return render(request, "sharing/dataset.html", context | more)


def _entry(view: DatasetView) -> list[tuple[str, str]]:
    """Return what the table of the catalogue says of a dataset besides, in words."""
    one = view.definition
    english = (get_language() or "").startswith("en")
    provider = directory.find_agency(one.agency)
    guiding = catalog.code_table("guiding_departments", english=english)
    tags = catalog.code_table("data_tags", english=english)
    region = named(directory.region_names({one.region}).get(one.region, "")) if one.region else ""
    levels = {1: _("国家"), 2: _("省"), 3: _("市"), 4: _("县")}
    told = [
        (_("提供方代码"), (provider.uscc if provider else "") or one.agency),
        (_("数据层级"), levels.get(one.level, str(one.level))),
        (_("行政区划"), f"{region} {one.region}".strip()),
        (_("业务指导部门"), guiding.get(one.guiding, one.guiding)),
        (_("标签"), _("、").join(tags.get(tag, tag) for tag in one.tags)),
    ]
    return [(label, value) for label, value in told if value]


@dataclass(frozen=True, slots=True)
class Part:
    """A dataset of a base store: how many records it has, how good it is, when data last came; nothing before a first look."""

    row: Row
    records: int | None
    score: Decimal | None
    refreshed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sourced:
    """A datum that has its one source (一数一源) in a base store."""

    label: str
    dataset: str
    url: str
    agency: str


def base(request: HttpRequest, space: str, code: str) -> HttpResponse:
    """Show a base store (基础库): of which datasets it consists, and which of them counts for each datum. Raises ``NotFound``."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    store = next((one for one in BaseStore if one is not BaseStore.NONE and one.value == code), None)
    views = list(queries.every(by, Filters(base=store.value))) if store else []
    if not store or not views:
        raise NotFound(_("没有这个基础库。"))
    standing = scores.standing([view.id for view in views])
    parts = [Part(row(view, space), *standing.get(view.id, (None, None, None))) for view in views]
    sourced = [
        Sourced(said(item, "label"), said(view.definition, "name"), one.url, one.agency)
        for view, one in zip(views, [part.row for part in parts], strict=True)
        for item in view.definition.items
        if item.authoritative
    ]
    name = str(CHOICES[BaseStore][store])
    context = {
        "name": name,
        "lead": BASES[store],
        "parts": parts,
        "sourced": sourced,
        "agencies": len({view.agency_path for view in views}),
        "records": sum(part.records or 0 for part in parts),
        "crumbs": [Link(_("首页"), "/"), Link(_("数据目录"), reverse(f"{space}:catalogue")), Link(name, "")],
        "section": "data",
    }
    return render(request, "sharing/base.html", context)


def _bases(space: str) -> list[tuple[str, str]]:
    found = remembered("sharing.bases", queries.bases, 600)
    return [
        (str(CHOICES[BaseStore][one]), reverse(f"{space}:base", args=[one.value])) for one in BaseStore if one in found
    ]


def row(view: DatasetView, space: str) -> Row:
    """Return a dataset as a line of the list."""
    one = view.definition
    tags = [(str(CHOICES[SharingType][one.sharing]), _TONES[one.sharing])]
    if one.openness is not Openness.CLOSED:
        tags.append((str(CHOICES[Openness][one.openness]), "green"))
    if one.proof:
        tags.append((_("可代替证明"), "brand"))
    return Row(
        said(one, "name"),
        reverse(f"{space}:dataset", args=[one.code]),
        said(one, "summary"),
        named(view.agency_name),
        view.resource_code,
        str(CHOICES[type(one.cycle)][one.cycle]),
        tuple(tags),
    )


def words(view: DatasetView) -> dict[str, str]:
    """Return what the choices of a dataset are called, by field."""
    one = view.definition
    english = (get_language() or "").startswith("en")
    classes = catalog.code_table("data_classes", english=english)
    steps = [code for code in classes if one.classification.startswith(code)]
    told = {
        name: str(CHOICES[type(value)][value])
        for name in ("subject", "sharing", "openness", "cycle", "network", "processing", "base_store")
        if (value := getattr(one, name)) is not None
    }
    return told | {
        "methods": "、".join(str(CHOICES[type(method)][method]) for method in one.methods),
        "classification": " › ".join(classes[code] for code in sorted(steps, key=len)),
        "domain": catalog.code_table("data_domains", english=english).get(one.domain, one.domain),
        "format": catalog.code_table("data_formats", english=english).get(one.format, one.format),
    }


def _read(data: Mapping[str, str]) -> Filters:
    sharing = data.get("sharing", "")
    return Filters(
        words=data.get("q", "").strip()[:60],
        classification=_clean(data.get("class", "")),
        agency=_clean(data.get("agency", "")),
        domain=_clean(data.get("domain", "")),
        sharing=int(sharing) if sharing in {"1", "2", "3"} else 0,
    )


def _clean(text: str) -> str:
    return text if len(text) <= 40 and all(char.isalnum() or char in "-_" for char in text) else ""


def _asked(filters: Filters) -> dict[str, str]:
    return {
        "q": filters.words,
        "class": filters.classification,
        "agency": filters.agency,
        "domain": filters.domain,
        "sharing": str(filters.sharing or ""),
    }


def _facets(by: Actor, filters: Filters, address: Any) -> tuple[list[tuple[str, list[Choice]]], list[tuple[str, str]]]:
    """Return ways to narrow, each value with how many it leaves when all else stays; and what was chosen."""
    all_rows = queries.facts(by, replace(filters, classification="", agency="", domain="", sharing=0))
    english = (get_language() or "").startswith("en")
    tables = remembered(
        f"sharing.tables:{english}",
        lambda: {name: catalog.code_table(name, english=english) for name in ("data_classes", "data_domains")},
        600,
    )
    names = {
        "class": tables["data_classes"],
        "agency": {one.agency: named(one.agency_name) for one in all_rows},
        "domain": tables["data_domains"],
        "sharing": {str(int(kind)): str(label) for kind, label in CHOICES[SharingType].items()},
    }
    heads = {"class": _("资源分类"), "agency": _("提供方"), "domain": _("所属领域"), "sharing": _("共享类型")}
    wanted = _asked(filters)
    facets = []
    for facet, head in heads.items():
        left = [one for one in all_rows if all(_fits(one, name, wanted[name]) for name in heads if name != facet)]
        counts = Counter(_value(one, facet) for one in left)
        values = [
            Choice(
                names[facet].get(value, value),
                count,
                address(**{facet: "" if value == wanted[facet] else value}),
                value == wanted[facet],
            )
            for value, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
            if value
        ]
        if len(values) > 1 or wanted[facet]:
            facets.append((head, values))
    chosen = [(names[facet].get(value, value), address(**{facet: ""})) for facet in heads if (value := wanted[facet])]
    return facets, chosen


def _value(one: queries.Facts, facet: str) -> str:
    return {
        "class": one.classification[:GROUP],
        "agency": one.agency,
        "domain": one.domain,
        "sharing": str(one.sharing),
    }[facet]


def _fits(one: queries.Facts, facet: str, wanted: str) -> bool:
    if facet == "class":
        return one.classification.startswith(wanted)
    return not wanted or _value(one, facet) == wanted
