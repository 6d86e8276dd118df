"""What changes the streams of events: topics from the pack, and events that their agency publishes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import Permission, act_on, current
from yiwang.kernel.digest import sha256_of
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.serials import allot_many
from yiwang.kernel.types import Actor, ActorKind, FieldError, Key
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing.events import rules
from yiwang.platform.sharing.events.documents import TOPIC, dump_topic
from yiwang.platform.sharing.events.models import TopicMessage, TopicRow
from yiwang.platform.sharing.events.types import EventFault, NewEvent, Published, Topic
from yiwang.platform.sharing.models import Dataset

SUBJECT = "topic-subject"
"""Scope of the blind index under which a subject's events stand."""
TOLD = 100
"""Faults that an answer lists."""

CanPublishEvents = Permission(
    name="publish events", kinds=frozenset({ActorKind.CLIENT}), scope="data:publish", provider=True
)

OnlySystem = Permission(name="system", kinds=frozenset())


def _lock(pk: uuid.UUID, by: Actor) -> TopicRow:
    rows = TopicRow.objects.select_related("agency").select_for_update(of=("self",), no_key=True)
    row = rows.filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这个主题。"))
    return row


@act_on("sharing.publish_events", _lock, permission=CanPublishEvents)
def publish_events(row: TopicRow, events: tuple[NewEvent, ...], *, by: Actor, key: Key) -> Published:
    """Publish events of one's own topic in this order: at most ``rules.MOST``, all or none.

    What was published before under the same id is not published again. Raises ``Invalid`` with everything that is wrong.
    """
    return write_events(row, events, by=by)


@act_on("sharing.tell_topic", _lock, permission=OnlySystem)
def tell_topic(row: TopicRow, event: NewEvent, *, by: Actor, key: Key) -> Published:
    """Publish what happened on the platform in a topic that is made of it. Raises ``Invalid`` if it does not fit.

    It has happened, so it is no later than now: whoever delivers it may live by another clock (a city that is made to
    come to life walks many matters at once).
    """
    return write_events(row, [event], by=by, now=max(clock.now(), event.at))


def write_events(row: TopicRow, events: Sequence[NewEvent], *, by: Actor, now: datetime | None = None) -> Published:
    """Do what ``publish_events`` does inside another act; the topic's row must be locked. ``now`` if it is another.

    Numbers are allotted under a lock that lasts until commit: whoever reads up to a number will find nothing below it later.
    """
    if not 0 < len(events) <= rules.MOST:
        told = _("一次要发 1 到 %(most)d 条。") % {"most": rules.MOST}
        raise Invalid(told, errors=(FieldError("events", told),))
    topic, now = TOPIC.validate_python(row.definition), now or clock.now()
    _refuse(rules.event_faults(topic, events, now))
    digests = {one.id: _digest(one) for one in events}
    known = dict(row.messages.filter(own_id__in=list(digests)).values_list("own_id", "digest"))
    _refuse(
        EventFault(place, "id", "reused")
        for place, one in enumerate(events)
        if one.id in known and bytes(known[one.id]) != digests[one.id]
    )
    new = [one for one in events if one.id not in known]
    scope = f"topic:{row.code}"
    numbers = allot_many([scope] * len(new)).get(scope, [])
    current().insert(
        TopicMessage(
            topic=row,
            seq=seq,
            version=topic.version,
            own_id=one.id,
            digest=digests[one.id],
            subject_index=blind_index(one.subject, SUBJECT),
            content={"subject": one.subject, "data": dict(one.data)},
            at=one.at,
            published_at=now,
            published_by=by.label,
        )
        for seq, one in zip(numbers, new, strict=True)
    )
    current().detail |= {"topic": row.code, "published": len(new), "already": len(events) - len(new)}
    return Published(len(new), len(events) - len(new), numbers[-1] if numbers else 0)


def _digest(one: NewEvent) -> bytes:
    return blind_index(sha256_of([one.subject, one.at.isoformat(), dict(one.data)]), "topic-event")


def _refuse(found: object) -> None:
    faults = list(found)  # type: ignore[call-overload]
    if faults:
        raise Invalid(
            _("有 %(count)d 处不合主题的格式，一条也没有发布。") % {"count": len(faults)},
            errors=tuple(FieldError(f"events.{one.place}.{one.item}", one.word) for one in faults[:TOLD]),
        )


def write_topic(topic: Topic, *, by: Actor) -> TopicRow:
    """Write a topic (inside the loading of a pack). Raises ``Invalid`` if it is another agency's, names what there is not,
    or has other items under the same version.
    """
    agency = directory.find_agency(topic.agency)
    dataset = Dataset.objects.filter(code=topic.dataset).first() if topic.dataset else None
    if agency is None:
        raise _wrong("agency", _("没有代码为 %(code)s 的部门。") % {"code": topic.agency})
    if topic.dataset and dataset is None:
        raise _wrong("dataset", _("没有这个数据集。"))
    row = TopicRow.objects.filter(code=topic.code).first()
    document = dump_topic(topic)
    if row is not None and row.agency_id != agency.id:
        raise _wrong("code", _("这个代码已经属于另一个部门的主题。"))
    if row is not None and row.definition["items"] != document["items"] and topic.version <= row.version:
        raise _wrong("version", _("信息项变了，版本号要加一。"))
    written = {
        "agency_id": agency.id,
        "dataset": dataset,
        "name": topic.name,
        "version": topic.version,
        "definition": document,
        "changed_at": clock.now(),
    }
    row, _made = TopicRow.objects.update_or_create(code=topic.code, defaults=written)
    return row


def _wrong(field: str, told: str) -> Invalid:
    return Invalid(told, errors=(FieldError(field, told),))
