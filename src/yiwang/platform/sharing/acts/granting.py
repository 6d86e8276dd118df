"""The way of a grant: requested, checked by the data office, answered by the provider, coordinated, revoked.

Silence never stops it: what the data office does not look at in time goes on to the provider, what the provider does not
answer goes to coordination, and what is not coordinated in time stays there as late, for all sides to see (the limits are the
city's, in its table ``sharing_limits``).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock, holidays, timers
from yiwang.kernel.acts import Permission, act, act_on, current, event
from yiwang.kernel.calendar import Unit, add_months
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, Denial, FieldError, Key, Role
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing import granting
from yiwang.platform.sharing.answering import grantable
from yiwang.platform.sharing.documents import DEFINITION
from yiwang.platform.sharing.granting import MOVES
from yiwang.platform.sharing.managers import STEWARDS
from yiwang.platform.sharing.models import Dataset, Grant
from yiwang.platform.sharing.types import GrantMove, GrantRequest, GrantState, SharingType, Side

MOVED = event("sharing.grant_moved", "A grant came into another state.")
SILENCE, ENDS = "sharing.silence", "sharing.grant_ends"
OFFICE_DAYS, PROVIDER_DAYS, COORDINATION_DAYS = "office", "provider", "coordination"
"""Entries of the table ``sharing_limits``, in working days."""
RATE = "rate"
"""Its entry for the checks a minute that are proposed to the provider, and that a pack's grants allow."""
LONGEST = 60
"""Most months of a grant; longer ones are renewed."""

CanAsk = Permission(name="ask for data", kinds=frozenset({ActorKind.STAFF}), roles=STEWARDS)
CanCheck = Permission(
    name="check requests for data", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.DATA_OFFICE})
)
CanAnswer = Permission(name="answer requests for data", kinds=frozenset({ActorKind.STAFF}), roles=STEWARDS)
OnlySystem = Permission(name="system", kinds=frozenset())


def _loader(side: Side) -> Callable[[uuid.UUID, Actor], Grant]:
    def load(pk: uuid.UUID, by: Actor) -> Grant:
        rows = Grant.objects.visible_to(by).select_related("agency", "dataset__agency", "dataset__current")
        row = rows.select_for_update(of=("self",)).filter(pk=pk).first()
        if row is None:
            raise NotFound(_("没有这份申请。"))
        row.side = side
        return row

    return load


_as_consumer, _as_office, _as_provider = map(_loader, (Side.CONSUMER, Side.OFFICE, Side.PROVIDER))


def _ready(move: GrantMove) -> Callable[[Grant], Denial | None]:
    def ready(row: Grant) -> Denial | None:
        if GrantState(row.state) in MOVES[move][0]:
            return None
        return Denial("grant-elsewhere", _("这份申请现在不能这样处理，请刷新后再看。"))

    return ready


@act("sharing.request_grant", permission=CanAsk)
def request(asked: GrantRequest, *, by: Actor, key: Key) -> uuid.UUID:
    """Ask for columns of a dataset, for items of one's agency and a stated purpose; anew, or to renew a grant that ends soon.

    A renewal goes the same way, begins with the rate of the grant that it renews, and holds from that one's end.
    Raises ``Invalid`` with every field that is wrong, ``NotAllowed`` for another agency's steward.
    """
    row = Dataset.objects.select_related("agency", "current").filter(code=asked.dataset, current__isnull=False).first()
    agency = directory.find_agency(asked.agency)
    renewed = _renewed(asked, by) if asked.renews else None
    wrong = _wrong(asked, row, agency) + (_not_renewable(asked, renewed) if asked.renews else [])
    if wrong or row is None or agency is None:
        raise Invalid(_("申请里有 %(count)d 处要改。") % {"count": len(wrong)}, errors=tuple(wrong))
    now = clock.now()
    grant = Grant(
        dataset=row,
        agency_id=agency.id,
        function=agency.function,
        region=granting.region_of(agency.region, agency.level),
        items=list(asked.items),
        fields=list(asked.fields),
        purpose=asked.purpose.strip(),
        months=asked.months,
        per_minute=renewed.per_minute if renewed else _rate(),
        requested_at=now,
        requested_by=by.label,
        due_on=_after(OFFICE_DAYS),
        renews=renewed,
    )
    grant.side = Side.CONSUMER
    CanAsk.check(by, grant)
    grant.save(force_insert=True)
    timers.set_timer(SILENCE, grant.pk, clock.end_of(grant.due_on) + timedelta(seconds=1))
    _tell(grant)
    return grant.pk


