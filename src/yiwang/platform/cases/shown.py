"""How values, clocks and facts are read by people; the same on every page that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from yiwang.kernel.calendar import Unit
from yiwang.kernel.clock import Light
from yiwang.platform.cases.labels import RESULTS, STATES
from yiwang.platform.cases.types import CaseState, CaseView, JointClock
from yiwang.platform.catalog.rules import field_spec
from yiwang.platform.catalog.types import EditionView, FormField
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.types import FactState
from yiwang.ui import dates
from yiwang.ui.reading import show_value


@dataclass(frozen=True, slots=True)
class Lamp:
    """A light with its words."""

    light: str
    words: str


@dataclass(frozen=True, slots=True)
class FactRow:
    """One datum with where it comes from, as an official reads it."""

    element: str
    label: str
    value: str
    state: str
    source_name: str
    at: datetime | None
    basis: str
    sensitive: bool = False

    @property
    def masked(self) -> str:
        """Return the value with its middle hidden, if it is sensitive."""
        return mask(self.value) if self.sensitive else self.value


_SHORT = 8
"""Up to this many characters only the first and the last are shown of a sensitive value."""


def work_lamp(view: CaseView) -> Lamp:
    """Return the light as those see it who still have to work: after the decision, the time left to hand over."""
    left = view.deliver_left
    if left is None:
        return lamp_of(view)
    if left < 0:
        return Lamp("red", _("送达超 %(days)s") % {"days": dates.period(-left, Unit.WORKDAY)})
    words = _("剩 %(days)s送达") % {"days": dates.period(left, Unit.WORKDAY)}
    return Lamp("orange" if left <= 1 else "green", words)


def lamp_of(view: CaseView) -> Lamp:
    """Return the light of a case: its colour and its words."""
    if view.state is CaseState.SUPPLEMENT:
        return Lamp("paused", _("等补正"))
    if view.closed_at is not None or view.decided_at is not None:
        return Lamp("done", str(RESULTS[view.result]) if view.result else _("已办结"))
    if view.light is None:
        return Lamp("paused", str(STATES[view.state]))
    if view.light is Light.PAUSED:
        return Lamp("paused", _("暂停计时"))
    left = view.days_left or 0
    if left == 0 and view.light is Light.ORANGE:
        return Lamp("orange", _("今天到期"))
    return Lamp(view.light.value, left_words(left, view.day_unit))


def tell_lamp(left: int) -> Lamp:
    """Return the light of the time to tell whether it is accepted, by the working days left."""
    if left < 0:
        return Lamp("red", _("已过告知期限"))
    light = "orange" if left <= 1 else "yellow" if left <= 2 else "green"
    return Lamp(light, _("剩 %(days)s告知") % {"days": dates.period(left, Unit.WORKDAY)})


def joint_lamp(joint: JointClock) -> Lamp:
    """Return the light of a joint clock."""
    if joint.light is Light.PAUSED:
        return Lamp("paused", _("暂停计时"))
    words = _("今天到期") if joint.days_left == 0 else left_words(joint.days_left, Unit.WORKDAY)
    return Lamp(joint.light.value, words)


def promise(view: CaseView) -> str:
    """Say what was promised, and by how much it was lengthened."""
    said = dates.period(view.promised, view.unit)
    if not view.extension:
        return said
    return _("%(promise)s，延长 %(days)s") % {"promise": said, "days": dates.period(view.extension, Unit.WORKDAY)}


def left_words(left: int, unit: Unit) -> str:
    """Say how many days are left, or how many it is over."""
    words = _("剩 %(days)s") if left >= 0 else _("超 %(days)s")
    return words % {"days": dates.period(abs(left), unit)}


def fact_rows(edition: EditionView, facts: Mapping[str, Mapping[str, Any]]) -> list[FactRow]:
    """Return the data of the item's form with their sources."""
    rows = []
    for section in edition.definition.form:
        for asked in section.fields:
            fact = facts.get(asked.element)
            if fact is None:
                continue
            spec = directory.with_regions([field_spec(edition.elements, FormField(asked.element))])[0]
            rows.append(
                FactRow(
                    element=asked.element,
                    label=spec.label,
                    value=show_value(spec, fact.get("value")),
                    state=fact.get("state", FactState.GIVEN),
                    source_name=fact.get("source_name") or "",
                    at=parse_datetime(fact["at"]) if fact.get("at") else None,
                    basis=fact.get("basis") or "",
                    sensitive=spec.sensitive,
                )
            )
    return rows


def mask(value: str) -> str:
    """Return a sensitive value with its middle hidden."""
    kept = 4 if len(value) > _SHORT else 1
    return f"{value[:kept]}{'*' * max(len(value) - 2 * kept, 2)}{value[-kept:]}" if value else ""
