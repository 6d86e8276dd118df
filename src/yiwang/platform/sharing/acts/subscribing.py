"""The way of a subscription: asked for, checked by the data office, approved by the agency whose topic it is, paused,
replayed, ended; and what is done with refused events.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import Permission, act, act_on, current, event
from yiwang.kernel.calendar import add_months
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, Denial, FieldError, Key, Role
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing.events import signing
from yiwang.platform.sharing.events.models import EventKey, QuarantinedMessage, Subscription, TopicMessage, TopicRow
from yiwang.platform.sharing.events.types import HeldState, Method, SubscriptionState
from yiwang.platform.sharing.managers import STEWARDS
from yiwang.platform.sharing.reaching import connectable
from yiwang.platform.sharing.types import Side

SUBSCRIPTION_MOVED = event("sharing.subscription_moved", "A subscription to events came into another state.")
_State = SubscriptionState
RUNNING = (_State.ACTIVE, _State.PAUSED, _State.QUARANTINED)
"""States of a subscription that was approved and goes on."""
ASKED = (_State.REQUESTED, _State.CHECKED)

CanSubscribe = Permission(name="subscribe to events", kinds=frozenset({ActorKind.STAFF}), roles=STEWARDS)
CanCheck = Permission(
    name="check subscriptions", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.DATA_OFFICE})
)
CanProvide = Permission(
    name="let others be told of events", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.DATA_STEWARD})
)
OnlySystem = Permission(name="system", kinds=frozenset())
ENDS = "sharing.subscription_ends"
MONTHS = 60
"""Most months for which a subscription is approved at a time."""
CanChangeKeys = Permission(
    name="change signing keys", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.SYSTEM_ADMIN})
)


def _lock(pk: uuid.UUID, by: Actor) -> Subscription:
    rows = Subscription.objects.visible_to(by).select_related("agency", "topic__agency")
    row = rows.select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这份订阅。"))
    found: Subscription = row
    return found


def _as_provider(pk: uuid.UUID, by: Actor) -> Subscription:
    row = _lock(pk, by)
    row.side = Side.PROVIDER
    return row


def _held(pk: uuid.UUID, by: Actor) -> QuarantinedMessage:
    row = QuarantinedMessage.objects.filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这条事件。"))
    row.subscription = _lock(row.subscription_id, by)  # first the subscription, as the sender does
    row.refresh_from_db(fields=["state"])
    return row


def _ready(*states: SubscriptionState) -> Callable[[Any], Denial | None]:
    def ready(row: Subscription) -> Denial | None:
        if row.state in states:
            return None
        return Denial("subscription-elsewhere", _("这份订阅现在不能这样处理，请刷新后再看。"))

    return ready


def _is_refused(row: QuarantinedMessage) -> Denial | None:
    if row.state == HeldState.REFUSED:
        return None
    return Denial("event-elsewhere", _("这条事件不在等人处理，请刷新后再看。"))


@act("sharing.subscribe", permission=CanSubscribe)
def subscribe(topic: str, agency: str, address: str, method: Method, purpose: str, *, by: Actor, key: Key) -> uuid.UUID:
    """Ask that a system of one's agency is told of a topic's events, from the next one on.

    Raises ``Invalid`` with every field that is wrong, ``NotAllowed`` for another agency's steward.
    """
    row, body = TopicRow.objects.filter(code=topic).first(), directory.find_agency(agency)
    wrong = []
    if row is None:
        wrong.append(FieldError("topic", _("没有这个主题。")))
    if body is None:
        wrong.append(FieldError("agency", _("没有代码为 %(code)s 的部门。") % {"code": agency}))
    if not purpose.strip():
        wrong.append(FieldError("purpose", _("请写用来做什么。")))
    try:
        connectable(address.strip())
    except Invalid as problem:
        wrong += problem.errors
    if wrong or row is None or body is None:
        raise Invalid(_("申请里有 %(count)d 处要改。") % {"count": len(wrong)}, errors=tuple(wrong))
    now = clock.now()
    made = Subscription(
        topic=row,
        agency_id=body.id,
        address=address.strip(),
        secrets=[secrets.token_hex(32)],
        method=method.value,
        purpose=purpose.strip(),
        next_at=now,
        requested_at=now,
        requested_by=by.label,
    )
    CanSubscribe.check(by, made)
    gone = (_State.REFUSED.value, _State.ENDED.value)
    same = Subscription.objects.filter(topic=row, agency_id=body.id, address=made.address).exclude(state__in=gone)
    if same.exists():
        told = _("这个网址已经订阅了。")
        raise Invalid(told, errors=(FieldError("address", told),))
    made.save(force_insert=True)
    _tell(made)
    return made.pk


@act_on("sharing.pass_subscription", _lock, permission=CanCheck, ready=_ready(_State.REQUESTED))
def pass_subscription(row: Subscription, *, by: Actor, key: Key) -> None:
    """Find a request in order: it goes to the agency whose topic it is."""
    _move(row, _State.CHECKED)


@act_on("sharing.approve_subscription", _as_provider, permission=CanProvide, ready=_ready(_State.CHECKED))
def approve_subscription(row: Subscription, months: int, *, by: Actor, key: Key) -> None:
    """Approve for so many months: from the next event on the subscriber is told; what is older it never gets."""
    _until(row, months)
    newest = TopicMessage.objects.filter(topic=row.topic).order_by("-seq").values_list("seq", flat=True).first()
    row.begins = row.cursor = newest or 0
    if row.method == Method.JWS and not EventKey.objects.exists():
        _new_key()
    row.decided_at, row.decided_by = clock.now(), by.label
    _move(row, _State.ACTIVE)


@act_on("sharing.return_subscription", _lock, permission=CanCheck, ready=_ready(_State.REQUESTED))
def return_subscription(row: Subscription, reason: str, *, by: Actor, key: Key) -> None:
    """Send a request back, with what is wrong with it."""
    _decide(row, _State.REFUSED, reason, by)


@act_on("sharing.refuse_subscription", _as_provider, permission=CanProvide, ready=_ready(_State.CHECKED))
def refuse_subscription(row: Subscription, reason: str, *, by: Actor, key: Key) -> None:
    """Refuse, with the reason."""
    _decide(row, _State.REFUSED, reason, by)


@act_on("sharing.extend_subscription", _as_provider, permission=CanProvide, ready=_ready(*RUNNING))
def extend_subscription(row: Subscription, months: int, *, by: Actor, key: Key) -> None:
    """Let it go on for so many months from today."""
    _until(row, months)
    row.save(update_fields=["expires_on"])


@act_on("sharing.revoke_subscription", _as_provider, permission=CanProvide, ready=_ready(*RUNNING))
def revoke_subscription(row: Subscription, reason: str, *, by: Actor, key: Key) -> None:
    """Take the approval back: from this moment on nothing is sent, and nothing can be fetched."""
    row.secrets = []
    _decide(row, _State.ENDED, reason, by)


@act_on("sharing.expire_subscription", _lock, permission=OnlySystem, ready=_ready(*RUNNING))
def expire_subscription(row: Subscription, *, by: Actor, key: Key) -> None:
    """End a subscription whose term is over."""
    row.secrets = []
    _move(row, _State.ENDED)


@timers.timer(ENDS)
def ring_end(subject: uuid.UUID, key: str) -> None:
    """Ring when a subscription's term is over."""
    expire_subscription(subject, by=SYSTEM, key=key)


