"""What the worker does regularly over many cases: each one by its act, in batches, as the system."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from yiwang.kernel import clock
from yiwang.kernel.problems import Problem
from yiwang.kernel.types import SYSTEM
from yiwang.platform.cases import acts
from yiwang.platform.cases.models import Application, Case
from yiwang.platform.cases.types import ApplicationState

log = logging.getLogger(__name__)
BATCH = 500


def discard_old_drafts(key: str) -> int:
    """Throw away drafts whose last day is over, with their files; returns how many."""
    old = Application.objects.filter(state=ApplicationState.DRAFT, expires_on__lt=clock.today())
    return _each(old, acts.discard, key)


def recheck_waiting(key: str) -> int:
    """Ask again for what was missing because a source was down; returns how many cases were asked for."""
    return _each(Case.objects.filter(recheck=True, closed_at=None), acts.recheck, key)


def recount_provisional(key: str) -> int:
    """Count again the due dates that rest on a year that had not been announced; returns how many."""
    return _each(Case.objects.filter(provisional=True, decided_at=None, clock__isnull=False), acts.recount, key)


def _each(rows: QuerySet[Any], act: Callable[..., Any], key: str) -> int:
    done = 0
    for pk in list(rows.order_by("id").values_list("pk", flat=True)[:BATCH]):
        try:
            act(pk, by=SYSTEM, key=f"sweep:{key}:{pk}")
        except Problem as problem:  # somebody else dealt with it meanwhile
            log.info("cases.sweep_skipped", extra={"code": problem.code})
        else:
            done += 1
    return done
