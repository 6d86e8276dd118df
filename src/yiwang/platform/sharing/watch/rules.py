"""When a reading is unusual. Pure: local times and working days are given."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo

from yiwang.platform.sharing.watch.types import Look, Unusual, WatchKind, WatchRule

Workday = Callable[[date], bool]


def counts(rule: WatchRule, look: Look) -> bool:
    """Tell whether a rule is about this sort of reading."""
    return not rule.reads or look.name.startswith(rule.reads)


def breaks(rule: WatchRule, look: Look, *, workday: Workday, tz: tzinfo) -> bool:
    """Tell whether one reading by itself is against a rule; for MANY see ``crowd``."""
    if rule.kind is WatchKind.NO_CASE:
        return not look.matter
    if rule.kind is WatchKind.SELF:
        return look.own
    if rule.kind is WatchKind.FAMILY:
        return look.family
    if rule.kind is WatchKind.OFF_HOURS:
        local = look.at.astimezone(tz)
        return not (rule.opens <= local.strftime("%H:%M") < rule.closes and workday(local.date()))
    return False


def crowd(rule: WatchRule, looks: Iterable[Look], new: Collection[str]) -> list[Look]:
    """Return the new readings of one officer by which there were too many different people within the rule's hours.

    ``looks`` are the officer's readings of one kind around the new ones. What becomes known late counts in the windows of
    what was known before it; then the late one is what is told.
    """
    found: dict[str, Look] = {}
    window: deque[Look] = deque()
    people: Counter[str] = Counter()
    for look in sorted(looks, key=lambda one: (one.at, one.ref)):
        window.append(look)
        people[look.subject] += 1
        while window[0].at <= look.at - timedelta(hours=rule.hours):
            gone = window.popleft()
            people[gone.subject] -= 1
            if not people[gone.subject]:
                del people[gone.subject]
        if len(people) > rule.most:
            told = [look] if look.ref in new else [one for one in window if one.ref in new]
            found.update((one.ref, one) for one in told)
    return list(found.values())


def by_day(rule: WatchRule, looks: Sequence[Look], tz: tzinfo) -> list[Unusual]:
    """Put what was found together: one alert for an officer, a rule and a local day, in order of time."""
    grouped: dict[tuple[object, date], list[Look]] = {}
    for look in sorted(looks, key=lambda one: (one.at, one.ref)):
        grouped.setdefault((look.officer, _day(look.at, tz)), []).append(look)
    return [
        Unusual(rule=rule, officer=some[0].officer, day=day, looks=tuple(some)) for (_who, day), some in grouped.items()
    ]


def _day(at: datetime, tz: tzinfo) -> date:
    return at.astimezone(tz).date()
