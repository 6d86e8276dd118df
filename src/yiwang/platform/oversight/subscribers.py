"""What oversight hears of: services that can be rated, people who come again, ratings that were answered."""

from __future__ import annotations

import uuid

from django.urls import reverse

from yiwang.kernel.acts import system_record
from yiwang.kernel.events import Happening, subscribe
from yiwang.kernel.types import SYSTEM, Door
from yiwang.platform.cases import events
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.types import CaseResult, CaseView
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.notices import acts as notices
from yiwang.platform.notices.queries import recipients
from yiwang.platform.notices.types import Notice
from yiwang.platform.oversight import acts
from yiwang.platform.oversight.acts.answer import CALLED_BACK, FED_BACK
from yiwang.platform.oversight.models import BadRating
from yiwang.platform.oversight.types import ServiceKind

NO_SERVICE = (CaseResult.DELETED, CaseResult.VOIDED)
"""Results that come of our own mistakes: there was nothing to rate."""


@subscribe("oversight.services", events.CLOSED)
def matter_closed(happening: Happening) -> None:
    """A matter is rated when it is over (一事一评)."""
    case = cases.get_case(uuid.UUID(happening.subject_id), SYSTEM)
    if case.result in NO_SERVICE:
        return
    view = cases.get_application(case.application_id, SYSTEM)
    with system_record("oversight.note_service"):
        acts.note_service(case, view.principal, ServiceKind.MATTER, happening.at)
    _tell("rating.invited", f"rating.invited:{case.id}", case, "")


@subscribe("oversight.counters", events.ACCEPTED)
def accepted_at_a_counter(happening: Happening) -> None:
    """A service at a counter is rated by itself (一次一评)."""
    case = cases.get_case(uuid.UUID(happening.subject_id), SYSTEM)
    view = cases.get_application(case.application_id, SYSTEM)
    if view.door == Door.DESK:
        with system_record("oversight.note_service"):
            acts.note_service(case, view.principal, ServiceKind.ON_SITE, happening.at)


@subscribe("oversight.repeats", events.SUBMITTED)
def came_again(happening: Happening) -> None:
    """Somebody who comes again for the same item was not helped the first time."""
    view = cases.get_application(uuid.UUID(happening.subject_id), SYSTEM)
    acts.raise_repeats(view.principal, view.cases, happening.at)


@subscribe("oversight.visits", events.ACCEPTED, events.CORRECTION_ANSWERED, events.MADE_UP)
def came_to_a_counter(happening: Happening) -> None:
    """Whoever is sent from home to a counter again and again was promised less."""
    acts.raise_visits(cases.get_case(uuid.UUID(happening.subject_id), SYSTEM), happening.at)


@subscribe("oversight.answers", FED_BACK, CALLED_BACK)
def answered(happening: Happening) -> None:
    """Tell the rater what came of it."""
    row = BadRating.objects.select_related("rating__service").get(pk=happening.subject_id)
    case = cases.get_case(row.rating.service.case_id, SYSTEM)
    _tell(happening.name, str(happening.id), case, row.measures)


def _tell(kind: str, cause: str, case: CaseView, text: str) -> None:
    view = cases.get_application(case.application_id, SYSTEM)
    definition = catalog.get_edition(case.edition_id).definition
    agency = next(iter(directory.agencies_by_path([case.agency_path])), None)
    values = {
        "zh-hans": {"name": case.name, "agency": case.agency_name, "text": text},
        "en": {
            "name": definition.name_en or case.name,
            "agency": (agency.name_en if agency else "") or case.agency_name,
            "text": text,
        },
    }
    notices.tell(
        Notice(
            cause=cause,
            kind=kind,
            about=view.principal,
            about_name=view.applicant_name,
            recipients=recipients(view.principal, None),
            values=values,
            link=reverse("oversight:rate", args=[case.id]),
            items=(case.item_code,),
        )
    )
