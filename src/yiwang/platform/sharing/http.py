"""The shared store for machines: the catalogue, and agencies' data coming in."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Field, Path, Query, Router, Schema, Status

from yiwang.kernel.api import IdempotencyKey, Needs, Text, actor_of, unchanged
from yiwang.kernel.paging import BadCursor
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.platform.sharing import acts, intake, queries, scores
from yiwang.platform.sharing.types import DatasetDefinition, DatasetView, ObjectionState, Outcome, Said, Want

router = Router(tags=["数据共享"])
READ, WRITE, CHECK = Needs("data:read"), Needs("data:write"), Needs("data:check")
Code = Annotated[str, Path(..., pattern=r"^[a-z][a-z0-9_]{1,59}$", description="数据集代码")]


class DatasetQuery(Schema):
    """Which datasets."""

    q: Text = Field("", description="名称里的字")
    classification: str = Field("", pattern=r"^[0-9]{0,12}$", description="资源分类，含下级")
    agency: str = Field("", pattern=r"^[0-9A-Za-z_\-]{0,60}$", description="提供方代码")
    sharing: int = Field(0, ge=0, le=3, description="共享类型：1 无条件，2 有条件，3 不予；0 不限")
    after: Text = Field("", description="上一页的 next")
    limit: int = Field(50, ge=1, le=200)


class DatasetLine(Schema):
    """A dataset in a list."""

    code: str
    resource_code: str
    name: str
    name_en: str
    summary: str
    agency: str = Field(description="提供方代码")
    agency_name: str
    sharing: int
    openness: int
    cycle: str
    edition: uuid.UUID
    published_at: datetime


class DatasetPage(Schema):
    """A page of datasets. ``next`` is empty on the last."""

    datasets: list[DatasetLine]
    next: str


class DatasetOut(DatasetLine):
    """A dataset with all its metadata."""

    number: int
    digest: str
    definition: DatasetDefinition


class RowsIn(Schema):
    """Rows of a dataset. Each has ``subject``, may have ``at`` (with its offset) and ``deleted``, and the columns.

    No rows: nothing is new, the data are as fresh as now.
    """

    rows: list[dict[str, str | int | float | bool | None]] = Field(max_length=intake.MOST)


class FaultOut(Schema):
    """A row that was not taken: its place, from 1, and what is wrong by column."""

    line: int
    faults: list[tuple[str, str]]


class DriftOut(Schema):
    """Columns that came and are not published; published ones that no row had."""

    unknown: list[str]
    missing: list[str]


class BroughtOut(Schema):
    """What became of the rows; the numbers add up to ``read``. ``older``: they say how it was before what is there."""

    run: uuid.UUID | None = Field(description="这次送来的批次；没有行就没有")
    read: int
    added: int
    changed: int
    removed: int
    unchanged: int
    older: int
    rejected: int
    faults: list[FaultOut] = Field(description="没有收下的行，最多列一百行")
    drift: DriftOut


class WantIn(Schema):
    """What is asked of a dataset: some columns, a yes-or-no answer by its code, or, with neither, whether there is a
    record.
    """

    dataset: str = Field(pattern=r"^[a-z][a-z0-9_]{1,59}$")
    fields: list[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]] = Field([], max_length=60)
    answer: str = Field("", pattern=r"^([a-z][a-z0-9_]{1,59})?$", description="是与否答复的代码")


class CheckIn(Schema):
    """About whom is asked, for which running case and its item."""

    case: Annotated[str, Field(pattern=r"^[0-9A-Za-z\-]{1,60}$", description="办件标识或编号")]
    item: Annotated[str, Field(pattern=r"^[0-9]{12}$", description="办件的基本编码")]
    subjects: list[Annotated[str, Field(pattern=r"^[0-9A-Za-z]{6,18}$")]] = Field(
        min_length=1, max_length=100, description="公民身份号码或统一社会信用代码，只能是申请里写明的"
    )
    wants: list[WantIn] = Field(min_length=1, max_length=20)


class CheckedOut(Schema):
    """One answer. ``said``: yes, no, value, unknown (no record, cannot say), degraded (the provider is down: it is
    asked again by itself, see ``GET /checks/{check_id}``), refused (not granted).
    """

    check: uuid.UUID
    subject: int = Field(description="第几个主体，从 0 数")
    dataset: str
    said: Said
    values: dict[str, Any]
    source: str
    at: datetime | None = Field(description="数据是什么时候的")


class ChecksOut(Schema):
    """Answers in the order of the subjects, for each in the order of the wants."""

    answers: list[CheckedOut]


class FaultCount(Schema):
    """What is wrong in how many rows."""

    column: str = Field(description="信息项；规则说的是整行，为空")
    word: str = Field(description="required、kind、options、pattern、min、max、length，或 rule:代码、cross:代码")
    rows: int


class QualityOut(Schema):
    """How good a dataset is. The shares and the score are per cent, rounded down; a share that is not known is null."""

    code: str
    day: date
    measured_at: datetime
    refreshed_at: datetime | None = Field(description="最近一次来数据的时间")
    rows: int
    completeness: float | None = Field(description="该填的格填了多少")
    accuracy: float | None = Field(description="没有错的行有多少")
    timeliness: float = Field(description="按承诺的更新周期")
    score: float
    faults: list[FaultCount]


class FaultyRowOut(Schema):
    """A row to mend. It goes away when a good row of the same subject and key comes."""

    run: uuid.UUID
    file: str = Field(description="文件夹接入的，在哪个文件里；不是就是空")
    line: int = Field(description="在那个文件或那次送来的数据里第几行；0 是库里已有的记录")
    at: datetime
    subject: str = Field(description="主体号码，只有两头；库里认不出的为空")
    key: dict[str, str | int | float | bool | None] = Field(description="自身主键的值")
    faults: list[tuple[str, str]]


class FaultyRowPage(Schema):
    """A page of rows to mend. ``next`` is empty on the last."""

    rows: list[FaultyRowOut]
    next: str


class FaultQuery(Schema):
    """Which page."""

    after: Text = Field("", description="上一页的 next")
    limit: int = Field(50, ge=1, le=200)


def _line(view: DatasetView) -> dict[str, Any]:
    one = view.definition
    return {
        "code": one.code,
        "resource_code": view.resource_code,
        "name": one.name,
        "name_en": one.name_en,
        "summary": one.summary,
        "agency": one.agency,
        "agency_name": view.agency_name,
        "sharing": int(one.sharing),
        "openness": int(one.openness),
        "cycle": one.cycle.value,
        "edition": view.edition,
        "published_at": view.published_at,
    }


@router.get("/datasets", auth=READ, response=DatasetPage, operation_id="datasets", summary="数据目录")
def datasets(request: HttpRequest, query: Query[DatasetQuery]) -> dict[str, Any]:
    """List published datasets by class and resource code; page by page with ``after``."""
    filters = queries.Filters(query.q, query.classification, query.agency, "", query.sharing)
    try:
        found = queries.catalogue(actor_of(request), filters, query.limit, after=query.after)
    except BadCursor as error:
        raise Invalid(_("after 不是这个清单给出的 next。")) from error
    return {"datasets": [_line(view) for view in found.items], "next": found.next}


@router.get(
    "/datasets/{code}",
    auth=READ,
    response={200: DatasetOut, 304: None},
    operation_id="dataset",
    summary="一个数据集的元数据",
)
def dataset(request: HttpRequest, response: HttpResponse, code: Code) -> Any:
    """Return a dataset as published."""
    view = queries.get_dataset(code, actor_of(request))
    if unchanged(request, response, view.digest):
        return Status(304, None)
    return _line(view) | {"number": view.number, "digest": view.digest, "definition": view.definition}


@router.post(
    "/datasets/{code}/records",
    auth=WRITE,
    response=BroughtOut,
    operation_id="bring_in_records",
    summary="提供方送数据",
)
def bring_in(request: HttpRequest, code: Code, body: RowsIn, key: IdempotencyKey) -> Any:
    """Take in rows from the agency that provides the dataset; what is wrong with a row is said, the others are taken."""
    return acts.bring_in(queries.id_of(code), tuple(body.rows), by=actor_of(request), key=key)


@router.post("/checks", auth=CHECK, response=ChecksOut, operation_id="check_data", summary="办件时核验")
def check(request: HttpRequest, body: CheckIn, key: IdempotencyKey) -> dict[str, Any]:
    """Answer about those whom a running case of the caller's agency names; every answer is written down for its subject."""
    wants = tuple(Want(dataset=one.dataset, fields=tuple(one.fields), answer=one.answer) for one in body.wants)
    answers = acts.check(body.case, body.item, tuple(body.subjects), wants, by=actor_of(request), key=key)
    return {"answers": list(answers)}