def _wrong(asked: GrantRequest, row: Dataset | None, agency: Any) -> list[FieldError]:
    found: list[FieldError] = []
    if agency is None:
        found.append(FieldError("agency", _("没有代码为 %(code)s 的部门。") % {"code": asked.agency}))
    if row is None:
        return [*found, FieldError("dataset", _("没有这个数据集。"))]
    assert row.current is not None
    definition = DEFINITION.validate_python(row.current.content["definition"])
    if definition.sharing is SharingType.NONE:
        found.append(FieldError("dataset", _("这个数据集不予共享。")))
    if not asked.fields or not set(asked.fields) <= grantable(definition):
        found.append(FieldError("fields", _("请选要用的信息项，只选办事必需的。")))
    if not asked.items or not set(asked.items) <= catalog.basic_codes():
        found.append(FieldError("items", _("请选用在哪些事项上。")))
    if not asked.purpose.strip():
        found.append(FieldError("purpose", _("请写用来做什么。")))
    if not 0 < asked.months <= LONGEST:
        found.append(FieldError("months", _("期限是 1 到 %(most)d 个月。") % {"most": LONGEST}))
    return found


def _renewed(asked: GrantRequest, by: Actor) -> Grant | None:
    """Lock the grant that is to be renewed: of two who ask at once the second finds the first."""
    rows = Grant.objects.visible_to(by).select_related("dataset", "agency").select_for_update(of=("self",))
    return rows.filter(pk=asked.renews, dataset__code=asked.dataset, agency__code=asked.agency).first()


def _not_renewable(asked: GrantRequest, row: Grant | None) -> list[FieldError]:
    if row is None:
        return [FieldError("renews", _("没有这份可以续期的授权。"))]
    if not granting.renewable(GrantState(row.state), row.expires_on, clock.today()):
        told = _("有效的授权到期前 %(days)d 天内才能续期。") % {"days": granting.RENEWING.days}
        return [FieldError("renews", told)]
    if row.renewed_by.filter(state__in=[state.value for state in granting.UNDER_WAY]).exists():
        return [FieldError("renews", _("这份授权已经有人申请续期了。"))]
    return []


@act_on("sharing.pass_grant", _as_office, permission=CanCheck, ready=_ready(GrantMove.PASS))
def pass_on(row: Grant, *, by: Actor, key: Key) -> None:
    """Find a request in order: what is shared unconditionally is granted, anything else goes to its provider."""
    _to_provider(row)


@act_on("sharing.return_grant", _as_office, permission=CanCheck, ready=_ready(GrantMove.RETURN))
def send_back(row: Grant, reason: str, *, by: Actor, key: Key) -> None:
    """Send a request back, with what has to be put right."""
    _decide(row, GrantState.RETURNED, reason)


@act_on("sharing.grant", _as_provider, permission=CanAnswer, ready=_ready(GrantMove.GRANT))
def grant(row: Grant, fields: tuple[str, ...], months: int, per_minute: int, *, by: Actor, key: Key) -> None:
    """Grant: no more columns than were asked for, no longer than was asked for."""
    if not fields or not set(fields) <= set(row.fields):
        raise Invalid(_("只能在申请的信息项里选。"), errors=(FieldError("fields", _("只能在申请的信息项里选。")),))
    if not 0 < months <= row.months:
        raise Invalid(_("期限不能比申请的长。"), errors=(FieldError("months", _("期限不能比申请的长。")),))
    if per_minute < 1:
        raise Invalid(_("频次至少每分钟一次。"), errors=(FieldError("per_minute", _("频次至少每分钟一次。")),))
    row.fields, row.months, row.per_minute = [one for one in row.fields if one in fields], months, per_minute
    _in_force(row)


@act_on("sharing.refuse_grant", _as_provider, permission=CanAnswer, ready=_ready(GrantMove.REFUSE))
def refuse(row: Grant, reason: str, *, by: Actor, key: Key) -> None:
    """Refuse, with the reason that the law asks for (国发〔2016〕51号)."""
    _decide(row, GrantState.REFUSED, reason)


@act_on("sharing.appeal_grant", _as_consumer, permission=CanAsk, ready=_ready(GrantMove.APPEAL))
def appeal(row: Grant, reason: str, *, by: Actor, key: Key) -> None:
    """Ask the data office to coordinate after a refusal."""
    row.reason = _reason(reason)
    _to_coordination(row)


@act_on("sharing.settle_grant", _as_office, permission=CanCheck, ready=_ready(GrantMove.SETTLE))
def settle(row: Grant, *, by: Actor, key: Key) -> None:
    """Decide a coordination for the agency that asks: the grant is in force."""
    _in_force(row)


@act_on("sharing.uphold_refusal", _as_office, permission=CanCheck, ready=_ready(GrantMove.UPHOLD))
def uphold(row: Grant, reason: str, *, by: Actor, key: Key) -> None:
    """Decide a coordination for the provider."""
    _decide(row, GrantState.UPHELD, reason)


@act_on("sharing.revoke_grant", _as_provider, permission=CanAnswer, ready=_ready(GrantMove.REVOKE))
def revoke(row: Grant, reason: str, *, by: Actor, key: Key) -> None:
    """Take a grant back: from this moment on nobody is answered by it."""
    _decide(row, GrantState.REVOKED, reason)


