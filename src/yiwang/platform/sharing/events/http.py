"""Events for machines: topics, publishing, fetching what was missed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from yiwang.kernel.api import IdempotencyKey, Needs, actor_of
from yiwang.platform.sharing import acts
from yiwang.platform.sharing.events import envelopes, queries, rules
from yiwang.platform.sharing.events.types import NewEvent, Topic, TopicView

router = Router(tags=["数据共享"])
READ, PUBLISH = Needs("data:read"), Needs("data:publish")
Code = Annotated[str, Path(..., pattern=r"^[a-z][a-z0-9_]{1,39}\.[a-z][a-z0-9_]{1,39}$", description="主题代码")]


class TopicLine(Schema):
    """A topic in a list."""

    code: str
    name: str
    name_en: str
    agency: str = Field(description="发布方代码")
    agency_name: str
    version: int
    last: int = Field(description="最后一条事件的序号")


class TopicList(Schema):
    """Every topic."""

    topics: list[TopicLine]


class TopicOut(TopicLine):
    """A topic with the items of its events."""

    definition: Topic


class EventIn(Schema):
    """An event: the publisher's own id, what it is about, when it happened, and the topic's items."""

    id: Annotated[str, Field(min_length=1, max_length=rules.LONGEST, description="发布方自己的标识，同一个只发布一次")]
    subject: Annotated[str, Field(min_length=1, max_length=rules.LONGEST, description="事件的主体，同一主体按顺序送达")]
    at: datetime = Field(description="什么时候发生的，带时区")
    data: dict[str, str | int | float | bool | None]


class EventsIn(Schema):
    """Events in their order."""

    events: list[EventIn] = Field(min_length=1, max_length=rules.MOST)


class PublishedOut(Schema):
    """How many events are new, how many were there already; ``last``: the number of the last new one."""

    published: int
    already: int
    last: int


class EventsQuery(Schema):
    """From where on."""

    after: int = Field(0, ge=0, lt=2**63, description="从哪个序号之后")
    limit: int = Field(100, ge=1, le=500)


class EventsOut(Schema):
    """Events as they were, or will be, delivered (CloudEvents 1.0). ``next``: the ``after`` of the next call."""

    events: list[dict[str, Any]]
    next: int
    last: int = Field(description="现在最后一条的序号；next 等于它就取完了")


def _line(view: TopicView) -> dict[str, Any]:
    one = view.definition
    return {
        "code": one.code,
        "name": one.name,
        "name_en": one.name_en,
        "agency": one.agency,
        "agency_name": view.agency_name,
        "version": one.version,
        "last": view.last,
    }


@router.get("/topics", auth=READ, response=TopicList, operation_id="topics", summary="事件主题")
def topics(request: HttpRequest) -> dict[str, Any]:
    """List the topics that agencies tell each other about."""
    return {"topics": [_line(view) for view in queries.topics()]}


@router.get("/topics/{code}", auth=READ, response=TopicOut, operation_id="topic", summary="一个主题和它的信息项")
def topic(request: HttpRequest, code: Code) -> dict[str, Any]:
    """Return a topic with the items of its events."""
    view = queries.get_topic(code)
    return _line(view) | {"definition": view.definition}


@router.post(
    "/topics/{code}/events", auth=PUBLISH, response=PublishedOut, operation_id="publish_events", summary="发布事件"
)
def publish(request: HttpRequest, code: Code, body: EventsIn, key: IdempotencyKey) -> Any:
    """Publish events of one's own topic, all or none; what was published before under the same id is not published again."""
    events = tuple(NewEvent(id=one.id, subject=one.subject, at=one.at, data=one.data) for one in body.events)
    return acts.publish_events(queries.topic_id(code), events, by=actor_of(request), key=key)


@router.get(
    "/topics/{code}/events", auth=READ, response=EventsOut, operation_id="events_after", summary="取某个序号之后的事件"
)
def events_after(request: HttpRequest, code: Code, query: Query[EventsQuery]) -> dict[str, Any]:
    """Return events in order, for subscribers that want to make sure that they have all (after a disaster, say)."""
    found, last = queries.events_after(code, actor_of(request), query.after, query.limit)
    return {
        "events": [envelopes.cloud_event(one) for one in found],
        "next": found[-1].seq if found else query.after,
        "last": last,
    }
