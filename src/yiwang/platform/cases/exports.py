"""The record sets that a city hands up (GB/T 39046; STANDARDS 4.1), under their national field names.

Internal names are mapped here and nowhere else. Instants are local time, ``YYYYMMDDThhmmss``; the unknown is empty.
These rows hold personal numbers: they go to the interface of the exchange, never to a page.
"""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from yiwang.kernel.clock import SHANGHAI
from yiwang.kernel.types import Door, Party, PartyKind
from yiwang.platform.cases import rules
from yiwang.platform.cases.models import ApplicationMaterial, Case, Document, Payment, SpecialProcedure, Task
from yiwang.platform.cases.types import CaseResult, DocumentKind, PaymentKind, TaskState, Way
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import CaseType
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.types import FactState
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.types import DocumentType, OrganisationKind
from yiwang.platform.licences import queries as licences
from yiwang.platform.licences import signing
from yiwang.ui import store

Row = dict[str, str]

APPLY_TYPES = {Door.DESK: "1", Door.PORTAL: "2"}
"""申请类型 (GB/T 39046 A.5): 1 counter, 2 web, 9 other."""
PROJECT_TYPES = {CaseType.IMMEDIATE: "1", CaseType.COMMITTED: "2"}
"""办件类型 (GB/T 39046): the rating interface has it the other way round (STANDARDS 1, row 3)."""
PAGE_TYPES = {
    DocumentType.CITIZEN_ID: "111",
    DocumentType.PASSPORT: "414",
    DocumentType.HK_MACAU_PERMIT: "516",
    DocumentType.TAIWAN_PERMIT: "511",
    DocumentType.FOREIGN_RESIDENCE: "553",
}
"""证件类型 (GA/T 2000.156)."""
APPLICANT_TYPES = {
    OrganisationKind.ENTERPRISE: "2",
    OrganisationKind.INSTITUTION: "3",
    OrganisationKind.SOCIAL_ORGANISATION: "4",
    OrganisationKind.ADMINISTRATION: "5",
}
"""GB/T 39046 A.4; 1 is a natural person, 6 any other organisation."""
GET_TYPES = {FactState.KNOWN: "5", FactState.LATER: "5", FactState.DEFERRED: "4", FactState.GIVEN: "2"}
"""收取方式: 2 uploaded, 3 scanned, 4 made up later, 5 from the licence store."""


_CONTACT_CODES = ("handler_number", "applicant_number")


def up_pro_accept(ids: Iterable[uuid.UUID]) -> list[Row]:
    """Acceptance (受理信息) of cases that were accepted."""
    cases = [case for case in _cases(ids) if case.accepted_at]
    numbers = _acceptances(cases)
    party = lru_cache(maxsize=None)(_party)
    agencies = directory.agencies_by_id({case.agency_id for case in cases})
    rows = []
    for case in cases:
        definition = catalog.get_edition(case.edition_id).definition
        facts = case.application.facts
        rows.append(
            {
                "project_no": case.number,
                "catalog_code": definition.basic_code,
                "task_code": definition.task_code,
                "task_handle_item": definition.handle_code,
                "task_name": definition.name,
                "task_version": str(catalog.get_edition(case.edition_id).number),
                "project_name": f"{case.applicant_name}申请{definition.name}",
                "project_type": PROJECT_TYPES[definition.case_type],
                "apply_type": APPLY_TYPES.get(Door(case.application.door), "9"),
                "apply_date": instant(case.application.submitted_at),
                "accept_date": instant(case.accepted_at),
                "accept_doc_no": numbers.get(case.pk, ""),
                "promise_date": day(case.due_on),
                **party(case.principal),
                "contact_name": _fact(facts, "handler_name", "applicant_name"),
                "contact_type": PAGE_TYPES[DocumentType.CITIZEN_ID] if _fact(facts, *_CONTACT_CODES) else "",
                "contact_code": _fact(facts, *_CONTACT_CODES),
                "contact_mobile": _fact(facts, "handler_phone", "applicant_phone"),
                "address": _fact(facts, "place_address", "applicant_address"),
                "zip": _fact(facts, "zip_code"),
                "org_code": agencies[case.agency_id].uscc,
                "org_name": agencies[case.agency_id].name,
                "handle_user_name": case.handler_label,
            }
        )
    return rows


