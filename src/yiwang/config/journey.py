"""A whole matter from question to result, walked through the same acts that pages and API call.

Staff are found by role and reach, so a journey works in any pack. Time is walked too: every step happens on the working
day on which it is planned, so clocks, lights and timers are seen at work.
"""

from __future__ import annotations

import uuid
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from yiwang.halls.services import queries as services
from yiwang.kernel import clock, holidays, work
from yiwang.kernel.calendar import Unit
from yiwang.kernel.fields import FieldKind, FieldSpec
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Door, Party, PartyKind, Reach, Role
from yiwang.platform.cases import acts
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.types import CaseState, CaseView, TaskState, TaskView
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.rules import merged_form, question_spec
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.types import BurdenReport, FactState, Resolution
from yiwang.platform.identity import queries as identity
from yiwang.platform.oversight import queries as oversight
from yiwang.platform.oversight.acts import rate
from yiwang.platform.oversight.types import Level
from yiwang.ui import uploads, values


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionPlan:
    """Which item asks for a correction of which material, and in what words."""

    item: str
    material: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A journey of a pack (``journeys/NAME.yaml``)."""

    life_event: str
    person: str
    answers: dict[str, Any]
    organisation: str = ""
    correction: CorrectionPlan | None = None
    visit_in_days: int = 3
    rating: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stage:
    """One act of a journey."""

    at: datetime
    act: str
    by: str
    about: str
    clocks: dict[str, str]


@dataclass
class Walk:
    """What came of a journey."""

    stages: list[Stage] = field(default_factory=list)
    burden: BurdenReport | None = None
    application: uuid.UUID | None = None
    cases: list[CaseView] = field(default_factory=list)


class Journey:
    """Walks a scenario. ``steps`` yields after every act, so that a test may look, or kill something, between acts."""

    def __init__(self, scenario: Scenario, person: uuid.UUID, organisation: uuid.UUID | None, start: date) -> None:
        self.scenario = scenario
        self.day = start
        self.walk = Walk()
        self._minutes = 0
        me = Party(PartyKind.PERSON, person)
        principal = Party(PartyKind.ORGANISATION, organisation) if organisation else me
        self.applicant = Actor(
            kind=ActorKind.PERSON,
            id=person,
            label="申请人",
            principal=principal,
            level=AssuranceLevel.L3,
            door=Door.COMMAND,
        )
        self.run = uuid.uuid4().hex[:12]
        self._keys = 0

    def steps(self) -> Iterator[Stage]:
        """Walk to the end."""
        yield from self._apply()
        yield from self._accept()
        yield from self._work()
        with self._now():
            self.walk.cases = list(cases.get_application(self._pk, self.applicant).cases)
        yield from self._rate()

    # --- the applicant ---

    def _rate(self) -> Iterator[Stage]:
        """Rate every case, once its service was noted by whoever listens to events."""
        if not self.scenario.rating:
            return
        with self._now():
            work.drain()
        for case in self.walk.cases:
            for service in oversight.services_of(case.id, self.applicant):
                if not service.attempt:
                    continue
                with self._now():
                    rate(
                        service.id,
                        Level(self.scenario.rating["level"]),
                        [str(code) for code in self.scenario.rating.get("reasons", ())],
                        by=self.applicant,
                        key=self._key(),
                    )
                yield self._stage("oversight.rate", self.applicant, case.name)

    def _apply(self) -> Iterator[Stage]:
        event = catalog.get_life_event(self.scenario.life_event)
        elements = catalog.elements()
        specs = [
            question_spec(elements, question)
            for question in event.questions
            if not question.show_when or question.element in self.scenario.answers
        ]
        answers, wrong = values.check(specs, self.scenario.answers)
        if wrong:
            raise ValueError(f"the scenario's answers are wrong: {wrong}")
        answers = {name: values.plain(value) for name, value in answers.items()}
        with self._now():
            guide = services.guide(event, answers, self.applicant.principal, self.applicant.id)
            self.walk.burden = guide.burden
            pk = acts.start_draft(
                [one.edition.id for one in guide.chosen],
                answers,
                str(answers[event.region_question]),
                event.code,
                by=self.applicant,
                key=self._key(),
            )
        self.walk.application = pk
        yield self._stage("cases.start_draft", self.applicant, event.name)
        resolution = yield from self._fill(pk)
        for name, material in resolution.materials.items():
            if material.state is not FactState.ASK or material.optional:
                continue
            with self._now():
                if material.may_commit:
                    acts.set_material(pk, name, material.name, "committed", by=self.applicant, key=self._key())
                else:
                    self._file(pk, name)
            yield self._stage("cases.add_file", self.applicant, material.name)
        with self._now():
            number = acts.submit(pk, by=self.applicant, key=self._key())
        yield self._stage("cases.submit", self.applicant, number)

    def _fill(self, pk: uuid.UUID) -> Generator[Stage, None, Resolution]:
        """Answer what is asked until nothing more is: an answer may open further questions."""
        while True:
            with self._now():
                view, editions, resolution = cases.draft_state(pk, self.applicant)
                known = {code: fact.value for code, fact in resolution.facts.items() if fact.value is not None}
                asked = [
                    spec
                    for section in merged_form(editions, known | view.answers)
                    for spec in section.fields
                    if resolution.facts[spec.name].state is FactState.ASK and spec.required
                ]
                if not asked:
                    return resolution
                given = {spec.name: sample(spec, view.region) for spec in asked}
                acts.save_answers(pk, given, by=self.applicant, key=self._key())
            yield self._stage("cases.save_answers", self.applicant, "、".join(spec.label for spec in asked))

    def _file(self, pk: uuid.UUID, material: str) -> None:
        picture = BytesIO()
        Image.new("RGB", (640, 480), "white").save(picture, "PNG")
        taken = uploads.accept(SimpleUploadedFile(f"{material}.png", picture.getvalue()))
        stored = {
            "name": taken.name,
            "digest": taken.digest,
            "media_type": taken.media_type,
            "size": taken.size,
            "pages": taken.pages,
        }
        acts.add_file(pk, material, stored, by=self.applicant, key=self._key())

    # --- the agencies ---

    def _accept(self) -> Iterator[Stage]:
        pk = self._pk
        view = cases.get_application(pk, self.applicant)
        clerk = staff_for(Role.INTAKE, Reach(region=view.region))
        with self._now():
            acts.accept_all(pk, by=clerk, key=self._key())
        yield self._stage("cases.accept_all", clerk, view.number)

    def _work(self) -> Iterator[Stage]:
        corrected = self.scenario.correction is None
        for _round in range(200):
            view = cases.get_application(self._pk, self.applicant)
            if all(case.closed_at for case in view.cases):
                return
            tasks = cases.tasks_of([case.id for case in view.cases])
            moved = False
            for case in view.cases:
                if not corrected and self._asks(case):
                    yield from self._correct(case)
                    corrected = moved = True
                    break
                while (task := self._ready(case, tasks)) is not None:
                    yield from self._do(case, task)
                    moved = True
                    if case.promised:
                        break  # what is promised on the spot is done on the spot; the rest takes a day a step
                    tasks |= cases.tasks_of([case.id])
            if not moved:
                raise RuntimeError(f"the journey is stuck: {[(case.name, case.state.value) for case in view.cases]}")
            self._next_day()
            with self._now():
                work.drain()

    @staticmethod
    def _ready(case: CaseView, tasks: dict[uuid.UUID, list[TaskView]]) -> TaskView | None:
        if case.state is CaseState.SUSPENDED:
            return None
        return next((task for task in tasks[case.id] if task.state is TaskState.READY), None)

    def _asks(self, case: CaseView) -> bool:
        plan = self.scenario.correction
        return (
            plan is not None
            and case.item_code == plan.item
            and case.state in (CaseState.ACCEPTED, CaseState.IN_PROCESS)
        )

    def _correct(self, case: CaseView) -> Iterator[Stage]:
        plan = self.scenario.correction
        assert plan is not None
        reviewer = staff_for(Role.REVIEWER, reach_of(case))
        point = {"target": f"material:{plan.material}", "label": plan.material, "message": plan.message}
        with self._now():
            acts.request_correction(case.id, [point], by=reviewer, key=self._key())
        yield self._stage("cases.request_correction", reviewer, case.name)
        for _day in range(2):
            self._next_day()
        with self._now():
            self._file(case.application_id, plan.material)
            acts.answer_correction(case.id, {}, by=self.applicant, key=self._key())
        yield self._stage("cases.answer_correction", self.applicant, case.name)

    def _do(self, case: CaseView, task: TaskView) -> Iterator[Stage]:
        actor = staff_for(Role(task.role), reach_of(case))
        name = "cases.complete_step"
        with self._now():
            if task.kind == "decision":
                name = "cases.decide"
                if case.recheck:
                    finding = "数据源中断，已电话向来源部门核实，内容一致。"
                    acts.check_by_hand(case.id, finding, by=actor, key=self._key())
                acts.decide(case.id, True, "材料齐全，符合法定条件，准予许可。", by=actor, key=self._key())
            elif task.kind == "site_visit":
                name = "cases.record_visit"
                if task.joint and task.planned_on is None:
                    acts.plan_visit(case.id, self.day, by=actor, key=self._key())
                officers = [one.number for one in directory.colleagues(case.agency_path)[:2]]
                acts.record_visit(case.id, task.step, "pass", "现场与申报一致。", officers, by=actor, key=self._key())
            else:
                acts.complete_step(case.id, task.step, "pass", "材料齐全，内容一致。", by=actor, key=self._key())
        yield self._stage(name, actor, f"{case.name} · {task.name}")

    # --- time and keys ---

    @property
    def _pk(self) -> uuid.UUID:
        assert self.walk.application is not None
        return self.walk.application

    def _now(self) -> Any:
        self._minutes += 1
        return clock.at(datetime.combine(self.day, time(9), tzinfo=clock.SHANGHAI) + timedelta(minutes=self._minutes))

    def _next_day(self) -> None:
        days = holidays.for_region("", provisional=True)
        self.day = days.due(self.day, 1, Unit.WORKDAY)
        self._minutes = 0

    def _key(self) -> str:
        self._keys += 1
        return f"journey:{self.run}:{self._keys}"

    def _stage(self, act: str, by: Actor, about: str) -> Stage:
        with self._now():
            at = clock.now()
            view = cases.get_application(self._pk, self.applicant)
            clocks = {
                case.name: f"{case.state.value} {case.light.value if case.light else '-'} {case.track}"
                for case in view.cases
            }
        stage = Stage(at, act, by.label, about, clocks)
        self.walk.stages.append(stage)
        return stage


def staff_for(role: Role, reach: Reach) -> Actor:
    """Return a member of staff with this role who reaches the object."""
    for member, grants in directory.staff_with(role):
        if any(grant.role is role and grant.covers(reach) for grant in grants):
            return Actor(
                kind=ActorKind.STAFF,
                id=member.id,
                label=member.label,
                level=AssuranceLevel.L3,
                door=Door.COMMAND,
                grants=grants,
                agency=member.agency_path,
                second_factor=True,
            )
    raise LookupError(f"nobody with role {role} reaches {reach}")


def reach_of(case: CaseView) -> Reach:
    """Return where a case lies."""
    edition = catalog.get_edition(case.edition_id)
    return Reach(case.agency_path, edition.region, edition.definition.level, case.item_code)


def sample(spec: FieldSpec, region: str) -> Any:
    """Return a value that the field takes: its example, its first choice, or the least of its kind.

    A place is the one that the matter is about. The citizen's number is the example of GB 11643.
    """
    if spec.example:
        return _typed(spec, spec.example)
    if spec.kind is FieldKind.CHOICES:
        return [spec.options[0].value]
    if spec.options:
        return spec.options[0].value
    if spec.kind in (FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY):
        least = spec.min if spec.min is not None else 1
        return int(max(least, 1))
    simple: dict[FieldKind, Any] = {
        FieldKind.BOOLEAN: True,
        FieldKind.DATE: "2030-06-15",
        FieldKind.PHONE: "19957700001",
        FieldKind.CITIZEN_ID: "11010519491231002X",
        FieldKind.USCC: "91339901MADEM99994",
        FieldKind.REGION: region,
        FieldKind.TABLE: [{column.name: sample(column, region) for column in spec.columns}],
    }
    return simple.get(spec.kind, "演示内容")


def _typed(spec: FieldSpec, text: str) -> Any:
    if spec.kind is FieldKind.INTEGER:
        return int(text)
    if spec.kind in (FieldKind.DECIMAL, FieldKind.MONEY):
        return float(text)
    if spec.kind is FieldKind.BOOLEAN:
        return text in ("true", "是")
    if spec.kind is FieldKind.CHOICES:
        return text.split(",")
    return text


def prepare(scenario: Scenario, people: dict[str, str], start: date) -> Journey:
    """Make a journey; ``people`` maps the scenario's codes to numbers (citizen id, social credit code)."""
    person = identity.find_person(people[scenario.person])
    organisation = identity.find_organisation(people[scenario.organisation]) if scenario.organisation else None
    if person is None:
        raise LookupError(f"{scenario.person} is not loaded")
    return Journey(scenario, person.id, organisation.id if organisation else None, start)
