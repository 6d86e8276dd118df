"""补正: everything to correct is told once, in one notice; while it is open during handling the clock stands still."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import act_on, current
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import SYSTEM, Actor, Denial, FieldError, Key
from yiwang.platform.cases import documents, engine, rules
from yiwang.platform.cases.events import CORRECTION_ANSWERED, CORRECTION_ASKED
from yiwang.platform.cases.models import Case, Correction
from yiwang.platform.cases.permissions import CanApply, CanHandle, CanIntake, OnlySystem
from yiwang.platform.cases.types import CaseResult, CaseState, DocumentKind

ANSWER_DAYS = 10
"""Working days that the applicant has to answer, where the item says nothing else."""

CanAskCorrection = type(CanHandle)(
    name="ask for a correction", kinds=CanHandle.kinds, roles=CanHandle.roles | CanIntake.roles
)


def correctable(case: Case) -> Denial | None:
    """Once at acceptance, once during handling; never while one is open."""
    state = CaseState(case.state)
    stage = "acceptance" if state in rules.BEFORE_ACCEPTANCE else "handling"
    if stage == "handling" and state not in rules.WORKING:
        return Denial("not-correctable", _("办件现在的状态不能要求补正。"))
    if case.corrections.filter(stage=stage).exists():
        return Denial("told-once", _("补正只能一次性告知，这个办件已经告知过。"))
    return None


def correcting(case: Case) -> Denial | None:
    """There must be an open correction."""
    if not case.corrections.filter(state="open").exists():
        return Denial("no-correction-open", _("这个办件没有要补正的内容。"))
    return None


@act_on("cases.request_correction", Case.objects.lock, permission=CanAskCorrection, ready=correctable, announces=CORRECTION_ASKED)
def request_correction(case: Case, points: list[dict[str, str]], *, by: Actor, key: Key) -> uuid.UUID:
    """Tell the applicant everything to correct, once (行政许可法 art. 32(4)). Returns the correction's id.

    Each point names its target (``field:CODE`` or ``material:NAME``), a label and what is wrong and how to mend it.
    """
    if not points or any(not point.get("message", "").strip() for point in points):
        raise Invalid(
            _("请写清每一处要补正什么、怎么补。"), errors=(FieldError("points", _("每一条都要有说明。")),)
        )
    now = clock.now()
    today = clock.legal_date(now)
    due_on = engine.end_of_workdays(case.region, today, ANSWER_DAYS)
    stage = "acceptance" if CaseState(case.state) in rules.BEFORE_ACCEPTANCE else "handling"
    correction = Correction.objects.create(
        case=case,
        stage=stage,
        points=[_point(point) for point in points],
        asked_at=now,
        asked_by=by.label,
        due_on=due_on,
    )
    if stage == "acceptance":
        engine.move(case, CaseState.SUPPLEMENT)
    else:
        if case.state != CaseState.IN_PROCESS:
            engine.move(case, CaseState.IN_PROCESS)
        engine.move(case, CaseState.SUSPENDED)
        value = engine.read_clock(case)
        if value is not None:
            engine.write_clock(case, clock.suspend(value, today, "correction"))
    documents.write(
        case.application, case, DocumentKind.CORRECTION_NOTICE, points=correction.points, due_on=str(due_on)
    )
    engine.set_deadline(engine.CORRECTION, case.id, due_on)
    _save(case)
    return correction.id


@act_on("cases.answer_correction", Case.objects.lock, permission=CanApply, ready=correcting, announces=CORRECTION_ANSWERED)
def answer_correction(case: Case, answers: dict[str, Any], note: str = "", *, by: Actor, key: Key) -> None:
    """Hand in what was asked for: changed data, files were added before. The clock goes on from today.

    Raises ``Invalid`` for a point that was not dealt with.
    """
    correction = case.corrections.get(state="open")
    application = case.application
    files = set(
        application.files.filter(removed_at=None, added_at__gte=correction.asked_at).values_list("identity", flat=True)
    )
    errors = [
        FieldError(point["target"], _("这一处还没有补。"))
        for point in correction.points
        if not _dealt_with(point["target"], answers, files)
    ]
    if errors:
        raise Invalid(_("还有 %(count)d 处没有补。") % {"count": len(errors)}, errors=tuple(errors))
    now = clock.now()
    facts = dict(application.facts)
    for code, value in answers.items():
        facts[code] = {**facts.get(code, {"element": code}), "value": value, "state": "given", "at": now.isoformat()}
    application.facts, application.changed_at = facts, now
    application.version += 1
    application.save()
    correction.state, correction.answered_at = "answered", now
    correction.save(update_fields=["state", "answered_at"])
    timers.cancel_timer(engine.CORRECTION, case.id)
    if correction.stage == "acceptance":
        engine.move(case, CaseState.SUBMITTED)
    else:
        engine.move(case, CaseState.IN_PROCESS)
        value = engine.read_clock(case)
        if value is not None:
            engine.write_clock(case, clock.resume(value, clock.legal_date(now)))
    current().detail["points"] = len(correction.points)
    _save(case)


@act_on("cases.lapse_correction", Case.objects.lock, permission=OnlySystem, ready=correcting)
def lapse_correction(case: Case, *, by: Actor, key: Key) -> None:
    """The applicant did not answer in time: the case is closed as 补正不来办结 and may be handed in anew."""
    case.corrections.filter(state="open").update(state="lapsed")
    engine.move(case, CaseState.NO_SUPPLEMENT)
    case.result = CaseResult.NO_SUPPLEMENT.value
    case.version += 1
    engine.close(case, clock.now())


@timers.timer(engine.CORRECTION)
def ring_correction(subject: uuid.UUID, key: str) -> None:
    """Ring when the time to answer is over."""
    lapse_correction(subject, by=SYSTEM, key=key)


def _point(point: dict[str, str]) -> dict[str, str]:
    return {name: point.get(name, "").strip() for name in ("target", "label", "message")}


def _dealt_with(target: str, answers: dict[str, Any], files: set[str]) -> bool:
    kind, _colon, name = target.partition(":")
    if kind == "material":
        return name in files
    return answers.get(name) not in (None, "")


def _save(case: Case) -> None:
    case.version += 1
    case.save()
