"""The catalogue's logic, pure: which items a life event needs, the merged form, what an element asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from yiwang.kernel import codes, expressions
from yiwang.kernel.fields import FieldSpec
from yiwang.platform.catalog.types import (
    DataElement,
    Definition,
    EditionView,
    FormField,
    LifeEvent,
    LifeEventItem,
    LifeEventQuestion,
    Satisfier,
)


def field_spec(elements: Mapping[str, DataElement], asked: FormField, *, used_for: tuple[str, ...] = ()) -> FieldSpec:
    """Make the field that asks for a data element."""
    element = elements[asked.element]
    return FieldSpec(
        name=element.code,
        label=element.label,
        label_en=element.label_en,
        kind=element.kind,
        required=asked.required,
        hint=asked.hint or element.hint,
        hint_en=element.hint_en,
        unit=element.unit,
        options=element.options,
        max_length=element.max_length,
        pattern=element.pattern,
        min=Decimal(element.min) if element.min else None,
        max=Decimal(element.max) if element.max else None,
        decimals=element.decimals,
        example=element.example,
        show_when=asked.show_when,
        used_for=used_for,
        columns=tuple(field_spec(elements, FormField(column)) for column in element.columns),
        max_rows=element.max_rows,
        sensitive=element.sensitive,
    )


def question_spec(elements: Mapping[str, DataElement], question: LifeEventQuestion) -> FieldSpec:
    """Make the field that asks a navigator's question."""
    asked = FormField(question.element, question.required, question.show_when, question.hint)
    spec = field_spec(elements, asked)
    return replace(spec, label=question.ask or spec.label, label_en=question.ask_en or spec.label_en)


@dataclass(frozen=True, slots=True)
class Applies:
    """An item of a life event with the answer to "does it apply here", and why."""

    item: LifeEventItem
    applies: bool | None
    """``None``: it cannot be told yet, because an answer is missing."""
    reason: str


def resolve(event: LifeEvent, answers: Mapping[str, Any]) -> tuple[Applies, ...]:
    """Tell for each item of a life event whether it applies with these answers (ARCHITECTURE 5)."""
    return tuple(_applies(item, answers) for item in event.items)


def _applies(item: LifeEventItem, answers: Mapping[str, Any]) -> Applies:
    if not item.when:
        return Applies(item, True, item.because)
    value = truth(item.when, answers)
    return Applies(item, value, item.because if value else item.why_not)


def truth(expression: str, answers: Mapping[str, Any]) -> bool | None:
    """Evaluate a condition; an empty one holds, one with a missing or unreadable datum is ``None``.

    A draft holds what was typed, right or wrong; syntax was checked when the item was published.
    """
    if not expression:
        return True
    try:
        outcome = expressions.evaluate(expression, answers)
    except expressions.ExpressionError:
        return None
    return bool(outcome.value) if outcome.known else None


def visible_questions(event: LifeEvent, answers: Mapping[str, Any]) -> tuple[LifeEventQuestion, ...]:
    """Return the questions that make sense with what was answered so far."""
    return tuple(question for question in event.questions if truth(question.show_when, answers) is True)


