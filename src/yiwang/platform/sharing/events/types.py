"""What a topic, a subscription and a delivery are."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from yiwang.platform.sharing.types import DatasetItem


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSource:
    """That a topic is published by what happens on the platform: by which of its events (the kernel's names), ``when`` an
    expression over their facts holds. ``subject`` is a fact, ``fields`` are the items with the fact that each says.
    """

    events: tuple[str, ...]
    when: str = ""
    subject: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """主题: what an agency tells the others about, and which items an event of it has.

    ``code`` is the type of its events (``housing.contract_signed``). ``dataset`` is the dataset that an event is a change
    of, if there is one. Other items need a higher ``version``.
    """

    code: str
    name: str
    name_en: str = ""
    agency: str
    subject: str
    """What the events are about, and in order for: a house, a person, a firm."""
    subject_en: str = ""
    items: tuple[DatasetItem, ...]
    dataset: str = ""
    version: int = 1
    source: TopicSource | None = None
    """Where the platform publishes it itself; its agency may do so too."""


class Method(StrEnum):
    """How a delivery is signed: with a secret of the subscription's own, or with the platform's published key."""

    HMAC = "hmac"
    JWS = "jws"


class SubscriptionState(StrEnum):
    """How a subscription stands. REQUESTED: before the data office; CHECKED: before the agency whose topic it is; QUARANTINED:
    so much was refused that nothing more is sent until somebody looked.
    """

    REQUESTED = "requested"
    CHECKED = "checked"
    REFUSED = "refused"
    ACTIVE = "active"
    PAUSED = "paused"
    QUARANTINED = "quarantined"
    ENDED = "ended"


class HeldState(StrEnum):
    """How an event that went out of the stream for a subscriber stands.

    DUE: it is sent again by itself; WAITING: behind an earlier one of its subject; REFUSED: so often that somebody has to
    look; DELIVERED and SKIPPED: over.
    """

    DUE = "due"
    WAITING = "waiting"
    REFUSED = "refused"
    DELIVERED = "delivered"
    SKIPPED = "skipped"


OPEN = (HeldState.DUE, HeldState.WAITING, HeldState.REFUSED)
"""States in which the later events of a subject wait."""


class Delivery(StrEnum):
    """What a subscriber's answer means. REFUSED: it does not take this content; GONE: it is there no more."""

    TAKEN = "taken"
    REFUSED = "refused"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event as its publisher gives it; ``id`` is the publisher's own, under which it is published once."""

    id: str
    subject: str
    at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    """What became of one call: how many are new, how many were there already, and the number of the last new one."""

    published: int
    already: int
    last: int


@dataclass(frozen=True, slots=True)
class EventFault:
    """What is wrong with one item of one event, by its place from 0."""

    place: int
    item: str
    word: str


@dataclass(frozen=True, slots=True)
class TopicView:
    """A topic with the number of its last event."""

    id: uuid.UUID
    agency_name: str
    last: int
    subscribers: int
    definition: Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionView:
    """A subscription with how far behind it is."""

    id: uuid.UUID
    topic: str
    topic_name: str
    agency_name: str
    agency_path: str
    address: str
    method: Method
    purpose: str
    state: SubscriptionState
    requested_at: datetime
    requested_by: str
    begins: int
    """The last event before it was approved: what is older is not for this subscriber."""
    expires_on: date | None
    cursor: int
    last: int
    held: int
    """Events that are open beside the stream."""
    oldest: datetime | None
    """When the oldest event that it does not have was published."""
    failures: int
    next_at: datetime
    last_error: str
    last_ok_at: datetime | None
    reason: str = ""

    @property
    def lag(self) -> int:
        """How many events it does not have."""
        return max(self.last - self.cursor, 0) + self.held


@dataclass(frozen=True, slots=True)
class HeldView:
    """An event beside the stream of a subscriber."""

    id: uuid.UUID
    event: uuid.UUID
    seq: int
    subject: str
    state: HeldState
    attempts: int
    error: str
    at: datetime
    behind: int
    """How many of its subject wait behind it."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it stands in the stream."""

    id: uuid.UUID
    seq: int
    topic: str
    version: int
    subject: str
    at: datetime
    data: Mapping[str, Any]
