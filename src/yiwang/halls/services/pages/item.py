"""One item's guide: everything the national list wants said, in the order in which somebody asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yiwang.halls.services.doors import address
from yiwang.halls.services.pages.guides import process_chart
from yiwang.kernel.problems import NotFound
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog import rules
from yiwang.platform.catalog.labels import CHOICES, path_label
from yiwang.platform.catalog.types import (
    CaseType,
    Definition,
    EditionView,
    LifeEvent,
    Material,
    MaterialKind,
    MaterialSource,
    Necessity,
    SatisfierKind,
    ServiceObject,
)
from yiwang.platform.directory import chosen
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.types import RegionView
from yiwang.platform.editing.comparing import changes
from yiwang.platform.evidence.rules import working_days
from yiwang.ui import kept, site
from yiwang.ui.entry import public
from yiwang.ui.frame import Link
from yiwang.ui.templatetags.ui import said
from yiwang.ui.values import is_english

KNOWN = {SatisfierKind.LICENCE, SatisfierKind.DATASET, SatisfierKind.EARLIER, SatisfierKind.RESULT}
"""What makes a material needless without a word from the applicant."""
FULLY_ONLINE = 7


@dataclass(frozen=True, slots=True)
class Paper:
    """A material as its row says it: how it is given, where it comes from, where its samples are."""

    material: Material
    kind: str
    how: str
    tone: str
    source: str
    sample: str = ""
    blank: str = ""

    @property
    def needless(self) -> bool:
        """Say whether most people need not bring it."""
        return self.tone == "green"


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step with who does it and on which working days."""

    name: str
    who: str
    days: str


@public
def item(request: HttpRequest, task_code: str) -> HttpResponse:
    """Show one item's guide."""
    edition = catalog.current_edition(task_code)
    place, hotline = chosen.place_of(request), site.current().hotline
    names = (str(edition.id), place.code if place else "", hotline)
    return render(
        request,
        "services/item.html",
        {
            "item": edition.definition,
            "body": kept.drawn(
                request, "services/item_body.html", names, lambda: _body(request, edition, place) | {"hotline": hotline}
            ),
            "section": "apply",
            "crumbs": [
                Link(_("首页"), "/"),
                Link(_("按部门找"), reverse("portal:agencies")),
                Link(said(edition.definition, "name") if is_english() else edition.definition.known_as, ""),
            ],
        },
    )


def _body(request: HttpRequest, edition: EditionView, place: RegionView | None) -> dict[str, Any]:
    """Return what the guide says: the same to every reader at this door who chose this place."""
    definition = edition.definition
    papers = [_paper(edition, material) for material in definition.materials]
    elsewhere = _elsewhere(definition.basic_code, definition.task_code)
    centres = {place_.centre: directory.find_centre(place_.centre) for place_ in definition.places if place_.centre}
    return {
        "edition": edition,
        "item": definition,
        "tags": _tags(definition),
        "events": [
            event
            for event in catalog.life_events()
            if any(one.basic_code == definition.basic_code for one in event.items)
        ],
        "papers": papers,
        "needless": [paper for paper in papers if paper.needless],
        "to_give": [paper for paper in papers if paper.tone == "brand"],
        "may": [one for one in definition.conditions if not one.prohibits],
        "may_not": [one for one in definition.conditions if one.prohibits],
        "serves": [CHOICES[ServiceObject][one] for one in definition.serves],
        "steps": _steps(edition),
        "chart": process_chart(edition) if working_days(definition.promised_limit) else None,
        "visiting": any(step.kind == "site_visit" for step in definition.process),
        "places": [(one, centres.get(one.centre)) for one in definition.places],
        "elsewhere": elsewhere,
        "mine": _mine(elsewhere, place.code) if place and not edition.region.startswith(place.code[:6]) else None,
        "place": place,
        "depth": [(words, number in definition.channels.depth) for number, words in depth_words().items()],
        "mistakes": definition.mistakes or [one for paper in papers for one in paper.material.mistakes],
        "validity": _validity(definition.result.validity_months),
        "changes_url": address(request, "item_changes", definition.task_code) if edition.number > 1 else "",
    }


def _tags(definition: Definition) -> list[tuple[str, str]]:
    tags = []
    kind = catalog.code_table("item_types", english=is_english()).get(definition.item_type, "")
    if kind:
        tags.append((kind, ""))
    tags.append((str(CHOICES[CaseType][definition.case_type]), ""))
    if definition.channels.online and FULLY_ONLINE in definition.channels.depth:
        tags.append((_("全程网办"), "brand"))
    cross = {
        "national": _("全国通办"),
        "cross_province": _("跨省通办"),
        "cross_city": _("全省通办"),
        "cross_county": _("全市通办"),
    }.get(definition.channels.cross_region)
    if cross:
        tags.append((cross, "brand"))
    return tags