class LaterOut(Schema):
    """What a degraded check was answered when it was asked again: a check of its own."""

    check: uuid.UUID
    said: Said
    values: dict[str, Any]
    source: str
    at: datetime | None = Field(description="数据是什么时候的")


class AskedCheckOut(Schema):
    """How a check stands. ``outcome`` ``down``: it was degraded, and ``later`` has the answer when there is one."""

    check: uuid.UUID
    case: uuid.UUID
    dataset: str
    asked_at: datetime
    outcome: Outcome
    again_at: datetime | None = Field(description="数据源中断的，什么时候再问；问到了或者不再问了为空")
    later: LaterOut | None = Field(description="再问时的答复，保留三十天")


@router.get(
    "/checks/{check_id}", auth=CHECK, response=AskedCheckOut, operation_id="check_made", summary="一次核验的后续答复"
)
def check_made(request: HttpRequest, check_id: uuid.UUID) -> Any:
    """Return a check of the caller's agency for a running case, with the later answer where the provider was down."""
    return queries.get_check(check_id, actor_of(request))


class DoubtIn(Schema):
    """What an agency doubts of an answer, and about whom it was."""

    subject: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{6,18}$")] = Field(description="核验的那个主体的号码")
    text: Text = Field(min_length=1, max_length=1000, description="哪里不对")