@act_on("sharing.withdraw_grant", _as_consumer, permission=CanAsk, ready=_ready(GrantMove.WITHDRAW))
def give_up(row: Grant, *, by: Actor, key: Key) -> None:
    """Take one's own request or grant back."""
    _move(row, GrantState.WITHDRAWN)


@act_on("sharing.go_on_in_silence", _as_office, permission=OnlySystem)
def go_on(row: Grant, *, by: Actor, key: Key) -> None:
    """Go on where somebody was silent; nobody stands above the coordination: it is marked late, and told."""
    row.escalated = True
    if row.state == GrantState.REQUESTED:
        _to_provider(row)
    elif row.state == GrantState.PROVIDER:
        _to_coordination(row)
    elif row.state == GrantState.COORDINATION:
        row.save(update_fields=["escalated"])
        _tell(row)


@act_on("sharing.end_grant", _as_office, permission=OnlySystem, ready=_ready(GrantMove.REVOKE))
def end(row: Grant, *, by: Actor, key: Key) -> None:
    """End a grant whose term is over."""
    _move(row, GrantState.EXPIRED)


@timers.timer(SILENCE)
def ring_silence(subject: uuid.UUID, key: str) -> None:
    """Ring when the time for an answer is over."""
    go_on(subject, by=SYSTEM, key=key)


@timers.timer(ENDS)
def ring_end(subject: uuid.UUID, key: str) -> None:
    """Ring when a grant's term is over."""
    end(subject, by=SYSTEM, key=key)


def _to_provider(row: Grant) -> None:
    if row.dataset.sharing == SharingType.UNCONDITIONAL:
        _in_force(row)
        return
    row.due_on = _after(PROVIDER_DAYS)
    _move(row, GrantState.PROVIDER, keeps_due=True)
    timers.set_timer(SILENCE, row.pk, clock.end_of(row.due_on) + timedelta(seconds=1))


def _to_coordination(row: Grant) -> None:
    row.due_on = _after(COORDINATION_DAYS)
    _move(row, GrantState.COORDINATION, keeps_due=True)
    timers.set_timer(SILENCE, row.pk, clock.end_of(row.due_on) + timedelta(seconds=1))


def _in_force(row: Grant) -> None:
    renewed = row.renews
    until = renewed.expires_on if renewed and renewed.state == GrantState.GRANTED else None
    row.begins_on, row.expires_on = granting.term(row.months, clock.today(), until)
    timers.set_timer(ENDS, row.pk, clock.end_of(row.expires_on) + timedelta(seconds=1))
    _move(row, GrantState.GRANTED)


def _decide(row: Grant, state: GrantState, reason: str) -> None:
    row.reason = _reason(reason)
    _move(row, state)


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid(_("请写理由。"), errors=(FieldError("reason", _("请写理由。")),))
    return reason.strip()


def _move(row: Grant, state: GrantState, *, keeps_due: bool = False) -> None:
    if not keeps_due:
        row.due_on = None
        timers.cancel_timer(SILENCE, row.pk)
    if state is not GrantState.GRANTED:
        timers.cancel_timer(ENDS, row.pk)
    row.state, row.decided_at = state.value, clock.now()
    row.save()
    _tell(row)


def _tell(row: Grant) -> None:
    current().detail |= {"dataset": row.dataset.code, "grant": str(row.pk), "state": row.state}
    current().emit(MOVED, row, state=row.state, dataset=row.dataset.code)


def _rate() -> int:
    return int(catalog.code_table("sharing_limits").get(RATE, "600"))


def _after(limit: str) -> date:
    days = int(catalog.code_table("sharing_limits").get(limit, "10"))
    return holidays.for_region("", provisional=True).due(clock.today(), days, Unit.WORKDAY)


def write_grant(asked: GrantRequest, dataset: Dataset, agency: Any, by: Actor) -> Grant:
    """Write a grant in force (inside the loading of a pack); one to the same agency for the same purpose is replaced."""
    given = {
        "function": agency.function,
        "region": granting.region_of(agency.region, agency.level),
        "items": list(asked.items),
        "fields": list(asked.fields),
        "months": asked.months,
        "requested_at": clock.now(),
        "requested_by": by.label,
        "decided_at": clock.now(),
        "expires_on": add_months(clock.today(), asked.months),
    }
    row, _made = Grant.objects.update_or_create(
        dataset=dataset,
        agency_id=agency.id,
        purpose=asked.purpose,
        state=GrantState.GRANTED.value,
        renews=None,
        defaults=given,
        create_defaults=given | {"per_minute": _rate()},
    )
    timers.set_timer(ENDS, row.pk, clock.end_of(row.expires_on) + timedelta(seconds=1))
    return row
