"""A whole matter from question to result, walked through the same acts that pages and API call.

Staff are found by role and reach, so a journey works in any pack. Time is walked too: every step happens on the working
day on which it is planned, so clocks, lights and timers are seen at work.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from yiwang.config import papers, typed
from yiwang.config.report import ActDone, act_done
from yiwang.config.scenario import DRAFT, Answered, CorrectionPlan, Scenario
from yiwang.config.staffing import Staff, reach_of, staff_for
from yiwang.halls.services import queries as services
from yiwang.kernel import clock, holidays, work
from yiwang.kernel.calendar import Unit
from yiwang.kernel.packs import Pack
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Door, Party, PartyKind, Reach, Role
from yiwang.platform.cases import acts
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.types import CaseState, CaseView, TaskState, TaskView
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.rules import question_spec
from yiwang.platform.catalog.types import StepKind
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.types import BurdenReport, FactState, MaterialFact, Resolution
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.pack import OrganisationRow, PersonRow
from yiwang.platform.oversight import acts as ratings
from yiwang.platform.oversight import queries as oversight
from yiwang.platform.sharing.means import acts as means
from yiwang.platform.sharing.means.types import Consent, ConsentWay, Member
from yiwang.ui import uploads, values

__all__ = ["CorrectionPlan", "Journey", "Scenario", "Walk", "numbers_of", "prepare", "reach_of", "staff_for"]


class _Today(Exception):
    """The walk has come to the day at which it ends."""


@dataclass
class Walk:
    """What came of a journey."""

    stages: list[ActDone] = field(default_factory=list)
    burden: BurdenReport | None = None
    application: uuid.UUID | None = None
    cases: list[CaseView] = field(default_factory=list)


class Journey:
    """Walks a scenario. ``steps`` yields after every act, so that a test may look, or kill something, between acts.

    ``until`` is the last day on which anything is done: a matter that began lately is left as it then stands.
    ``settle`` does what the worker does in time (events, timers); whoever walks many at once does it for all.
    ``watched`` notes the clocks of all cases after every act.
    """

    def __init__(
        self,
        scenario: Scenario,
        person: uuid.UUID,
        organisation: uuid.UUID | None,
        start: date,
        *,
        words: Mapping[str, str] | None = None,
        until: date | None = None,
        door: Door = Door.COMMAND,
        settle: Callable[[], None] = work.drain,
        watched: bool = True,
        staff: Staff | None = None,
    ) -> None:
        self.staff = staff or Staff()
        self.watched = watched
        self.scenario = scenario
        self.day = start
        self.until = until
        self.settle = settle
        self.words = {**(words or {}), **scenario.typed}
        self.walk = Walk()
        self._draft: papers.Draft | None = None
        self._minutes = 0
        self._lies = False
        self._compared = False
        me = Party(PartyKind.PERSON, person)
        principal = Party(PartyKind.ORGANISATION, organisation) if organisation else me
        self.applicant = Actor(
            kind=ActorKind.PERSON,
            id=person,
            label="申请人",
            principal=principal,
            level=AssuranceLevel.L3,
            door=door,
        )
        self.run = uuid.uuid4().hex[:12]
        self._keys = 0

    @property
    def moment(self) -> tuple[date, int]:
        """Return how far the walk has come: a day and minutes after nine o'clock."""
        return self.day, self._minutes

    def steps(self) -> Iterator[ActDone]:
        """Walk to the end."""
        try:
            yield from self._apply()
            yield from self._accept()
            yield from self._work()
            with self._now():
                self.walk.cases = list(cases.get_application(self._pk, self.applicant).cases)
            yield from self._rate()
        except _Today:
            return

    # --- the applicant ---

    def _rate(self) -> Iterator[ActDone]:
        """Rate every case, once its service was noted by whoever listens to events."""
        rating = self.scenario.rating
        if rating is None or self._lies:
            return
        if self.until:
            self._next_day()
        with self._now():
            self.settle()
        for case in self.walk.cases:
            for service in oversight.services_of(case.id, self.applicant):
                if not service.attempt:
                    continue
                with self._now():
                    ratings.rate(
                        service.id,
                        rating.level,
                        [str(code) for code in rating.reasons],
                        by=self.applicant,
                        key=self._key(),
                    )
                yield self._stage("oversight.rate", self.applicant, case.name)
        if rating.answered:
            for case in self.walk.cases:
                yield from self._put_right(case, rating.answered)

    def _put_right(self, case: CaseView, plan: Answered) -> Iterator[ActDone]:
        """Let the agency verify and put right a bad rating, and a supervisor call back."""
        officer, supervisor = (self.staff.who(role, reach_of(case)) for role in (Role.DECIDER, Role.SUPERVISOR))
        self._next_day()
        with self._now():
            bad = next(one.id for one in oversight.bad_ratings(officer)[0] if one.case_id == case.id)
            ratings.take_up(bad, by=officer, key=self._key())
            ratings.verify(bad, True, plan.finding, by=officer, key=self._key())
        yield self._stage("oversight.verify", officer, case.name)
        self._next_day()
        with self._now():
            ratings.rectify(bad, plan.measures, by=officer, key=self._key())
        yield self._stage("oversight.rectify", officer, case.name)
        self._next_day()
        with self._now():
            ratings.call_back(bad, plan.call_back, by=supervisor, key=self._key())
        yield self._stage("oversight.call_back", supervisor, case.name)

    def _plan(self) -> tuple[list[uuid.UUID], dict[str, Any], str, str, str]:
        """Return editions, answers, region, life event and name of what is applied for."""
        if not self.scenario.life_event:
            found = catalog.editions_in(self.scenario.region, self.scenario.items)
            if missing := set(self.scenario.items) - set(found):
                raise LookupError(f"nobody in {self.scenario.region} carries out {', '.join(sorted(missing))}")
            editions = [found[code] for code in self.scenario.items]
            return [one.id for one in editions], {}, self.scenario.region, "", editions[0].definition.known_as
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
        guide = services.guide(event, answers, self.applicant.principal, self.applicant.id)
        self.walk.burden = guide.burden
        region = str(answers[event.region_question])
        return [one.edition.id for one in guide.chosen], answers, region, event.code, event.name

    def _apply(self) -> Iterator[ActDone]:
        with self._now():
            editions, answers, region, event, name = self._plan()
            pk = acts.start_draft(editions, answers, region, event, by=self.applicant, key=self._key())
        self.walk.application = pk
        yield self._stage("cases.start_draft", self.applicant, name)
        resolution = yield from self._fill(pk)
        for name, material in resolution.materials.items():
            if material.state is not FactState.ASK or material.optional:
                continue
            with self._now():
                if material.may_commit or (self.scenario.defer and material.may_defer):
                    way = "committed" if material.may_commit else "deferred"
                    acts.set_material(pk, name, material.name, way, by=self.applicant, key=self._key())
                else:
                    self._file(pk, material)
            yield self._stage("cases.add_file", self.applicant, material.name)
        if self.scenario.leave == DRAFT:
            raise _Today
        with self._now():
            number = acts.submit(pk, by=self.applicant, key=self._key())
        yield self._stage("cases.submit", self.applicant, number)

    def _fill(self, pk: uuid.UUID) -> Generator[ActDone, None, Resolution]:
        """Answer what is asked until nothing more is: an answer may open further questions."""
        while True:
            with self._now():
                self._draft = view, _editions, resolution = cases.draft_state(pk, self.applicant)
                asked = [
                    spec
                    for spec in resolution.fields
                    if resolution.facts[spec.name].state is FactState.ASK
                    and (spec.required or spec.name in self.scenario.typed)
                ]
                if not asked:
                    return resolution
                given = {spec.name: typed.value_of(spec, self.words, self.day, view.region) for spec in asked}
                acts.save_answers(pk, given, by=self.applicant, key=self._key())
            yield self._stage("cases.save_answers", self.applicant, "、".join(spec.label for spec in asked))

    def _file(self, pk: uuid.UUID, material: MaterialFact) -> None:
        assert self._draft is not None
        paper = papers.of(material, self._draft, self.day)
        taken = uploads.accept(SimpleUploadedFile(paper.file_name, papers.draw(paper)))
        stored = {
            "name": taken.name,
            "digest": taken.digest,
            "media_type": taken.media_type,
            "size": taken.size,
            "pages": taken.pages,
        }
        acts.add_file(pk, material.material, stored, by=self.applicant, key=self._key())

    # --- the agencies ---

    def _accept(self) -> Iterator[ActDone]:
        if self.scenario.leave == StepKind.INTAKE:
            raise _Today
        pk = self._pk
        view = cases.get_application(pk, self.applicant)
        clerk = self.staff.who(Role.INTAKE, Reach(region=view.region))
        with self._now():
            acts.accept_all(pk, by=clerk, key=self._key())
        yield self._stage("cases.accept_all", clerk, view.number)
        if self.scenario.withdraw:
            self._next_day()
            with self._now():
                acts.withdraw_all(pk, self.scenario.withdraw, by=self.applicant, key=self._key())
            yield self._stage("cases.withdraw_all", self.applicant, view.number)

    def _work(self) -> Iterator[ActDone]:
        corrected = self.scenario.correction is None
        for _round in range(200):
            view = cases.get_application(self._pk, self.applicant)
            if all(case.closed_at for case in view.cases):
                return
            tasks = cases.tasks_of([case.id for case in view.cases])
            moved = False
            for case in view.cases:
                if self.scenario.compare and not self._compared:
                    yield self._compare(case)
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
                if self._lies:
                    return
                raise RuntimeError(f"the journey is stuck: {[(case.name, case.state.value) for case in view.cases]}")
            self._next_day()
            with self._now():
                self.settle()

    def _ready(self, case: CaseView, tasks: dict[uuid.UUID, list[TaskView]]) -> TaskView | None:
        if case.state is CaseState.SUSPENDED:
            return None
        ready = next((task for task in tasks[case.id] if task.state is TaskState.READY), None)
        if ready is not None and ready.kind == self.scenario.leave:
            self._lies = True
            return None
        return ready

    def _compare(self, case: CaseView) -> ActDone:
        officer = self.staff.who(Role.DECIDER, reach_of(case))
        person = identity.get_person(self.applicant.id)
        me = Member(number=person.number, name=person.name, consent=Consent(way=ConsentWay.SIGNED, on=self.day))
        with self._now():
            means.compare(str(case.id), self.scenario.compare, (me,), by=officer, key=self._key())
            means.ask_consents(str(case.id), self.scenario.compare, by=officer, key=self._key())
        self._compared = True
        return self._stage("sharing.compare", officer, case.name)

    def _asks(self, case: CaseView) -> bool:
        plan = self.scenario.correction
        return (
            plan is not None
            and case.item_code == plan.item
            and case.state in (CaseState.ACCEPTED, CaseState.IN_PROCESS)
        )

    def _correct(self, case: CaseView) -> Iterator[ActDone]:
        plan = self.scenario.correction
        assert plan is not None
        assert self._draft is not None
        materials = self._draft[2].materials
        material = next(one for key, one in materials.items() if plan.material in (key, one.name))
        reviewer = self.staff.who(Role.REVIEWER, reach_of(case))
        point = {"target": f"material:{material.material}", "label": material.name, "message": plan.message}
        with self._now():
            acts.request_correction(case.id, [point], by=reviewer, key=self._key())
        yield self._stage("cases.request_correction", reviewer, case.name)
        if not plan.answered:
            self._lies = True
            return
        for _day in range(2):
            self._next_day()
        with self._now():
            self._file(case.application_id, material)
            acts.answer_correction(case.id, {}, by=self.applicant, key=self._key())
        yield self._stage("cases.answer_correction", self.applicant, case.name)

    def _do(self, case: CaseView, task: TaskView) -> Iterator[ActDone]:
        actor = self.staff.who(Role(task.role), reach_of(case))
        stop = self.scenario.stop
        if stop is not None and task.kind == StepKind.REVIEW:
            with self._now():
                acts.suspend(case.id, stop.procedure, stop.reason, by=actor, key=self._key())
            self._lies = True
            yield self._stage("cases.suspend", actor, case.name)
            return
        name = "cases.complete_step"
        with self._now():
            if task.kind == "decision":
                name = "cases.decide"
                if case.recheck:
                    finding = "数据源中断，已电话向来源部门核实，内容一致。"
                    acts.check_by_hand(case.id, finding, by=actor, key=self._key())
                text = self.scenario.refuse or "材料齐全，符合法定条件，准予许可。"
                acts.decide(case.id, not self.scenario.refuse, text, by=actor, key=self._key())
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
        if self.until and self.day > self.until:
            raise _Today

    def _key(self) -> str:
        self._keys += 1
        return f"journey:{self.run}:{self._keys}"

    def _stage(self, act: str, by: Actor, about: str) -> ActDone:
        with self._now():
            view = cases.get_application(self._pk, self.applicant) if self.watched else None
            stage = act_done(clock.now(), act, by.label, about, view)
        self.walk.stages.append(stage)
        return stage


def prepare(scenario: Scenario, people: dict[str, str], start: date, **how: Any) -> Journey:
    """Make a journey; ``people`` maps the scenario's codes to numbers (citizen id, social credit code), ``how`` is what
    else ``Journey`` takes.
    """
    person = identity.find_person(people[scenario.person])
    organisation = identity.find_organisation(people[scenario.organisation]) if scenario.organisation else None
    if person is None:
        raise LookupError(f"{scenario.person} is not loaded")
    return Journey(scenario, person.id, organisation.id if organisation else None, start, **how)


def numbers_of(pack: Pack) -> dict[str, str]:
    """Return the numbers of a pack's people and organisations by their codes there."""
    numbers = {row.code: row.number for row in pack.rows("people.yaml", PersonRow)}
    return numbers | {row.code: row.uscc for row in pack.rows("organisations.yaml", OrganisationRow)}