def up_pro_process(ids: Iterable[uuid.UUID]) -> list[Row]:
    """Process (办理环节): every step that was opened; one that is open repeats its start as its end."""
    tasks = Task.objects.filter(case_id__in=list(ids), state__in=[TaskState.READY, TaskState.DONE])
    found = list(tasks.select_related("case").order_by("case_id", "position"))
    agencies = {one.path: one for one in directory.agencies_by_path({task.agency_path for task in found})}
    rows = []
    for task in found:
        done = task.state == TaskState.DONE
        start = task.ready_at or task.done_at
        rows.append(
            {
                "project_no": task.case.number,
                "process_name": task.name,
                "org_name": agencies[task.agency_path].name,
                "org_code": agencies[task.agency_path].uscc,
                "event_name": {"pass": "通过", "fail": "退回"}.get(task.outcome, "其他"),
                "handle_explain": task.opinion,
                "handle_user_name": task.done_by or task.assignee_label,
                "event_start_time": instant(start),
                "event_end_time": instant(task.done_at or start),
                "handle_status": "2" if done else "1",
            }
        )
    return rows


def up_pro_special_procedure(ids: Iterable[uuid.UUID]) -> list[Row]:
    """Special procedures (特别程序): 1 an extension, 2 any other."""
    rows = SpecialProcedure.objects.filter(case_id__in=list(ids)).select_related("case")
    return [
        {
            "project_no": row.case.number,
            "special_type": "1" if row.kind == "extension" else "2",
            "special_name": row.name,
            "special_time": instant(row.started_at),
            "special_reason": row.basis,
            "applyer_user_name": row.applied_by,
            "end_time": instant(row.ended_at),
            "result": row.result,
            "special_explain": row.reason,
            "handle_user": row.ended_by,
        }
        for row in rows.order_by("case_id", "started_at")
    ]


def up_pro_material(ids: Iterable[uuid.UUID]) -> list[Row]:
    """Materials (申请材料) of each case, with how they were had and the names of the files."""
    cases = _cases(ids)
    applications = {case.application_id for case in cases}
    materials: dict[uuid.UUID, list[ApplicationMaterial]] = {}
    for material in ApplicationMaterial.objects.filter(application_id__in=applications).order_by("name"):
        materials.setdefault(material.application_id, []).append(material)
    files: dict[tuple[uuid.UUID, str], list[Any]] = {}
    for case in cases:
        for file in case.application.files.all():
            if file.removed_at is None:
                files.setdefault((case.application_id, file.identity), []).append(file)
    rows = []
    for case in cases:
        for material in materials.get(case.application_id, []):
            state = FactState(material.state)
            if case.item_code not in material.items or state in (FactState.NEEDLESS, FactState.ASK):
                continue
            given = {file.pk: file for file in files.get((case.application_id, material.identity), [])}
            rows.append(
                {
                    "project_no": case.number,
                    "material_name": material.name,
                    "get_type": _get_type(state, made_up=bool(material.made_up_at), scanned=any(
                        file.trust == "B" for file in given.values())),
                    "get_num": str(max(len(given), 1)),
                    "attach_name": "；".join(file.name for file in given.values()),
                }
            )  # fmt: skip
    return rows


def up_pro_result(
    ids: Iterable[uuid.UUID], results: Mapping[CaseResult, str] = rules.GUANGDONG_NEWER, other: str = "6"
) -> list[Row]:
    """Results (办结信息) of closed cases; ``results`` gives the receiver's digits, ``other`` stands for the rest."""
    cases = [case for case in _cases(ids) if case.closed_at]
    issued = licences.of_cases([case.pk for case in cases])
    rows = []
    for case in cases:
        licence = issued.get(case.pk)
        rows.append(
            {
                "project_no": case.number,
                "result_type": results.get(CaseResult(case.result), other),
                "result_date": instant(case.closed_at),
                "result_explain": case.decision or case.reason,
                "result_cetr_name": licence.name if licence else "",
                "result_cetr_no": licence.number if licence else "",
                "is_delivery_results": "1" if case.delivered_at else "0",
                "handle_user_name": case.handler_label,
            }
        )
    return rows


def logistics(ids: Iterable[uuid.UUID]) -> list[Row]:
    """Logistics (物流): results that were sent by mail."""
    sent = Document.objects.filter(case_id__in=list(ids), kind=DocumentKind.DELIVERY).select_related("case")
    return [
        {
            "办件编号": paper.case.number if paper.case else "",
            "物流单号": paper.content["tracking"],
            "寄送单位": paper.content["issuer_name"],
            "寄送日期": paper.content["delivered_on"].replace("-", ""),
            "寄送人": paper.content.get("sender", ""),
            "接收单位": paper.content["applicant"],
            "接收人": paper.content["receiver"],
            "接收日期": "",
        }
        for paper in sent.order_by("created_at")
        if paper.content["way"] == Way.MAIL
    ]


