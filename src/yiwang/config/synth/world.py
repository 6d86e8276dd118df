"""One neighbourhood of the model world, made from its place in the plan and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from yiwang.config.synth.fates import befall
from yiwang.config.synth.homes import Addresses, Homes, Household
from yiwang.config.synth.means import Means, Property
from yiwang.config.synth.people import Families, Person, Wedding
from yiwang.config.synth.plan import Chunk, Plan
from yiwang.config.synth.relief import Claim, Relief
from yiwang.config.synth.trades import Body
from yiwang.config.synth.work import Work


@dataclass(slots=True)
class Neighbourhood:
    """People and firms of one part of a county, with all that they have to do with one another."""

    plan: Plan
    chunk: Chunk
    people: list[Person]
    households: list[Household]
    weddings: list[Wedding]
    bodies: list[Body]
    """Firms, those of the pack first."""
    institutions: list[Body]
    properties: list[Property]
    claims: list[Claim]

    @property
    def at(self) -> int:
        """The day on which the world is looked at."""
        return self.plan.at


def make(plan: Plan, index: int) -> Neighbourhood:
    """Make the neighbourhood with this number: the same each time, whoever makes it."""
    chunk = plan.chunks[index]

    def chance(theme: str) -> Random:
        # a chance of its own for each theme: what changes in one leaves the others as they were
        return Random(f"{plan.seed}:{index}:{theme}")  # noqa: S311 (an invented city, not a secret)

    families = Families(plan, chunk, chance("people"))
    families.grow()
    addresses = Addresses(chunk, chance("addresses"))
    homes = Homes(plan, chunk, addresses, chance("homes"))
    homes.settle(families.units)
    befall(families.people, homes.households, plan.at, chance("fates"), first=plan.seed + index)
    work = Work(plan, chunk, addresses, chance("work"))
    work.begin(families.people, homes.households)
    means = Means(plan, chunk, addresses, chance("means"))
    means.give(families.people, homes.households, [*work.bodies, *work.institutions])
    relief = Relief(plan, chunk.slot, chance("relief"))
    relief.ask(families.people, homes.households)
    return Neighbourhood(
        plan,
        chunk,
        families.people,
        homes.households,
        families.weddings,
        work.bodies,
        work.institutions,
        means.properties,
        relief.claims,
    )
