"""The way of an alert: raised by the worker, asked about, explained by the officer's agency, closed with a finding."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

from django.utils.translation import gettext as _

from yiwang.kernel import clock, holidays, timers
from yiwang.kernel.acts import Permission, act, act_on, current, event
from yiwang.kernel.calendar import Unit
from yiwang.kernel.problems import Invalid, NotFound
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, Denial, FieldError, Key
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.sharing.managers import WATCHING
from yiwang.platform.sharing.watch.documents import RULE
from yiwang.platform.sharing.watch.managers import ANSWERING
from yiwang.platform.sharing.watch.models import AlertEvidence, ReadingAlert, WatchRuleRow
from yiwang.platform.sharing.watch.types import FINDINGS, AlertState, Unusual, WatchRule

RAISED = event("sharing.alert_raised", "An officer's reading was found unusual.")
MOVED = event("sharing.alert_moved", "An alert about unusual reading was asked about, explained or closed.")
LATE = "sharing.alert_late"
LIMIT = "alert"
"""Entry of the table ``sharing_limits``: working days that the officer's agency has to explain."""
LONGEST = 1000

CanWatch = Permission(name="watch readings", kinds=frozenset({ActorKind.STAFF}), roles=WATCHING)
CanExplain = Permission(name="explain readings", kinds=frozenset({ActorKind.STAFF}), roles=ANSWERING)
OnlySystem = Permission(name="system", kinds=frozenset())


@act("sharing.raise_alert", permission=OnlySystem)
def raise_alert(found: Unusual, *, by: Actor, key: Key) -> uuid.UUID:
    """Raise an alert, or add to the one that is open for the officer, the rule and the day. Raises ``NotFound`` for an
    officer who is in no directory.
    """
    officer = directory.staff_by_id([found.officer]).get(found.officer)
    (agency,) = (directory.agencies_by_path([officer.agency_path]) if officer else []) or (None,)
    if officer is None or agency is None:
        raise NotFound(_("没有找到这个工作人员。"))
    rows = ReadingAlert.objects.select_for_update(of=("self",))
    row = rows.filter(officer=found.officer, rule=found.rule.code, day=found.day, closed_at=None).first()
    new = row is None
    row = row or ReadingAlert(
        rule=found.rule.code,
        rule_name=found.rule.name,
        rule_name_en=found.rule.name_en,
        officer=found.officer,
        officer_label=officer.label,
        agency_id=agency.id,
        day=found.day,
        first_at=found.looks[0].at,
        last_at=found.looks[-1].at,
        raised_at=clock.now(),
    )
    row.count += len(found.looks)
    row.first_at, row.last_at = min(row.first_at, found.looks[0].at), max(row.last_at, found.looks[-1].at)
    row.save()
    AlertEvidence.objects.bulk_create(
        [AlertEvidence(alert=row, kind=one.kind, ref=one.ref, at=one.at) for one in found.looks], batch_size=1000
    )
    current().about(row)
    current().detail |= {"rule": row.rule, "officer": str(row.officer), "looks": len(found.looks)}
    if new:
        current().emit(RAISED, row, rule=row.rule)
    return row.pk


def _lock(pk: uuid.UUID, by: Actor) -> ReadingAlert:
    rows = ReadingAlert.objects.visible_to(by).select_related("agency").select_for_update(of=("self",))
    row: ReadingAlert | None = rows.filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这条预警。"))
    return row


def _in(*states: AlertState) -> Callable[[ReadingAlert], Denial | None]:
    def ready(row: ReadingAlert) -> Denial | None:
        if AlertState(row.state) in states:
            return None
        return Denial("alert-elsewhere", _("这条预警现在不能这样处理，请刷新后再看。"))

    return ready


@act_on("sharing.ask_about_alert", _lock, permission=CanWatch, ready=_in(AlertState.OPEN), announces=MOVED)
def ask(row: ReadingAlert, question: str, *, by: Actor, key: Key) -> None:
    """Ask the officer's agency to explain, within the city's limit."""
    row.question, row.asked_by = _said(question, "question", _("请写要说明什么。")), by.label
    days = int(catalog.code_table("sharing_limits").get(LIMIT, "5"))
    row.due_on = holidays.for_region(row.agency.region_id, provisional=True).due(clock.today(), days, Unit.WORKDAY)
    row.state = AlertState.ASKED.value
    row.save()
    timers.set_timer(LATE, row.pk, clock.end_of(row.due_on) + timedelta(seconds=1))


@act_on("sharing.explain_alert", _lock, permission=CanExplain, ready=_in(AlertState.ASKED), announces=MOVED)
def explain(row: ReadingAlert, text: str, *, by: Actor, key: Key) -> None:
    """Explain for the officer's agency; never by the officer, who does not see it."""
    row.explanation, row.explained_by = _said(text, "text", _("请写说明。")), by.label
    row.state = AlertState.ANSWERED.value
    row.save()
    timers.cancel_timer(LATE, row.pk)


@act_on(
    "sharing.close_alert",
    _lock,
    permission=CanWatch,
    ready=_in(AlertState.OPEN, AlertState.ASKED, AlertState.ANSWERED),
    announces=MOVED,
)
def close(row: ReadingAlert, result: AlertState, finding: str, *, by: Actor, key: Key) -> None:
    """Close with a finding: the reading is explained, or it was wrong (and is for the discipline of the agency)."""
    if result not in FINDINGS:
        raise Invalid(_("请选一种结论。"), errors=(FieldError("result", _("请选一种结论。")),))
    row.finding, row.closed_by = _said(finding, "finding", _("请写结论的理由。")), by.label
    row.state, row.closed_at = result.value, clock.now()
    row.save()
    timers.cancel_timer(LATE, row.pk)
    current().detail |= {"rule": row.rule, "result": result.value}


@act_on("sharing.note_late_alert", _lock, permission=OnlySystem, ready=_in(AlertState.ASKED))
def note_late(row: ReadingAlert, *, by: Actor, key: Key) -> None:
    """Mark an alert that was not explained in time."""
    row.late = True
    row.save(update_fields=["late"])


@timers.timer(LATE)
def ring_late(subject: uuid.UUID, key: str) -> None:
    """Ring when the time for an explanation is over."""
    note_late(subject, by=SYSTEM, key=key)


def _said(text: str, field: str, message: str) -> str:
    if not 0 < len(text.strip()) <= LONGEST:
        raise Invalid(message, errors=(FieldError(field, message),))
    return text.strip()


def write_rules(rules: list[WatchRule]) -> None:
    """Replace the rules (inside the loading of a pack): what is not among them is no longer watched for."""
    WatchRuleRow.objects.all().delete()
    WatchRuleRow.objects.bulk_create(
        WatchRuleRow(code=one.code, definition=RULE.dump_python(one, mode="json")) for one in rules
    )