@act_on("sharing.pause_subscription", _lock, permission=CanSubscribe, ready=_ready(_State.ACTIVE))
def pause_subscription(row: Subscription, *, by: Actor, key: Key) -> None:
    """Send nothing for a while; nothing is lost."""
    _move(row, _State.PAUSED)


@act_on("sharing.resume_subscription", _lock, permission=CanSubscribe, ready=_ready(*RUNNING))
def resume_subscription(row: Subscription, *, by: Actor, key: Key) -> None:
    """Go on where it stopped, at once: also where it waits after a failure, or was quarantined."""
    row.failures, row.last_error = 0, ""
    _move(row, _State.ACTIVE)


@act_on("sharing.end_subscription", _lock, permission=CanSubscribe, ready=_ready(*RUNNING, *ASKED))
def end_subscription(row: Subscription, *, by: Actor, key: Key) -> None:
    """End it for good: nothing more is sent, and nothing can be fetched."""
    row.secrets = []
    _move(row, _State.ENDED)


@act_on("sharing.replay_events", _lock, permission=CanSubscribe, ready=_ready(*RUNNING))
def replay_events(row: Subscription, number: int, since: datetime | None = None, *, by: Actor, key: Key) -> int:
    """Send everything again from an event's number on, or from what was published at an instant on; with the same ids.

    Returns the number that comes first: none from before the approval. What was held from there on comes again in the stream.
    """
    messages = TopicMessage.objects.filter(topic=row.topic, seq__gt=row.begins)
    if since is not None:
        first = messages.filter(published_at__gte=since).order_by("seq").values_list("seq", flat=True).first()
    else:
        first = messages.filter(seq__gte=number).order_by("seq").values_list("seq", flat=True).first()
    if number < 0 or first is None:
        told = _("从这里起没有事件。")
        raise Invalid(told, errors=(FieldError("since" if since is not None else "number", told),))
    row.cursor = first - 1
    row.held.filter(seq__gte=first).delete()
    current().detail["from"] = first
    _stir(row)
    row.save()
    return int(first)


