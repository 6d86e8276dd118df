"""What happens on the platform and is told to agencies: a topic of the pack says of which events it is made (``source``).

The rooms whose events these are stand below this one; they offer here which may be told, and what is known of each. An event
that does not fit its topic is not passed over: those behind it wait, and the operator sees why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from yiwang.kernel import expressions
from yiwang.kernel.events import Happening, subscribe
from yiwang.kernel.types import SYSTEM
from yiwang.platform.sharing.acts.topics import tell_topic
from yiwang.platform.sharing.events.documents import TOPIC
from yiwang.platform.sharing.events.models import TopicRow
from yiwang.platform.sharing.events.types import NewEvent, Topic, TopicSource

Describe = Callable[[Happening], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Offer:
    """What is known of an event: the names of its facts, and what says their values."""

    facts: frozenset[str]
    describe: Describe


OFFERED: dict[str, Offer] = {}
"""By the kernel's name of the event."""


def offer(describe: Describe, facts: tuple[str, ...], *names: str) -> None:
    """Offer these events of the platform to topics. Values are what an event's data may be (dates as ISO text)."""
    OFFERED.update(dict.fromkeys(names, Offer(frozenset(facts), describe)))
    subscribe("sharing.topics", *names)(tell)


def tell(happening: Happening) -> None:
    """Publish what happened in every topic that is made of it."""
    rows = TopicRow.objects.filter(definition__source__events__contains=[happening.name]).order_by("code")
    made = [(row.pk, source) for row in rows if (source := TOPIC.validate_python(row.definition).source)]
    facts = dict(OFFERED[happening.name].describe(happening)) if made else {}
    for pk, source in made:
        if not source.when or expressions.evaluate(source.when, facts).value is True:
            tell_topic(pk, _event(happening, source, facts), by=SYSTEM, key=f"{happening.id}:{pk}")


def _event(happening: Happening, source: TopicSource, facts: Mapping[str, Any]) -> NewEvent:
    data = {item: facts[name] for item, name in source.fields.items() if facts[name] is not None}
    return NewEvent(id=str(happening.id), subject=str(facts[source.subject]), at=happening.at, data=data)


def faults(topic: Topic) -> Iterator[str]:
    """Yield what is wrong with a topic's source: events that nobody offers, facts and items that there are not."""
    source = topic.source
    if source is None:
        return
    yield from (f"source.events: nobody offers {name}" for name in source.events if name not in OFFERED)
    offered = [OFFERED[name].facts for name in source.events if name in OFFERED]
    facts = frozenset.intersection(*offered) if offered else frozenset()
    used = {source.subject, *source.fields.values()}
    try:
        expressions.compile(source.when or "true")
        used |= set(expressions.dependencies(source.when)) if source.when else set()
    except expressions.ExpressionError as error:
        yield f"source.when: {error}"
    yield from (f"source: there is no fact {name}" for name in sorted(used - facts))
    items = {item.name for item in topic.items}
    yield from (f"source.fields: there is no item {name}" for name in sorted(set(source.fields) - items))
    required = {item.name for item in topic.items if item.required}
    yield from (f"source.fields: {name} is required" for name in sorted(required - set(source.fields)))
