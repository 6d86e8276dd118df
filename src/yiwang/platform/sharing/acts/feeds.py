"""What changes a feed: its configuration, and its rows coming in batch by batch.

A runner takes a feed up (``take_up``: nobody else does meanwhile), reads batches outside of any transaction, and hands each
to ``take_batch``, which writes rows and token together. So whoever dies, whenever, leaves the feed where its token stands.
A runner holds no transaction while it waits for a source: that would hold up everybody's events.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import Permission, act_on, current, event
from yiwang.kernel.plugins import UnknownPlugin
from yiwang.kernel.problems import Invalid, NotFound, Stale
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, FieldError, Key
from yiwang.platform.sharing import feeding, intake
from yiwang.platform.sharing.acts.granting import OnlySystem
from yiwang.platform.sharing.connectors import Batch, Connector, Source, pushed_connectors, registry
from yiwang.platform.sharing.documents import DEFINITION
from yiwang.platform.sharing.managers import STEWARDS
from yiwang.platform.sharing.models import Dataset, Feed, Run
from yiwang.platform.sharing.types import Brought, DatasetDefinition, FeedSpec, RunState, UpdateCycle

DRIFTED = event("sharing.drifted", "The columns of a dataset's source differ from the published ones, or do no more.")
FOR_TESTS = ("demo", "outage")
"""Connectors without a source: not for a city's data."""

CanFeed = Permission(name="configure feeds", kinds=frozenset({ActorKind.STAFF}), roles=STEWARDS)


def _dataset(pk: uuid.UUID, by: Actor) -> Dataset:
    row = Dataset.objects.select_related("agency", "current").filter(pk=pk, current__isnull=False).first()
    if row is None:
        raise NotFound(_("没有这个数据集。"))
    return row


def _feed(pk: uuid.UUID, by: Actor) -> Feed:
    rows = Feed.objects.select_related("dataset__agency", "dataset__current", "run")
    row = rows.select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        raise NotFound(_("这个数据集还没有接入数据。"))
    return row


def _definition(row: Dataset) -> DatasetDefinition:
    assert row.current is not None
    return DEFINITION.validate_python(row.current.content["definition"])


# --- configuration ---


@act_on("sharing.save_feed", _dataset, permission=CanFeed)
def save_feed(row: Dataset, spec: FeedSpec, *, by: Actor, key: Key) -> uuid.UUID:
    """Say how a dataset's rows are fetched; it is tried at once. What is read another way is read from the beginning.

    A secret is kept only for the same connector and address: nobody shall have it sent elsewhere. Raises ``Invalid`` with
    every field that is wrong.
    """
    feed = Feed.objects.select_for_update().filter(dataset=row).first() or Feed(dataset=row)
    same_place = (feed.connector, feed.address) == (spec.connector, spec.address.strip())
    secret = spec.secret or (feed.secret if same_place else "")
    source = Source(_definition(row), spec.address.strip(), spec.settings, spec.columns, secret)
    wrong = _faults(spec.connector, source)
    if wrong:
        raise Invalid(_("有 %(count)d 处要改。") % {"count": len(wrong)}, errors=tuple(wrong))
    how = {"settings": spec.settings, "columns": spec.columns}
    if spec.again or not same_place or how != {name: getattr(feed, name) for name in how}:
        feed.token, feed.run = None, None
    feed.connector, feed.address, feed.secret = spec.connector, source.address, secret
    feed.settings, feed.columns = spec.settings, spec.columns
    _at_once(feed)
    feed.save()
    current().detail |= {"dataset": row.code, "connector": feed.connector, "address": feed.address.partition("?")[0]}
    return feed.pk


@act_on("sharing.switch_feed", _feed, permission=CanFeed)
def switch_feed(row: Feed, on: bool, *, by: Actor, key: Key) -> None:
    """Switch a feed on, which tries it at once, or off, which stops whoever runs it at the next batch."""
    row.enabled = on
    _at_once(row)
    row.save()
    current().detail |= {"dataset": row.dataset.code, "on": on}


def _at_once(row: Feed) -> None:
    """Make a feed due, and whoever runs it now stop: it runs on what was said before."""
    row.claim, row.failures, row.last_error, row.next_at = None, 0, "", clock.now()


def _faults(name: str, source: Source) -> list[FieldError]:
    if name not in set(registry) or (name in FOR_TESTS and not settings.YIWANG_DEMO):
        return [FieldError("connector", _("没有这种接入方式。"))]
    connector = registry.get(name)
    known = {one.name for one in connector.settings()} | connector.more_settings
    strange = sorted(set(source.settings) - known)
    found = [FieldError("settings", _("没有“%(name)s”这项设置。") % {"name": one}) for one in strange]
    return found + _wrong_columns(source) + connector.check(source)


def _wrong_columns(source: Source) -> list[FieldError]:
    known = {*feeding.OWN_COLUMNS, *(item.name for item in source.definition.items)}
    named = [to for to in source.columns.values() if to]
    told = [_("数据集里没有“%(name)s”这一列。") % {"name": to} for to in sorted(set(named) - known)]
    told += [_("有几列都对应“%(name)s”。") % {"name": to} for to in sorted({to for to in named if named.count(to) > 1})]
    return [FieldError("columns", one) for one in told]


# --- running ---


def take_up(code: str = "", *, early: bool = False) -> Feed | None:
    """Take up the feed (of one dataset, if named) that has been due longest; with ``early`` one that is not due yet, too.

    It is due again when its runner has been silent for too long: then that one is dead, or will find that it counts as dead.
    """
    now = clock.now()
    when = Q(next_at__lte=now)
    if early:
        when |= Q(claim=None)
    due = (
        Feed.objects.select_related("dataset__current", "dataset__agency")
        .filter(when, enabled=True, dataset__current__isnull=False, **({"dataset__code": code} if code else {}))
        .exclude(connector__in=pushed_connectors())
    )
    with transaction.atomic():
        row: Feed | None = due.order_by("next_at").select_for_update(skip_locked=True, of=("self",)).first()
        if row is not None:
            row.claim, row.next_at = uuid.uuid4(), _silent_until(row)
            row.save(update_fields=["claim", "next_at"])
    return row


