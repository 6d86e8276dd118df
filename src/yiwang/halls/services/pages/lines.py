"""What pages say of cases in hand: a line for each case, all of them on one scale of working days, what happened."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel import clock, holidays
from yiwang.kernel.calendar import Unit
from yiwang.kernel.clock import Light
from yiwang.platform.cases.labels import ACTS, RESULTS, STATES
from yiwang.platform.cases.rules import in_days
from yiwang.platform.cases.shown import left_words, promise
from yiwang.platform.cases.types import CaseState, CaseView, HistoryEntry, TaskView
from yiwang.platform.catalog.types import EditionView
from yiwang.platform.evidence.rules import working_days
from yiwang.ui import dates
from yiwang.ui.shown import Bar, Chart, Lane, chart
from yiwang.ui.templatetags.ui import said
from yiwang.ui.values import is_english

LAMPS = {
    Light.GREEN: "green",
    Light.YELLOW: "yellow",
    Light.ORANGE: "orange",
    Light.RED: "red",
    Light.PAUSED: "paused",
}
LONGEST = 90
"""Most working days that a chart of cases spans; what goes on longer is told in words only."""

_OFFICE_WORK = {
    "cases.add_photo",
    "cases.archive",
    "cases.check_original",
    "cases.keep_opinion",
    "cases.make_document",
    "cases.reassign",
    "cases.recount",
    "cases.save_answers",
    "cases.set_material",
    "cases.start_draft",
    "cases.take",
    "cases.take_over",
    "cases.warn_of_commitment",
}
"""Acts that say nothing to the applicant about how the matter stands."""
_SAME = timedelta(seconds=2)
"""An act's entry and what it wrote are this close."""


def name_of(view: CaseView, edition: EditionView | None) -> str:
    """Say what a case is about in the reader's language."""
    return said(edition.definition, "name") if edition and is_english() else view.name


def case_line(
    view: CaseView, edition: EditionView | None = None, *, ratable: Collection[uuid.UUID] = ()
) -> dict[str, Any]:
    """Return what a line about a case shows: lamp, words, beads; ``edition`` adds the limit that the law gives."""
    ended = view.closed_at is not None
    if view.state is CaseState.SUPPLEMENT:
        lamp, words = "paused", _("等您补正")
    elif view.state is CaseState.RETURNED:
        lamp, words = "paused", _("退回给您")
    elif ended or view.decided_at is not None:
        lamp, words = "done", str(RESULTS[view.result]) if view.result else _("已办结")
    elif view.light is None:
        lamp, words = "paused", str(STATES[view.state])
    else:
        lamp, words = LAMPS[view.light], _light_words(view)
    statutory = _statutory(view, edition) if edition else 0
    return {
        "view": view,
        "name": name_of(view, edition),
        "edition": edition,
        "state": STATES[view.state],
        "result": RESULTS[view.result] if view.result else "",
        "lamp": lamp,
        "words": words,
        "bead_light": lamp,
        "statutory": statutory if statutory > view.limit_days and not ended and view.decided_at is None else 0,
        "promise": promise(view),
        "used": _days(view, "u"),
        "paused": _days(view, "p"),
        "ratable": view.id in ratable,
    }


def _light_words(view: CaseView) -> str:
    if view.light is Light.PAUSED:
        return _("暂停计时")
    left = view.days_left or 0
    return left_words(left, view.day_unit) if left else _("今天到期")


def _days(view: CaseView, letter: str) -> str:
    """Say how many days of a case were used or paused; nothing for none."""
    number = view.track.count(letter)
    return dates.period(number, view.day_unit) if number else ""


def _statutory(view: CaseView, edition: EditionView) -> int:
    """Return the limit of the law in the days by which the case's clock counts."""
    limit = edition.definition.statutory_limit
    if view.unit is Unit.WORKDAY:
        days = working_days(limit)
    else:
        days = in_days(limit, view.unit, clock.legal_date(view.accepted_at)) if view.accepted_at else 0
    return days and days + view.limit_days - view.promised_days


# --- Every case on one scale of working days ---


def case_chart(views: Sequence[CaseView], region: str, names: Mapping[uuid.UUID, str]) -> Chart | None:
    """Draw the cases that were accepted on one scale of working days; nothing to draw for fewer than two.

    ``names`` says what each is called.
    """
    drawn = [view for view in views if view.accepted_at is not None]
    if len(drawn) < 2:
        return None
    today = clock.today()
    first = min(clock.legal_date(view.accepted_at) for view in drawn if view.accepted_at)
    last = max([today, *(_end(view) for view in drawn)])
    days = _workdays(first, last, region)
    if not days or len(days) > LONGEST:
        return None
    at = {day: number for number, day in enumerate(days, 1)}
    now = max((number for day, number in at.items() if day <= today), default=0) if today <= last else 0
    turns = (number == 0 or day.month != days[number - 1].month for number, day in enumerate(days))
    axis = [f"{day.month}/{day.day}" if turn else str(day.day) for day, turn in zip(days, turns, strict=True)]
    open_ = any(view.closed_at is None for view in drawn)
    lanes = [Lane(names.get(view.id, view.name), _say(view), _bars(view, days)) for view in drawn]
    return chart(lanes, days=len(days), today=now if open_ else 0, axis=axis, axis_label=_("只列工作日"))


