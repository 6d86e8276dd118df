"""Before signing in: the navigator and the guide made for one case."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from yiwang.halls.services import queries
from yiwang.halls.services.doors import address, agent_of, principal_of
from yiwang.halls.services.types import Guide
from yiwang.kernel import clock, holidays
from yiwang.kernel.calendar import CalendarGap
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog import rules
from yiwang.platform.catalog.types import EditionView, LifeEvent, Unit
from yiwang.platform.directory import chosen
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.rules import working_days
from yiwang.platform.evidence.types import FactState
from yiwang.ui.entry import public
from yiwang.ui.forms import SpecForm
from yiwang.ui.frame import Link
from yiwang.ui.names import named
from yiwang.ui.shown import Bar, Chart, Lane, chart
from yiwang.ui.templatetags.ui import said

TOWN = 9
"""Digits of a town's code."""


@public
def navigator(request: HttpRequest, code: str) -> HttpResponse:
    """Ask the questions of a life event and show the guide made for the answers; the address holds it all."""
    event = catalog.get_life_event(code)
    elements = catalog.elements()
    specs = directory.with_regions(rules.question_spec(elements, question) for question in event.questions)
    data = request.GET if request.GET else None
    place = chosen.place_of(request)
    form = SpecForm(specs, data, initial=_defaults(event, place.code if place else ""), show=_show, prefix="q")
    answers = form.draft if data is not None else {}
    guide = queries.guide(event, answers, principal_of(request), agent_of(request))
    context = {
        "event": event,
        "form": form,
        "guide": guide,
        "chart": lanes(guide) if guide.chosen else None,
        "query": request.GET.urlencode(),
        "known_person": principal_of(request) is not None,
        "near": directory.centres_near(str(answers.get(event.region_question) or (place.code if place else "")), 1),
        "section": "apply",
        "crumbs": [Link(_("首页"), "/"), Link(_("一件事"), address(request, "events")), Link(said(event, "name"), "")],
    }
    if guide.complete and guide.chosen:
        context |= _more(request, guide, event)
    return render(request, "services/navigator.html", context)


def _more(request: HttpRequest, guide: Guide, event: LifeEvent) -> dict[str, Any]:
    """Return what stands beside a finished guide: how to pass it on, what it costs, when it could be done."""
    items = [one.edition.definition for one in guide.chosen]
    fees = [(item.known_as, fee) for item in items for fee in item.fees]
    burden, facts = guide.burden, guide.resolution.facts if guide.resolution else {}
    return {
        "share": f"{settings.BASE_URL}{reverse('services:navigator', args=[event.code])}?{request.GET.urlencode()}",
        "agencies": len({one.edition.agency_path for one in guide.chosen}),
        "fees": fees,
        "free": not fees,
        "joint": any(step.kind == "site_visit" for item in items for step in item.process),
        "known_facts": sum(1 for fact in facts.values() if fact.state is FactState.KNOWN),
        "due_on": _due_on(burden.together.days, guide.chosen[0].edition.region) if burden else None,
        "papers": _papers(guide),
    }


def _due_on(days: int, region: str) -> date | None:
    """Return the day on which everything is done if it is accepted today; nothing where the calendar ends before."""
    try:
        return holidays.for_region(region, provisional=True).due(clock.today(), days, Unit.WORKDAY)
    except CalendarGap:
        return None


def _papers(guide: Guide) -> dict[str, dict[str, str]]:
    """Return hint and sample of every material that is still to be given, by its identity."""
    found: dict[str, dict[str, str]] = {}
    for one in guide.chosen:
        item = one.edition.definition
        for material in item.materials:
            said = found.setdefault(material.identity, {"hint": "", "sample": ""})
            said["hint"] = said["hint"] or material.hint
            if material.sample and not said["sample"]:
                said["sample"] = reverse("services:sample", args=[item.task_code, material.code])
    return found


def lanes(guide: Guide) -> Chart:
    """Draw the parallel work of a guide: one lane for each item, from the planned days of its steps."""
    starts: dict[str, int] = {}
    drawn = []
    for one in guide.chosen:
        definition = one.edition.definition
        start = max((starts.get(name, 0) for name in one.after), default=0)
        drawn.append(_lane(one.edition, start))
        starts[definition.known_as] = start + working_days(definition.promised_limit)
    return chart(drawn, axis=_axis(drawn), axis_label=_("受理后第几个工作日"))


def process_chart(edition: EditionView) -> Chart:
    """Draw one item's steps."""
    lane = _lane(edition, 0)
    return chart([lane], axis=_axis([lane]), axis_label=_("受理后第几个工作日"))


def _lane(edition: EditionView, start: int) -> Lane:
    definition = edition.definition
    agency, name = named(edition.agency_short), named(definition.known_as)
    days = working_days(definition.promised_limit)
    if days == 0:
        say = _("%(name)s · 当场") % {"name": name}
        return Lane(agency, say, (Bar(start + 1, 1, _("当场"), "soft"),))
    plan = rules.planned_days(definition)
    bars = tuple(
        Bar(start + plan[step.code][0], step.days, said(step, "name"), _bar_kind(step.kind, step.joint))
        for step in definition.process
        if step.days
    )
    say = _("%(name)s · 第 %(day)d 天前") % {"name": name, "day": start + days}
    return Lane(agency, say, bars)


def _bar_kind(kind: str, joint: str) -> str:
    if joint:
        return "joint"
    return "soft" if kind in ("issue", "deliver") else ""


def _axis(drawn: list[Lane]) -> list[str]:
    last = max((bar.start + bar.width - 1 for lane in drawn for bar in lane.bars), default=1)
    return [str(day) for day in range(1, last + 1)]


def _defaults(event: LifeEvent, place: str) -> dict[str, str]:
    """Return what the questions begin with: the pack's defaults, and the town that the visitor chose before."""
    given = {question.element: question.default for question in event.questions if question.default}
    return given | ({event.region_question: place} if len(place) == TOWN else {})


def _show(expression: str, data: object) -> bool:
    return rules.truth(expression, data) is True  # type: ignore[arg-type]
