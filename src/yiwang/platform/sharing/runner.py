"""The runner: takes up what is due, lets its connector read, and has each batch written. Any number may run at a time."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from contextlib import closing
from dataclasses import replace

from django.db import InterfaceError, OperationalError, connection

from yiwang.kernel import clock
from yiwang.kernel.problems import NotFound, Stale
from yiwang.kernel.types import SYSTEM
from yiwang.platform.sharing import feeding, queries
from yiwang.platform.sharing.acts import feeds as acts
from yiwang.platform.sharing.connectors import Batch, Connector, Source, SourceFault, registry
from yiwang.platform.sharing.models import Feed

log = logging.getLogger(__name__)
TURN = 60.0
"""Seconds after which a feed lets others go first, though it has more."""


def run_due(stop: threading.Event | None = None, code: str = "", *, early: bool = False) -> int:
    """Run every feed that is due, or that of one dataset, until none is; return how many rows were read.

    ``early``: that of one dataset is run now even if it is not due, unless somebody runs it.
    """
    halt, read = stop or threading.Event(), 0
    while not halt.is_set():
        feed = acts.take_up(code, early=early)
        if feed is None:
            break
        more, rows = run(feed, halt)
        read += rows
        if early and not more:
            break
    return read


def run(feed: Feed, halt: threading.Event) -> tuple[bool, int]:
    """Run a feed that was taken up; return whether there is more, and how many rows were read.

    Whatever is wrong with the source is noted at the feed. Raises only if our own database is away: then the feed is taken
    up again when this runner counts as dead.
    """
    assert feed.claim is not None
    turn = _Turn(feed)
    try:
        connector = registry.get(feed.connector)
        more = turn.read(connector, halt)
        acts.rest(feed.pk, feed.claim, turn.token, more=more, news=connector.silence_is_news or turn.news)
    except (Stale, NotFound):
        log.warning("feeds.lost", extra={"dataset": feed.dataset.code})  # another has it: it goes on where we are
        return False, turn.rows
    except (OperationalError, InterfaceError):
        raise
    except SourceFault as fault:
        log.warning("feeds.source_fault", extra={"dataset": feed.dataset.code, "error": str(fault)})
        acts.fail(feed.pk, feed.claim, str(fault))
        return False, turn.rows
    except Exception as error:
        # The text of an exception may hold a row: only where it happened is told.
        where = traceback.format_tb(error.__traceback__)[-3:]
        log.error("feeds.failed", extra={"dataset": feed.dataset.code, "error": type(error).__name__, "where": where})
        acts.fail(feed.pk, feed.claim, type(error).__name__)
        return False, turn.rows
    if turn.rows:
        log.info("feeds.read", extra={"dataset": feed.dataset.code, "rows": turn.rows, "more": more})
    return more, turn.rows


def _give_back() -> None:
    """Give the connection back to the pool while a source is waited for: there are more feeds than connections."""
    if not connection.in_atomic_block:
        connection.close()


class _Turn:
    """One feed's turn: from where it stood to where it came."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.stored = self.token = feed.token
        self.rows = self.batches = 0
        self.news = False

    def read(self, connector: Connector, halt: threading.Event) -> bool:
        """Read and write batches; return whether there is more."""
        source = queries.source_of_feed(self.feed)
        if faults := connector.check(source):
            raise SourceFault("；".join(one.message for one in faults))
        until = 0.0
        _give_back()
        with closing(connector.batches(source, self.stored)) as batches:
            for batch in batches:
                until = until or time.monotonic() + TURN  # finding the place where to go on is not the feed's turn yet
                self._take(batch, source)
                if batch.rows and (halt.is_set() or time.monotonic() > until):
                    return True
                _give_back()
        return False

    def _take(self, batch: Batch, source: Source) -> None:
        self.token = batch.token
        self.news |= batch.news
        if not batch.rows and not batch.note:  # asked in vain: no act, no run; where to go on is noted at the end
            return
        feed = self.feed
        assert feed.claim is not None
        rows = tuple(feeding.shaped(batch.rows, source.columns, source.definition.items, clock.now()))
        key = f"{feed.claim.hex}:{self.batches}"
        acts.take_batch(feed.pk, feed.claim, self.stored, replace(batch, rows=rows), by=SYSTEM, key=key)
        self.stored = batch.token
        self.batches += 1
        self.rows += len(rows)
