"""Before signing in: life events, the navigator, one item's guide."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from yiwang.halls.services import queries
from yiwang.halls.services.doors import address, agent_of, principal_of
from yiwang.halls.services.types import Guide
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog import rules
from yiwang.platform.catalog.types import EditionView
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.rules import working_days
from yiwang.ui.entry import public
from yiwang.ui.forms import SpecForm
from yiwang.ui.frame import Link
from yiwang.ui.shown import Bar, Chart, Lane, chart


@public
def navigator(request: HttpRequest, code: str) -> HttpResponse:
    """Ask the questions of a life event and show the guide made for the answers; the address holds it all."""
    event = catalog.get_life_event(code)
    elements = catalog.elements()
    specs = directory.with_regions(rules.question_spec(elements, question) for question in event.questions)
    data = request.GET if request.GET else None
    form = SpecForm(specs, data, initial=_defaults(event), show=_show, prefix="q")
    answers = form.draft if data is not None else {}
    guide = queries.guide(event, answers, principal_of(request), agent_of(request))
    return render(
        request,
        "services/navigator.html",
        {
            "event": event,
            "form": form,
            "guide": guide,
            "chart": lanes(guide) if guide.chosen else None,
            "query": request.GET.urlencode(),
            "section": "apply",
            "crumbs": [Link(_("首页"), "/"), Link(_("一件事"), address(request, "events")), Link(event.name, "")],
        },
    )


@public
def item(request: HttpRequest, task_code: str) -> HttpResponse:
    """Show one item's guide."""
    edition = catalog.current_edition(task_code)
    definition = edition.definition
    centres = [centre for place in definition.places if (centre := directory.find_centre(place.centre))]
    return render(
        request,
        "services/item.html",
        {
            "edition": edition,
            "item": definition,
            "centres": centres,
            "chart": process_chart(edition),
            "section": "apply",
            "crumbs": [Link(_("首页"), "/"), Link(definition.known_as, "")],
        },
    )


def lanes(guide: Guide) -> Chart:
    """Draw the parallel work of a guide: one lane for each item, from the planned days of its steps."""
    starts: dict[str, int] = {}
    drawn = []
    for chosen in guide.chosen:
        definition = chosen.edition.definition
        start = max((starts.get(name, 0) for name in chosen.after), default=0)
        drawn.append(_lane(chosen.edition, start))
        starts[definition.known_as] = start + working_days(definition.promised_limit)
    return chart(drawn, axis=_axis(drawn), axis_label=_("受理后第几个工作日"))


def process_chart(edition: EditionView) -> Chart:
    """Draw one item's steps."""
    lane = _lane(edition, 0)
    return chart([lane], axis=_axis([lane]), axis_label=_("受理后第几个工作日"))


def _lane(edition: EditionView, start: int) -> Lane:
    definition = edition.definition
    days = working_days(definition.promised_limit)
    if days == 0:
        say = _("%(name)s · 当场") % {"name": definition.known_as}
        return Lane(edition.agency_short, say, (Bar(start + 1, 1, _("当场"), "soft"),))
    plan = rules.planned_days(definition)
    bars = tuple(
        Bar(start + plan[step.code][0], step.days, step.name, _bar_kind(step.kind, step.joint))
        for step in definition.process
        if step.days
    )
    say = _("%(name)s · 第 %(day)d 天前") % {"name": definition.known_as, "day": start + days}
    return Lane(edition.agency_short, say, bars)


def _bar_kind(kind: str, joint: str) -> str:
    if joint:
        return "joint"
    return "soft" if kind in ("issue", "deliver") else ""


def _axis(drawn: list[Lane]) -> list[str]:
    last = max((bar.start + bar.width - 1 for lane in drawn for bar in lane.bars), default=1)
    return [str(day) for day in range(1, last + 1)]


def _defaults(event: object) -> dict[str, str]:
    return {
        question.element: question.default
        for question in event.questions  # type: ignore[attr-defined]
        if question.default
    }


def _show(expression: str, data: object) -> bool:
    return rules.truth(expression, data) is True  # type: ignore[arg-type]
