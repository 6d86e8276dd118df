"""What is read of events: topics, who is told and how far behind they are, the stream itself."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, IntegerField, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from yiwang.kernel import paging
from yiwang.kernel.problems import NotAllowed, NotFound
from yiwang.kernel.types import Actor, Reach
from yiwang.platform.sharing.events import signing
from yiwang.platform.sharing.events.documents import TOPIC
from yiwang.platform.sharing.events.models import EventKey, QuarantinedMessage, Subscription, TopicMessage, TopicRow
from yiwang.platform.sharing.events.types import (
    OPEN,
    HeldState,
    HeldView,
    Method,
    StoredEvent,
    SubscriptionState,
    SubscriptionView,
    TopicView,
)
from yiwang.platform.sharing.types import Side

_OPEN = [state.value for state in OPEN]
GOING = [SubscriptionState.ACTIVE.value, SubscriptionState.PAUSED.value, SubscriptionState.QUARANTINED.value]
"""States of a subscription whose agency may have the events."""


def topics() -> list[TopicView]:
    """Return every topic by its code."""
    return [_topic(row) for row in _topics().order_by("code")]


def get_topic(code: str) -> TopicView:
    """Return a topic. Raises ``NotFound``."""
    row = _topics().filter(code=code).first()
    if row is None:
        raise NotFound(_("没有这个主题。"))
    return _topic(row)


def topic_id(code: str) -> uuid.UUID:
    """Return the identity of a topic. Raises ``NotFound``."""
    found: uuid.UUID | None = TopicRow.objects.filter(code=code).values_list("id", flat=True).first()
    if found is None:
        raise NotFound(_("没有这个主题。"))
    return found


def _topics() -> QuerySet[TopicRow]:
    return TopicRow.objects.select_related("agency").annotate(
        last=_last("pk"), subscribers=Count("subscriptions", filter=Q(subscriptions__state__in=GOING))
    )


def _last(topic: str) -> Any:
    newest = TopicMessage.objects.filter(topic=OuterRef(topic)).order_by("-seq").values("seq")[:1]
    return Coalesce(Subquery(newest), 0)


def _topic(row: Any) -> TopicView:
    definition = TOPIC.validate_python(row.definition)
    return TopicView(row.pk, row.agency.short_name or row.agency.name, row.last, row.subscribers, definition)


def events_after(code: str, by: Actor, after: int, most: int) -> tuple[list[StoredEvent], int]:
    """Return the events of a topic behind a number, and the number of the last one that there is; none from before the
    agency's subscription was approved.

    Only for clients of agencies whose subscription was approved. Raises ``NotFound``, ``NotAllowed``.
    """
    topic = TopicRow.objects.filter(code=code).first()
    if topic is None:
        raise NotFound(_("没有这个主题。"))
    approved = Subscription.objects.filter(topic=topic, agency__path=by.agency, state__in=GOING)
    begins = approved.aggregate(first=Min("begins"))["first"] if by.agency else None
    if begins is None:
        raise NotAllowed(_("只有订阅了这个主题的部门能取它的事件。"), code="not-subscribed")
    rows = TopicMessage.objects.filter(topic=topic, seq__gt=max(after, begins)).order_by("seq")[:most]
    found = []
    for row in rows:
        content = row.content
        found.append(StoredEvent(row.pk, row.seq, topic.code, row.version, content["subject"], row.at, content["data"]))
    newest = TopicMessage.objects.filter(topic=topic).order_by("-seq").values_list("seq", flat=True).first()
    return found, newest or 0


def subscriptions(
    by: Actor, size: int = 30, *, topic: str = "", after: str = "", before: str = ""
) -> paging.Page[SubscriptionView]:
    """Return a page of the subscriptions that the actor may see, newest first, each with its lag."""
    rows = _subscriptions(by)
    if topic:
        rows = rows.filter(topic__code=topic)
    found = paging.page(rows, ("-requested_at", "-id"), size, after=after, before=before)
    return paging.Page([_subscription(row) for row in found.items], found.next, found.previous)


def waiting(by: Actor) -> QuerySet[Subscription]:
    """Return the subscriptions that wait for an answer or for somebody to look at what was refused."""
    waits = Q(
        state__in=[
            SubscriptionState.REQUESTED.value,
            SubscriptionState.CHECKED.value,
            SubscriptionState.QUARANTINED.value,
        ]
    )
    stuck = QuarantinedMessage.objects.filter(state=HeldState.REFUSED.value).values("subscription")
    rows: QuerySet[Subscription] = Subscription.objects.visible_to(by)
    return rows.filter(waits | Q(pk__in=stuck))


def get_subscription(pk: uuid.UUID, by: Actor) -> tuple[SubscriptionView, Reach, Reach]:
    """Return a subscription, where it lies, and where its topic lies. Raises ``NotFound``."""
    row = _subscriptions(by).filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这份订阅。"))
    return _subscription(row), row.reach_of(Side.CONSUMER), row.reach_of(Side.PROVIDER)


def secrets_of(pk: uuid.UUID, by: Actor) -> Sequence[str]:
    """Return the secrets that a subscriber checks signatures with, the newest first; for its own stewards."""
    row = Subscription.objects.visible_to(by).get(pk=pk)
    found: list[str] = row.secrets
    return found if row.method == Method.HMAC else []


def _subscriptions(by: Actor) -> QuerySet[Any]:
    unsent = TopicMessage.objects.filter(topic=OuterRef("topic"), seq=OuterRef("cursor") + 1).values("published_at")
    open_ones = QuarantinedMessage.objects.filter(subscription=OuterRef("pk"), state__in=_OPEN).order_by()
    per_row = open_ones.values("subscription")
    rows: QuerySet[Any] = (
        Subscription.objects.visible_to(by)
        .select_related("topic__agency", "agency")
        .annotate(
            last=_last("topic"),
            unsent_at=Subquery(unsent[:1]),
            held_count=Coalesce(
                Subquery(per_row.annotate(n=Count("pk")).values("n")[:1], output_field=IntegerField()), 0
            ),
            held_at=Subquery(per_row.annotate(first=Min("message__published_at")).values("first")[:1]),
        )
    )
    return rows


def _subscription(row: Any) -> SubscriptionView:
    waiting = [one for one in (row.unsent_at, row.held_at) if one is not None]
    return SubscriptionView(
        id=row.pk,
        topic=row.topic.code,
        topic_name=row.topic.name,
        agency_name=row.agency.short_name or row.agency.name,
        agency_path=row.agency.path,
        address=row.address,
        method=Method(row.method),
        purpose=row.purpose,
        state=SubscriptionState(row.state),
        requested_at=row.requested_at,
        requested_by=row.requested_by,
        begins=row.begins,
        expires_on=row.expires_on,
        cursor=row.cursor,
        last=row.last,
        held=row.held_count,
        oldest=min(waiting) if waiting and row.state in GOING else None,
        failures=row.failures,
        next_at=row.next_at,
        last_error=row.last_error,
        last_ok_at=row.last_ok_at,
        reason=row.reason,
    )


def held(pk: uuid.UUID, size: int = 50) -> list[HeldView]:
    """Return the refused events of a subscription, the oldest first, each with how many wait behind it."""
    behind = QuarantinedMessage.objects.filter(
        subscription=OuterRef("subscription"), subject_index=OuterRef("subject_index"), state=HeldState.WAITING.value
    )
    waiting = behind.order_by().values("subject_index").annotate(n=Count("pk")).values("n")[:1]
    rows = QuarantinedMessage.objects.filter(
        subscription=pk, state__in=[HeldState.REFUSED.value, HeldState.DUE.value], attempts__gt=0
    ) | QuarantinedMessage.objects.filter(subscription=pk, state=HeldState.REFUSED.value)
    rows = rows.select_related("message").annotate(behind=Coalesce(Subquery(waiting), 0)).order_by("seq")[:size]
    return [
        HeldView(
            row.pk,
            row.message_id,
            row.seq,
            row.message.content["subject"],
            HeldState(row.state),
            row.attempts,
            row.error,
            row.at,
            row.behind,
        )
        for row in rows
    ]


def published_keys() -> dict[str, Any]:
    """Return the keys that deliveries are signed with, as a JWK Set: the newest and the one before."""
    rows = EventKey.objects.order_by("-made_at", "-id").values_list("private", flat=True)[:2]
    return {"keys": [signing.public(private) for private in rows]}
