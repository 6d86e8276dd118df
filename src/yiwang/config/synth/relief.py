"""What families in need declare, and what they get for it.

A family's declaration is made from the facts of the world. Where one is planted wrong, the fact is made first (the car
is registered, the wage is paid) and the declaration leaves it out; ``Claim.truths`` says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from yiwang.config.synth.days import age
from yiwang.config.synth.homes import Household
from yiwang.config.synth.means import LIVING
from yiwang.config.synth.people import ADULT, Person
from yiwang.config.synth.plan import Plan
from yiwang.config.synth.work import EMPLOYED, OWNER

LINE = 1200
"""Yuan a month and head below which a family gets the minimum allowance; a demo value, as cities set their own."""
EDGE = LINE * 3 // 2
DEPOSITS_MOST = LINE * 24
"""Deposits a head above which there is no hardship; a demo value."""
MINIMUM, MARGIN, ALONE = "最低生活保障家庭", "最低生活保障边缘家庭", "特困人员"
CLAIMS_ELSE_IN_A_THOUSAND = 15
"""Of a thousand families that are in no hardship so many have asked all the same; what they declare is true."""
NO_FIRMS, FIRMS, NO_LAND = "没有", "有", "没有"
RESIDENTS, WORKERS = "城乡居民养老保险", "企业职工养老保险"
_YEAR = 365


@dataclass(slots=True)
class Truth:
    """One thing that a family declared wrongly, and where it shows."""

    kind: str
    column: str
    declared: str
    true: str
    evidence: str
    subject: str


@dataclass(slots=True, eq=False)
class Claim:
    """What a family declared when it asked for relief, and what it got (empty: nothing)."""

    household: Household
    applicant: Person
    declared: dict[str, str]
    checked: int
    kind: str = ""
    since: int = 0
    serial: int = 0
    truths: list[Truth] = field(default_factory=list)


class Relief:
    """Lets a neighbourhood's families ask for relief."""

    def __init__(self, plan: Plan, slot: int, rng: Random) -> None:
        self.plan, self.slot, self.rng, self.at = plan, slot, rng, plan.at
        self.claims: list[Claim] = []
        self._dead: dict[Household, list[Person]] = {}

    def ask(self, people: list[Person], households: list[Household]) -> None:
        """Do all of it."""
        for person in people:
            if person.died and person.home is not None:
                self._dead.setdefault(person.home, []).append(person)
        for household in households:
            if not household.kept:
                self._claim(household)

    def _claim(self, household: Household) -> None:
        rng, at = self.rng, self.at
        adults = [one for one in household.members if age(one.born, at) >= ADULT]
        asked = household.poor or (
            len({one.local for one in household.members}) == 1
            and rng.random() < CLAIMS_ELSE_IN_A_THOUSAND / 1000
            and not any(map(_leads, household.members))
        )
        if not asked or not adults:
            return
        truths = self._wrong(household)
        declared = facts_of(household)
        for truth in truths:
            declared[truth.column] = truth.declared
        newest = max((_newest(one) for one in household.members), default=0)
        claim = Claim(household, adults[0], declared, max(at - rng.randrange(60), newest))
        claim.serial = self.slot * 1000 + len(self.claims) + 1
        claim.truths = truths
        claim.kind = _relief(household, declared, at)
        if claim.kind:
            claim.since = claim.checked - rng.randrange(5 * _YEAR)
        household.claim = claim
        self.claims.append(claim)

    def _wrong(self, household: Household) -> list[Truth]:
        """Leave out of the declaration what was planted; what could not be is an undeclared deposit instead."""
        if not household.plant:
            return []
        made = self._leave_out(household)
        if not made:
            household.plant = "deposit"
            made = self._leave_out(household)
        # one head more of a family without income changes nothing of its income
        return [one for one in made if one.declared != one.true]

    def _leave_out(self, household: Household) -> list[Truth]:
        plant, members = household.plant, household.members
        facts = facts_of(household)
        if plant == "car":
            owner = next((one for one in members if one.cars), None)
            if owner is not None:
                return [Truth(plant, "vehicles", "0", facts["vehicles"], "vehicles", owner.number)]
        elif plant == "home":
            owner = next((one for one in members if one.homes), None)
            if owner is not None:
                fewer = str(int(facts["homes"]) - 1)
                return [Truth(plant, "homes", fewer, facts["homes"], "real_estate_persons", owner.number)]
        elif plant == "firm":
            owner = next((one for one in members if one.firms), None)
            if owner is not None:
                by_person = "persons_firms" in self.plan.city.datasets
                evidence = "persons_firms" if by_person else "legal_representatives"
                subject = owner.number if by_person else owner.firms[0].code
                return [Truth(plant, "firms", NO_FIRMS, facts["firms"], evidence, subject)]
        elif plant == "income":
            worker = next((one for one in members if one.role == EMPLOYED), None)
            if worker is not None:
                less = _money(sum(one.income for one in members) - worker.wage, len(members))
                evidence = "social_insurance_persons"
                return [
                    Truth(plant, "income", less, facts["income"], evidence, worker.number),
                    Truth(plant, "insured", RESIDENTS, facts["insured"], evidence, worker.number),
                ]
        elif plant == "member":
            gone = next((one for one in self._dead.get(household, ()) if one.died > self.at - 4 * _YEAR), None)
            if gone is not None:
                heads = len(members) + 1
                more = _money(sum(one.income for one in members), heads)
                return [
                    Truth(plant, "members", str(heads), facts["members"], "death_records", gone.number),
                    Truth(plant, "income", more, facts["income"], "death_records", gone.number),
                ]
        elif plant == "deposit":
            rng = self.rng
            owner = next(one for one in members if age(one.born, self.at) >= ADULT)
            hidden = rng.randrange(60, 300) * 1000
            declared = facts["deposits"]
            owner.deposits += hidden
            true = facts_of(household)["deposits"]
            return [Truth(plant, "deposits", declared, true, "bank_deposits", owner.number)]
        return []


