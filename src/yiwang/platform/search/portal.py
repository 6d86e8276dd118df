"""The search page: results with ways to narrow, suggestions while typing, all without script too."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from yiwang.platform.directory import chosen
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.city import city
from yiwang.platform.search import facets as narrowing
from yiwang.platform.search import queries
from yiwang.platform.search.types import Filters
from yiwang.ui.entry import public

EVERYWHERE = "all"
"""Value of ``where`` that keeps the place chosen before from narrowing."""


@public
def results(request: HttpRequest) -> HttpResponse:
    """Find items and life events."""
    text = request.GET.get("q", "").strip()
    filters = Filters.read(request.GET)
    place = chosen.place_of(request)
    if place and text and "where" not in request.GET:  # what is not done there is of no use to them
        filters = replace(filters, where=place.code[:6])
    number = request.GET.get("page", "1")
    found = queries.search(text, filters, int(number) if number.isdecimal() and len(number) < 4 else 1)
    here = reverse("portal:search")
    kept = {name: value for name in Filters.__dataclass_fields__ if (value := getattr(filters, name))}

    def address(**changes: str) -> str:
        wanted = {"q": text} | kept | changes
        asked = {name: value for name, value in wanted.items() if value}
        if place and "where" not in asked:
            asked["where"] = EVERYWHERE
        return f"{here}?{urlencode(asked)}"

    names = {
        "kind": _("种类"),
        "who": _("谁来办"),
        "online": _("怎么办"),
        "where": _("在哪里办"),
        "function": _("部门"),
        "theme": _("主题"),
        "agency": _("办理机构"),
    }
    facets = [
        (
            names[name],
            [(one, address(**{name: "" if one.chosen else one.value, "page": ""})) for one in values],
        )
        for name, values in found.facets.items()
        if len(values) > 1 or any(one.chosen for one in values)
    ]
    return render(
        request,
        "search/results.html",
        {
            "q": text,
            "found": found,
            "facets": facets,
            "narrowed": bool(kept),
            "chosen": [(label, address(**{name: "", "page": ""})) for name, label in labels_of(kept)],
            "wide": f"{here}?{urlencode({'q': text, 'where': EVERYWHERE})}",
            "meant": [(term, f"{here}?{urlencode({'q': term})}") for term in found.meant],
            "previous": address(page=str(found.page - 1)) if found.page > 1 else "",
            "next": address(page=str(found.page + 1)) if found.page < found.pages else "",
            "popular": popular(),
            "kept": kept,
            "section": "apply",
            "hide_search": True,
        },
    )


@public
def suggest(request: HttpRequest) -> HttpResponse:
    """Suggest terms that begin so: the list alone for the script, a page of its own without it."""
    text = request.GET.get("q", "").strip()
    here = reverse("portal:search")
    terms = [(term, f"{here}?{urlencode({'q': term})}") for term in queries.complete(text)]
    template = "search/suggestions.html" if request.headers.get("HX-Request") else "search/suggest.html"
    return render(request, template, {"q": text, "terms": terms, "section": "apply", "hide_search": True})


def labels_of(filters: dict[str, str]) -> list[tuple[str, str]]:
    """Return the chosen filters, each with what its value is called, whether or not it leaves anything."""
    labels = narrowing.labels()
    labels["online"] = {"yes": _("全程网办")}
    if code := filters.get("agency"):
        agency = directory.find_agency(code)
        labels["agency"] = {code: agency.short_name} if agency else {}
    return [(name, labels.get(name, {}).get(value, value)) for name, value in filters.items()]


def popular() -> list[tuple[str, str]]:
    """Return the city's popular words, each with its search."""
    spec = city()
    words = spec.texts.get("popular", ()) if spec else ()
    here = reverse("portal:search")
    return [(word, f"{here}?{urlencode({'q': word})}") for word in words]
