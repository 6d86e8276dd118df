"""A city's cases by the million, loaded by COPY: skewed over agencies, spread over three years, in every state.

One in six is open: a city with a backlog. Triggers and constraints stay on, so the lists are kept as they are in
earnest. The audit trail, which no list reads, is left empty.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from django.db import models
from psycopg import Binary
from psycopg.types.json import Jsonb

from bench.measure import say
from yiwang.kernel import clock
from yiwang.kernel.clock import Clock
from yiwang.kernel.ids import uuid7
from yiwang.kernel.types import PartyKind
from yiwang.platform.cases import kinds
from yiwang.platform.cases.engine import CLOCK
from yiwang.platform.cases.models import FAR, Application, Case, Task
from yiwang.platform.cases.types import CaseResult, CaseState, TaskState
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.types import EditionView
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.rules import working_days

BATCH = 20_000
OPEN = 1 / 6
DAYS = 3 * 365
CASELOAD = 2_500
"""Cases that a member of staff has handled in all those days: a hundred of them in hand."""
LARGEST = "330302"
"""The district in which most is applied for."""
STATES = {
    CaseState.SUBMITTED: 10,
    CaseState.PRE_REVIEW: 3,
    CaseState.WAITING: 3,
    CaseState.SUPPLEMENT: 4,
    CaseState.ACCEPTED: 20,
    CaseState.CONDITIONAL: 4,
    CaseState.IN_PROCESS: 46,
    CaseState.SUSPENDED: 10,
}
"""How often an open case is in a state."""
_AT_WORK = {CaseState.ACCEPTED, CaseState.CONDITIONAL, CaseState.IN_PROCESS, CaseState.SUSPENDED}


class Lines:
    """Writes rows of a model as lines of COPY: a sample row gives what a row does not say itself."""

    def __init__(self, sample: models.Model, connection: Any) -> None:
        self.fields = {field.attname: field for field in sample._meta.concrete_fields}
        self.usual = {
            name: _text(field.get_db_prep_save(getattr(sample, name), connection))
            for name, field in self.fields.items()
        }
        columns = ", ".join(f'"{field.column}"' for field in self.fields.values())
        self.command = f"COPY {sample._meta.db_table} ({columns}) FROM STDIN"

        self.lines: list[str] = []

    def add(self, **values: Any) -> None:
        """Add a row."""
        given = {name: _text(value) for name, value in values.items()}
        self.lines.append("\t".join((self.usual | given).values()))

    def take(self) -> list[str]:
        """Return the rows so far, and begin anew."""
        taken, self.lines = self.lines, []
        return taken


def _text(value: Any) -> str:
    """Return a value as COPY reads it."""
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, list):
        return "{" + ",".join(value) + "}"
    if isinstance(value, Jsonb):
        return json.dumps(value.obj).replace("\\", "\\\\")
    if isinstance(value, Binary):
        return rf"\\x{bytes(value.obj).hex()}"
    return str(value)


@dataclass(frozen=True, slots=True)
class Matter:
    """What can be applied for: an edition and its agency."""

    edition: EditionView
    agency: uuid.UUID
    days: int
    roles: tuple[str, ...]

    def due(self, day: date) -> tuple[date, date]:
        """Return when it is due if it was accepted on a day, and when half of the time is over."""
        span = timedelta(days=self.days * 7 // 5 + 1)
        return day + span, day + span / 2

    def clock(self, day: date, state: CaseState) -> str:
        """Return its clock as the database keeps it."""
        limit = self.edition.definition.promised_limit
        value = Clock(limit.value, limit.unit, day)
        if state is CaseState.SUSPENDED:
            value = clock.suspend(value, day, "现场勘验")
        return json.dumps(CLOCK.dump_python(value, mode="json"), ensure_ascii=False)


def fill(url: str, count: int, handlers: tuple[uuid.UUID, ...] = ()) -> None:
    """Load ``count`` cases into a database in which the city is.

    Part of the open ones are in somebody's hands, all ended ones were: ``handlers``' and those of as many others as
    have ``CASELOAD`` each, so that a larger city has more staff and not busier ones.
    """
    others = max(count // CASELOAD - len(handlers), 0)
    crowd = Crowd((*handlers, *(uuid7() for _number in range(others))))
    with psycopg.connect(url) as target:
        while crowd.made < count:
            for command, lines in crowd.batch(min(BATCH, count - crowd.made)):
                with target.cursor().copy(command) as copy:
                    copy.write("\n".join(lines) + "\n")
            target.commit()
            if crowd.made % (BATCH * 10) == 0:
                say(f"{crowd.made} of {count} cases")
    with psycopg.connect(url, autocommit=True) as target:
        target.execute("VACUUM (ANALYZE, FREEZE)")


class Crowd:
    """Makes applications with their cases and steps, the same ones each time."""

    def __init__(self, hands: tuple[uuid.UUID, ...], seed: int = 1) -> None:
        from django.db import connection

        self.chance = random.Random(seed)
        self.hands = hands or (uuid7(),)
        self.made = 0
        self.now = datetime.now(UTC)
        self.matters = _matters()
        self.chance.shuffle(self.matters)
        self.matters.sort(key=lambda one: one.edition.region != LARGEST)
        self.weights = [1 / (rank + 3) for rank in range(len(self.matters))]
        samples = (_application(self.now), _case(self.now), _task())
        self.applications, self.cases, self.tasks = (Lines(sample, connection) for sample in samples)

    def batch(self, count: int) -> Iterator[tuple[str, list[str]]]:
        """Make so many cases: commands of COPY with their lines, in the order in which they may be written."""
        tables = (self.applications, self.cases, self.tasks)
        until = self.made + count
        while self.made < until:
            size = min(self.chance.choices((1, 3, 5), (80, 14, 6))[0], until - self.made)
            self._application(self.chance.choices(self.matters, self.weights, k=size))
        for table in tables:
            yield table.command, table.take()

    def _application(self, chosen: list[Matter]) -> None:
        chance, first = self.chance, chosen[0].edition
        at_work = chance.random() < OPEN
        longest = max(matter.days for matter in chosen)
        age = chance.uniform(0, longest * 1.5 + 2) if at_work else chance.uniform(longest * 1.5, DAYS)
        received = self.now - timedelta(days=age)
        day = clock.legal_date(received)
        state = chance.choices(list(STATES), list(STATES.values()))[0] if at_work else CaseState.ARCHIVED
        whole = "submitted" if state in (CaseState.SUBMITTED, CaseState.PRE_REVIEW) else "accepted"
        pk = uuid7()
        common = {
            "principal_id": uuid.UUID(int=chance.getrandbits(128)),
            "applicant_name": f"演示申请人{self.made % 50_000}",
        }
        self.applications.add(
            id=pk,
            number=f"{first.region[:6]}{day:%Y%m%d}{self.made:08d}",
            title=first.definition.known_as,
            life_event="restaurant" if len(chosen) > 1 else "",
            region=first.region,
            state=whole if at_work else "closed",
            tell_on=day + timedelta(days=7) if at_work else FAR,
            submitted_at=received,
            created_at=received,
            changed_at=received,
            closed_at=None if at_work else received + timedelta(days=longest),
            **common,
        )
        for position, matter in enumerate(chosen):
            self._case(matter, state, received, common | {"application_id": pk, "position": position})

    def _case(self, matter: Matter, state: CaseState, received: datetime, common: dict[str, Any]) -> None:
        chance, edition, pk = self.chance, matter.edition, uuid7()
        ended = received + timedelta(days=matter.days) if state is CaseState.ARCHIVED else None
        begun = state in _AT_WORK or ended is not None
        day = clock.legal_date(received)
        due, half = matter.due(day) if begun and state is not CaseState.SUSPENDED else (None, None)
        handler = chance.choice(self.hands) if ended or (state in _AT_WORK and chance.random() < 0.3) else None
        self.cases.add(
            id=pk,
            edition_id=edition.id,
            item_code=edition.definition.basic_code,
            name=edition.definition.known_as,
            agency_id=matter.agency,
            agency_path=edition.agency_path,
            region=edition.region,
            level=edition.definition.level,
            number=f"{edition.definition.task_code}{self.made:08d}",
            state=state.value,
            result=CaseResult.ISSUED.value if ended else "",
            clock=matter.clock(day, state) if begun else None,
            due_on=due,
            half_on=half,
            statutory_due_on=due,
            handler_id=handler,
            handler_label="市场监管局 A0309" if handler else "",
            received_at=received,
            accepted_at=received if begun else None,
            decided_at=ended,
            closed_at=ended,
            archived_at=ended,
            **common,
        )
        self.made += 1
        self._steps(pk, matter, state, received)

    def _steps(self, case: uuid.UUID, matter: Matter, state: CaseState, received: datetime) -> None:
        steps = matter.edition.definition.process
        here = len(steps) if state is CaseState.ARCHIVED else 0
        if state in _AT_WORK:
            here = self.chance.choice([place for place, role in enumerate(matter.roles) if role != "intake"])
        for position, step in enumerate(steps):
            now = TaskState.DONE if position < here else TaskState.WAITING
            if position == here and state in _AT_WORK:
                now = TaskState.READY
            self.tasks.add(
                id=uuid7(),
                case_id=case,
                step=step.code,
                position=position,
                name=step.name,
                kind=step.kind,
                state=now.value,
                after=list(step.after),
                agency_path=matter.edition.agency_path,
                role=matter.roles[position],
                ready_at=received if now is not TaskState.WAITING else None,
                done_at=received if now is TaskState.DONE else None,
                outcome="pass" if now is TaskState.DONE else "",
            )


def _matters() -> list[Matter]:
    found = []
    editions = catalog.get_editions([pk for _item, pk in catalog.published_implementations()]).values()
    agencies = {one.path: one.id for one in directory.agencies_by_path({edition.agency_path for edition in editions})}
    for edition in editions:
        if edition.definition.sample_only or edition.agency_path not in agencies:
            continue
        roles = tuple(kinds.get_kind(step.kind).role.value for step in edition.definition.process)
        days = max(working_days(edition.definition.promised_limit), 1)
        found.append(Matter(edition, agencies[edition.agency_path], days, roles))
    return found


def _application(now: datetime) -> Application:
    return Application(
        principal_kind=PartyKind.PERSON.value,
        principal_id=uuid7(),
        door="portal",
        query_code="DEMO",
        created_at=now,
        changed_at=now,
    )


def _case(now: datetime) -> Case:
    return Case(
        application_id=uuid7(),
        edition_id=uuid7(),
        agency_id=uuid7(),
        principal_kind=PartyKind.PERSON.value,
        principal_id=uuid7(),
        level=4,
        query_code="DEMO",
        received_at=now,
    )


def _task() -> Task:
    return Task(case_id=uuid7(), position=0, kind="review", role="reviewer")
