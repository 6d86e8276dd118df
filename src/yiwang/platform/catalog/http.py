"""The catalogue for machines: published items, their editions, life events."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Field, Path, Query, Router, Schema, Status

from yiwang.kernel.api import Needs, Text, unchanged
from yiwang.kernel.fields import FieldSpec, Option
from yiwang.kernel.paging import BadCursor
from yiwang.kernel.problems import Invalid
from yiwang.platform.catalog import queries, rules
from yiwang.platform.catalog.types import Definition, EditionView, LifeEvent

router = Router(tags=["事项"])
READ = Needs("items:read")

TaskCode = Annotated[str, Path(..., pattern=r"^[0-9A-Za-z\-]{1,40}$", description="实施编码")]
EventCode = Annotated[str, Path(..., pattern=r"^[a-z0-9_\-]{1,40}$", description="一件事代码")]


class ItemQuery(Schema):
    """Which items."""

    region: str = Field(
        "", pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})?$", description="办事的地方：给出管它的各级事项"
    )
    agency: str = Field("", pattern=r"^[0-9A-Za-z_\-]{0,60}$", description="部门代码")
    q: Text = Field("", description="名称里的字")
    item_type: str = Field("", pattern=r"^([0-9]{2})?$", description="事项类型代码")
    after: Text = Field("", description="上一页的 next")
    limit: int = Field(50, ge=1, le=200)


class ItemLine(Schema):
    """An item in a list."""

    task_code: str
    basic_code: str
    name: str
    name_en: str
    plain: str
    item_type: str
    agency: str = Field(description="部门代码")
    agency_name: str
    region: str
    promised_days: int
    promised_unit: str
    online: bool
    edition: uuid.UUID


class ItemPage(Schema):
    """A page of items. ``next`` is empty on the last."""

    items: list[ItemLine]
    next: str


class EditionOut(Schema):
    """An edition: the whole published document (实施清单要素), frozen. ``digest`` is its content hash."""

    id: uuid.UUID
    number: int
    digest: str
    published_at: datetime
    agency_name: str
    region: str
    definition: Definition


class EditionLine(Schema):
    """An edition in a list."""

    id: uuid.UUID
    number: int
    digest: str
    published_at: datetime


class OptionOut(Schema):
    """A choice: send ``value``."""

    value: str
    label: str
    label_en: str
    hint: str


class FieldOut(Schema):
    """A datum that is asked. ``name`` is the code of its data element, used as key in ``answers``."""

    name: str
    label: str
    label_en: str
    kind: str
    required: bool
    hint: str
    unit: str
    options: list[OptionOut]
    max_length: int
    pattern: str
    min: str
    max: str
    decimals: int
    example: str
    used_for: list[str]
    columns: list[FieldOut]
    max_rows: int


class LifeEventLine(Schema):
    """A life event in a list."""

    code: str
    name: str
    name_en: str
    summary: str
    audience: str
    items: int


class LifeEventOut(LifeEventLine):
    """A life event with its questions."""

    questions: list[FieldOut]
    defaults: dict[str, str]


def field_out(spec: FieldSpec) -> FieldOut:
    """Make a field as machines read it. Regions are too many to list: send a code."""
    return FieldOut(
        name=spec.name,
        label=spec.label,
        label_en=spec.label_en,
        kind=spec.kind.value,
        required=spec.required,
        hint=spec.hint,
        unit=spec.unit,
        options=[_option(one) for one in spec.options],
        max_length=spec.max_length,
        pattern=spec.pattern,
        min=str(spec.min) if spec.min is not None else "",
        max=str(spec.max) if spec.max is not None else "",
        decimals=spec.decimals,
        example=spec.example,
        used_for=list(spec.used_for),
        columns=[field_out(one) for one in spec.columns],
        max_rows=spec.max_rows,
    )


def _option(one: Option) -> OptionOut:
    return OptionOut(value=one.value, label=one.label, label_en=one.label_en, hint=one.hint)


def _line(edition: EditionView) -> ItemLine:
    item = edition.definition
    return ItemLine(
        task_code=item.task_code,
        basic_code=item.basic_code,
        name=item.name,
        name_en=item.name_en,
        plain=item.plain,
        item_type=item.item_type,
        agency=item.agency,
        agency_name=edition.agency_name,
        region=edition.region,
        promised_days=item.promised_limit.value,
        promised_unit=item.promised_limit.unit.value,
        online=item.channels.online and not item.sample_only,
        edition=edition.id,
    )


def _event(event: LifeEvent) -> dict[str, Any]:
    return {
        "code": event.code,
        "name": event.name,
        "name_en": event.name_en,
        "summary": event.summary,
        "audience": event.audience,
        "items": len(event.items),
    }


@router.get("/items", auth=READ, response=ItemPage, operation_id="items", summary="事项清单")
def items(request: HttpRequest, query: Query[ItemQuery]) -> ItemPage:
    """List published items, by implementing code; page by page with ``after``."""
    try:
        found, following = queries.published(
            region=query.region,
            agency=query.agency,
            words=query.q,
            item_type=query.item_type,
            after=query.after,
            size=query.limit,
        )
    except BadCursor as error:
        raise Invalid(_("after 不是这个清单给出的 next。")) from error
    return ItemPage(items=[_line(edition) for edition in found], next=following)


@router.get(
    "/items/{task_code}",
    auth=READ,
    response={200: EditionOut, 304: None},
    operation_id="item",
    summary="事项现行版本",
)
def item(request: HttpRequest, response: HttpResponse, task_code: TaskCode) -> Any:
    """Return the edition in force."""
    edition = queries.current_edition(task_code)
    if unchanged(request, response, edition.digest):
        return Status(304, None)
    return edition


@router.get(
    "/items/{task_code}/editions",
    auth=READ,
    response=list[EditionLine],
    operation_id="item_editions",
    summary="事项历次版本",
)
def editions(request: HttpRequest, task_code: TaskCode) -> list[EditionLine]:
    """List every edition of an item, latest first."""
    rows = queries.editions_of(task_code)
    return [EditionLine(id=pk, number=number, digest=digest, published_at=at) for pk, number, digest, at in rows]


@router.get(
    "/editions/{edition_id}",
    auth=READ,
    response={200: EditionOut, 304: None},
    operation_id="edition",
    summary="某一版本",
)
def edition(request: HttpRequest, response: HttpResponse, edition_id: uuid.UUID) -> Any:
    """Return one edition; it never changes and may be kept for ever."""
    found = queries.get_edition(edition_id)
    if unchanged(request, response, found.digest, forever=True):
        return Status(304, None)
    return found


@router.get("/life-events", auth=READ, response=list[LifeEventLine], operation_id="life_events", summary="一件事清单")
def life_events(request: HttpRequest) -> list[dict[str, Any]]:
    """List the life events."""
    return [_event(event) for event in queries.life_events()]


@router.get(
    "/life-events/{code}",
    auth=READ,
    response=LifeEventOut,
    operation_id="life_event",
    summary="一件事和它的问题",
)
def life_event(request: HttpRequest, code: EventCode) -> dict[str, Any]:
    """Return a life event with all its questions; which make sense depends on the answers (``resolve``)."""
    event = queries.get_life_event(code)
    elements = queries.elements()
    specs = [rules.question_spec(elements, question) for question in event.questions]
    return _event(event) | {
        "questions": [field_out(spec) for spec in specs],
        "defaults": {question.element: question.default for question in event.questions if question.default},
    }
