"""The catalogue of licence types (GB/T 36902, 36903), open to everybody: to search, to narrow, to read one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.types import AgencyView
from yiwang.platform.licences import labels, queries
from yiwang.platform.licences.portal.parts import crumbs
from yiwang.platform.licences.types import LicenceTypeSpec
from yiwang.ui.entry import public
from yiwang.ui.frame import Link
from yiwang.ui.names import named
from yiwang.ui.templatetags.ui import said
from yiwang.ui.values import is_english

PAGE = 30
FACETS: dict[str, Callable[[LicenceTypeSpec], str]] = {
    "group": lambda spec: spec.group,
    "holder": lambda spec: spec.holder.value,
    "kind": lambda spec: spec.kind.value,
    "by": lambda spec: spec.type_code[:18],
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One value to narrow by; how many types it leaves when all else stays."""

    label: str
    count: int
    url: str
    chosen: bool


@public
def listed(request: HttpRequest) -> HttpResponse:
    """List the types of licences, by name or code, narrowed by group, holder, kind and who defines them."""
    words = request.GET.get("q", "").strip()[:60]
    wanted = {name: request.GET.get(name, "")[:40] for name in FACETS}
    found = [spec for spec in queries.licence_types() if _has(spec, words)]
    left = [spec for spec in found if _fits(spec, wanted)]
    begin = next((index + 1 for index, spec in enumerate(left) if spec.code == request.GET.get("after")), 0)
    here = reverse("licences:types")

    def address(**changes: str) -> str:
        asked = {name: value for name, value in ({"q": words} | wanted | changes).items() if value}
        return f"{here}?{urlencode(asked)}" if asked else here

    names = _names()
    shown = left[begin : begin + PAGE]
    context = {
        "section": "query",
        "crumbs": crumbs(Link(_("证照类型"), "")),
        "q": words,
        "kept": wanted,
        "count": len(left),
        "rows": [(spec, names["group"].get(spec.group, spec.group)) for spec in shown],
        "facets": _facets(found, wanted, names, address),
        "chosen": [(names[name].get(value, value), address(**{name: ""})) for name, value in wanted.items() if value],
        "wide": address(**dict.fromkeys(wanted, "")),
        "previous": address(after=left[begin - PAGE - 1].code if begin > PAGE else "") if begin else "",
        "next": address(after=shown[-1].code) if begin + PAGE < len(left) else "",
        "hide_search": True,
    }
    return render(request, "licences/types.html", context)


@public
def shown(request: HttpRequest, code: str) -> HttpResponse:
    """Show one type: who defines it and who may hold it, what it says, which items give it and which ask for it."""
    spec = queries.licence_type(code)
    names = _names()
    items = queries.items_of_type(code)
    elements = catalog.elements()
    context = {
        "section": "query",
        "crumbs": crumbs(Link(_("证照类型"), reverse("licences:types")), Link(said(spec, "name"), "")),
        "spec": spec,
        "group": names["group"].get(spec.group, spec.group),
        "kind": labels.KIND[spec.kind],
        "holder": labels.HOLDER[spec.holder],
        "level": labels.DEFINED_LEVEL.get(spec.defined_level, labels.DEFINED_LEVEL[5]),
        "authority": spec.type_code[:18],
        "fields": [(field, elements.get(field.element)) for field in spec.fields],
        "issuers": [named(agency.name) for agency in _issuers(spec)],
        "given": [(named(name), _search(name)) for name in items.given_by],
        "asked": [(named(name), _search(name)) for name in items.asked_by],
    }
    return render(request, "licences/type.html", context)


def _issuers(spec: LicenceTypeSpec) -> list[AgencyView]:
    """Return the highest agencies that issue a type; those below them with the same function issue it too."""
    agencies = [directory.agencies(function=function) for function in spec.issued_by]
    return [one for found in agencies for one in found if one.level == found[0].level]


def _search(name: str) -> str:
    return f"{reverse('portal:search')}?{urlencode({'q': name})}"


def _names() -> dict[str, Mapping[str, str]]:
    """Return what the values of each facet are called, in the reader's language."""
    english = is_english()
    return {
        "group": catalog.code_table(queries.GROUPS, english=english),
        "holder": {kind.value: str(label) for kind, label in labels.HOLDER.items()},
        "kind": {kind.value: str(label) for kind, label in labels.KIND.items()},
        "by": catalog.code_table(queries.AUTHORITIES, english=english),
    }


def _has(spec: LicenceTypeSpec, words: str) -> bool:
    told = f"{spec.name} {spec.name_en} {spec.type_code}".lower()
    return all(word in told for word in words.lower().split())


def _fits(spec: LicenceTypeSpec, wanted: Mapping[str, str], but: str = "") -> bool:
    return all(FACETS[name](spec) == value for name, value in wanted.items() if value and name != but)


def _facets(
    found: list[LicenceTypeSpec],
    wanted: Mapping[str, str],
    names: Mapping[str, Mapping[str, str]],
    address: Callable[..., str],
) -> list[tuple[str, list[Choice]]]:
    heads = {"group": _("分组"), "holder": _("持证主体"), "kind": _("证照种类"), "by": _("定义机关")}
    facets = []
    for facet, head in heads.items():
        counts = Counter(FACETS[facet](spec) for spec in found if _fits(spec, wanted, but=facet))
        values = [
            Choice(
                names[facet].get(value, value),
                count,
                address(**{facet: "" if value == wanted[facet] else value}),
                value == wanted[facet],
            )
            for value, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
        ]
        if len(values) > 1 or wanted[facet]:
            facets.append((head, values))
    return facets
