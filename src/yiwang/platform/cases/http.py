"""Applications and cases for machines: fill, upload, hand in, follow, correct."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, File, Form, Query, Router, Schema, Status, UploadedFile

from yiwang.kernel.api import IdempotencyKey, Needs, Text, actor_of
from yiwang.kernel.calendar import Unit
from yiwang.kernel.clock import Light
from yiwang.kernel.fields import FieldKind, FieldSpec
from yiwang.kernel.paging import BadCursor
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.kernel.types import Actor, FieldError
from yiwang.platform.cases import acts, queries
from yiwang.platform.cases.types import (
    ApplicationState,
    ApplicationView,
    CaseResult,
    CaseState,
    CaseView,
    CorrectionView,
    DocumentKind,
    DocumentView,
    FeeState,
    FeeView,
    TaskState,
    TaskView,
    Way,
)
from yiwang.platform.catalog.http import FieldOut, field_out
from yiwang.platform.catalog.rules import field_spec
from yiwang.platform.catalog.types import EditionView, FormField
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.types import BurdenReport, FactState, MaterialFact, Resolution
from yiwang.platform.licences import queries as licences
from yiwang.platform.licences.types import LicenceView
from yiwang.ui import uploads, values

router = Router(tags=["申请与办件"])
Fees = Mapping[uuid.UUID, Sequence[FeeView]]

READ, WRITE = Needs("applications:read"), Needs("applications:write")


class CreatedOut(Schema):
    """What was begun."""

    id: uuid.UUID


class CostOut(Schema):
    """What it costs a person: fields, materials, visits, working days."""

    fields: int
    materials: int
    visits: int
    days: int


class BurdenOut(Schema):
    """Each item by itself versus together in one application."""

    apart: CostOut
    together: CostOut


class MaterialOut(Schema):
    """How a material stands."""

    material: str = Field(description="上传和承诺时用的名字")
    name: str
    state: FactState
    source_name: str
    may_commit: bool
    may_defer: bool
    optional: bool
    items: list[str]


class FactOut(Schema):
    """How a datum stands, with its source."""

    name: str
    label: str
    state: FactState
    value: Any = None
    source_name: str
    at: datetime | None
    basis: str


class ResolutionOut(Schema):
    """What is known and what must be given. ``ready``: it can be handed in."""

    version: int
    ready: bool
    facts: list[FactOut]
    ask: list[FieldOut]
    materials: list[MaterialOut]
    sources_down: list[str]
    burden: BurdenOut | None


class LicenceRef(Schema):
    """The licence that came out of a case."""

    id: uuid.UUID
    identifier: str
    number: str
    name: str


class FeeOut(Schema):
    """A fee of a case, in yuan: what is due, paid, waived and left."""

    name: str
    standard: str
    due: Decimal | None = Field(description="应缴，元；按标准分档计算的为空")
    paid: Decimal
    waived: Decimal = Field(description="减免")
    left: Decimal | None = Field(description="还差，元；应缴为空的也为空")
    state: FeeState


class CaseOut(Schema):
    """办件: one item with one agency, its clock and its light."""

    id: uuid.UUID
    number: str
    application_id: uuid.UUID
    edition: uuid.UUID
    name: str
    item_code: str
    agency_name: str
    state: CaseState
    result: CaseResult | None
    received_at: datetime
    accepted_at: datetime | None
    due_on: date | None = Field(description="承诺办结日；暂停时为空")
    statutory_due_on: date | None
    decided_at: datetime | None
    closed_at: datetime | None
    light: Light | None
    days_left: int | None = Field(description="剩余天数，超期为负；单位见 days_left_unit")
    days_left_unit: Unit = Field(description="workday 工作日，day 自然日")
    promised: int = Field(description="承诺时限；受理以前和即办件为 0")
    promised_unit: Unit = Field(description="承诺时限的单位：workday 工作日，day 自然日，month 月")
    conditional: bool
    licence: LicenceRef | None
    fees: list[FeeOut] = Field(description="收费；不收费的事项为空")


class ApplicationOut(Schema):
    """申请: one submission, one or more cases."""

    id: uuid.UUID
    number: str
    query_code: str
    title: str
    state: ApplicationState
    applicant_name: str
    region: str
    life_event: str
    version: int
    created_at: datetime
    submitted_at: datetime | None
    expires_on: date | None
    due_on: date | None
    joint_due_on: date | None = Field(description="几个部门并联办理的法定期限；只有一件或者暂停时为空")
    cases: list[CaseOut]


class ApplicationPage(Schema):
    """A page of applications. ``next`` is empty on the last."""

    applications: list[ApplicationOut]
    next: str


class ApplicationQuery(Schema):
    """Which applications."""

    state: ApplicationState | None = None
    after: Text = Field("", description="上一页的 next")
    limit: int = Field(20, ge=1, le=100)


class AnswersIn(Schema):
    """Data by element code. ``disputed``: elements whose known value is wrong; the answer counts instead."""

    answers: dict[str, Any] = Field(default={}, max_length=500)
    disputed: list[Text] = Field(default=[], max_length=200)
    version: int | None = Field(None, ge=1, le=2**31 - 1, description="给了就核对：别处改过则 409")


class VersionOut(Schema):
    """The draft's new version."""

    version: int


