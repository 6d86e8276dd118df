"""What a journey comes to, as data with a schema and as a page for a terminal: each act, the clocks, the burden."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy
from pydantic import TypeAdapter

from yiwang.kernel.calendar import Unit
from yiwang.kernel.clock import Light
from yiwang.platform.cases.labels import ACTS as CASES
from yiwang.platform.cases.labels import RESULTS
from yiwang.platform.cases.types import ApplicationView, CaseResult, CaseState, CaseView
from yiwang.platform.evidence.types import Burden
from yiwang.platform.oversight.labels import ACTS as OVERSIGHT
from yiwang.ui import dates

WEEKDAYS = "一二三四五六日"
LABELS: dict[str, Any] = CASES | OVERSIGHT | {"sharing.compare": gettext_lazy("核对家庭经济状况")}


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The clock of one case at one moment, in days of ``unit``: the promise as it was lengthened, ``left`` and ``due_on``
    empty while it does not run.
    """

    case: str
    agency: str
    state: CaseState
    light: Light | None
    unit: Unit
    promised: int
    used: int
    paused: int
    left: int | None
    due_on: date | None


@dataclass(frozen=True, slots=True)
class ActDone:
    """One act: when, its name in the catalogue of acts, by whom, about what, and the clocks right after it."""

    at: datetime
    act: str
    label: str
    by: str
    about: str
    clocks: tuple[ClockReading, ...]
    joint_due_on: date | None
    """Until when all of it has to be done together (行政许可法 arts. 26, 42)."""


@dataclass(frozen=True, slots=True)
class CaseEnd:
    """How one case ended."""

    number: str
    case: str
    agency: str
    state: CaseState
    result: CaseResult | None
    accepted_at: datetime | None
    closed_at: datetime | None
    unit: Unit
    promised: int
    used: int
    paused: int
    licence: str
    """The printed number of the licence that came of it; empty if none did."""


@dataclass(frozen=True, slots=True)
class BurdenChange:
    """What the matter costs each item by itself (before), and as one application (after)."""

    before: Burden
    after: Burden


@dataclass(frozen=True, slots=True)
class Report:
    """A journey from the question to the rating."""

    journey: str
    title: str
    applicant: str
    number: str
    burden: BurdenChange | None
    acts: tuple[ActDone, ...]
    cases: tuple[CaseEnd, ...]


_ADAPTER = TypeAdapter(Report)


def schema() -> dict[str, Any]:
    """Return the JSON schema of a report."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_ADAPTER.json_schema(mode="serialization")}


def as_json(report: Report) -> str:
    """Return a report as JSON text."""
    return _ADAPTER.dump_json(report, indent=2).decode()


def reading(case: CaseView) -> ClockReading:
    """Read the clock of a case."""
    return ClockReading(
        case=case.name,
        agency=case.agency_short,
        state=case.state,
        light=case.light,
        unit=case.day_unit,
        promised=case.limit_days,
        used=case.track.count("u"),
        paused=case.track.count("p"),
        left=case.days_left,
        due_on=case.due_on if case.closed_at is None and case.decided_at is None else None,
    )


def act_done(at: datetime, act: str, by: str, about: str, view: ApplicationView | None) -> ActDone:
    """Note an act with the clocks of its application; without it nobody looks at them."""
    clocks = tuple(reading(case) for case in view.cases) if view else ()
    return ActDone(at, act, str(LABELS[act]), by, about, clocks, view.joint_due_on if view else None)


def case_end(case: CaseView, licence: str) -> CaseEnd:
    """Note how a case ended."""
    return CaseEnd(
        number=case.number,
        case=case.name,
        agency=case.agency_short,
        state=case.state,
        result=case.result,
        accepted_at=case.accepted_at,
        closed_at=case.closed_at,
        unit=case.day_unit,
        promised=case.promised_days,
        used=case.track.count("u"),
        paused=case.track.count("p"),
        licence=licence,
    )


# --- For a terminal ---


def head(report: Report) -> Iterator[str]:
    """Say what it is about and what it costs, before and after."""
    yield f"{report.title} · {report.applicant}"
    if report.burden is None:
        return
    before, after = report.burden.before, report.burden.after
    yield ""
    yield f"{'':16}{pad('分开办', 10)}一起办"
    for label, one, other in (
        ("要填的项", before.fields, after.fields),
        ("要交的材料", before.materials, after.materials),
        ("要跑的趟数", before.visits, after.visits),
        ("最长等工作日", before.days, after.days),
    ):
        yield f"  {pad(label, 14)}{one:>4}  →{other:>5}"


def told(acts: Iterable[ActDone]) -> Iterator[str]:
    """Tell the acts day by day, each day's end with the clocks that run."""
    for day, done in groupby(acts, key=lambda one: timezone.localtime(one.at).date()):
        yield ""
        yield f"{day.month}月{day.day}日 周{WEEKDAYS[day.weekday()]}"
        last: ActDone | None = None
        for last in done:
            yield line(last)
        for clock in last.clocks if last else ():
            if clock.promised and (clock.light is not None or clock.due_on is not None):
                yield f"         {pad(clock.case, 16)}{beads(clock)}  {words(clock)}"


def line(one: ActDone) -> str:
    """Tell one act in a line."""
    return f"  {timezone.localtime(one.at):%H:%M}  {pad(one.by, 30)}  {pad(one.label, 16)}  {one.about}"


def beads(clock: ClockReading) -> str:
    """Draw a clock: one bead a day, used, paused, left."""
    left = max(clock.promised - clock.used, 0)
    return "■" * clock.used + "▨" * clock.paused + "□" * left


def words(clock: ClockReading) -> str:
    """Say how a clock stands."""
    if clock.light is Light.PAUSED:
        return f"暂停，已用 {clock.used}"
    if clock.due_on is None:
        return f"用了 {dates.period(clock.used, clock.unit)}"
    return f"剩 {dates.period(clock.left or 0, clock.unit)}，{clock.due_on.month}月{clock.due_on.day}日到期"


def foot(report: Report) -> Iterator[str]:
    """Say how each case ended."""
    yield ""
    yield f"办结 {len(report.cases)} 件"
    for one in report.cases:
        spent = f"承诺 {dates.period(one.promised, one.unit)}，用了 {one.used}" if one.promised else "当场办结"
        paused = f"，暂停 {one.paused}" if one.paused else ""
        result = str(RESULTS[one.result]) if one.result else ""
        yield f"  {pad(one.case, 16)}{pad(result, 10)}{pad(spent + paused, 28)}{one.licence}"


def pad(text: str, width: int) -> str:
    """Fill up with spaces to a width in columns: a Chinese character takes two."""
    wide = sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
    return text + " " * max(width - wide, 0)