class DoubtOut(Schema):
    """How a doubt stands. ``corrected``: the provider put the data right (``awaits``: by when they come in); ask again
    then. ``not_come``: that day is over, and they are not there.
    """

    id: uuid.UUID
    state: ObjectionState
    dataset: str
    raised_at: datetime
    due_on: date = Field(description="最晚哪天答复")
    late: bool
    answer: str
    answered_at: datetime | None
    awaits: date | None
    not_come: bool = Field(description="说好的那天过了，改过的数据还没有进库")


@router.post(
    "/checks/{check_id}/objection",
    auth=CHECK,
    response=DoubtOut,
    operation_id="object_as_agency",
    summary="部门对核验结果提异议",
)
def object_as_agency(request: HttpRequest, check_id: uuid.UUID, body: DoubtIn, key: IdempotencyKey) -> Any:
    """Doubt what a check of the caller's agency answered: the provider looks into it, with the clock of any objection."""
    by = actor_of(request)
    return queries.get_doubt(acts.object_as_agency(check_id, body.subject, body.text, by=by, key=key), by)


@router.get(
    "/objections/{objection_id}",
    auth=CHECK,
    response=DoubtOut,
    operation_id="objection_of_agency",
    summary="部门提的异议怎么样了",
)
def objection_of_agency(request: HttpRequest, objection_id: uuid.UUID) -> Any:
    """Return a doubt of the caller's agency, with the answer."""
    return queries.get_doubt(objection_id, actor_of(request))


@router.get(
    "/datasets/{code}/quality",
    auth=READ,
    response=QualityOut,
    operation_id="dataset_quality",
    summary="一个数据集的质量",
)
def quality(request: HttpRequest, code: Code) -> dict[str, Any]:
    """Return the newest score with what it is made of; 404 before it is first measured."""
    view = queries.get_dataset(code, actor_of(request))
    found, shown = scores.newest(view.id), scores.shown(view.id)
    if found is None or shown is None:
        raise NotFound(_("这个数据集还没有测过。"))
    return {
        "code": code,
        "refreshed_at": shown[1],
        "faults": [{"column": column, "word": word, "rows": rows} for column, word, rows in found.faults],
        **{
            name: getattr(found, name)
            for name in ("day", "measured_at", "rows", "completeness", "accuracy", "timeliness", "score")
        },
    }


@router.get(
    "/datasets/{code}/faults",
    auth=WRITE,
    response=FaultyRowPage,
    operation_id="dataset_faults",
    summary="提供方要改的行",
)
def faults(request: HttpRequest, code: Code, query: Query[FaultQuery]) -> dict[str, Any]:
    """List the rows that wait to be mended, to the agency that provides the dataset."""
    by = actor_of(request)
    acts.CanBringIn.check(by, scores.provided(code))
    try:
        found = scores.to_mend(code, by, query.limit, after=query.after)
    except BadCursor as error:
        raise Invalid(_("after 不是这个清单给出的 next。")) from error
    return {"rows": found.items, "next": found.next}