class MaterialIn(Schema):
    """How a material will be met: 告知承诺, 容缺后补, or by a file after all (``ask``)."""

    material: Text
    state: FactState = Field(description="committed、deferred 或 ask")


class FileOut(Schema):
    """A file that was taken."""

    id: uuid.UUID
    material: str
    name: str
    sha256: str
    media_type: str
    size: int


class SubmittedOut(Schema):
    """The number of what was handed in."""

    number: str


class StepOut(Schema):
    """A step of a case."""

    step: str
    name: str
    kind: str
    state: TaskState
    ready_at: datetime | None
    done_at: datetime | None
    outcome: str
    joint: str
    planned_on: date | None


class DocumentOut(Schema):
    """A numbered document."""

    id: uuid.UUID
    kind: DocumentKind
    number: str
    title: str
    created_at: datetime
    case_id: uuid.UUID | None


class PointOut(Schema):
    """One thing to correct. ``target``: ``field:CODE`` or ``material:NAME``."""

    target: str
    label: str
    message: str


class CorrectionOut(Schema):
    """一次性告知补正."""

    id: uuid.UUID
    points: list[PointOut]
    asked_at: datetime
    due_on: date
    state: str


class CorrectionIn(Schema):
    """The corrected data; files were added to their materials before."""

    answers: dict[str, Any] = Field(default={}, max_length=200)
    note: Text = ""


class DeliveryIn(Schema):
    """How to get the results; name, phone and address for mail only."""

    way: Way
    name: Text = ""
    phone: Text = ""
    address: Text = ""


class ReasonIn(Schema):
    """Why it is taken back."""

    reason: Text = ""


class WithdrawnOut(Schema):
    """The cases that were taken back."""

    cases: list[uuid.UUID]


# --- reading ---


@router.get("/applications", auth=READ, response=ApplicationPage, operation_id="applications", summary="申请清单")
def applications(request: HttpRequest, query: Query[ApplicationQuery]) -> dict[str, Any]:
    """List the principal's applications, latest first."""
    state = query.state.value if query.state else ""
    try:
        found, following = queries.application_page(actor_of(request), state=state, after=query.after, size=query.limit)
    except BadCursor as error:
        raise Invalid(_("after 不是这个清单给出的 next。")) from error
    cases = [case for one in found for case in one.cases]
    issued, fees = licences.of_cases([case.id for case in cases]), queries.fees_of(cases)
    return {"applications": [application_out(one, issued, fees) for one in found], "next": following}


@router.get(
    "/applications/{application_id}",
    auth=READ,
    response=ApplicationOut,
    operation_id="application",
    summary="一份申请",
)
def application(request: HttpRequest, application_id: uuid.UUID) -> dict[str, Any]:
    """Return an application with its cases and their clocks."""
    view = queries.get_application(application_id, actor_of(request))
    return application_out(view, licences.of_cases([case.id for case in view.cases]), queries.fees_of(view.cases))


