"""What moving a running case to another edition would mean: looked at by the dry run, done by the act."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor
from yiwang.platform.cases import rules
from yiwang.platform.cases.held import tasks_of
from yiwang.platform.cases.models import ApplicationMaterial, Case, Task
from yiwang.platform.cases.types import MoveView, TaskState
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.rules import field_spec
from yiwang.platform.catalog.types import EditionView, FormField
from yiwang.platform.evidence import queries as evidence
from yiwang.platform.evidence.types import FactState, Resolution


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the move needs to know."""

    case: Case
    old: EditionView
    new: EditionView
    tasks: dict[str, Task]
    materials: list[ApplicationMaterial]
    fates: dict[str, rules.Fate]
    resolution: Resolution
    lacking: tuple[str, ...]

    def view(self) -> MoveView:
        """Return it as others may see it."""
        names = {code: task.name for code, task in self.tasks.items()}
        names |= {step.code: step.name for step in self.new.definition.process}
        return MoveView(
            case_id=self.case.pk,
            edition_id=self.new.id,
            old_number=self.old.number,
            new_number=self.new.number,
            published_at=self.new.published_at,
            steps=tuple((names[code], fate.value) for code, fate in self.fates.items()),
            statutory=(self.old.definition.statutory_limit, self.new.definition.statutory_limit),
            lacking=self.lacking,
        )


def look(pk: uuid.UUID, by: Actor) -> tuple[Case, Plan | None]:
    """Return a case that the actor may see, and what moving it to the edition that new applications get would mean;
    nothing where it has that one. Raises ``NotFound``.
    """
    case = Case.objects.visible_to(by).select_related("application").filter(pk=pk).first()
    if case is None:
        raise NotFound(_("没有找到这个办件。"))
    definition = catalog.get_edition(case.edition_id).definition
    new = catalog.current_edition(definition.task_code, definition.handle_code)
    return case, None if new.id == case.edition_id else plan(case, new)


def plan(case: Case, new: EditionView) -> Plan:
    """Return what a move would mean (its application and steps are read)."""
    tasks = {task.step: task for task in tasks_of(case)}
    states = {code: TaskState(task.state) for code, task in tasks.items()}
    materials = list(case.application.materials.all())
    resolution = _resolve(case, new, materials)
    return Plan(
        case=case,
        old=catalog.get_edition(case.edition_id),
        new=new,
        tasks=tasks,
        materials=materials,
        fates=rules.fates(states, [step.code for step in new.definition.process]),
        resolution=resolution,
        lacking=tuple(_lacking(case, new, resolution)),
    )


def _resolve(case: Case, new: EditionView, materials: list[ApplicationMaterial]) -> Resolution:
    application = case.application
    ids = [uuid.UUID(row["edition"]) for row in application.plan if row["edition"] != str(case.edition_id)]
    editions = [*catalog.get_editions(ids).values(), new]
    handed_in: dict[str, Any] = {
        code: fact["value"] for code, fact in application.facts.items() if fact.get("value") not in (None, "", [])
    }
    given = {
        row.identity: FactState(row.state) for row in materials if row.state not in (FactState.ASK, FactState.NEEDLESS)
    }
    return evidence.resolve(application.principal, editions, application.answers | handed_in, given=given)


def _lacking(case: Case, new: EditionView, resolution: Resolution) -> list[str]:
    code = new.definition.basic_code
    had = case.application.facts
    lacking = []
    for section in new.definition.form:
        for field in section.fields:
            fact = resolution.facts.get(field.element)  # none where the form does not show it
            if field.required and fact is not None and fact.state is FactState.ASK and not had.get(field.element):
                lacking.append(field_spec(new.elements, FormField(field.element)).label)
    return lacking + [
        one.name
        for one in resolution.materials.values()
        if code in one.items and one.state is FactState.ASK and not one.optional
    ]
