"""The journey for machines: guides, the navigator, beginning an application."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status

from yiwang.halls.services import queries
from yiwang.kernel.api import IdempotencyKey, Needs, actor_of, unchanged
from yiwang.kernel.problems import Invalid, NotAllowed
from yiwang.kernel.types import Actor, FieldError
from yiwang.platform.cases import acts
from yiwang.platform.cases.http import BurdenOut, CreatedOut, MaterialOut, burden_out, given, material_out
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog import rules
from yiwang.platform.catalog.http import EventCode, FieldOut, TaskCode, field_out
from yiwang.platform.catalog.types import LifeEvent
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.types import FactState
from yiwang.ui import values

router = Router(tags=["办事"])


class CentreOut(Schema):
    """Where one may come."""

    code: str
    name: str
    address: str
    hours: str
    phone: str


class GuideMaterial(Schema):
    """A material as the reader of a guide sees it."""

    name: str
    required: bool
    may_be_needless: bool = Field(description="政府已有的、可以承诺的，不用交")
    hint: str
    standard: str
    mistakes: list[str]


class GuideStep(Schema):
    """A step with its planned first and last working day after acceptance."""

    name: str
    from_day: int
    to_day: int


class GuideQuestion(Schema):
    """A common question."""

    question: str
    answer: str


class GuideOut(Schema):
    """One item's guide as its reader gets it: what, who, how long, how much, where, what to bring."""

    task_code: str
    edition: uuid.UUID
    number: int
    name: str
    name_en: str
    plain: str
    agency_name: str
    conditions: list[str]
    statutory_limit: str
    promised_limit: str
    visits: int
    online: bool
    fees: list[str]
    materials: list[GuideMaterial]
    steps: list[GuideStep]
    result: str
    centres: list[CentreOut]
    legal_basis: list[str]
    faq: list[GuideQuestion]
    mistakes: list[str]
    consult_phone: str
    complaint_phone: str
    reconsideration: str
    lawsuit: str


class StartIn(Schema):
    """Answers so far, by question (code of the data element)."""

    answers: dict[str, Any] = Field(default={}, max_length=200)


class ResolveIn(StartIn):
    """Answers so far, and whether to look up what is known of the principal (``applications:read``)."""

    known: bool = False


class ChosenOut(Schema):
    """An item that applies, why, and the short names of what it waits for."""

    task_code: str
    basic_code: str
    edition: uuid.UUID
    name: str
    agency_name: str
    reason: str
    after: list[str]


class NavigatorOut(Schema):
    """What the answers come to. Ask ``questions`` until ``complete``; then it can be applied for."""

    complete: bool
    questions: list[FieldOut]
    items: list[ChosenOut]
    not_needed: list[str]
    nobody_does: list[str] = Field(description="这个地方没有部门办的事项")
    known: list[MaterialOut] = Field(description="不用交的材料")
    give: list[MaterialOut] = Field(description="要交的材料")
    ask: list[FieldOut] = Field(description="还要填的")
    burden: BurdenOut | None


@router.get(
    "/guides/{task_code}",
    auth=Needs("items:read"),
    response={200: GuideOut, 304: None},
    operation_id="guide",
    summary="办事指南",
)
def guide(request: HttpRequest, response: HttpResponse, task_code: TaskCode) -> Any:
    """Return the guide in force, in the words of whoever needs it."""
    edition = catalog.current_edition(task_code)
    if unchanged(request, response, edition.digest):
        return Status(304, None)
    item = edition.definition
    plan = rules.planned_days(item)
    centres = [found for place in item.places if (found := directory.find_centre(place.centre))]
    return {
        "task_code": item.task_code,
        "edition": edition.id,
        "number": edition.number,
        "name": item.name,
        "name_en": item.name_en,
        "plain": item.plain,
        "agency_name": edition.agency_name,
        "conditions": [(_("不能有：") if one.prohibits else "") + one.text for one in item.conditions],
        "statutory_limit": f"{item.statutory_limit.value} {item.statutory_limit.unit.value}",
        "promised_limit": f"{item.promised_limit.value} {item.promised_limit.unit.value}",
        "visits": item.channels.visits,
        "online": item.channels.online and not item.sample_only,
        "fees": [f"{one.name}：{one.standard}" for one in item.fees],
        "materials": [
            {
                "name": one.name,
                "required": one.necessity.value == "required",
                "may_be_needless": bool(one.satisfied_by),
                "hint": one.hint,
                "standard": one.standard,
                "mistakes": list(one.mistakes),
            }
            for one in item.materials
        ],
        "steps": [
            {"name": step.name, "from_day": plan[step.code][0], "to_day": plan[step.code][1]} for step in item.process
        ],
        "result": item.result.name,
        "centres": centres,
        "legal_basis": [f"《{one.law}》{one.article}" for one in item.legal_basis],
        "faq": item.faq,
        "mistakes": list(item.mistakes),
        "consult_phone": item.consult_phone,
        "complaint_phone": item.complaint_phone,
        "reconsideration": item.reconsideration,
        "lawsuit": item.lawsuit,
    }


