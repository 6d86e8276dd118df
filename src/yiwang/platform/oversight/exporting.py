"""The upload record of the national rating interface.

Our names become its digits here and nowhere else (STANDARDS 7.3).
"""

from __future__ import annotations

import uuid
from typing import Any

from yiwang.kernel import clock
from yiwang.kernel.digest import sha256_of
from yiwang.kernel.types import SYSTEM, Door, PartyKind
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.types import CaseView
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import CaseType
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity
from yiwang.platform.oversight.models import Rating
from yiwang.platform.oversight.rules import POINTS
from yiwang.platform.oversight.types import Level

CHANNELS: dict[str, str] = {
    Door.PORTAL: "1",
    Door.OPENAPI: "2",
    Door.DESK: "4",
    Door.KIOSK: "5",
    "system": "7",
}
PROMISE = {CaseType.COMMITTED: "1", CaseType.IMMEDIATE: "2"}
"""Zhejiang's interface counts the other way round than GB/T 39046 (STANDARDS 1, row 3)."""
STATUS_RECEIVED, STATUS_ACCEPTED, STATUS_CLOSED = "1", "2", "3"


def upload_record(rating: uuid.UUID) -> dict[str, Any]:
    """Return one rating as the interface wants it, before encryption and signature.

    Names and numbers of persons are in it: it goes to the national platform and nowhere else.
    """
    row = Rating.objects.select_related("service").get(pk=rating)
    service = row.service
    case = cases.get_case(service.case_id, SYSTEM)
    view = cases.get_application(case.application_id, SYSTEM)
    definition = catalog.get_edition(case.edition_id).definition
    agency = directory.agencies_by_path([service.agency_path])[0]
    principal = service.principal
    if principal.kind is PartyKind.PERSON:
        number = identity.get_person(principal.id).number
    else:
        number = identity.get_organisation(principal.id).uscc
    level = Level(row.level)
    return {
        "projectNo": case.number,
        "pf": CHANNELS.get(row.channel, "1"),
        "areaCode": service.region,
        "deptCode": agency.uscc,
        "taskCode": definition.task_code,
        "taskHandleItem": definition.handle_code,
        "taskName": definition.name,
        "subMatter": definition.known_as,
        "proStatus": _status(case),
        "proDepart": agency.name,
        "proManager": case.handler,
        "certKey": sha256_of(number),
        "userName": view.applicant_name,
        "userProp": "1" if principal.kind is PartyKind.PERSON else "2",
        "userPageType": "111" if principal.kind is PartyKind.PERSON else "001",
        "handleUserName": "" if view.agent_id in (None, principal.id) else identity.get_person(view.agent_id).name,
        "serviceNumber": str(service.number),
        "satisfaction": str(POINTS[level]),
        "evalDetail": ",".join(row.reasons),
        "writingEvaluation": row.text or "",
        "assessTime": f"{row.at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S}",
        "assessNumber": str(row.attempt),
        "acceptDate": f"{case.accepted_at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S}" if case.accepted_at else "",
        "promiseTime": PROMISE[definition.case_type],
        "isdefault": "1" if row.is_default else "0",
        "EffectivEvalua": "0" if row.removed_at else "1",
    }


def _status(case: CaseView) -> str:
    if case.closed_at:
        return STATUS_CLOSED
    return STATUS_ACCEPTED if case.accepted_at else STATUS_RECEIVED
