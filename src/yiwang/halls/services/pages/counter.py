"""Who is here: identify the person, choose for whom, record consent; what they can do; then the next, please."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later
from django.views.decorators.http import require_POST

from yiwang.halls.services import acts
from yiwang.halls.services.doors import applicant, to
from yiwang.halls.services.pages import authority
from yiwang.halls.services.pages.lines import case_line
from yiwang.kernel.acts import record_read
from yiwang.kernel.codes import CodeError, clean, mask_id, parse_citizen_id
from yiwang.kernel.problems import Invalid, Problem
from yiwang.kernel.types import Actor, Role
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.labels import APPLICATION_STATES
from yiwang.platform.cases.types import ApplicationState
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.identity import acts as accounts
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity import sessions
from yiwang.platform.identity.counter import find_for_counter
from yiwang.platform.identity.secret import Secret
from yiwang.platform.identity.types import DocumentType
from yiwang.ui.entry import staff
from yiwang.ui.forms import SpecForm

IDENTIFIED = "identified"
"""In the session: whose document the clerk has just seen. Nobody else can be served."""
DOCUMENTS = {
    DocumentType.CITIZEN_ID: later("居民身份证"),
    DocumentType.PASSPORT: later("护照"),
    DocumentType.HK_MACAU_PERMIT: later("港澳居民来往内地通行证"),
    DocumentType.TAIWAN_PERMIT: later("台湾居民来往大陆通行证"),
    DocumentType.FOREIGN_RESIDENCE: later("外国人永久居留身份证"),
}


@staff(Role.INTAKE)
def counter(request: HttpRequest) -> HttpResponse:
    """Ask who is here; somebody who is being served is shown instead."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.principal is not None:
        return to(request, "my")
    return _identify(request)


@require_POST
@staff(Role.INTAKE)
def party(request: HttpRequest) -> HttpResponse:
    """Find the person by the document's number and ask for whom; a number is never put into an address."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    typed = {name: request.POST.get(name, "").strip() for name in ("document", "number")}
    document = DocumentType(typed["document"]) if typed["document"] in set(DocumentType) else DocumentType.CITIZEN_ID
    error = "" if typed["number"] else _("请输入证件号码。")
    if document is DocumentType.CITIZEN_ID and not error:
        try:
            typed["number"] = parse_citizen_id(clean(typed["number"])).value
        except CodeError as wrong:
            error = str(wrong)
    if error:
        return _identify(request, typed, error=error)
    person = find_for_counter(document, typed["number"], _("窗口接待"), by=actor)
    if person is None:
        return _identify(request, typed, unknown=True)
    request.session[IDENTIFIED] = str(person.id)
    return _choose(request, person.id)


@require_POST
@staff(Role.INTAKE)
def register(request: HttpRequest) -> HttpResponse:
    """Enter a person who is not known yet, seen in person with their document; then ask for whom."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    typed = {name: request.POST.get(name, "").strip() for name in ("document", "number", "name", "phone")}
    try:
        person, _password = accounts.register_at_counter(
            Secret(typed["name"]),
            typed["document"],
            Secret(typed["number"]),
            Secret(typed["phone"]),
            consent=request.POST.get("consent") == "yes",
            by=actor,
            key=request.POST.get("key", ""),
        )
    except Invalid as problem:
        return _identify(request, typed, unknown=True, problem=problem)
    request.session[IDENTIFIED] = str(person)
    return _choose(request, person)


@require_POST
@staff(Role.INTAKE)
def authorise(request: HttpRequest) -> HttpResponse:
    """Record on which papers the person may act for somebody who is not listed; then ask for whom again."""
    if not _identified(request):
        return _identify(request, error=_("请先查验来人的证件。"))
    person = acts.parse_party("person", request.POST.get("person", "")).id
    form = authority.posted(request, person)
    if form.is_valid():
        try:
            return _choose(request, person, chosen=authority.record(request, person, form))
        except Invalid as problem:
            form.add_errors(problem.errors, str(problem.detail))
    return _choose(request, person, form=form)


