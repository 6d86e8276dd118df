"""Supervision: alerts, and the public word on what is late."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import act, act_on, current, event
from yiwang.kernel.problems import Invalid, NotNow
from yiwang.kernel.types import SYSTEM, Actor, Denial, FieldError, Key, Party, Reach
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.types import CaseView
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.oversight import data
from yiwang.platform.oversight.acts.answer import LATE_TIMER_RECTIFY, LATE_TIMER_VERIFY
from yiwang.platform.oversight.models import Alert, BadRating, Explanation
from yiwang.platform.oversight.permissions import CanExplain, CanSupervise, OnlySystem
from yiwang.platform.oversight.types import AlertKind


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a matter lies, for a permission's check."""

    reach: Reach


EXPLAINED = event("oversight.explained", "Why a case is late was told in public.")


def raise_repeats(principal: Party, found: tuple[CaseView, ...], at: datetime) -> int:
    """Warn of every case whose item the same party applied for a short while ago (inside the delivery of an
    event).

    Returns how many alerts are new.
    """
    since = at - timedelta(days=data.parameters().repeat_days)
    made = 0
    for case in found:
        earlier = cases.earlier_case(principal, case.item_code, since, case.received_at)
        if earlier is not None:
            made += _raise(AlertKind.SECOND_APPLICATION, case, at, earlier)
    return made


def raise_visits(case: CaseView, at: datetime) -> bool:
    """Warn of a case for which somebody came to a counter a second time, or more often than its item promises (inside
    the delivery of an event). Returns whether the alert is new.
    """
    promised = max(catalog.get_edition(case.edition_id).definition.channels.visits, 1)
    visits = len(cases.counter_days(case.application_id))
    return visits > promised and _raise(AlertKind.SECOND_VISIT, case, at)


def _raise(
    kind: AlertKind,
    case: CaseView,
    at: datetime,
    earlier: uuid.UUID | None = None,
    bad_rating: BadRating | None = None,
) -> bool:
    reach = reach_of(case)
    _row, made = Alert.objects.get_or_create(
        kind=kind.value,
        case_id=case.id,
        bad_rating=bad_rating,
        defaults={
            "earlier_case_id": earlier,
            "name": case.name,
            "item_code": case.item_code,
            "agency_path": reach.agency,
            "region": reach.region,
            "level": reach.level,
            "raised_at": at,
        },
    )
    return made


def reach_of(case: CaseView) -> Reach:
    """Return where a case lies."""
    edition = catalog.get_edition(case.edition_id)
    return Reach(case.agency_path, edition.region, edition.definition.level, case.item_code)


def unanswered(row: BadRating) -> Denial | None:
    """Only what is still open can be late."""
    return Denial("closed", "closed") if row.closed_at else None


@act_on("oversight.raise_late", BadRating.objects.lock, permission=OnlySystem, ready=unanswered)
def raise_late(row: BadRating, kind: AlertKind, *, by: Actor, key: Key) -> None:
    """Warn that a bad rating was not verified, or not put right, in time."""
    case = cases.get_case(row.rating.service.case_id, SYSTEM)
    _raise(kind, case, clock.now(), bad_rating=row)


@timers.timer(LATE_TIMER_VERIFY)
def ring_verify_late(subject: uuid.UUID, key: str) -> None:
    """Ring when the time to verify is over."""
    raise_late(subject, AlertKind.VERIFY_LATE, by=SYSTEM, key=key)


@timers.timer(LATE_TIMER_RECTIFY)
def ring_rectify_late(subject: uuid.UUID, key: str) -> None:
    """Ring when the time to put right is over."""
    raise_late(subject, AlertKind.RECTIFY_LATE, by=SYSTEM, key=key)


def unsettled(row: Alert) -> Denial | None:
    """An alert is settled once."""
    return Denial("settled", _("这条预警已经处理过。")) if row.settled_at else None


@act_on("oversight.settle", Alert.objects.lock, permission=CanSupervise, ready=unsettled)
def settle(row: Alert, note: str, *, by: Actor, key: Key) -> None:
    """Say what came of an alert."""
    if not note.strip():
        raise Invalid(_("请写怎么处理的。"), errors=(FieldError("note", _("请写怎么处理的。")),))
    row.settled_at, row.settled_by, row.note = clock.now(), by.label, note.strip()[:400]
    row.save(update_fields=["settled_at", "settled_by", "note"])


@act("oversight.explain", permission=CanExplain)
def explain(case: uuid.UUID, text: str, *, by: Actor, key: Key) -> None:
    """Say in public why a case is late (优化营商环境条例 art. 36); once, and nothing about the applicant.

    Raises ``NotNow`` while the case is within its limit, or when it was explained.
    """
    view = cases.get_case(case, by)
    CanExplain.check(by, _Place(reach_of(view)))
    if not is_late(view):
        raise NotNow(_("这个办件没有超时，不用说明。"))
    if Explanation.objects.filter(case_id=case).exists():
        raise NotNow(_("这个办件已经公开说明过。"), code="explained")
    if not text.strip():
        raise Invalid(_("请写超时的原因。"), errors=(FieldError("text", _("请写超时的原因。")),))
    if view.applicant_name and view.applicant_name in text:
        message = _("公开说明里不能出现申请人的名称。")
        raise Invalid(message, errors=(FieldError("text", message),))
    assert view.due_on is not None
    row = Explanation.objects.create(
        case_id=case,
        name=view.name,
        agency_path=view.agency_path,
        due_on=view.due_on,
        text=text.strip(),
        at=clock.now(),
    )
    current().about(row)
    current().emit(EXPLAINED, row, case=str(case))


def is_late(view: CaseView) -> bool:
    """Tell whether a case passed its limit, decided or not."""
    if view.due_on is None:
        return False
    ended = clock.legal_date(view.decided_at) if view.decided_at else clock.today()
    return ended > view.due_on
