"""Rating: a service is noted when it was given, rated once by name, a second time after rectification."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import act_on, current, event
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, Denial, FieldError, Key, Party
from yiwang.platform.cases.types import CaseView
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.oversight import data, rules
from yiwang.platform.oversight.acts.answer import LATE_TIMER_VERIFY, end_second_rating, workdays_from
from yiwang.platform.oversight.models import BadRating, Rating, Service
from yiwang.platform.oversight.permissions import CanRate, OnlySystem
from yiwang.platform.oversight.types import BadRatingState, Channel, Level, ServiceKind

GIVEN = event("rating.given", "A service was rated.")
BAD = event("rating.bad", "A service was rated badly; its handling began.")
DEFAULT_TIMER = "oversight.default_rating"


def note_service(case: CaseView, principal: Party, kind: ServiceKind, at: datetime) -> Service:
    """Note that a service was given, so that it can be rated (inside the delivery of an event).

    After some days of silence it counts as rated by default, which is flagged and in no figure.
    """
    edition = catalog.get_edition(case.edition_id)
    earlier = Service.objects.filter(case_id=case.id)
    service = earlier.filter(kind=kind).first()
    if service is not None:
        return service
    service = Service.objects.create(
        case_id=case.id,
        number=earlier.count() + 1,
        kind=kind.value,
        name=case.name,
        item_code=case.item_code,
        agency_path=case.agency_path,
        region=edition.region,
        level=edition.definition.level,
        principal_kind=principal.kind.value,
        principal_id=principal.id,
        done_at=at,
    )
    last = clock.legal_date(at) + timedelta(days=data.parameters().default_days)
    timers.set_timer(DEFAULT_TIMER, service.id, clock.end_of(last))
    return service


def next_attempt(service: Service) -> int:
    """Return which rating may be given now: 1, 2 after rectification, or 0."""
    given = {rating.attempt: rating for rating in service.ratings.select_related("handling")}
    if 1 not in given or given[1].is_default:
        return 1
    handling = getattr(given[1], "handling", None)
    if 2 not in given and handling is not None and handling.state == BadRatingState.SECOND_RATING:
        return 2
    return 0


def ratable(service: Service) -> Denial | None:
    """A service is rated once, and once more after what was wrong was put right."""
    if next_attempt(service):
        return None
    return Denial("rated", _("您已经评价过这次服务，谢谢。"))


@act_on("oversight.rate", Service.objects.lock, permission=CanRate, ready=ratable, announces=GIVEN)
def rate(
    service: Service,
    level: Level,
    reasons: list[str],
    text: str = "",
    *,
    channel: Channel = Channel.PC,
    by: Actor,
    key: Key,
) -> uuid.UUID:
    """Rate a service. Returns the rating's id.

    A bad one begins its handling: verified in one working day, put right in five, called back, rated again.
    Raises
    ``Invalid`` for a bad rating without a reason or words, and for a reason that is not of this level.
    """
    known = data.reason_list()
    if faults := rules.faults(level, reasons, text, known):
        raise Invalid(_("评价还不完整。"), errors=tuple(_error(code) for code in faults))
    attempt = next_attempt(service)
    now = clock.now()
    rating, _made = Rating.objects.update_or_create(
        service=service,
        attempt=attempt,
        defaults={
            "level": level.value,
            "reasons": reasons,
            "reason_list": known.version,
            "text": text.strip(),
            "channel": channel.value,
            "rater_id": by.id if by.kind is ActorKind.PERSON else service.principal_id,
            "is_default": False,
            "at": now,
        },
    )
    timers.cancel_timer(DEFAULT_TIMER, service.id)
    if attempt == 2:
        end_second_rating(service)
    elif level.bad:
        _begin(rating, service, now)
    return rating.id


def _begin(rating: Rating, service: Service, now: datetime) -> None:
    due = workdays_from(service.region, clock.legal_date(now), data.parameters().verify_days)
    row = BadRating.objects.create(rating=rating, state=BadRatingState.RECEIVED.value, received_at=now, verify_due=due)
    timers.set_timer(LATE_TIMER_VERIFY, row.id, clock.end_of(due) + timedelta(seconds=1))
    current().emit(BAD, row, case=str(service.case_id))


def _error(code: str) -> FieldError:
    return {
        "reason-missing": FieldError("reasons", _("请选一条原因，或写一句话，我们好去改。")),
        "reason-unknown": FieldError("reasons", _("这条原因不在清单里，请重新选。")),
        "text-long": FieldError("text", _("最多写 %(n)d 个字。") % {"n": rules.TEXT_LENGTH}),
    }[code]


def silent(service: Service) -> Denial | None:
    """Only what nobody rated is rated by default."""
    return Denial("rated", "rated") if service.ratings.exists() else None


@act_on("oversight.default_rating", Service.objects.lock, permission=OnlySystem, ready=silent)
def default(service: Service, *, by: Actor, key: Key) -> None:
    """Note that nobody rated: flagged as a default, in no average (STANDARDS 1, row 11)."""
    Rating.objects.create(
        service=service,
        level=Level.SATISFIED.value,
        reason_list=data.reason_list().version,
        channel=Channel.SYSTEM.value,
        is_default=True,
        at=clock.now(),
    )


@timers.timer(DEFAULT_TIMER)
def ring_default(subject: uuid.UUID, key: str) -> None:
    """Ring when the days of silence are over."""
    default(subject, by=SYSTEM, key=key)
