"""补正 and 预审退回: everything to mend is told once, in one notice; during handling the clock stands still."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock, timers
from yiwang.kernel.acts import act_on, current
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import SYSTEM, Actor, Denial, FieldError, Key
from yiwang.platform.cases import engine, rules
from yiwang.platform.cases.acts.accept import acceptable, told_too_late
from yiwang.platform.cases.events import CORRECTION_ANSWERED, CORRECTION_ASKED, PRE_REVIEWED, RETURNED
from yiwang.platform.cases.models import Case, Correction
from yiwang.platform.cases.permissions import CanApply, CanAskCorrection, CanPreReview, OnlySystem
from yiwang.platform.cases.types import CaseResult, CaseState, Stage
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.rules import field_spec
from yiwang.platform.catalog.types import FormField
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.types import FactState
from yiwang.ui import values

RETURNED_DAYS = 90
"""How long a returned application is kept for its applicant, in working days; as a draft, about a quarter."""


def stage_of(case: Case) -> Stage | None:
    """Return the stage at which this case could be corrected now."""
    state = CaseState(case.state)
    if state in rules.BEFORE_ACCEPTANCE:
        return Stage.ACCEPTANCE
    return Stage.HANDLING if state in rules.WORKING else None


def correctable(case: Case) -> Denial | None:
    """Once at acceptance, once during handling; never while one is open."""
    stage = stage_of(case)
    if stage is None:
        return Denial("not-correctable", _("办件现在的状态不能要求补正。"))
    if any(one.stage == stage for one in case.corrections.all()):
        return Denial("told-once", _("补正只能一次性告知，这个办件已经告知过。"))
    return told_too_late(case)


def correcting(case: Case) -> Denial | None:
    """There must be an open correction, and time to answer it."""
    denial = unanswered(case)
    if denial is None and not case.corrections.filter(state="open", due_on__gte=clock.today()).exists():
        return Denial("too-late", _("补正的期限已过，这个办件不能再补。材料备齐后可以重新申请。"))
    return denial


def unanswered(case: Case) -> Denial | None:
    """There must be an open correction."""
    if not case.corrections.filter(state="open").exists():
        return Denial("no-correction-open", _("这个办件没有要补正的内容。"))
    return None


def returned(case: Case) -> Denial | None:
    """The case was returned and nobody answered yet."""
    if case.state != CaseState.RETURNED:
        return Denial("not-returned", _("这个办件没有退回给您。"))
    return correcting(case)


def submitted(case: Case) -> Denial | None:
    """A pre-review begins when the case was handed in."""
    return None if case.state == CaseState.SUBMITTED else acceptable(case) or _in_pre_review()


def in_pre_review(case: Case) -> Denial | None:
    """Returning is for what is being pre-reviewed, once; afterwards what is missing is told by a correction."""
    if case.state != CaseState.PRE_REVIEW:
        return Denial("not-in-pre-review", _("只有预审中的办件可以退回。"))
    if any(one.stage == Stage.PRE_REVIEW for one in case.corrections.all()):
        return Denial("told-once", _("预审只能退回一次。还有问题请一次性告知补正。"))
    return told_too_late(case)


def _in_pre_review() -> Denial:
    return Denial("in-pre-review", _("这个办件已经在预审。"))


@act_on("cases.pre_review", Case.objects.lock, permission=CanPreReview, ready=submitted, announces=PRE_REVIEWED)
def pre_review(case: Case, version: int | None = None, *, by: Actor, key: Key) -> None:
    """Take a case into pre-review (预审). The five working days to tell what is missing go on running."""
    engine.check_version(case, version)
    engine.move(case, CaseState.PRE_REVIEW)
    engine.store(case)


@act_on("cases.return_application", Case.objects.lock, permission=CanPreReview, ready=in_pre_review, announces=RETURNED)
def return_application(
    case: Case, points: list[dict[str, str]], version: int | None = None, *, by: Actor, key: Key
) -> uuid.UUID:
    """Return a case from pre-review with everything that has to be mended (预审退回). Returns the correction's id."""
    engine.check_version(case, version)
    due_on = engine.end_of_workdays(case.region, clock.today(), RETURNED_DAYS)
    correction = engine.tell(case, Stage.PRE_REVIEW, checked_points(points), due_on)
    engine.move(case, CaseState.RETURNED)
    case.tell_by = None
    _store(case)
    return correction.id


@act_on(
    "cases.request_correction",
    Case.objects.lock,
    permission=CanAskCorrection,
    ready=correctable,
    announces=CORRECTION_ASKED,
)
def request_correction(
    case: Case, points: list[dict[str, str]], version: int | None = None, *, by: Actor, key: Key
) -> uuid.UUID:
    """Tell the applicant everything to correct, once (行政许可法 art. 32(4)). Returns the correction's id.

    Each point names its target (``field:CODE`` or ``material:NAME``), a label and what is wrong and how to mend it.
    """
    engine.check_version(case, version)
    stage = stage_of(case)
    assert stage is not None
    now = clock.now()
    due_on = engine.end_of_workdays(case.region, clock.legal_date(now), engine.ANSWER_DAYS)
    correction = engine.tell(case, stage, checked_points(points), due_on)
    if stage is Stage.ACCEPTANCE:
        engine.move(case, CaseState.SUPPLEMENT)
        case.tell_by = None
    else:
        engine.suspend(case, "correction", now)
    _store(case)
    return correction.id


