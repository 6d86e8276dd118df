"""Comparisons at the desk: ask a family to agree, compare it for a case, and read the report."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import record_read
from yiwang.kernel.codes import mask_id
from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor
from yiwang.platform.directory.desk import field, posted, take
from yiwang.platform.sharing import purposes
from yiwang.platform.sharing.means import acts, queries
from yiwang.platform.sharing.means.labels import CONSENTS, LEVELS, OUTCOMES, VERDICTS, WAYS
from yiwang.platform.sharing.means.managers import COMPARERS
from yiwang.platform.sharing.means.reporting import LOST
from yiwang.platform.sharing.means.rules import ADULT, age
from yiwang.platform.sharing.means.types import Consent, ConsentState, ConsentView, ConsentWay, Member, SchemeView
from yiwang.platform.sharing.purposes import Purpose
from yiwang.ui.entry import staff
from yiwang.ui.forms import SpecForm
from yiwang.ui.templatetags.ui import said

NOBODY = "no"
"""The choice for whoever is not compared."""


def _actor(request: HttpRequest) -> Actor:
    who: Actor = request.actor  # type: ignore[attr-defined]
    return who


@staff(*COMPARERS)
def compare(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """For a case, choose who is compared and how they agreed; compare; and list what was compared for this case before."""
    by = _actor(request)
    purpose = purposes.find(str(pk))
    if purpose is None or not by.has_role(COMPARERS, purpose.reach):
        raise NotFound(_("没有这个正在办的件，或者不是您的部门办的。"))
    schemes = queries.schemes_for(purpose.consumer.item)
    people = people_of(purpose)
    own = frozenset(purpose.own()) if any(queries.agrees(one.scheme, purpose) for one in schemes) else frozenset()
    asked = queries.consents_of_case(purpose.case_id, by)
    online = frozenset(one.number for one in asked if one.state is ConsentState.AGREED)
    form = SpecForm(
        _specs(people, schemes, own, online), posted(request), request.FILES or None, initial={"on": clock.today()}
    )
    made: list[uuid.UUID] = []

    def do(values: dict[str, Any]) -> None:
        made.append(acts.compare(purpose.case_id, *_given(people, schemes, values), by=by, key=form.key))

    if schemes and take(form, do):
        return redirect("sharing_desk:comparison", made[0])
    context = {
        "purpose": purpose,
        "schemes": [one.scheme for one in schemes],
        "form": form,
        "people": people,
        "asked": _answers(asked, people),
        "may_ask": any(queries.to_ask(purpose, one) for one in schemes),
        "asked_now": request.GET.get("asked") == "1",
        "key": uuid.uuid4().hex,
        "earlier": [(one, VERDICTS[one.verdict][0]) for one in queries.of_case(purpose.case_id, by)],
        "section": "inbox",
    }
    return render(request, "sharing/compare.html", context, status=422 if form.is_bound else 200)


@staff(*COMPARERS)
def ask(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask the grown people whom the application names to agree on their own pages."""
    by = _actor(request)
    back = reverse("sharing_desk:compare", args=[pk])
    if request.method != "POST":
        return redirect(back)
    purpose = purposes.find(str(pk))
    if purpose is None or not by.has_role(COMPARERS, purpose.reach):
        raise NotFound(_("没有这个正在办的件，或者不是您的部门办的。"))
    key = request.POST.get("key", "")
    for one in queries.schemes_for(purpose.consumer.item):
        acts.ask_consents(purpose.case_id, one.scheme.code, by=by, key=f"{key}:{one.scheme.code}")
    return redirect(f"{back}?asked=1")


def _answers(asked: list[ConsentView], people: list[tuple[str, str, int]]) -> list[dict[str, Any]]:
    """Return what everybody said who was asked, with the names that the application gives."""
    names = {number: name for number, name, _years in people}
    return [
        {
            "one": one,
            "name": names.get(one.number) or _("没有写姓名"),
            "number": mask_id(one.number),
            "word": CONSENTS[one.state][0],
            "lamp": CONSENTS[one.state][1],
        }
        for one in asked
    ]


def people_of(purpose: Purpose) -> list[tuple[str, str, int]]:
    """Return the people that an application names: number, name where it says one, years; the applicant first."""
    today = clock.today()
    named = {str(purpose.declared.get("applicant_number", "")): str(purpose.declared.get("applicant_name", ""))}
    for rows in purpose.declared.values():
        if isinstance(rows, list):
            named |= {
                str(row.get("member_number", "")): str(row.get("member_name", ""))
                for row in rows
                if isinstance(row, dict)
            }
    first = purpose.declared.get("applicant_number")
    found = [
        (number, named.get(number, ""), years)
        for number in purpose.numbers
        if (years := age(number, today)) is not None
    ]
    return sorted(found, key=lambda one: (one[0] != first, -one[2], one[0]))


