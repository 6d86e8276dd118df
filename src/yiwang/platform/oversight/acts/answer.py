"""A bad rating's way.

Verify, put right, tell, call back, rate again; or review and take out (STANDARDS 7.4).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta

from django.utils.translation import gettext as _

from yiwang.kernel import clock, holidays, timers
from yiwang.kernel.acts import act_on, event
from yiwang.kernel.calendar import Unit
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import SYSTEM, Actor, Denial, FieldError, Key
from yiwang.platform.oversight import data, rules
from yiwang.platform.oversight.models import BadRating, Service
from yiwang.platform.oversight.permissions import CanAnswer, CanSupervise, OnlySystem
from yiwang.platform.oversight.types import BadRatingState

FED_BACK = event("rating.fed_back", "What a bad rating led to was told to the rater.")
CALLED_BACK = event("rating.called_back", "The rater was called back and may rate once more.")
LATE_TIMER_VERIFY = "oversight.verify_late"
LATE_TIMER_RECTIFY = "oversight.rectify_late"
CLOSE_TIMER = "oversight.close_bad_rating"


def workdays_from(region: str, day: date, count: int) -> date:
    """Return the last day of a period of working days."""
    return holidays.for_region(region, provisional=True).due(day, count, Unit.WORKDAY)


def _in(*states: BadRatingState) -> Callable[[BadRating], Denial | None]:
    def ready(row: BadRating) -> Denial | None:
        if BadRatingState(row.state) in states:
            return None
        return Denial("other-state", _("这条差评不在这一步。"))

    return ready


takeable = _in(BadRatingState.RECEIVED)
verifiable = _in(BadRatingState.VERIFYING)
rectifiable = _in(BadRatingState.RECTIFYING)
reviewable = _in(BadRatingState.APPEAL_REVIEW)
callable_back = _in(BadRatingState.FED_BACK)
waiting_for_second = _in(BadRatingState.SECOND_RATING)


@act_on("oversight.take_up", BadRating.objects.lock, permission=CanAnswer, ready=takeable)
def take_up(row: BadRating, *, by: Actor, key: Key) -> None:
    """Begin to verify: who handled is responsible."""
    _go(row, BadRatingState.VERIFYING)
    row.save()


@act_on("oversight.verify", BadRating.objects.lock, permission=CanAnswer, ready=verifiable)
def verify(row: BadRating, valid: bool, finding: str, *, by: Actor, key: Key) -> None:
    """Say whether it is true, and what was found.

    True: the time to put it right begins. Not true (mistaken or malicious): a supervisor reviews, never the
    agency itself.
    """
    _need(finding, "finding", _("请写核实到的情况。"))
    now = clock.now()
    row.finding, row.verified_at = finding.strip(), now
    timers.cancel_timer(LATE_TIMER_VERIFY, row.id)
    if valid:
        _go(row, BadRatingState.VALID)
        _begin_rectifying(row)
    else:
        _go(row, BadRatingState.INVALID)
        _go(row, BadRatingState.APPEAL_REVIEW)
    row.save()


@act_on("oversight.review", BadRating.objects.lock, permission=CanSupervise, ready=reviewable)
def review(row: BadRating, remove: bool, reason: str, *, by: Actor, key: Key) -> None:
    """Decide on a rating that the agency disputes.

    Take it out of all figures, or keep it, then it is put right.
    """
    _need(reason, "reason", _("请写复核的理由。"))
    row.appeal = reason.strip()
    now = clock.now()
    if remove:
        _go(row, BadRatingState.REMOVED)
        row.closed_at = row.rating.removed_at = now
        row.rating.save(update_fields=["removed_at"])
    else:
        _go(row, BadRatingState.KEPT)
        _begin_rectifying(row)
    row.save()


@act_on("oversight.rectify", BadRating.objects.lock, permission=CanAnswer, ready=rectifiable, announces=FED_BACK)
def rectify(row: BadRating, measures: str, *, by: Actor, key: Key) -> None:
    """Say what was put right; the rater is told in these words."""
    _need(measures, "measures", _("请写改了什么，这段话会告诉评价人。"))
    row.measures, row.rectified_at = measures.strip(), clock.now()
    timers.cancel_timer(LATE_TIMER_RECTIFY, row.id)
    _go(row, BadRatingState.FED_BACK)
    row.save()


@act_on(
    "oversight.call_back",
    BadRating.objects.lock,
    permission=CanSupervise,
    ready=callable_back,
    announces=CALLED_BACK,
)
def call_back(row: BadRating, note: str, *, by: Actor, key: Key) -> None:
    """Note what the rater said when called; now they may rate once more."""
    _need(note, "note", _("请写回访的情况。"))
    now = clock.now()
    row.call_back, row.called_back_at = note.strip(), now
    _go(row, BadRatingState.CALLED_BACK)
    _go(row, BadRatingState.SECOND_RATING)
    last = clock.legal_date(now) + timedelta(days=data.parameters().default_days)
    timers.set_timer(CLOSE_TIMER, row.id, clock.end_of(last))
    row.save()


@act_on("oversight.close_bad_rating", BadRating.objects.lock, permission=OnlySystem, ready=waiting_for_second)
def close(row: BadRating, *, by: Actor, key: Key) -> None:
    """Close a bad rating that nobody rated a second time."""
    _close(row)


@timers.timer(CLOSE_TIMER)
def ring_close(subject: uuid.UUID, key: str) -> None:
    """Ring when the time for a second rating is over."""
    close(subject, by=SYSTEM, key=key)


def end_second_rating(service: Service) -> None:
    """Close the handling of a service's bad rating with its second rating (inside the act of rating)."""
    row = BadRating.objects.select_for_update().get(rating__service=service, rating__attempt=1)
    timers.cancel_timer(CLOSE_TIMER, row.id)
    _close(row)


def _close(row: BadRating) -> None:
    _go(row, BadRatingState.CLOSED)
    row.closed_at = clock.now()
    row.save()


def _begin_rectifying(row: BadRating) -> None:
    _go(row, BadRatingState.RECTIFYING)
    row.rectify_due = workdays_from(row.rating.service.region, clock.today(), data.parameters().rectify_days)
    timers.set_timer(LATE_TIMER_RECTIFY, row.id, clock.end_of(row.rectify_due) + timedelta(seconds=1))


def _go(row: BadRating, state: BadRatingState) -> None:
    old = BadRatingState(row.state)
    if not rules.may_go(old, state):
        raise ValueError(f"no arrow from {old} to {state}")
    row.state = state.value


def _need(text: str, field: str, message: str) -> None:
    if not text.strip():
        raise Invalid(message, errors=(FieldError(field, message),))