@router.get(
    "/applications/{application_id}/resolution",
    auth=READ,
    response=ResolutionOut,
    operation_id="resolution",
    summary="已知什么，还要什么",
)
def resolution(request: HttpRequest, application_id: uuid.UUID) -> dict[str, Any]:
    """Say of a draft what is known, from where, and what must still be given."""
    view, _editions, found = queries.draft_state(application_id, actor_of(request))
    specs = list(found.fields)
    ask = [spec for spec in specs if found.facts[spec.name].state is FactState.ASK]
    waiting = [one for one in found.materials.values() if one.state is FactState.ASK and not one.optional]
    return {
        "version": view.version,
        "ready": not waiting and not any(spec.required for spec in ask),
        "facts": [_fact(spec, found) for spec in specs],
        "ask": [field_out(spec) for spec in ask],
        "materials": [material_out(one) for one in found.materials.values()],
        "sources_down": list(found.down),
        "burden": burden_out(found.burden),
    }


@router.get(
    "/applications/{application_id}/documents",
    auth=READ,
    response=list[DocumentOut],
    operation_id="documents",
    summary="文书清单",
)
def documents(request: HttpRequest, application_id: uuid.UUID) -> list[DocumentView]:
    """List the numbered documents of an application and its cases, oldest first."""
    queries.get_application(application_id, actor_of(request))
    return queries.documents_of(application_id)


@router.get("/cases/{case_id}", auth=READ, response=CaseOut, operation_id="case", summary="一个办件")
def case(request: HttpRequest, case_id: uuid.UUID) -> dict[str, Any]:
    """Return a case with its clock and its light."""
    view = queries.get_case(case_id, actor_of(request))
    return case_out(view, licences.of_cases([view.id]), queries.fees_of([view]))


@router.get("/cases/{case_id}/steps", auth=READ, response=list[StepOut], operation_id="steps", summary="办件的环节")
def steps(request: HttpRequest, case_id: uuid.UUID) -> list[TaskView]:
    """List the steps of a case, in order."""
    view = queries.get_case(case_id, actor_of(request))
    return queries.tasks_of([view.id]).get(view.id, [])


@router.get(
    "/cases/{case_id}/corrections",
    auth=READ,
    response=list[CorrectionOut],
    operation_id="corrections",
    summary="补正告知",
)
def corrections(request: HttpRequest, case_id: uuid.UUID) -> list[CorrectionView]:
    """List what was asked to be corrected, oldest first."""
    view = queries.get_case(case_id, actor_of(request))
    return queries.corrections_of([view.id])


# --- writing ---


@router.patch(
    "/applications/{application_id}/answers",
    auth=WRITE,
    response=VersionOut,
    operation_id="save_answers",
    summary="填数据",
)
def save_answers(
    request: HttpRequest, application_id: uuid.UUID, asked: AnswersIn, key: IdempotencyKey
) -> dict[str, int]:
    """Merge data into the draft. Unlike a page, a machine gets everything that does not fit back at once."""
    by = actor_of(request)
    editions = queries.editions_of(queries.get_application(application_id, by))
    specs = _specs(editions)
    answers = given(specs, asked.answers)
    if "disputed" in asked.model_fields_set:
        unknown = sorted(set(asked.disputed) - {spec.name for spec in specs})
        if unknown:
            raise Invalid(_("没有这样的数据元。"), errors=tuple(FieldError("disputed", one) for one in unknown))
        answers["_disputed"] = asked.disputed
    return {"version": acts.save_answers(application_id, answers, asked.version, by=by, key=key)}


@router.put(
    "/applications/{application_id}/materials",
    auth=WRITE,
    response={204: None},
    operation_id="set_material",
    summary="材料改为承诺或后补",
)
def set_material(request: HttpRequest, application_id: uuid.UUID, asked: MaterialIn, key: IdempotencyKey) -> Any:
    """Say how a material will be met, where its item allows that."""
    by = actor_of(request)
    _view, _editions, found = queries.draft_state(application_id, by)
    material = _material(found, asked.material)
    acts.set_material(application_id, asked.material, material.name, asked.state.value, by=by, key=key)
    return Status(204, None)