@require_POST
@staff(Role.INTAKE)
def begin(request: HttpRequest) -> HttpResponse:
    """Begin to serve, with the consent of whoever is here."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    kind, _colon, pk = request.POST.get("party", "").partition(":")
    person = request.POST.get("person", "")
    if not _identified(request):
        return _identify(request, error=_("请先查验来人的证件。"))
    try:
        acts.begin_serving(
            person, kind, pk, request.POST.get("consent") == "yes", by=actor, key=request.POST.get("key", "")
        )
    except Invalid as problem:
        return _choose(request, acts.parse_party("person", person).id, problem=problem)
    present = identity.get_person(uuid.UUID(person))
    standing = acts.standing_of(present.party, acts.parse_party(kind, pk))
    sessions.serve(request, standing, present)
    del request.session[IDENTIFIED]
    return to(request, "my")


@require_POST
@staff(Role.INTAKE)
def end(request: HttpRequest) -> HttpResponse:
    """End serving: nothing of this client is shown to the next."""
    sessions.serve(request, None)
    return to(request, "counter")


@applicant
def client(request: HttpRequest) -> HttpResponse:
    """Show what the client can do now: go on, correct, begin."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    assert actor.principal is not None
    found = cases.applications_for(actor.principal, actor)
    shown = [case for one in found for case in one.cases]
    corrections = cases.corrections_of([case.id for case in shown], only_open=True, shown=shown)
    record_read(actor, name="services.read_client", person=actor.principal.id, purpose=_("窗口接待"))
    words = request.GET.get("q", "").strip()
    events = catalog.life_events()
    offered = [one for one in events if words in one.name + "".join(one.keywords)] if words else events
    context: dict[str, Any] = {
        "drafts": [one for one in found if one.state is ApplicationState.DRAFT],
        "applications": [
            {"view": one, "state": APPLICATION_STATES[one.state], "cases": [case_line(case) for case in one.cases]}
            for one in found
            if one.state is not ApplicationState.DRAFT
        ],
        "corrections": corrections,
        "events": offered,
        "items": catalog.find_by_name(words) if words else [],
        "words": words,
        "section": "counter",
    }
    return render(request, "services/client.html", context)


@applicant
def handed_in(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """After handing in at a counter the clerk goes on to take it in."""
    return redirect("cases:application", pk=pk)


def _identified(request: HttpRequest) -> bool:
    """Tell whether the last document seen here was that of the person who is posted."""
    person = request.POST.get("person", "")
    return bool(person) and request.session.get(IDENTIFIED) == person


def _identify(
    request: HttpRequest,
    typed: dict[str, str] | None = None,
    *,
    error: str = "",
    unknown: bool = False,
    problem: Problem | None = None,
) -> HttpResponse:
    context = {
        "typed": typed or {},
        "documents": DOCUMENTS,
        "error": error,
        "unknown": unknown,
        "problem": problem,
        "errors": {one.field: str(one.message) for one in problem.errors} if problem else {},
        "page_errors": bool(error or problem),
        "key": uuid.uuid4().hex,
        "section": "counter",
    }
    status = 422 if error or problem else 404 if unknown else 200
    return render(request, "services/counter.html", context, status=status)


def _choose(
    request: HttpRequest,
    person: uuid.UUID,
    problem: Problem | None = None,
    *,
    form: SpecForm | None = None,
    chosen: str = "",
) -> HttpResponse:
    view = identity.get_person(person)
    wrong = bool(problem or (form and not form.is_step))
    context = {
        "person": view,
        "masked": mask_id(view.number),
        "standings": [(one, f"{one.party.kind}:{one.party.id}") for one in identity.standings(person)],
        "chosen": chosen or request.POST.get("party", "") or f"{view.party.kind}:{view.id}",
        "recorded": bool(chosen),
        "form": form or authority.empty(),
        "asked": form is not None,
        "errors": {one.field: str(one.message) for one in problem.errors} if problem else {},
        "problem": problem,
        "page_errors": wrong,
        "key": uuid.uuid4().hex,
        "section": "counter",
    }
    return render(request, "services/party.html", context, status=422 if wrong else 200)
