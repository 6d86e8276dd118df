"""Ratings for machines: the national reason list, what may be rated, rating it, the public figures."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from yiwang.kernel.api import IdempotencyKey, Needs, Text, actor_of
from yiwang.platform.cases import queries as cases
from yiwang.platform.oversight import acts, data, queries
from yiwang.platform.oversight.labels import LEVELS
from yiwang.platform.oversight.types import Channel, Level, ServiceKind, ServiceView

router = Router(tags=["评价"])
LIST, READ, WRITE = Needs("items:read"), Needs("applications:read"), Needs("ratings:write")


class ReasonOut(Schema):
    """A reason: send ``code``."""

    code: str
    label: str


class LevelOut(Schema):
    """A level with its reasons. ``bad``: it counts as 差评 and needs a reason or words."""

    level: Level
    label: str
    bad: bool
    reasons: list[ReasonOut]


class ReasonListOut(Schema):
    """The national reason list in force (GB/T 39734-2020)."""

    version: str
    levels: list[LevelOut]


class ServiceOut(Schema):
    """办件服务: something that can be rated. ``attempt``: 1, 2 after rectification, 0 if it cannot be now."""

    id: uuid.UUID
    case_id: uuid.UUID
    number: int
    kind: ServiceKind
    name: str
    done_at: datetime
    attempt: int
    given: Level | None


class RatingIn(Schema):
    """How it was, and why."""

    level: Level
    reasons: list[Text] = Field(default=[], max_length=20, description="这一级的原因代码")
    text: str = Field("", max_length=2000, pattern=r"^[^\x00]*$", description="还想说的；请不要写证件号、电话")


class RatingOut(Schema):
    """The rating that was taken."""

    id: uuid.UUID


class FiguresOut(Schema):
    """The public indicators; empty where there is nothing to divide by."""

    ratings: int
    average: float | None = Field(description="平均分，满分 5")
    good_rate: float | None = Field(description="满意率：基本满意以上")
    active_rate: float | None = Field(description="主动评价率")
    rectify_on_time: float | None = Field(description="差评按时整改率，分母是全部差评")
    callback_rate: float | None = Field(description="差评回访率，分母是全部差评")
    rectify_on_time_due: float | None = Field(description="差评按时整改率，只算已到期的")
    callback_rate_due: float | None = Field(description="差评回访率，只算已到期的")
    score: float | None = Field(description="按 10/8/6/3/0 加权")


class FiguresRowOut(Schema):
    """One line. ``figures`` is missing where the count is so small that it would point at persons."""

    name: str
    services: int
    figures: FiguresOut | None


class PublicFiguresOut(Schema):
    """The figures of the last year, as the public page shows them."""

    at: datetime
    total: FiguresRowOut
    agencies: list[FiguresRowOut]
    items: list[FiguresRowOut]


@router.get(
    "/rating-reasons", auth=LIST, response=ReasonListOut, operation_id="rating_reasons", summary="评价等级和原因"
)
def reasons(request: HttpRequest) -> dict[str, Any]:
    """List the levels with the reasons that each may have."""
    found = data.reason_list()
    levels = [
        {"level": level, "label": str(words), "bad": level.bad, "reasons": found.reasons[level]}
        for level, words in LEVELS.items()
    ]
    return {"version": found.version, "levels": levels}


@router.get(
    "/rating-figures", auth=LIST, response=PublicFiguresOut, operation_id="rating_figures", summary="公开的评价数字"
)
def figures(request: HttpRequest) -> queries.PublicFigures:
    """Return how services are rated: the city, by agency, by item."""
    return queries.public_figures()


@router.get(
    "/cases/{case_id}/services", auth=READ, response=list[ServiceOut], operation_id="services", summary="可评价的服务"
)
def services(request: HttpRequest, case_id: uuid.UUID) -> list[ServiceView]:
    """List what can be rated, or was, in a case; latest first. A case that is not over may have none."""
    by = actor_of(request)
    cases.get_case(case_id, by)
    return queries.services_of(case_id, by)


@router.post(
    "/services/{service_id}/ratings", auth=WRITE, response={201: RatingOut}, operation_id="rate", summary="评价"
)
def rate(request: HttpRequest, service_id: uuid.UUID, asked: RatingIn, key: IdempotencyKey) -> Any:
    """Rate a service in the principal's name; once, and once more after a bad rating was put right."""
    by = actor_of(request)
    pk = acts.rate(service_id, asked.level, list(asked.reasons), asked.text, channel=Channel.MACHINE, by=by, key=key)
    return Status(201, {"id": pk})
