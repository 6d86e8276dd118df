"""Addresses that belong to no room: is it there, and the working calendar."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from yiwang.kernel import holidays
from yiwang.kernel.api import Needs
from yiwang.kernel.calendar import CalendarGap, Unit
from yiwang.kernel.problems import Invalid

router = Router(tags=["平台"])


class HealthOut(Schema):
    """It answers."""

    status: str
    version: str


class DueQuery(Schema):
    """A period to count."""

    start: date = Field(ge=date(2004, 1, 1), le=date(2100, 1, 1), description="起算的事件发生之日；次日起算")
    limit: int = Field(ge=0, le=1000)
    unit: Unit = Unit.WORKDAY
    region: str = Field("", pattern=r"^[0-9]{0,12}$", description="行政区划代码，空为全国")


class DueOut(Schema):
    """The last day of a period."""

    due_on: date
    provisional: bool = Field(description="跨入尚未公布放假安排的年份，按周一至周五暂算")


@router.get("/health", auth=None, response=HealthOut, operation_id="health", summary="接口是否可用")
def health(request: HttpRequest) -> HealthOut:
    """Answer without touching the database."""
    return HealthOut(status="ok", version="1")


@router.get(
    "/calendar/due",
    auth=Needs("items:read"),
    response=DueOut,
    operation_id="calendar_due",
    summary="算期限的最后一天",
)
def due(request: HttpRequest, query: Query[DueQuery]) -> DueOut:
    """Count a legal period on the region's calendar."""
    days = holidays.for_region(query.region, provisional=True)
    try:
        last = days.due(query.start, query.limit, query.unit)
    except (CalendarGap, OverflowError) as error:
        raise Invalid(str(error)) from error
    return DueOut(due_on=last, provisional=days.provisional(query.start, last))
