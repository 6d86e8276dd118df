"""Testville at work: applications at every stage, made by the acts themselves; who acts is found by role and reach."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import pytest

from yiwang.kernel import clock
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, AssuranceLevel, Door, Party, PartyKind, Reach, Role
from yiwang.platform.cases import acts, queries
from yiwang.platform.cases.models import Application, Case
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.acts import publish_definition
from yiwang.platform.catalog.types import EditionView
from yiwang.platform.directory import queries as directory
from yiwang.platform.evidence.types import FactState
from yiwang.platform.identity.models import Organisation, Person
from yiwang.platform.sharing.models import Dataset

COMPANY, FOOD, FIRE, ELDERLY = "330731001001", "330131018001", "330103015000", "332011018000"
MONDAY = date(2026, 3, 2)
ANSWERS = {
    "place_region": "339901001",
    "has_licence": True,
    "shop_area": 500,
    "food_kinds": ["hot"],
    "org_name": "测试小店有限公司",
    "legal_rep_name": "测试法人甲",
    "handler_name": "测试法人甲",
    "place_address": "测试市河街 1 号",
    "exits": 2,
    "drain_point": "DP-1",
    "uscc": "",
}


def key() -> str:
    """Return a new idempotency key."""
    return uuid.uuid4().hex


def at(day: date, hour: int = 9) -> Any:
    """Let it be this day."""
    return clock.at(datetime.combine(day, time(hour), tzinfo=clock.SHANGHAI))


def next_workday(day: date, count: int = 1) -> date:
    """Return the day ``count`` working days later."""
    from yiwang.platform.cases import engine

    return engine.end_of_workdays("", day, count)


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Any) -> None:
    """Give each test its own files."""
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def monday(testville: None, db: None) -> Iterator[date]:
    """Let it be a Monday without holidays near, with every source up."""
    Dataset.objects.update(available=True)
    with at(MONDAY):
        yield MONDAY


def person(name: str) -> Actor:
    """Return somebody of the pack, acting for themselves."""
    pk = Person.objects.get(name=name).pk
    return Actor(
        kind=ActorKind.PERSON,
        id=pk,
        label="申请人",
        principal=Party(PartyKind.PERSON, pk),
        level=AssuranceLevel.L3,
        door=Door.PORTAL,
    )


def firm() -> Actor:
    """Return a firm's representative, acting for the firm."""
    row = Organisation.objects.filter(legal_representative__isnull=False).order_by("uscc").first()
    assert row is not None
    return Actor(
        kind=ActorKind.PERSON,
        id=row.legal_representative_id,
        label="经办人",
        principal=Party(PartyKind.ORGANISATION, row.pk),
        level=AssuranceLevel.L3,
        door=Door.PORTAL,
    )


def staff(role: Role, reach: Reach, *, but: uuid.UUID | None = None) -> Actor:
    """Return a member of staff with this role who reaches there."""
    for member, grants in directory.staff_with(role):
        if member.id != but and any(grant.role is role and grant.covers(reach) for grant in grants):
            return Actor(
                kind=ActorKind.STAFF,
                id=member.id,
                label=member.label,
                level=AssuranceLevel.L3,
                door=Door.DESK,
                grants=grants,
                agency=member.agency_path,
                second_factor=True,
            )
    raise LookupError(f"nobody with role {role} reaches {reach}")


def officer(case: Case, role: Role) -> Actor:
    """Return who does this role on a case."""
    return staff(role, case.reach)


def officers(case: Case) -> list[str]:
    """Return the numbers of two who work at the case's agency."""
    return [one.number for one in directory.colleagues(case.agency_path)[:2]]


def clerk(application: Application) -> Actor:
    """Return the counter's clerk."""
    return staff(Role.INTAKE, Reach(region=application.region))


def stored(name: str = "图.png") -> dict[str, Any]:
    """Return what the upload of a file gives."""
    digest = uuid.uuid4().hex * 2
    return {"name": name, "digest": digest, "media_type": "image/png", "size": 10, "pages": 1, "scan": "clean"}