@router.post(
    "/life-events/{code}/resolve",
    auth=Needs("items:read"),
    response=NavigatorOut,
    operation_id="resolve_life_event",
    summary="按回答得出要办的事项",
)
def resolve(request: HttpRequest, asked: ResolveIn, code: EventCode) -> dict[str, Any]:
    """Say which items apply and why, what is known and what must be given. Reads only: no key needed."""
    by = actor_of(request)
    if asked.known and "applications:read" not in by.scopes:
        scope = "applications:read"
        raise NotAllowed(_("查已知信息要有 %(scope)s。") % {"scope": scope}, code="scope-needed", scope=scope)
    event = catalog.get_life_event(code)
    found = queries.guide(event, checked(event, asked.answers), by.principal if asked.known else None)
    facts = found.resolution.facts if found.resolution else {}
    form = found.resolution.form if found.resolution else ()
    return {
        "complete": found.complete,
        "questions": [field_out(spec) for spec in found.asked],
        "items": [
            {
                "task_code": one.edition.definition.task_code,
                "basic_code": one.edition.definition.basic_code,
                "edition": one.edition.id,
                "name": one.edition.definition.known_as,
                "agency_name": one.edition.agency_name,
                "reason": one.reason,
                "after": list(one.after),
            }
            for one in found.chosen
        ],
        "not_needed": list(found.not_needed),
        "nobody_does": list(found.missing),
        "known": [material_out(one) for one in found.known],
        "give": [material_out(one) for one in found.give],
        "ask": [
            field_out(spec)
            for section in form
            for spec in section.fields
            if spec.name in facts and facts[spec.name].state is FactState.ASK
        ],
        "burden": burden_out(found.burden),
    }


@router.post(
    "/life-events/{code}/applications",
    auth=Needs("applications:write"),
    response={201: CreatedOut},
    operation_id="start_life_event",
    summary="从一件事开始申请",
)
def start_event(
    request: HttpRequest, response: HttpResponse, asked: StartIn, key: IdempotencyKey, code: EventCode
) -> Any:
    """Begin one application for every item that applies. All questions must be answered."""
    by = _for_somebody(request)
    event = catalog.get_life_event(code)
    answers = checked(event, asked.answers)
    found = queries.guide(event, answers, by.principal)
    if not found.complete:
        missing = [spec for spec in found.asked if spec.required and answers.get(spec.name) in (None, "", [])]
        errors = tuple(FieldError(spec.name, values.missing(spec)) for spec in missing)
        raise Invalid(_("问题还没有答完。"), errors=errors)
    pk = acts.start_draft(
        [one.edition.id for one in found.chosen],
        answers,
        str(answers.get(event.region_question, "")),
        event.code,
        by=by,
        key=key,
    )
    return _created(response, pk)


@router.post(
    "/items/{task_code}/applications",
    auth=Needs("applications:write"),
    response={201: CreatedOut},
    operation_id="start_item",
    summary="申请一个事项",
)
def start_item(request: HttpRequest, response: HttpResponse, key: IdempotencyKey, task_code: TaskCode) -> Any:
    """Begin an application for one item; it has no body."""
    by = _for_somebody(request)
    edition = catalog.current_edition(task_code)
    if edition.definition.sample_only:
        raise Invalid(_("这个事项不在这里办理。"))
    return _created(response, acts.start_draft([edition.id], {}, edition.region, "", by=by, key=key))


def checked(event: LifeEvent, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers as values. Raises ``Invalid`` for unknown questions and answers that do not fit."""
    elements = catalog.elements()
    return given([rules.question_spec(elements, one) for one in event.questions], answers)


def _for_somebody(request: HttpRequest) -> Actor:
    by = actor_of(request)
    if by.principal is None:
        raise Invalid(_("请说明替谁办：在请求头 Yiwang-Delegation 里写委托编号。"))
    return by


def _created(response: HttpResponse, pk: uuid.UUID) -> Any:
    response.headers["Location"] = f"/api/v1/applications/{pk}"
    return Status(201, {"id": pk})