def _end(view: CaseView) -> date:
    known = [clock.legal_date(moment) for moment in (view.accepted_at, view.decided_at, view.closed_at) if moment]
    return max([*known, *([view.due_on] if view.due_on and view.closed_at is None else [])])


def _workdays(first: date, last: date, region: str) -> list[date]:
    calendar = holidays.for_region(region, provisional=True)
    days = []
    day = first
    while day <= last and len(days) <= LONGEST:
        if calendar.is_workday(day) or day == first:
            days.append(day)
        day += timedelta(days=1)
    return days


def _bars(view: CaseView, days: Sequence[date]) -> tuple[Bar, ...]:
    assert view.accepted_at is not None
    accepted = clock.legal_date(view.accepted_at)
    start = sum(1 for day in days if day <= accepted)
    done = view.decided_at is not None or view.closed_at is not None
    if not view.promised:
        return (Bar(max(start, 1), 1, _("办结") if done else _("当场"), "done" if done else ""),)
    bars = []
    at = start + 1
    track = _on_workdays(view, accepted, days)
    for letter, run in groupby(track[: max(len(days) - start, 0)]):
        width = len(list(run))
        if letter == "p":
            bars.append(Bar(at, width, _("暂停"), "pause"))
        else:
            bars.append(Bar(at, width, _("办理"), "done" if done else ""))
        at += width
    if done:
        return tuple(bars) or (Bar(max(start, 1), 1, _("办结"), "done"),)
    left = view.days_left or 0
    if view.day_unit is Unit.DAY:
        left = sum(1 for day in days[at - 1 :] if view.due_on and day <= view.due_on)
    left = min(left, len(days) - at + 1)
    if left > 0:
        bars.append(Bar(at, left, _("剩 %(n)d") % {"n": view.days_left or 0}, "left"))
    return tuple(bars)


def _on_workdays(view: CaseView, accepted: date, days: Sequence[date]) -> str:
    """Return the track of a case without the days off, which the chart does not show."""
    if view.day_unit is Unit.WORKDAY:
        return view.track
    worked = set(days)
    passed = enumerate(view.track, 1)
    return "".join(letter for number, letter in passed if accepted + timedelta(days=number) in worked)


def _say(view: CaseView) -> str:
    used, paused = view.track.count("u"), view.track.count("p")
    if view.closed_at is not None or view.decided_at is not None:
        if not view.promised:
            return _("当场办结")
        early = view.promised_days - used
        if not used:
            return _("当天办结，早于承诺 %(early)d 天") % {"early": early}
        spent = dates.period(used, view.day_unit)
        if early > 0:
            return _("%(spent)s办结，早于承诺 %(early)d 天") % {"spent": spent, "early": early}
        return _("%(spent)s办结") % {"spent": spent}
    parts = [_("已用 %(n)d") % {"n": used}]
    if paused:
        parts.append(_("暂停 %(n)d 天不计") % {"n": paused})
    if view.light is Light.PAUSED:
        parts.append(_("暂停中，还剩 %(n)d") % {"n": max(view.limit_days - used, 0)})
    elif view.due_on:
        parts.append(_("%(day)s到期") % {"day": dates.said(view.due_on)})
    return _("，").join(parts)


# --- What happened ---


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of what happened: when, which case (empty for all of them), what, who."""

    at: datetime
    case: str
    words: str
    who: str


def history_lines(
    entries: Iterable[HistoryEntry], names: Mapping[uuid.UUID, str], tasks: Mapping[uuid.UUID, Sequence[TaskView]]
) -> list[HistoryLine]:
    """Tell the applicant what happened, latest first; work inside an office is left out."""
    lines: list[HistoryLine] = []
    for one in entries:
        if one.name in _OFFICE_WORK or one.name not in ACTS:
            continue
        words = str(ACTS[one.name])
        if one.name == "cases.complete_step" and one.case_id:
            steps = tasks.get(one.case_id, ())
            step = next((task.name for task in steps if task.done_at and abs(task.done_at - one.at) < _SAME), "")
            words = _("%(step)s完成") % {"step": step} if step else words
        line = HistoryLine(one.at, names.get(one.case_id, "") if one.case_id else "", words, one.who)
        if not lines or replace(lines[-1], at=line.at) != line:  # what a timer does again and again is told once
            lines.append(line)
    return lines
