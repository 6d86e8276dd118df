"""How people are: vaccinations, treatments and what they cost, illness that lasts."""

from __future__ import annotations

from collections.abc import Iterator

from yiwang.config.synth.days import age, birthday, compact, iso
from yiwang.config.synth.people import Person
from yiwang.config.synth.views.base import (
    Row,
    ago,
    cents,
    detail,
    hospital,
    living,
    one_of,
    row,
    some,
    view,
)
from yiwang.config.synth.world import Neighbourhood


@view
def vaccination_records(world: Neighbourhood) -> Iterator[Row]:
    """预防接种记录: of children."""
    for person in living(world, 0, 14):
        complete = not some(person, 73, 7)
        checked = max(person.born, ago(person, 74, world, 300))
        missing = one_of(person, 75, ("麻腮风疫苗", "百白破疫苗", "乙脑疫苗"))
        yield row(
            person,
            checked,
            world,
            complete=complete,
            missing="无" if complete else missing,
            checked_on=iso(min(checked, world.at)),
        )


def _treatment(person: Person, world: Neighbourhood) -> tuple[int, int, bool] | None:
    """Return day, cost in cents and whether it was a stay, of somebody who was treated in the last year."""
    years = age(person.born, world.at)
    if not some(person, 76, 10 + years * 0.4):
        return None
    day = max(person.born, ago(person, 77, world, 365))
    stay = some(person, 78, 15)
    return day, (300_000 + detail(person, 79, 2_000_000)) if stay else (4_000 + detail(person, 79, 60_000)), stay


def _insured(person: Person) -> bool:
    return person.local or bool(person.insured_since)


@view
def medical_settlements(world: Neighbourhood) -> Iterator[Row]:
    """医疗费用结算."""
    for person in living(world):
        treated = _treatment(person, world)
        if treated is None or not _insured(person):
            continue
        day, total, stay = treated
        fund = total * (70 if stay else 45) // 100
        claim = person.home.claim if person.home is not None else None
        relief = (total - fund) * 6 // 10 if claim is not None and claim.kind else 0
        yield row(
            person,
            day,
            world,
            number=f"JS{compact(day)}{person.serial:07d}",
            settled_on=iso(day),
            institution=hospital(world, person, 80),
            kind="inpatient" if stay else "outpatient",
            total=cents(total),
            fund_paid=cents(fund),
            own_paid=cents(total - fund - relief),
            relief_paid=cents(relief),
        )


@view
def medical_invoices(world: Neighbourhood) -> Iterator[Row]:
    """医疗电子票据: of the same treatments."""
    for person in living(world):
        if treated := _treatment(person, world):
            day, total, _stay = treated
            yield row(
                person,
                day,
                world,
                number=f"{world.plan.city.code[:2]}{compact(day)[2:]}DEMO{person.serial:07d}",
                amount=cents(total),
                issued_on=iso(day),
                hospital=hospital(world, person, 80),
                claimed=_insured(person),
            )


@view
def chronic_diseases(world: Neighbourhood) -> Iterator[Row]:
    """门诊慢特病认定."""
    for person in living(world, 40):
        if _insured(person) and some(person, 81, (age(person.born, world.at) - 35) * 0.9):
            day = max(birthday(person.born, 38), ago(person, 82, world, 2500))
            yield row(
                person,
                day,
                world,
                disease=one_of(person, 83, ("高血压", "高血压", "糖尿病", "冠心病", "慢性肾病")),
                approved_on=iso(day),
                valid_to="",
                hospital=hospital(world, person, 80),
            )


@view
def mental_health_patients(world: Neighbourhood) -> Iterator[Row]:
    """严重精神障碍患者登记: of those whose disability it is."""
    for person in living(world, 16):
        if person.disability is not None and person.disability[0] == 6:
            seen = ago(person, 84, world, 90)
            yield row(
                person,
                seen,
                world,
                registered_on=iso(max(birthday(person.born, 14), ago(person, 85, world, 4000))),
                institution=hospital(world, person, 86),
                level=str(detail(person, 87, 3)),
                followed_up_on=iso(seen),
            )