@act_on(
    "cases.answer_correction",
    Case.objects.lock,
    permission=CanApply,
    ready=correcting,
    announces=CORRECTION_ANSWERED,
)
def answer_correction(
    case: Case, answers: dict[str, Any], note: str = "", version: int | None = None, *, by: Actor, key: Key
) -> None:
    """Hand in what was asked for: changed data, files were added before. The clock goes on from today.

    Raises ``Invalid`` for a point that was not dealt with, or is still wrong. Only what was asked for changes.
    """
    engine.check_version(case, version)
    _answer(case, answers, note)


@act_on("cases.resubmit", Case.objects.lock, permission=CanApply, ready=returned, announces=CORRECTION_ANSWERED)
def resubmit(
    case: Case, answers: dict[str, Any], note: str = "", version: int | None = None, *, by: Actor, key: Key
) -> None:
    """Hand a returned case in again: received anew, so the five working days begin again."""
    engine.check_version(case, version)
    _answer(case, answers, note)


@act_on("cases.lapse_correction", Case.objects.lock, permission=OnlySystem, ready=unanswered)
def lapse_correction(case: Case, *, by: Actor, key: Key) -> None:
    """The applicant did not answer in time: the case is closed and may be handed in anew.

    A returned case counts as taken back, any other as 补正不来办结.
    """
    if case.state == CaseState.RETURNED:
        engine.end(case, CaseState.WITHDRAWN, CaseResult.RETURNED, "退回后没有在期限内重新提交。")
    else:
        engine.end(case, CaseState.NO_SUPPLEMENT, CaseResult.NO_SUPPLEMENT, "没有在期限内补正。")
    engine.settle(case.application)


def checked_points(points: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the points tidied; raise ``Invalid`` if there is none, or one says nothing."""
    tidied = [{name: point.get(name, "").strip() for name in ("target", "label", "message")} for point in points]
    if not tidied or any(not point["message"] for point in tidied):
        raise Invalid(_("请写清每一处要补正什么、怎么补。"), errors=(FieldError("points", _("每一条都要有说明。")),))
    return tidied


def _answer(case: Case, answers: dict[str, Any], note: str) -> None:
    correction = case.corrections.get(state="open")
    clean = _checked(case, correction, answers)
    now = clock.now()
    application = case.application
    facts = dict(application.facts)
    for code, value in clean.items():
        facts[code] = {
            **facts.get(code, {"element": code}),
            "value": values.plain(value),
            "state": FactState.GIVEN.value,
            "source": "",
            "source_name": "",
            "at": now.isoformat(),
        }
    application.facts, application.changed_at = facts, now
    application.version += 1
    current().update(application, "facts", "changed_at", "version")
    materials = {name for kind, name in map(_target, correction.points) if kind == "material"}
    application.materials.filter(identity__in=materials).exclude(state=FactState.DEFERRED).update(
        state=FactState.GIVEN, trust="C", made_up_at=now
    )
    correction.state, correction.answered_at, correction.note = "answered", now, note.strip()
    correction.save(update_fields=["state", "answered_at", "note"])
    timers.cancel_timer(engine.CORRECTION, case.id)
    if correction.stage == Stage.HANDLING:
        engine.resume(case, now)
    else:
        case.received_at = now
        engine.enter(case, now)
    current().detail["points"] = len(correction.points)
    _store(case)


def _checked(case: Case, correction: Correction, answers: dict[str, Any]) -> dict[str, Any]:
    """Return the parsed answers to what was asked; raise ``Invalid`` with every point that is not dealt with."""
    files = set(
        case.application.files.filter(removed_at=None, added_at__gte=correction.asked_at).values_list(
            "identity", flat=True
        )
    )
    elements = catalog.get_edition(case.edition_id).elements
    specs = []
    errors = []
    for point in correction.points:
        kind, name = _target(point)
        if kind == "material":
            missing = name not in files
        else:
            missing = answers.get(name) in (None, "", [])
            if not missing and name in elements:
                specs.append(field_spec(elements, FormField(name)))
        if missing:
            errors.append(FieldError(point["target"], _("这一处还没有补。")))
    clean, wrong = values.check(directory.with_regions(specs), answers)
    errors += [FieldError(f"field:{one.field}", one.message) for one in wrong]
    if errors:
        raise Invalid(_("还有 %(count)d 处没有补。") % {"count": len(errors)}, errors=tuple(errors))
    return clean


def _target(point: dict[str, str]) -> tuple[str, str]:
    kind, _colon, name = point["target"].partition(":")
    return kind, name


def _store(case: Case) -> None:
    engine.store(case)
    engine.settle(case.application)


@timers.timer(engine.CORRECTION)
def ring_correction(subject: uuid.UUID, key: str) -> None:
    """Ring when the time to answer is over."""
    lapse_correction(subject, by=SYSTEM, key=key)