def _specs(
    people: list[tuple[str, str, int]], schemes: list[SchemeView], agreed: frozenset[str], online: frozenset[str]
) -> list[FieldSpec]:
    """Return what is asked: of each how they agreed; ``agreed`` are the numbers of an applicant who did in the application,
    ``online`` of those who did on their own page.
    """
    ways = {way: str(label) for way, label in WAYS.items()}
    specs = []
    if len(schemes) > 1:
        options = tuple(Option(one.scheme.code, one.scheme.name, one.scheme.name_en) for one in schemes)
        specs.append(field("scheme", _("按哪个方案核对"), FieldKind.CHOICE, options=options))
    for place, (number, name, years) in enumerate(people):
        signed = (ConsentWay.SIGNED,) if number in agreed else ()
        on_page = (ConsentWay.ONLINE,) if number in online else ()
        may = (ConsentWay.GUARDIAN,) if years < ADULT else (*signed, *on_page, ConsentWay.PAPER)
        options = (*(Option(way.value, ways[way]) for way in may), Option(NOBODY, _("不核对")))
        who = _("%(name)s（%(number)s，%(age)d 岁）") % {
            "name": name or _("没有写姓名"),
            "number": mask_id(number),
            "age": years,
        }
        specs.append(field(f"way-{place}", who, FieldKind.CHOICE, options=options))
    on_hint = _("在网上同意的，按网上的日期。") if online else ""
    specs.append(field("on", _("哪天同意的"), FieldKind.DATE, hint=on_hint))
    grown = tuple(Option(number, name or mask_id(number)) for number, name, years in people if years >= ADULT)
    if len(grown) < len(people):
        specs.append(field("guardian", _("未成年人的监护人"), FieldKind.CHOICE, options=grown, required=False))
    hint = _("没有在申请里或者网上同意的成年人，要有本人签名的授权书。")
    specs.append(field("paper", _("纸质授权书的扫描件"), FieldKind.FILE, required=False, hint=hint))
    return specs


def _given(
    people: list[tuple[str, str, int]], schemes: list[SchemeView], values: dict[str, Any]
) -> tuple[str, tuple[Member, ...]]:
    papers = values.get("paper") or []
    digest = papers[0].digest if papers else ""
    members = []
    for place, (number, name, _years) in enumerate(people):
        if values[f"way-{place}"] == NOBODY:
            continue
        way = ConsentWay(values[f"way-{place}"])
        by = values.get("guardian", "") if way is ConsentWay.GUARDIAN else ""
        consent = Consent(way=way, on=values["on"], by=by, digest=digest if way is ConsentWay.PAPER else "")
        members.append(Member(number=number, name=name, consent=consent))
    return values.get("scheme") or schemes[0].scheme.code, tuple(members)


@staff(*COMPARERS)
def comparison(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a report: contradictions first, then what was declared and found, and where it comes from. The read is logged."""
    by = _actor(request)
    view, later = queries.get_comparison(pk, by)
    record_read(
        by,
        name="sharing.read_comparison",
        person=view.party,
        purpose=_("办理：%(name)s") % {"name": view.title},
        case=view.case_id,
        application=view.application_id,
        detail={"comparison": str(pk)},
    )
    report = view.report
    members = [
        {
            "name": member.name,
            "number": mask_id(member.number),
            "way": WAYS[member.consent.way],
            "on": member.consent.on,
            "digest": member.consent.digest,
        }
        for member in report.members
    ]
    sources = {source.dataset: source for source in report.sources}
    word, kind = VERDICTS[report.verdict]
    context = {
        "view": view,
        "report": report,
        "verdict": {"word": word, "kind": kind, "reason": said(report, "reason")},
        "members": members,
        "contradictions": [
            {
                "one": one,
                "level": LEVELS[one.level],
                "members": [members[place] for place in one.members],
                "evidence": [(sources[item.dataset], members[item.member], item) for item in one.evidence],
            }
            for one in report.contradictions
        ],
        "sources": [(one, *OUTCOMES[one.outcome]) for one in report.sources],
        "lost": [one for one in report.sources if one.outcome in LOST],
        "later": later and reverse("sharing_desk:comparison", args=[later]),
        "section": "inbox",
    }
    return render(request, "sharing/comparison.html", context)


urlpatterns = [
    path("comparisons/of/<uuid:pk>/", compare, name="compare"),
    path("comparisons/of/<uuid:pk>/ask/", ask, name="ask_consents"),
    path("comparisons/<uuid:pk>/", comparison, name="comparison"),
]