@act_on("sharing.renew_secret", _lock, permission=CanSubscribe, ready=_ready(*RUNNING, *ASKED))
def renew_secret(row: Subscription, *, by: Actor, key: Key) -> None:
    """Make a new secret; deliveries are signed with the old one too, until the next renewal."""
    row.secrets = [secrets.token_hex(32), *row.secrets][:2]
    row.save(update_fields=["secrets"])


@act_on("sharing.retry_event", _held, permission=CanSubscribe, ready=_is_refused)
def retry_event(row: QuarantinedMessage, *, by: Actor, key: Key) -> None:
    """Send a refused event again now, and then those of its subject that wait behind it."""
    row.state, row.next_at, row.attempts = HeldState.DUE.value, clock.now(), 0
    row.save(update_fields=["state", "next_at", "attempts"])
    _stir(row.subscription)
    row.subscription.save()


@act_on("sharing.skip_event", _held, permission=CanSubscribe, ready=_is_refused)
def skip_event(row: QuarantinedMessage, reason: str, *, by: Actor, key: Key) -> None:
    """Leave a refused event out for this subscriber, with the reason; its subject goes on with the next."""
    row.reason = _reason(reason)
    row.state, row.settled_at, row.settled_by = HeldState.SKIPPED.value, clock.now(), by.label
    row.save(update_fields=["state", "reason", "settled_at", "settled_by"])
    behind = row.subscription.held.filter(subject_index=row.subject_index, state=HeldState.WAITING.value)
    behind.update(state=HeldState.DUE.value, next_at=clock.now())
    current().detail["reason"] = row.reason
    _stir(row.subscription)
    row.subscription.save()


@act("sharing.renew_signing_key", permission=CanChangeKeys)
def renew_signing_key(*, by: Actor, key: Key) -> uuid.UUID:
    """Make a new key for signatures that are checked with published keys (JWS); the one before stays published."""
    return _new_key()


def _new_key() -> uuid.UUID:
    row = EventKey(made_at=clock.now())
    row.private = signing.new_key(str(row.pk))
    row.save(force_insert=True)
    return row.pk


def _stir(row: Subscription) -> None:
    """Let it be sent to now; whoever is sending moves nothing any more."""
    row.lease = row.leased_until = None
    row.next_at = clock.now()


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid(_("请写理由。"), errors=(FieldError("reason", _("请写理由。")),))
    return reason.strip()[:400]


def _until(row: Subscription, months: int) -> None:
    if not 0 < months <= MONTHS:
        told = _("期限是 1 到 %(most)d 个月。") % {"most": MONTHS}
        raise Invalid(told, errors=(FieldError("months", told),))
    row.expires_on = add_months(clock.today(), months)
    timers.set_timer(ENDS, row.pk, clock.end_of(row.expires_on) + timedelta(seconds=1))


def _decide(row: Subscription, state: SubscriptionState, reason: str, by: Actor) -> None:
    row.reason, row.decided_at, row.decided_by = _reason(reason), clock.now(), by.label
    _move(row, state)


def _move(row: Subscription, state: SubscriptionState) -> None:
    if state is _State.ENDED:
        timers.cancel_timer(ENDS, row.pk)
    row.state = state.value
    _stir(row)
    row.save()
    _tell(row)


def _tell(row: Subscription) -> None:
    current().detail |= {"topic": row.topic.code, "subscription": str(row.pk), "state": row.state}
    current().emit(SUBSCRIPTION_MOVED, row, state=row.state, topic=row.topic.code)
