"""Events at the desk: topics, who is told and how far behind they are, and what was refused."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import Actor, FieldError, Reach, Role
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.desk import field, posted, take
from yiwang.platform.sharing import acts
from yiwang.platform.sharing.events import queries
from yiwang.platform.sharing.events.labels import HELD, METHODS, STATES
from yiwang.platform.sharing.events.types import HeldState, HeldView, Method, SubscriptionState, SubscriptionView
from yiwang.platform.sharing.managers import STEWARDS
from yiwang.ui.entry import staff
from yiwang.ui.forms import SpecForm

LATE = 300
"""Seconds that the oldest unsent may be old before the lamp is yellow."""
_State = SubscriptionState
_GOING = (_State.ACTIVE, _State.PAUSED, _State.QUARANTINED)


def _actor(request: HttpRequest) -> Actor:
    who: Actor = request.actor  # type: ignore[attr-defined]
    return who


def _lamp(one: SubscriptionView) -> str:
    """Return the light: red for who needs somebody, yellow for who waits, green for who is told."""
    if one.state in {_State.QUARANTINED, _State.REFUSED}:
        return "red"
    late = one.oldest is not None and (clock.now() - one.oldest).total_seconds() > LATE
    if one.state is _State.ACTIVE and not one.failures and not one.held and not late:
        return "green"
    return "grey" if one.state is _State.ENDED else "yellow"


@staff(*STEWARDS)
def events(request: HttpRequest) -> HttpResponse:
    """List topics, and the subscriptions that one's agency has or publishes for, with the age of the oldest unsent."""
    here = reverse("sharing_desk:events")
    topics = queries.topics()
    asked = request.GET.get("topic", "")
    topic = next((one.definition.code for one in topics if one.definition.code == asked), "")
    found = queries.subscriptions(
        _actor(request), topic=topic, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )

    def address(**more: str) -> str:
        return f"{here}?{urlencode(({'topic': topic} if topic else {}) | more)}"

    context = {
        "topics": topics,
        "topic": topic,
        "rows": [(one, STATES[one.state], _lamp(one)) for one in found.items],
        "previous": address(before=found.previous) if found.previous else "",
        "next": address(after=found.next) if found.next else "",
        "section": "events",
    }
    return render(request, "sharing/events.html", context)


@staff(*STEWARDS)
def subscribe(request: HttpRequest) -> HttpResponse:
    """Ask for a topic's events: for which agency, to which address, signed how, what for."""
    by = _actor(request)
    view = queries.get_topic(request.GET.get("topic", ""))
    mine = [one for one in directory.agencies() if by.has_role(STEWARDS, directory.reach_of(one))]
    first = next((one.code for one in mine if one.path == by.agency), mine[0].code if mine else "")
    specs = [
        field("agency", _("哪个部门的系统"), FieldKind.CHOICE, options=tuple(Option(o.code, o.name) for o in mine)),
        field("address", _("接收网址"), max_length=400, hint=_("以 https 开头，在允许连接的网络里。")),
        field(
            "method", _("怎么签名"), FieldKind.CHOICE, options=tuple(Option(o.value, str(METHODS[o])) for o in Method)
        ),
        field("purpose", _("用来做什么"), FieldKind.LONG_TEXT, max_length=400),
    ]
    form = SpecForm(specs, posted(request), initial={"agency": first, "method": Method.HMAC.value})
    made: list[uuid.UUID] = []

    def ask(given: dict[str, Any]) -> None:
        method, code = Method(given["method"]), view.definition.code
        pk = acts.subscribe(code, given["agency"], given["address"], method, given["purpose"], by=by, key=form.key)
        made.append(pk)

    if take(form, ask):
        return redirect("sharing_desk:subscription", made[0])
    context = {"form": form, "view": view, "section": "events"}
    return render(request, "sharing/subscribe.html", context, status=422 if form.is_bound else 200)