def _validity(months: int) -> str:
    if months % 12:
        return ngettext("有效期 %(n)d 个月", "有效期 %(n)d 个月", months) % {"n": months}
    return ngettext("有效期 %(n)d 年", "有效期 %(n)d 年", months // 12) % {"n": months // 12} if months else ""


def depth_words() -> dict[int, str]:
    """Return what each depth of handling online means (网上办理深度)."""
    return {
        1: _("网上问"),
        2: _("网上交材料"),
        3: _("网上预审"),
        4: _("网上受理"),
        5: _("网上办"),
        6: _("网上告诉您结果"),
        7: _("电子证照到账"),
    }


def _paper(edition: EditionView, material: Material) -> Paper:
    code = edition.definition.task_code
    sample = reverse("services:sample", args=[code, material.code]) if material.sample else ""
    blank = f"{reverse('services:sample', args=[code, material.code])}?blank=1" if material.blank else ""
    words = [str(CHOICES[MaterialKind][material.kind])]
    if material.necessity is not Necessity.REQUIRED:
        words.append(str(CHOICES[Necessity][material.necessity]))
    ways = {one.kind for one in material.satisfied_by}
    if material.kind is MaterialKind.FORM:
        how, tone = _("在线填，就是这张表"), ""
    elif ways & KNOWN:
        how, tone = _("政府已有，免交"), "green"
    elif SatisfierKind.COMMITMENT in ways:
        how, tone = _("可承诺代替"), "brand"
    else:
        how, tone = _("您来交"), "brand"
    source = material.issuer or str(CHOICES[MaterialSource][material.source])
    return Paper(material, _("，").join(words), how, tone, "—" if tone == "" else source, sample, blank)


def _steps(edition: EditionView) -> list[ShownStep]:
    plan = rules.planned_days(edition.definition)
    online = edition.definition.channels.online
    shown = [ShownStep(_("提交"), _("您"), _("网上或任一窗口") if online else _("窗口"))]
    for step in edition.definition.process:
        if step.kind in ("deliver", "auto_check"):
            continue
        first, last = plan[step.code]
        if step.kind == "intake":
            who, days = _("综合窗口"), _("缺什么一次说清")
        else:
            who = edition.agency_short
            if not step.days:
                days = _("当天")
            elif first == last:
                days = _("第 %(n)d 个工作日") % {"n": first}
            else:
                days = _("第 %(first)d–%(last)d 个工作日") % {"first": first, "last": last}
        shown.append(ShownStep(said(step, "name"), who, days))
    return shown


def _events_with(basic_code: str) -> list[LifeEvent]:
    """Return the life events that this item is part of."""
    return [event for event in catalog.life_events() if any(one.basic_code == basic_code for one in event.items)]


def _elsewhere(basic_code: str, task_code: str) -> list[Link]:
    """Return the guides of the same item at other bodies, by region."""
    found = catalog.implementations_of(basic_code)
    editions = catalog.get_editions(pk for _region, pk in found)
    names = directory.region_names(region for region, _pk in found)
    codes = [(region, editions[pk].definition.task_code, editions[pk].agency_short) for region, pk in found]
    return [Link(names.get(region, agency), code, region) for region, code, agency in codes if code != task_code]


def _mine(elsewhere: Sequence[Link], place: str) -> Link | None:
    """Return the guide for the place that the visitor chose, if there is one."""
    return next((one for one in elsewhere if one.name and place.startswith(one.name)), None)


@public
def sample(request: HttpRequest, task_code: str, material: str) -> HttpResponseBase:
    """Give the sample or the blank form of a material, or of the result (``result``), as published with the item."""
    edition = catalog.current_edition(task_code)
    definition = edition.definition
    found = next((one for one in definition.materials if one.code == material), None)
    name = definition.result.sample if material == "result" else ""
    if found is not None:
        name = found.blank if request.GET.get("blank") else found.sample
    if name not in edition.files:
        raise NotFound(_("没有这份样例。"))
    return redirect("catalog:sample", edition.id, name)


@public
def item_changes(request: HttpRequest, task_code: str) -> HttpResponse:
    """Show what the current edition of a guide changed against the one before."""
    edition = catalog.current_edition(task_code)
    editions = catalog.editions_of(task_code)
    old = next((pk for pk, number, _digest, _at in editions if number < edition.number), None)
    if old is None:
        raise NotFound(_("这是第一版，没有更早的可以比。"))
    before, after = catalog.edition_document(old), catalog.edition_document(edition.id)
    rows = [(path_label(one.path), _value(one.old), _value(one.new)) for one in changes(before, after)]
    return render(
        request,
        "services/item_changes.html",
        {
            "item": edition.definition,
            "edition": edition,
            "rows": rows,
            "section": "apply",
            "crumbs": [
                Link(_("首页"), "/"),
                Link(edition.definition.known_as, address(request, "item", task_code)),
                Link(_("这一版改了什么"), ""),
            ],
        },
    )


def _value(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, dict):
        return _("；").join(text for one in value.values() if (text := _value(one)))
    if isinstance(value, list):
        return _("、").join(_value(one) for one in value)
    return str(value)