def facts_of(household: Household) -> dict[str, str]:
    """Return what the registers say of a family, in the columns of its declaration."""
    members = household.members
    homes = {home.serial for one in members for home in one.homes if home.use == LIVING}
    firms = any(body.active for one in members for body in (*one.firms, *one.shares))
    insured = any(one.insured_since for one in members)
    return {
        "members": str(len(members)),
        "income": _money(sum(one.income for one in members), len(members)),
        "deposits": f"{sum(one.deposits + one.securities for one in members)}.00",
        "vehicles": str(sum(len(one.cars) for one in members)),
        "homes": str(len(homes)),
        "land": f"承包地 {household.land // 10}.{household.land % 10} 亩" if household.land else NO_LAND,
        "firms": FIRMS if firms else NO_FIRMS,
        "insured": WORKERS if insured else RESIDENTS,
    }


def _money(total: int, heads: int) -> str:
    cents = total * 100 // heads
    return f"{cents // 100}.{cents % 100:02d}"


def _leads(person: Person) -> bool:
    return person.job is not None and person.job.rep is person and person.role != OWNER


def _newest(person: Person) -> int:
    days = [person.job_since, *(car.bought for car in person.cars), *(home.bought for home in person.homes)]
    return max([*days, *(body.established for body in person.firms)])


def _relief(household: Household, declared: dict[str, str], at: int) -> str:
    """Return the relief that a family gets for what it declared."""
    heads = int(declared["members"])
    income = float(declared["income"])
    modest = (
        declared["vehicles"] == "0"
        and int(declared["homes"]) <= 1
        and declared["firms"] == NO_FIRMS
        and float(declared["deposits"]) <= DEPOSITS_MOST * heads
    )
    if not modest or income >= EDGE:
        return ""
    head = household.head
    if heads == 1 and age(head.born, at) >= 60 and not head.kids and income < LINE:
        return ALONE
    return MINIMUM if income < LINE else MARGIN