@router.post(
    "/applications/{application_id}/files",
    auth=WRITE,
    response={201: FileOut},
    operation_id="add_file",
    summary="上传材料",
)
def add_file(
    request: HttpRequest,
    application_id: uuid.UUID,
    key: IdempotencyKey,
    material: Form[Text],
    file: File[UploadedFile],
) -> Any:
    """Give a file (PDF, JPG or PNG, up to 20 MB) for a material of a draft, or one that is to be corrected."""
    by = actor_of(request)
    view, _editions, found = queries.draft_state(application_id, by)
    if material not in _corrected_materials(view, by):
        _material(found, material)
    try:
        taken = uploads.accept(file)
    except uploads.Refused as refused:
        raise Invalid(refused.message, errors=(FieldError("file", refused.message),)) from refused
    pk = acts.add_file(application_id, material, asdict(taken), by=by, key=key)
    answer = {
        "id": pk,
        "material": material,
        "name": taken.name,
        "sha256": taken.digest,
        "media_type": taken.media_type,
        "size": taken.size,
    }
    return Status(201, answer)


@router.delete(
    "/applications/{application_id}/files/{file_id}",
    auth=WRITE,
    response={204: None},
    operation_id="remove_file",
    summary="撤下文件",
)
def remove_file(request: HttpRequest, application_id: uuid.UUID, file_id: uuid.UUID, key: IdempotencyKey) -> Any:
    """Take a file out again."""
    acts.remove_file(application_id, file_id, by=actor_of(request), key=key)
    return Status(204, None)


@router.post(
    "/applications/{application_id}/submission",
    auth=WRITE,
    response={201: SubmittedOut},
    operation_id="submit",
    summary="提交",
)
def submit(request: HttpRequest, application_id: uuid.UUID, key: IdempotencyKey) -> Any:
    """Hand it in: one case for each item. What is missing or wrong comes back altogether in ``errors``."""
    return Status(201, {"number": acts.submit(application_id, by=actor_of(request), key=key)})


@router.delete(
    "/applications/{application_id}",
    auth=WRITE,
    response={204: None},
    operation_id="discard",
    summary="丢弃草稿",
)
def discard(request: HttpRequest, application_id: uuid.UUID, key: IdempotencyKey) -> Any:
    """Throw a draft away with everything in it."""
    acts.discard(application_id, by=actor_of(request), key=key)
    return Status(204, None)


@router.post(
    "/cases/{case_id}/correction-answer",
    auth=WRITE,
    response={204: None},
    operation_id="answer_correction",
    summary="答复补正",
)
def answer_correction(request: HttpRequest, case_id: uuid.UUID, asked: CorrectionIn, key: IdempotencyKey) -> Any:
    """Hand in what was asked for; the clock goes on."""
    by = actor_of(request)
    acts.answer_correction(case_id, _corrected(case_id, asked, by), asked.note, by=by, key=key)
    return Status(204, None)


@router.post(
    "/cases/{case_id}/resubmission",
    auth=WRITE,
    response={204: None},
    operation_id="resubmit",
    summary="退回后重新提交",
)
def resubmit(request: HttpRequest, case_id: uuid.UUID, asked: CorrectionIn, key: IdempotencyKey) -> Any:
    """Hand a returned case in again, corrected."""
    by = actor_of(request)
    acts.resubmit(case_id, _corrected(case_id, asked, by), asked.note, by=by, key=key)
    return Status(204, None)


@router.post(
    "/cases/{case_id}/withdrawal", auth=WRITE, response={204: None}, operation_id="withdraw", summary="撤回办件"
)
def withdraw(request: HttpRequest, case_id: uuid.UUID, asked: ReasonIn, key: IdempotencyKey) -> Any:
    """Take one case back before its decision."""
    acts.withdraw(case_id, asked.reason, by=actor_of(request), key=key)
    return Status(204, None)


