"""From an event to what is told to whom. Reads only; ``acts.tell`` writes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import date

from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format

from yiwang.kernel import clock
from yiwang.kernel.events import Happening
from yiwang.kernel.types import SYSTEM, Party, PartyKind
from yiwang.platform.cases import events
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.types import ApplicationView, CaseResult, CaseState, CaseView
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity
from yiwang.platform.licences import queries as licences
from yiwang.platform.licences.acts import operate as licence_ends
from yiwang.platform.licences.acts import showing
from yiwang.platform.licences.acts import versions as licence_events
from yiwang.platform.notices.queries import recipients
from yiwang.platform.notices.types import DEFAULT_LANGUAGE, Notice
from yiwang.platform.sharing import queries as sharing
from yiwang.platform.sharing.acts import objecting as sharing_events
from yiwang.platform.sharing.means import acts as means
from yiwang.platform.sharing.means import queries as comparisons
from yiwang.ui.names import named

LANGUAGES = (DEFAULT_LANGUAGE, "en")
ON_APPLICATION = (events.SUBMITTED, events.VISIT_PLANNED, events.JOINT_EXTENDED)
ON_CASE = (
    events.ACCEPTED,
    events.NOT_ACCEPTED,
    events.CORRECTION_ASKED,
    events.RETURNED,
    events.REVOKED,
    events.PREDECESSOR_ENDED,
    events.HEARING_OFFERED,
    events.SUSPENDED,
    events.RESUMED,
    events.EXTENDED,
    events.DECIDED,
    events.CLOSED,
    events.DELIVERED,
    events.WITHDRAWN,
    events.FORWARDED,
    events.VOIDED,
    events.EDITION_MOVED,
)
TO_MEND = (events.CORRECTION_ASKED, events.RETURNED, events.PREDECESSOR_ENDED)
"""Events after which the applicant has something to hand in, with a last day."""
ON_LICENCE = (licence_events.ISSUED, licence_ends.EXPIRING, showing.ASKED)
ON_OBJECTION = (sharing_events.ANSWERED, sharing_events.NOT_COME)
ON_CONSENT = (means.CONSENT_ASKED,)


def compose(happening: Happening) -> Iterator[Notice]:
    """Yield what to tell whom; nothing where the event says nothing new to anybody outside."""
    if happening.name == licence_ends.EXPIRING:
        yield from _of_expiry(happening)
        return
    if happening.name == showing.ASKED:
        yield from _of_showing(happening)
        return
    notice = _about_a_matter(happening)
    if notice is not None:
        yield notice


def _about_a_matter(happening: Happening) -> Notice | None:
    if happening.name in ON_APPLICATION:
        return _of_application(happening)
    if happening.name in ON_LICENCE:
        return _of_licence(happening)
    if happening.name in ON_OBJECTION:
        return _of_objection(happening)
    if happening.name in ON_CONSENT:
        return _of_consent(happening)
    return _of_case(happening)


def _of_application(happening: Happening) -> Notice:
    view = cases.get_application(uuid.UUID(happening.subject_id), SYSTEM)
    day = happening.payload.get("day", "")
    values = {
        language: _application_values(view, language)
        | {"day": _day(date.fromisoformat(day) if day else None, language)}
        | ({"due": _day(view.joint_due_on, language)} if happening.name == events.JOINT_EXTENDED else {})
        for language in LANGUAGES
    }
    return _notice(happening, happening.name, view, values)


def _of_case(happening: Happening) -> Notice | None:
    case = cases.get_case(uuid.UUID(happening.subject_id), SYSTEM)
    kind = _kind(happening, case)
    if kind is None:
        return None
    view = cases.get_application(case.application_id, SYSTEM)
    values = {language: _application_values(view, language) | _case_values(case, language) for language in LANGUAGES}
    cause = str(happening.id)
    if happening.name == events.ACCEPTED:
        # One acceptance of a whole application is one piece of news, however many cases it starts.
        cause = f"{kind}:{view.id}:{happening.at.isoformat()}"
    if kind in TO_MEND:
        asked = cases.corrections_of([case.id])[-1]
        for language in LANGUAGES:
            values[language] |= {"due": _day(asked.due_on, language), "points": str(len(asked.points))}
    return _notice(happening, kind, view, values, cause=cause, items=(case.item_code,))


def _kind(happening: Happening, case: CaseView) -> str | None:
    if happening.name == events.DECIDED:
        return "case.refused" if case.result is CaseResult.REFUSED else "case.granted"
    if happening.name == events.PREDECESSOR_ENDED and case.state is not CaseState.SUPPLEMENT:
        return None  # it only stood in order: nothing is wanted of the applicant
    if happening.name == events.CLOSED:
        return "case.no_supplement" if case.result is CaseResult.NO_SUPPLEMENT else None
    if happening.name == events.DELIVERED and happening.payload.get("way") == "electronic":
        return None  # the e-licence has its own message
    return happening.name


def _of_licence(happening: Happening) -> Notice | None:
    case_id = happening.payload.get("case")
    if not case_id:
        return None  # history that was digitised, not news
    licence = licences.get_licence(uuid.UUID(happening.subject_id), SYSTEM)
    case = cases.get_case(uuid.UUID(case_id), SYSTEM)
    view = cases.get_application(case.application_id, SYSTEM)
    values = {
        language: _application_values(view, language) | _case_values(case, language) | {"name": licence.name}
        for language in LANGUAGES
    }
    return _notice(happening, happening.name, view, values, items=(case.item_code,))


def _of_expiry(happening: Happening) -> Iterator[Notice]:
    """Everybody who holds it is reminded, unless the worker was away so long that it is over."""
    licence = licences.get_licence(uuid.UUID(happening.subject_id), SYSTEM)
    if licence.valid_to is None or licence.valid_to < clock.today():
        return
    for party in licence.holders:
        values = {}
        for language in LANGUAGES:
            with translation.override(language):
                values[language] = {
                    "name": named(licence.name),
                    "agency": named(licence.issuer_name),
                    "tail": licence.number[-4:],
                    "day": date_format(licence.valid_to, "j F Y" if language == "en" else "Y年n月j日"),
                }
        yield Notice(
            cause=str(happening.id),
            kind=happening.name,
            about=party,
            about_name=identity.party_name(party),
            recipients=recipients(party, None),
            values=values,
            link=reverse("licences:licence", args=[licence.id]),
            at=happening.at,
        )


def _of_showing(happening: Happening) -> Iterator[Notice]:
    """Whose card was read at a counter may agree on their own telephone; who shows a code has the question before them."""
    if "way" not in happening.payload:
        return
    asked = licences.get_showing(uuid.UUID(happening.subject_id), SYSTEM)
    values = {}
    for language in LANGUAGES:
        with translation.override(language):
            values[language] = {"agency": named(asked.agency_name), "text": asked.purpose}
    yield Notice(
        cause=str(happening.id),
        kind=happening.name,
        about=asked.holder,
        about_name=asked.holder_name,
        recipients=recipients(asked.holder, None),
        values=values,
        link=reverse("licences:showing", args=[asked.id]),
        at=happening.at,
    )


def _of_objection(happening: Happening) -> Notice | None:
    view = sharing.get_objection(uuid.UUID(happening.subject_id), SYSTEM)
    if view.party is None:  # an agency's: it asks for the answer
        return None
    name = view.dataset_name or (view.check.dataset_name if view.check else "")
    values = {}
    for language in LANGUAGES:
        with translation.override(language):
            values[language] = {"agency": named(view.agency_name), "name": named(name), "text": view.answer}
            if view.awaits:
                values[language]["day"] = _day(view.awaits, language)
    return Notice(
        cause=str(happening.id),
        kind=happening.name,
        about=view.party,
        about_name=identity.party_name(view.party),
        recipients=recipients(view.party, None),
        values=values,
        link=reverse("sharing:objections"),
        at=happening.at,
    )


def _of_consent(happening: Happening) -> Notice | None:
    """Whoever is not known to the platform finds it on their page when they are."""
    asked = comparisons.get_consent(uuid.UUID(happening.subject_id), SYSTEM)
    person = identity.find_person(asked.number)
    if person is None:
        return None
    values = {}
    for language in LANGUAGES:
        with translation.override(language):
            values[language] = {"agency": named(asked.agency_name), "name": named(asked.title), "text": asked.applicant}
    about = Party(PartyKind.PERSON, person.id)
    return Notice(
        cause=str(happening.id),
        kind=happening.name,
        about=about,
        about_name=person.name,
        recipients=recipients(about, None),
        values=values,
        link=reverse("sharing:consent", args=[asked.id]),
        at=happening.at,
    )


def _notice(
    happening: Happening,
    kind: str,
    view: ApplicationView,
    values: dict[str, dict[str, str]],
    *,
    cause: str = "",
    items: tuple[str, ...] = (),
) -> Notice:
    return Notice(
        cause=cause or str(happening.id),
        kind=kind,
        about=view.principal,
        about_name=view.applicant_name,
        recipients=recipients(view.principal, view.agent_id),
        values=values,
        link=reverse("services:application", args=[view.id]),
        at=happening.at,
        items=items or tuple(sorted({case.item_code for case in view.cases})),
    )


def _application_values(view: ApplicationView, language: str) -> dict[str, str]:
    accepted = [case for case in view.cases if case.accepted_at is not None]
    return {
        "title": (view.title_en if language == "en" else "") or view.title,
        "tail": view.number[-4:],
        "number": view.number,
        "code": view.query_code,
        "total": str(len(view.cases)),
        "accepted": str(len(accepted)),
        "due": _day(view.due_on or _latest(accepted), language),
    }


def _case_values(case: CaseView, language: str) -> dict[str, str]:
    english = language == "en"
    definition = catalog.get_edition(case.edition_id).definition
    agency = next(iter(directory.agencies_by_path([case.agency_path])), None)
    values = {
        "name": (definition.name_en if english else "") or case.name,
        "agency": (agency.name_en if english and agency else "") or case.agency_name,
    }
    return values | ({"due": _day(case.due_on, language)} if case.due_on else {})


def _latest(found: Iterable[CaseView]) -> date | None:
    return max((case.due_on for case in found if case.due_on), default=None)


def _day(day: date | None, language: str) -> str:
    if day is None:
        return ""
    with translation.override(language):
        return date_format(day, "j F Y" if language == "en" else "n月j日")