def fill(application: uuid.UUID, by: Actor, *, ways: dict[str, str] | None = None) -> None:
    """Answer everything that is asked, and give every material: by file, or in the way named."""
    resolution = queries.draft_state(application, by)[2]
    asked = [
        spec.name for spec in resolution.fields if resolution.facts[spec.name].state is FactState.ASK and spec.required
    ]
    acts.save_answers(application, {name: ANSWERS.get(name) for name in asked}, by=by, key=key())
    for name, material in queries.draft_state(application, by)[2].materials.items():
        if material.state is not FactState.ASK or material.optional:
            continue
        way = (ways or {}).get(name)
        if way:
            acts.set_material(application, name, material.name, way, by=by, key=key())
        else:
            acts.add_file(application, name, stored(), by=by, key=key())


def edition_of(item: str, region: str = "339901001") -> EditionView:
    """Return an item's current edition."""
    return catalog.editions_in(region, [item])[item]


def republish(item: str, **changes: Any) -> EditionView:
    """Publish a new edition of an item, with changes to its definition."""
    publish_definition(replace(edition_of(item).definition, **changes), by=SYSTEM, key=key())
    return edition_of(item)


def draft(by: Actor, *items: str, life_event: str = "", region: str = "339901001") -> uuid.UUID:
    """Begin an application for these items."""
    editions = catalog.editions_in(region, items)
    answers = {name: ANSWERS[name] for name in ("place_region", "shop_area", "food_kinds", "has_licence")}
    return acts.start_draft([editions[item].id for item in items], answers, region, life_event, by=by, key=key())


def submit(
    by: Actor, *items: str, ways: dict[str, str] | None = None, life_event: str = "", **more: Any
) -> Application:
    """Hand an application in."""
    pk = draft(by, *items, life_event=life_event)
    fill(pk, by, ways=ways)
    for way in more.pop("delivery", []):
        acts.choose_delivery(pk, **way, by=by, key=key())
    acts.submit(pk, by=by, key=key())
    return Application.objects.get(pk=pk)


def case_of(application: Application, item: str) -> Case:
    """Return the application's case of an item, as it stands."""
    return Case.objects.select_related("application").get(application=application, item_code=item)


def fresh(case: Case) -> Case:
    """Return a case as it stands."""
    return Case.objects.select_related("application").get(pk=case.pk)


def accepted(by: Actor, *items: str, **more: Any) -> Application:
    """Hand in and accept."""
    application = submit(by, *items, **more)
    acts.accept_all(application.pk, by=clerk(application), key=key())
    application.refresh_from_db()
    return application


def review(case: Case) -> None:
    """Pass every step before the decision."""
    for _round in range(9):
        task = case.tasks.filter(state="ready").order_by("position").first()
        if task is None or task.kind == "decision":
            return
        by = officer(case, Role(task.role))
        if task.kind == "site_visit":
            acts.record_visit(case.pk, task.step, "pass", "现场一致。", officers(case), by=by, key=key())
        else:
            acts.complete_step(case.pk, task.step, "pass", "材料齐全。", by=by, key=key())


def decide(case: Case, grant: bool = True) -> None:
    """Pass every step and decide."""
    review(case)
    acts.decide(case.pk, grant, "理由充分。", by=officer(case, Role.DECIDER), key=key())


@pytest.fixture
def owner(monday: date) -> Actor:
    """Return the person who applies in most tests."""
    return person("测试法人甲")


@pytest.fixture
def food(owner: Actor) -> Case:
    """Return an accepted food case."""
    return case_of(accepted(owner, FOOD), FOOD)


@pytest.fixture
def events() -> Callable[[Case | Application], list[str]]:
    """Return a function that names the events of a case or an application, in order."""
    from yiwang.kernel.models import Event

    def names(subject: Case | Application) -> list[str]:
        return list(Event.objects.filter(subject_id=str(subject.pk)).order_by("seq").values_list("name", flat=True))

    return names
