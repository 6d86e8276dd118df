"""What befalls people before they choose: hardship of a family, disability, service, the few who break the law."""

from __future__ import annotations

from random import Random

from yiwang.config.synth.days import age, birthday
from yiwang.config.synth.homes import Household
from yiwang.config.synth.people import ADULT, Person

POOR_IN_A_HUNDRED = 5
PLANTED_IN_A_HUNDRED = 8
"""Of a hundred families in hardship so many declare something that is not so."""
PLANTS = ("car", "home", "firm", "income", "deposit", "member")
_YEAR = 365


def befall(people: list[Person], households: list[Household], at: int, rng: Random, *, first: int = 0) -> None:
    """Let it befall the living; nothing befalls the pack's own people. ``first``: with which kind planting begins."""
    for person in people:
        if person.lives and not person.given:
            _person(person, at, rng)
    _plant(_hardship(households, at, rng), people, at, rng, first)


def _person(person: Person, at: int, rng: Random) -> None:
    years = age(person.born, at)
    if rng.random() < 0.012 + years * 0.0005:
        person.disability = (rng.choice((1, 2, 3, 4, 4, 4, 5, 6, 7)), rng.choice((1, 2, 3, 3, 4, 4)))
    if person.male and years >= 22 and not person.disability and rng.random() < 0.045:
        since = birthday(person.born, ADULT) + rng.randrange(30, 3 * _YEAR)
        until = since + rng.choice((2, 2, 2, 3, 5, 8)) * _YEAR
        if until < at:
            person.served = (since, until)
    if years >= ADULT and rng.random() < 0.006:
        person.convicted = rng.randrange(birthday(person.born, ADULT) - 1, at)
    if years >= 25 and rng.random() < 0.004:
        person.dishonest = at - rng.randrange(30, 4 * _YEAR)


def _hardship(households: list[Household], at: int, rng: Random) -> list[Household]:
    """Choose families in hardship: the old who are alone and those with a disability more often than others."""
    poor = []
    for household in households:
        adults = [one for one in household.members if age(one.born, at) >= ADULT]
        # a declaration is about those who are registered together
        if household.kept or not adults or not all(one.local for one in household.members):
            continue
        likely = POOR_IN_A_HUNDRED / 100 * (0.7 + 2 * any(one.disability for one in household.members))
        likely *= 2 if len(household.members) == 1 and age(adults[0].born, at) >= 65 else 1
        if rng.random() < likely:
            household.poor = True
            poor.append(household)
    return poor


def _plant(poor: list[Household], people: list[Person], at: int, rng: Random, first: int) -> None:
    """Choose a known share of the families, spread over the kinds, each kind where it can be."""
    if not poor:
        return
    mourning = {one.home for one in people if one.died > at - 4 * _YEAR}

    def fits(household: Household, plant: str) -> bool:
        ages = [age(one.born, at) for one in household.members]
        if plant == "member":
            return household in mourning
        least, most = {"firm": (21, 57), "income": (23, 49), "car": (20, 69)}.get(plant, (ADULT, 120))
        return any(least <= years <= most for years in ages)

    left = rng.sample(poor, len(poor))
    for turn in range(max(1, len(poor) * PLANTED_IN_A_HUNDRED // 100)):
        plant = PLANTS[(first + turn) % len(PLANTS)]
        found = next((household for household in left if fits(household, plant)), None)
        if found is not None:
            found.plant = plant
            left.remove(found)