@act_on("sharing.take_batch", _feed, permission=OnlySystem)
def take_batch(row: Feed, claim: uuid.UUID, token: Any, batch: Batch, *, by: Actor, key: Key) -> Brought:
    """Write a batch that came after ``token``, and where to go on, together.

    Raises ``Stale`` for whoever does not hold the feed any more: another runner has written what comes after the token, or
    somebody changed the feed.
    """
    if row.claim != claim or row.token != token or row.dataset.current is None:
        raise Stale(_("这个数据源已由别的进程接着读。"))
    now = clock.now()
    run = _running(row, now)
    brought = intake.take_in(run, _definition(row.dataset), batch.rows, batch.file, batch.lines)
    _note_drift(row, run, batch, brought)
    run.token = row.token = batch.token
    run.error = "；".join(filter(None, (run.error, batch.note)))[:400]
    run.save()
    row.failures, row.last_error, row.last_ok_at, row.next_at = 0, "", now, _silent_until(row)
    row.save()
    current().detail |= {"dataset": row.dataset.code, "run": str(run.pk)} | {
        name: getattr(brought, name) for name in ("read", "added", "changed", "removed", "rejected")
    }
    return brought


def rest(pk: uuid.UUID, claim: uuid.UUID, token: Any, *, more: bool, news: bool) -> None:
    """Let go of a feed: for a moment if there is ``more``, else until its cycle comes round again.

    ``news``: whether one knows now that the dataset is up to date even if nothing came. Where all that came was refused, it is
    not.
    """
    now = clock.now()
    with transaction.atomic():
        row = _held(pk, claim)
        if row is None:
            return
        row.claim, row.token, row.failures, row.last_error, row.last_ok_at = None, token, 0, "", now
        row.next_at = now if more else now + _cycle(row)
        if not more:
            came = row.run is not None and row.run.read > 0
            refused = came and row.run.rejected == row.run.read
            if row.run is not None:
                row.run.state, row.run.ended_at = RunState.DONE.value, now
                row.run.save()
                row.run = None
            if news or came:
                row.read_to = now
                if not refused:
                    Dataset.objects.filter(pk=row.dataset_id).update(refreshed_at=now)
        row.save()


def fail(pk: uuid.UUID, claim: uuid.UUID, error: str) -> None:
    """Let go of a feed that cannot be read now, for longer each time; its run goes on when it can be read again."""
    now = clock.now()
    with transaction.atomic():
        row = _held(pk, claim)
        if row is None:
            return
        run = _running(row, now)
        run.state, run.ended_at, run.error = RunState.FAILED.value, now, error[:400]
        run.save()
        row.claim, row.failures, row.last_error = None, row.failures + 1, error[:400]
        row.next_at = now + feeding.pause(row.failures, row.pk)
        row.save()


def _held(pk: uuid.UUID, claim: uuid.UUID) -> Feed | None:
    rows = Feed.objects.select_related("run", "dataset__current").select_for_update(of=("self",))
    found: Feed | None = rows.filter(pk=pk, claim=claim).first()
    return found


def _running(row: Feed, now: datetime) -> Run:
    """Return the feed's run that has not come to its end, or begin one."""
    if row.run is None:
        row.run = Run(dataset=row.dataset, connector=row.connector, by=SYSTEM.label, began_at=now)
        row.run.save(force_insert=True)
    elif row.run.state == RunState.FAILED:
        row.run.state, row.run.ended_at, row.run.error = RunState.RUNNING.value, None, ""
    return row.run


def note_sent(row: Feed, run: Run | None, batch: Batch, brought: Brought, now: datetime) -> None:
    """Note at a feed whose system sends that it sent (inside an act); without a run it said that nothing is new."""
    if run is not None:
        _note_drift(row, run, batch, brought)
    row.failures, row.last_error, row.last_ok_at, row.read_to = 0, "", now, now
    row.save()


def _note_drift(row: Feed, run: Run, batch: Batch, brought: Brought) -> None:
    if all(one.get("deleted") for one in batch.rows):
        return
    unknown = {feeding.column_name(name) for name in batch.unknown} | set(brought.drift.unknown)
    if batch.unknown:
        run.drift = {"missing": [], **run.drift, "unknown": sorted({*run.drift.get("unknown", ()), *unknown})}
    certain = brought.read >= feeding.FEW or not _connector(row).sparse
    found = feeding.drifted(row.drift, unknown, brought.drift.missing, certain=certain)
    if found != row.drift:
        row.drift = found
        told = {"unknown": len(found.get("unknown", ())), "missing": found.get("missing", [])}
        current().emit(DRIFTED, row.dataset, dataset=row.dataset.code, **told)


def _connector(row: Feed) -> type[Connector] | Connector:
    try:
        return registry.get(row.connector)
    except UnknownPlugin:
        return Connector


def _silent_until(row: Feed) -> datetime:
    return clock.now() + _connector(row).patience


def _cycle(row: Feed) -> timedelta:
    cycle, connector = UpdateCycle.REALTIME, _connector(row)
    if connector.live:
        return feeding.interval(cycle)  # only whether it is well: whoever needs an answer asks
    if connector.silence_is_news and row.dataset.current is not None:
        cycle = _definition(row.dataset).cycle
    return feeding.interval(cycle, demo=settings.YIWANG_DEMO)
