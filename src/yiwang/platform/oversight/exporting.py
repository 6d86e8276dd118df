"""The upload record of the national rating interface.

Our names become its digits here and nowhere else (STANDARDS 7.3). Encryption (SM2) and signature are the carrier's.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from yiwang.kernel import clock
from yiwang.kernel.digest import sha256_of
from yiwang.kernel.types import SYSTEM, Party, PartyKind
from yiwang.platform.cases import exports
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.exports import PAGE_TYPES
from yiwang.platform.cases.rules import rating_status
from yiwang.platform.cases.types import RatingStatus
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import CaseType, Definition
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity
from yiwang.platform.oversight import data
from yiwang.platform.oversight.labels import ALERTS
from yiwang.platform.oversight.models import Alert, Rating
from yiwang.platform.oversight.rules import POINTS
from yiwang.platform.oversight.types import AlertKind, Channel, Level

CHANNELS: dict[Channel, str] = {
    Channel.PC: "1",
    Channel.MACHINE: "1",
    Channel.MOBILE: "2",
    Channel.QR: "3",
    Channel.TABLET: "4",
    Channel.TERMINAL: "5",
    Channel.SMS: "6",
    Channel.SYSTEM: "7",
    Channel.TELEPHONE: "8",
}
"""The telephone has no digit in Zhejiang's list; others give it one of its own (STANDARDS 15, row 10)."""
PROMISE = {CaseType.COMMITTED: "1", CaseType.IMMEDIATE: "2"}
"""Zhejiang's interface counts the other way round than GB/T 39046 (STANDARDS 1, row 3)."""
STATUSES = {RatingStatus.WAITING: "1", RatingStatus.IN_HAND: "2", RatingStatus.FINISHED: "3"}


def upload_records(since: datetime, until: datetime) -> Iterator[dict[str, Any]]:
    """Return the ratings given from ``since`` to before ``until`` as the interface wants them, oldest first.

    Names and numbers of persons are in it: it goes to the national platform and nowhere else.
    """
    rows = Rating.objects.filter(at__gte=since, at__lt=until).select_related("service").order_by("at", "id")
    for row in rows.iterator(chunk_size=200):
        yield upload_record(row)


def upload_record(row: Rating) -> dict[str, Any]:
    """Return one rating as the interface wants it, before encryption and signature."""
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
    agent = identity.get_person(view.agent_id) if view.agent_id not in (None, principal.id) else None
    return {
        "projectNo": case.number,
        "pf": CHANNELS[Channel(row.channel)],
        "areaCode": service.region,
        "deptCode": agency.uscc,
        "taskCode": definition.task_code,
        "taskHandleItem": definition.handle_code,
        "taskName": definition.name,
        "subMatter": _theme(definition),
        "proStatus": STATUSES[rating_status(case.state)],
        "proDepart": agency.name,
        "proManager": case.handler,
        "certKey": sha256_of(number),
        "certKeyGOV": "",
        "userName": view.applicant_name,
        "userProp": "1" if principal.kind is PartyKind.PERSON else "2",
        "userPageType": _page_type(principal),
        "handleUserName": agent.name if agent else "",
        "handleUserPageType": PAGE_TYPES[agent.document_type] if agent else "",
        "handleUserPageCode": agent.number if agent else "",
        "serviceNumber": str(service.number),
        "satisfaction": str(POINTS[level]),
        "evalDetail": ",".join(row.reasons),
        "writingEvaluation": row.text or "",
        "assessTime": f"{row.at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S}",
        "assessNumber": str(row.attempt),
        "acceptDate": f"{case.accepted_at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S}" if case.accepted_at else "",
        "promiseTime": PROMISE[definition.case_type],
        "dataSource": data.parameters().data_source,
        "isdefault": "1" if row.is_default else "0",
        "EffectivEvalua": "0" if row.removed_at else "1",
    }


def _theme(definition: Definition) -> str:
    """Return the first theme's name, of the persons' list or of the legal persons'."""
    for codes, table in ((definition.person_themes, "person_themes"), (definition.legal_themes, "legal_themes")):
        if codes:
            return catalog.code_table(table).get(codes[0], "")
    return ""


def _page_type(principal: Party) -> str:
    if principal.kind is PartyKind.ORGANISATION:
        return "001"
    return PAGE_TYPES[identity.get_person(principal.id).document_type]


def supervision(ids: Iterable[uuid.UUID]) -> list[exports.Row]:
    """Electronic supervision (电子监察; GB/T 39046, STANDARDS 4.6): the alerts of these cases."""
    alerts = Alert.objects.filter(case_id__in=list(ids)).order_by("raised_at")
    found = {alert.case_id: cases.get_case(alert.case_id, SYSTEM) for alert in alerts}
    kinds = {pk: catalog.get_edition(view.edition_id).definition.item_type for pk, view in found.items()}
    return [
        {
            "办件编号": found[alert.case_id].number,
            "督办内容": str(ALERTS[AlertKind(alert.kind)]),
            "机构": found[alert.case_id].agency_name,
            "事项类型": kinds[alert.case_id],
            "发出时间": exports.instant(alert.raised_at),
            "监察编号": str(alert.id),
            "监察规则编号": alert.kind,
            "预警类型": alert.kind,
            "状态时间": exports.instant(alert.settled_at or alert.raised_at),
            "结果描述": alert.note,
            "责任部门": found[alert.case_id].agency_name,
        }
        for alert in alerts
    ]