def waits_for(event: LifeEvent, chosen: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return, for each chosen item, the chosen items whose result it needs first."""
    codes = set(chosen)
    return {
        item.basic_code: tuple(code for code in item.after if code in codes)
        for item in event.items
        if item.basic_code in codes
    }


@dataclass(frozen=True, slots=True)
class MergedSection:
    """A part of the one form: every field once, with the items that use it."""

    code: str
    title: str
    title_en: str
    fields: tuple[FieldSpec, ...]


def merged_form(editions: Sequence[EditionView], answers: Mapping[str, Any]) -> tuple[MergedSection, ...]:
    """Merge the forms of several editions into one: a datum is asked once, required if any item requires it.

    A field is left out while every item that asks for it hides it with these answers.
    """
    sections: dict[str, tuple[str, str, dict[str, list[tuple[EditionView, FormField]]]]] = {}
    placed: dict[str, str] = {}
    for edition in editions:
        for section in edition.definition.form:
            for asked in section.fields:
                if truth(asked.show_when, answers) is not True:
                    continue
                home = placed.setdefault(asked.element, section.code)
                _title, _title_en, fields = sections.setdefault(home, (section.title, section.title_en, {}))
                fields.setdefault(asked.element, []).append((edition, asked))
    return tuple(
        MergedSection(code, title, title_en, tuple(_joined(users) for users in fields.values()))
        for code, (title, title_en, fields) in sections.items()
        if fields
    )


def _joined(users: Sequence[tuple[EditionView, FormField]]) -> FieldSpec:
    """Make one field of what several items ask: in the words of the first that has any."""
    edition, first = users[0]
    names = tuple(dict.fromkeys(user.definition.known_as for user, _asked in users))
    spec = field_spec(edition.elements, first, used_for=names)
    if len(users) == 1:
        return spec
    hint = spec.hint or next((said for user, asked in users[1:] if (said := _hint(user, asked))), "")
    return replace(spec, required=any(asked.required for _user, asked in users), hint=hint)


def _hint(edition: EditionView, asked: FormField) -> str:
    return asked.hint or edition.elements[asked.element].hint


def fields_of(definition: Definition, answers: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the elements that an item by itself asks for with these answers."""
    return tuple(
        asked.element
        for section in definition.form
        for asked in section.fields
        if truth(asked.show_when, answers) is not False
    )


def planned_days(definition: Definition) -> dict[str, tuple[int, int]]:
    """Return for each step its planned first and last working day, counted from acceptance (day 1)."""
    ends: dict[str, int] = {}
    plan: dict[str, tuple[int, int]] = {}
    for step in in_order(definition):
        begin = max((ends.get(before, 0) for before in step.after), default=0)
        ends[step.code] = begin + step.days
        plan[step.code] = (begin + 1, begin + step.days)
    return plan


def in_order(definition: Definition) -> list[Any]:
    """Return the steps so that each follows what it waits for; a cycle raises ``ValueError``."""
    steps = {step.code: step for step in definition.process}
    done: list[Any] = []
    placed: set[str] = set()
    while len(done) < len(steps):
        ready = [
            step
            for step in steps.values()
            if step.code not in placed and all(before in placed or before not in steps for before in step.after)
        ]
        if not ready:
            raise ValueError("the process goes round in a circle")
        done += ready
        placed |= {step.code for step in ready}
    return done


def pseudo_body(definition: Definition) -> bool:
    """Tell whether the task code begins with no valid USCC (bodies without one; STANDARDS 3.1)."""
    try:
        codes.parse_uscc(definition.task_code[:18])
    except codes.CodeError:
        return True
    return False


def with_situations(definition: Definition) -> Definition:
    """Put the situations into the materials' conditions, as an edition is frozen: readers look at ``when`` only.

    A material that situations name is needed if its own condition holds and any of theirs.
    """
    wanted: dict[str, list[str]] = {}
    for situation in definition.situations:
        for code in situation.materials:
            wanted.setdefault(code, []).append(f"({situation.when})")
    if not wanted:
        return definition
    materials = tuple(
        replace(material, when=_both(material.when, " or ".join(wanted[material.code])))
        if material.code in wanted
        else material
        for material in definition.materials
    )
    return replace(definition, materials=materials)


def _both(own: str, situations: str) -> str:
    return f"({own}) and ({situations})" if own else situations


def used_files(definition: Definition) -> list[tuple[str, str]]:
    """Return where a definition names a file, and the name: samples, blank forms, the picture of the flow."""
    found = [("flow_chart", definition.flow_chart), ("result.sample", definition.result.sample)]
    for index, material in enumerate(definition.materials):
        found += [(f"materials.{index}.sample", material.sample), (f"materials.{index}.blank", material.blank)]
    return [(where, name) for where, name in found if name]


def satisfied(definitions: Iterable[Definition]) -> dict[str, tuple[Satisfier, ...]]:
    """Return what satisfies a paper in some item, by the paper's identity."""
    found: dict[str, tuple[Satisfier, ...]] = {}
    for definition in definitions:
        for material in definition.materials:
            if material.satisfied_by:
                found.setdefault(material.identity, material.satisfied_by)
    return found