@staff(*STEWARDS)
def subscription(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one subscription, how far behind it is, what was refused, and what may be done now; do it."""
    by = _actor(request)
    view, reach, topic_reach = queries.get_subscription(pk, by)
    own = by.has_role(STEWARDS, reach)
    held = queries.held(pk)
    done = request.POST.get("do", "") if request.method == "POST" else ""
    moves = _moves(view, by, reach, topic_reach)
    forms = {
        name: (label, SpecForm(specs, request.POST if done == name else None, prefix=name))
        for name, (label, specs, _act) in moves.items()
    }
    refused = [(one, HELD[one.state], _held_forms(one, request, done) if own else []) for one in held]
    for name, (_label, form) in forms.items():
        if form.is_bound and take(form, lambda given, act=moves[name][2], form=form: act(given, form.key)):
            return redirect("sharing_desk:subscription", pk)
    for one, _words, kinds in refused:
        for kind, _label, form in kinds:
            if form.is_bound and take(form, lambda given, one=one, k=kind, f=form: _settle(one, k, given, by, f.key)):
                return redirect("sharing_desk:subscription", pk)
    notes = {
        "pause": _("一条也不丢，继续推送时从停下的地方接着送。"),
        "replay": _("从这里起全部再送一遍，标识不变。"),
        "end": _("不再推送，也不能再取，不能恢复；还要用就重新申请。"),
    }
    context = {
        "view": view,
        "state": STATES[view.state],
        "lamp": _lamp(view),
        "method": METHODS[view.method],
        "secrets": queries.secrets_of(pk, by) if own and view.state in _GOING else [],
        "forms": [(name, label, form, notes.get(name, "")) for name, (label, form) in forms.items()],
        "page_errors": bool(done),
        "held": refused,
        "section": "events",
    }
    return render(request, "sharing/subscription.html", context, status=422 if done else 200)


Move = tuple[str, list[FieldSpec], Callable[[dict[str, Any], str], Any]]


def _moves(view: SubscriptionView, by: Actor, reach: Reach, topic_reach: Reach) -> dict[str, Move]:
    """Return what may be done with a subscription now: label, what is asked, and the act."""
    pk, state = view.id, view.state
    reason = [field("reason", _("理由"), FieldKind.LONG_TEXT, max_length=400)]
    found: dict[str, Move] = {}
    if state is _State.REQUESTED and by.has_role({Role.DATA_OFFICE}, reach):
        found["pass"] = (_("符合要求，转发布方"), [], lambda _g, key: acts.pass_subscription(pk, by=by, key=key))
        found["return"] = (
            _("退回"), reason, lambda given, key: acts.return_subscription(pk, given["reason"], by=by, key=key),
        )  # fmt: skip
    if by.has_role({Role.DATA_STEWARD}, topic_reach):
        found |= _as_provider(view, by, reason)
    if not by.has_role(STEWARDS, reach):
        return found
    if state is _State.ACTIVE:
        found["pause"] = (_("暂停"), [], lambda _g, key: acts.pause_subscription(pk, by=by, key=key))
    if state in _GOING:
        label = _("马上再试") if state is _State.ACTIVE else _("继续推送")
        if state is not _State.ACTIVE or view.failures:
            found["resume"] = (label, [], lambda _g, key: acts.resume_subscription(pk, by=by, key=key))
        specs = [
            field("number", _("从第几条起"), FieldKind.INTEGER, required=False, hint=_("和下面的时间填一个。")),
            field("since", _("从什么时间发布的起"), required=False, max_length=25, example="2026-03-02 08:00"),
        ]
        found["replay"] = (_("重放"), specs, lambda given, key: _replay(pk, given, by, key))
        if view.method is Method.HMAC:
            found["secret"] = (_("换密钥"), [], lambda _g, key: acts.renew_secret(pk, by=by, key=key))
    if state in {_State.REQUESTED, _State.CHECKED}:
        found["drop"] = (_("撤回申请"), [], lambda _g, key: acts.end_subscription(pk, by=by, key=key))
    if state in _GOING:
        found["end"] = (_("结束订阅"), [], lambda _g, key: acts.end_subscription(pk, by=by, key=key))
    return found


def _as_provider(view: SubscriptionView, by: Actor, reason: list[FieldSpec]) -> dict[str, Move]:
    """Return what the agency whose topic it is may do with a subscription now."""
    pk = view.id
    months = [field("months", _("给多久"), FieldKind.INTEGER, unit=_("个月"))]
    if view.state is _State.CHECKED:
        return {
            "approve": (
                _("同意订阅"), months, lambda given, key: acts.approve_subscription(pk, int(given["months"]), by=by, key=key),
            ),
            "refuse": (
                _("不同意"), reason, lambda given, key: acts.refuse_subscription(pk, given["reason"], by=by, key=key),
            ),
        }  # fmt: skip
    if view.state not in _GOING:
        return {}
    return {
        "extend": (
            _("延长"), months, lambda given, key: acts.extend_subscription(pk, int(given["months"]), by=by, key=key),
        ),
        "revoke": (
            _("收回，马上停止"), reason, lambda given, key: acts.revoke_subscription(pk, given["reason"], by=by, key=key),
        ),
    }  # fmt: skip


def _replay(pk: uuid.UUID, given: dict[str, Any], by: Actor, key: str) -> None:
    since = None
    if given["since"]:
        try:
            since = datetime.fromisoformat(given["since"])
        except ValueError:
            told = _("时间写成 2026-03-02 08:00 这样。")
            raise Invalid(told, errors=(FieldError("since", told),)) from None
        since = since if since.tzinfo else since.replace(tzinfo=clock.SHANGHAI)
    elif given["number"] in ("", None):
        told = _("请填从第几条起，或从什么时间起。")
        raise Invalid(told, errors=(FieldError("number", told),))
    acts.replay_events(pk, int(given["number"] or 0), since, by=by, key=key)


def _held_forms(one: HeldView, request: HttpRequest, done: str) -> list[tuple[str, str, SpecForm]]:
    if one.state is not HeldState.REFUSED:
        return []
    reason = [field("reason", _("为什么跳过"), max_length=400)]
    kinds = (("retry", _("再发一次"), []), ("skip", _("跳过这一条"), reason))
    return [
        (f"{kind}-{one.id}", label, SpecForm(
            specs, request.POST if done == f"{kind}-{one.id}" else None, prefix=f"{kind}-{one.id}"
        ))
        for kind, label, specs in kinds
    ]  # fmt: skip


def _settle(one: HeldView, kind: str, given: dict[str, Any], by: Actor, key: str) -> None:
    if kind.startswith("retry"):
        acts.retry_event(one.id, by=by, key=key)
    else:
        acts.skip_event(one.id, given["reason"], by=by, key=key)


urlpatterns = [
    path("events/", events, name="events"),
    path("events/new/", subscribe, name="subscribe"),
    path("events/<uuid:pk>/", subscription, name="subscription"),
]