@router.post(
    "/applications/{application_id}/withdrawal",
    auth=WRITE,
    response=WithdrawnOut,
    operation_id="withdraw_all",
    summary="撤回申请",
)
def withdraw_all(
    request: HttpRequest, application_id: uuid.UUID, asked: ReasonIn, key: IdempotencyKey
) -> dict[str, Any]:
    """Take every case back that is not decided yet."""
    return {"cases": acts.withdraw_all(application_id, asked.reason, by=actor_of(request), key=key)}


@router.put(
    "/applications/{application_id}/delivery",
    auth=WRITE,
    response={204: None},
    operation_id="choose_delivery",
    summary="领取方式",
)
def choose_delivery(request: HttpRequest, application_id: uuid.UUID, asked: DeliveryIn, key: IdempotencyKey) -> Any:
    """Choose how to get the results."""
    acts.choose_delivery(
        application_id,
        asked.way.value,
        name=asked.name,
        phone=asked.phone,
        address=asked.address,
        by=actor_of(request),
        key=key,
    )
    return Status(204, None)


# --- what both use ---


def given(specs: Sequence[FieldSpec], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given as values; what was left out stays out.

    Raises ``Invalid`` with everything that is wrong.
    """
    known = {spec.name: replace(spec, required=False) for spec in specs}
    errors = [FieldError(name, _("这里没有这一项。")) for name in answers if name not in known]
    wanted = [spec for name, spec in known.items() if name in answers]
    if any(spec.kind is FieldKind.REGION for spec in wanted):
        wanted = directory.with_regions(wanted)
    found, wrong = values.check(wanted, answers)
    if errors or wrong:
        count = len(errors) + len(wrong)
        raise Invalid(_("有 %(count)d 处不对。") % {"count": count}, errors=(*errors, *wrong))
    return {name: values.plain(value) for name, value in found.items()}


def burden_out(report: BurdenReport | None) -> dict[str, Any] | None:
    """Make the burden as machines read it."""
    return asdict(report) if report else None


def material_out(one: MaterialFact) -> dict[str, Any]:
    """Make a material as machines read it."""
    return asdict(one)


def case_out(view: CaseView, issued: Mapping[uuid.UUID, LicenceView], fees: Fees) -> dict[str, Any]:
    """Make a case as machines read it."""
    units = {"promised_unit": view.unit, "days_left_unit": view.day_unit}
    more = {"edition": view.edition_id, "licence": issued.get(view.id), "fees": fees.get(view.id, ())}
    return {**asdict(view), **units, **more}


def application_out(view: ApplicationView, issued: Mapping[uuid.UUID, LicenceView], fees: Fees) -> dict[str, Any]:
    """Make an application as machines read it."""
    return {**asdict(view), "cases": [case_out(one, issued, fees) for one in view.cases]}


def _specs(editions: Sequence[EditionView]) -> list[FieldSpec]:
    """Return every datum that the items may ask for, shown just now or not."""
    return [
        field_spec(edition.elements, FormField(field.element))
        for edition in editions
        for section in edition.definition.form
        for field in section.fields
    ]


def _corrected(case_id: uuid.UUID, asked: CorrectionIn, by: Actor) -> dict[str, Any]:
    view = queries.get_application(queries.get_case(case_id, by).application_id, by)
    return given(_specs(queries.editions_of(view)), asked.answers)


def _corrected_materials(view: ApplicationView, by: Actor) -> set[str]:
    if view.state is ApplicationState.DRAFT:
        return set()
    cases = queries.get_application(view.id, by).cases
    asked = queries.corrections_of([case.id for case in cases], only_open=True)
    return {point.target.removeprefix("material:") for one in asked for point in one.points}


def _fact(spec: FieldSpec, found: Resolution) -> dict[str, Any]:
    return {**asdict(found.facts[spec.name]), "name": spec.name, "label": spec.label}


def _material(found: Resolution, name: str) -> MaterialFact:
    if name not in found.materials:
        raise NotFound(_("这份申请没有叫“%(name)s”的材料。") % {"name": name})
    return found.materials[name]