def payments(ids: Iterable[uuid.UUID]) -> list[Row]:
    """Payments (缴费) of fees; the opposite entry of a mistaken one (冲正) has its slip and a negative amount."""
    rows = Payment.objects.filter(case_id__in=list(ids), kind=PaymentKind.PAID).select_related("case")
    found = list(rows.order_by("at", "id"))
    agencies = directory.agencies_by_id({row.agency_id for row in found})
    return [
        {
            "办件编号": row.case.number,
            "缴款单号": row.slip,
            "收费单位": agencies[row.agency_id].name,
            "收费人员": row.taker_label,
            "收费金额": f"{row.amount:.2f}",
            "收费时间": instant(row.at),
            "缴款人": row.payer,
        }
        for row in found
    ]


def seals(ids: Iterable[uuid.UUID]) -> list[Row]:
    """Electronic seals (电子印章) on the documents of the cases, read from the signed files themselves."""
    papers = Document.objects.filter(case_id__in=list(ids)).exclude(digest="").order_by("created_at")
    rows = []
    for paper in papers:
        with store.open_file(paper.digest) as file:
            found = signing.inspect(file.read())
        if found.seal is not signing.Seal.NONE:
            rows.append(
                {
                    "签章版本": "PAdES B-B",
                    "签章人": found.signer,
                    "签章时间": instant(found.at),
                    "印章类型": "电子法定名称章",
                    "印章名称": found.signer,
                    "制作日期": day_only(found.made_on),
                    "发放日期": day_only(found.made_on),
                    "文书编号": paper.number,
                }
            )
    return rows


SETS: dict[str, Callable[[Iterable[uuid.UUID]], list[Row]]] = {
    "up_pro_accept": up_pro_accept,
    "up_pro_process": up_pro_process,
    "up_pro_special_procedure": up_pro_special_procedure,
    "up_pro_material": up_pro_material,
    "up_pro_result": up_pro_result,
    "payments": payments,
    "logistics": logistics,
    "seals": seals,
}
"""Every set by name; rooms that stand on cases enter theirs (电子监察)."""


def to_csv(rows: Sequence[Row]) -> str:
    """Return rows as CSV with a heading; what a spreadsheet would take for a formula is kept from it."""
    if not rows:
        return ""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows({name: harmless(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def instant(at: datetime | None) -> str:
    """Return an instant as the exchange has it, in local time."""
    return f"{at.astimezone(SHANGHAI):%Y%m%dT%H%M%S}" if at else ""


def day(value: date | None) -> str:
    """Return a legal date as the exchange has it: its last second."""
    return f"{value:%Y%m%d}T235959" if value else ""


def day_only(value: date | None) -> str:
    """Return a day without a time; empty if unknown."""
    return f"{value:%Y%m%d}" if value else ""


def _cases(ids: Iterable[uuid.UUID]) -> list[Case]:
    rows = Case.objects.filter(pk__in=list(ids)).select_related("application")
    return list(rows.prefetch_related("application__files").order_by("number"))


def _acceptances(cases: Sequence[Case]) -> dict[uuid.UUID, str]:
    kinds = [DocumentKind.ACCEPTANCE, DocumentKind.CONDITIONAL]
    rows = Document.objects.filter(case__in=cases, kind__in=kinds).values_list("case_id", "number")
    return {case: number for case, number in rows if case is not None}


def _party(party: Party) -> Row:
    if party.kind is PartyKind.PERSON:
        person = identity.get_person(party.id)
        return {
            "applyer_name": person.name,
            "applyer_type": "1",
            "applyer_page_type": PAGE_TYPES[person.document_type],
            "applyer_page_code": person.number,
            "legal": "",
        }
    firm = identity.get_organisation(party.id)
    return {
        "applyer_name": firm.name,
        "applyer_type": APPLICANT_TYPES.get(firm.kind, "6"),
        "applyer_page_type": "",
        "applyer_page_code": firm.uscc,
        "legal": firm.legal_representative_name,
    }


def _fact(facts: Mapping[str, Mapping[str, Any]], *codes: str) -> str:
    for code in codes:
        value = facts.get(code, {}).get("value")
        if value not in (None, ""):
            return str(value)
    return ""


def _get_type(state: FactState, *, made_up: bool, scanned: bool) -> str:
    if state is FactState.DEFERRED and made_up:
        state = FactState.GIVEN
    if state is FactState.GIVEN and scanned:
        return "3"
    return GET_TYPES.get(state, "")


def harmless(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; a negative number is none."""
    if re.fullmatch(r"-\d+(\.\d+)?", value, re.ASCII):
        return value
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
