"""听证: those whose weighty interests a decision touches are told, may ask, and are heard (行政许可法 arts. 46 to 48)."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import act_on
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import Actor, Denial, FieldError, Key
from yiwang.platform.cases import documents, engine, rules
from yiwang.platform.cases.acts.accept import needed
from yiwang.platform.cases.acts.work import working
from yiwang.platform.cases.events import HEARING_OFFERED
from yiwang.platform.cases.models import Case
from yiwang.platform.cases.permissions import CanReview
from yiwang.platform.cases.types import DocumentKind


def untold(case: Case) -> Denial | None:
    """The right to be heard is told once, while the case is worked on."""
    if case.hearing_until is not None:
        return Denial("told-once", _("已经告知过听证权利。"))
    return working(case)


@act_on("cases.offer_hearing", Case.objects.lock, permission=CanReview, ready=untold, announces=HEARING_OFFERED)
def offer_hearing(case: Case, interest: str, version: int | None = None, *, by: Actor, key: Key) -> date:
    """Tell the applicant and whoever it concerns that they may ask for a hearing within five working days, because the
    decision touches weighty interests (行政许可法 art. 47). Returns the last day; until then nothing is decided.
    """
    engine.check_version(case, version)
    interest = needed(interest, _("请写明涉及谁的什么重大利益。"), "interest")
    case.hearing_until = engine.end_of_workdays(case.region, clock.today(), rules.HEARING_ASKED)
    documents.write(case.application, case, DocumentKind.HEARING_OFFER, interest=interest, ask_by=case.hearing_until)
    engine.store(case)
    return case.hearing_until


def check_days(case: Case, held_on: date, asked_on: date, today: date) -> None:
    """Raise ``Invalid`` unless the hearing was asked for in time and its day is neither too near nor too far."""
    if asked_on > today or (case.hearing_until is not None and asked_on > case.hearing_until):
        message = _("申请听证要在被告知之日起五个工作日内提出，日期不能晚于今天。")
        raise Invalid(message, errors=(FieldError("asked_on", message),))
    first, last = rules.hearing_days(asked_on, today, engine.calendar(case.region))
    if held_on < first:
        message = _("举行听证要提前七个工作日通知，最早 %(day)s。") % {"day": first.isoformat()}
        raise Invalid(message, errors=(FieldError("expected_on", message),))
    if held_on > max(first, last):
        message = _("听证要在收到申请后二十个工作日内组织，最晚 %(day)s。") % {"day": max(first, last).isoformat()}
        raise Invalid(message, errors=(FieldError("expected_on", message),))
