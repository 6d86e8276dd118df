"""Who is here: identify the person, choose for whom, record consent; what they can do; then the next, please."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from yiwang.halls.services import acts
from yiwang.halls.services.doors import applicant, to
from yiwang.halls.services.pages.track import case_line
from yiwang.kernel.acts import CATALOGUE, record_read
from yiwang.kernel.codes import CodeError, clean, parse_citizen_id
from yiwang.kernel.problems import Invalid, NotFound, Problem
from yiwang.kernel.types import Actor, Role
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.labels import APPLICATION_STATES
from yiwang.platform.cases.types import ApplicationState
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity import sessions
from yiwang.ui.entry import staff

REGISTER = "identity.register_at_counter"


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
    typed = request.POST.get("number", "")
    try:
        number = parse_citizen_id(clean(typed)).value
    except CodeError as error:
        return _identify(request, typed, str(error), status=422)
    person = identity.find_person(number)
    if person is None:
        return _identify(request, typed, _("系统里还没有这个人。"), status=404, unknown=True)
    return _choose(request, person.id)


@require_POST
@staff(Role.INTAKE)
def register(request: HttpRequest) -> HttpResponse:
    """Enter a person who is not known yet, seen in person with their document; then ask for whom."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = CATALOGUE.get(REGISTER)
    if found is None:
        raise NotFound(_("这里还不能登记新的人。"))
    data = {name: request.POST.get(name, "").strip() for name in ("name", "number", "phone")}
    try:
        person, _password = found(
            *(_sealed(found, name, data) for name in ("name", "document", "number", "phone")),
            request.POST.get("consent") == "yes",
            by=actor,
            key=request.POST.get("key", ""),
        )
    except Invalid as problem:
        return _identify(request, data["number"], "", status=422, unknown=True, problem=problem, typed=data)
    return _choose(request, person)


@require_POST
@staff(Role.INTAKE)
def begin(request: HttpRequest) -> HttpResponse:
    """Begin to serve, with the consent of whoever is here."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    kind, _colon, pk = request.POST.get("party", "").partition(":")
    person = request.POST.get("person", "")
    try:
        name = acts.begin_serving(
            person, kind, pk, request.POST.get("consent") == "yes", by=actor, key=request.POST.get("key", "")
        )
    except Invalid as problem:
        return _choose(request, acts.parse_party("person", person).id, problem=problem)
    present = identity.get_person(uuid.UUID(person))
    sessions.serve(request, acts.parse_party(kind, pk), name, present.name)
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
    corrections = cases.corrections_of([case.id for one in found for case in one.cases], only_open=True)
    record_read(actor, name="services.read_client", person=actor.principal.id, purpose=_("窗口接待"))
    words = request.GET.get("q", "").strip()
    events = catalog.life_events()
    shown = [one for one in events if words in one.name + "".join(one.keywords)] if words else events
    context: dict[str, Any] = {
        "drafts": [one for one in found if one.state is ApplicationState.DRAFT],
        "applications": [
            {"view": one, "state": APPLICATION_STATES[one.state], "cases": [case_line(case) for case in one.cases]}
            for one in found
            if one.state is not ApplicationState.DRAFT
        ],
        "corrections": corrections,
        "events": shown,
        "items": catalog.find_by_name(words) if words else [],
        "words": words,
        "section": "counter",
    }
    return render(request, "services/client.html", context)


@applicant
def handed_in(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """After handing in at a counter the clerk goes on to take it in."""
    return redirect("cases:application", pk=pk)


def _identify(
    request: HttpRequest,
    number: str = "",
    error: str = "",
    *,
    status: int = 200,
    unknown: bool = False,
    problem: Problem | None = None,
    typed: dict[str, str] | None = None,
) -> HttpResponse:
    errors = {one.field: str(one.message) for one in problem.errors} if problem else {}
    context = {
        "number": number,
        "error": error,
        "unknown": unknown and REGISTER in CATALOGUE,
        "problem": problem,
        "errors": errors,
        "typed": typed or {},
        "page_errors": bool(error or problem),
        "key": uuid.uuid4().hex,
        "section": "counter",
    }
    return render(request, "services/counter.html", context, status=status)


def _choose(request: HttpRequest, person: uuid.UUID, problem: Problem | None = None) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    view = identity.get_person(person)
    record_read(actor, name="services.identify", person=person, purpose=_("窗口接待"))
    context = {
        "person": view,
        "masked": f"{view.number[:4]}**********{view.number[-4:]}",
        "standings": identity.standings(person),
        "chosen": request.POST.get("party", ""),
        "problem": problem,
        "page_errors": problem is not None,
        "key": uuid.uuid4().hex,
        "section": "counter",
    }
    return render(request, "services/party.html", context, status=422 if problem else 200)


def _sealed(found: Any, name: str, data: dict[str, str]) -> Any:
    """Return an argument as the act takes it: what is personal may have to be wrapped."""
    kind = found.body.__annotations__.get(name)
    value = "citizen_id" if name == "document" else data[name]
    wrap = found.body.__globals__.get(kind) if isinstance(kind, str) else None
    return wrap(value) if wrap else value
