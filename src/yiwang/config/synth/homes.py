"""Who lives with whom, and where: a family falls into households as its people wed, part, age and go away."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from yiwang.config.synth.days import age, birthday
from yiwang.config.synth.people import ADULT, Person, Wedding
from yiwang.config.synth.plan import Chunk, Place, Plan

if TYPE_CHECKING:
    from yiwang.config.synth.relief import Claim

OLD = 70
LEAVES_HOME = 28


class Household:
    """People of one home. ``members`` are those who live there today, the head first; those who have died or gone
    away had it as their last address here.
    """

    __slots__ = ("address", "claim", "kept", "land", "members", "place", "plant", "poor", "registered", "serial")

    def __init__(self, place: Place, address: str, serial: int) -> None:
        self.place, self.address, self.serial = place, address, serial
        self.members: list[Person] = []
        self.registered = address
        """Where those of its people are registered who belong to the city."""
        self.poor = False
        self.kept = False
        """It is of the pack's own people, about whom nothing is invented."""
        self.plant = ""
        """What is wrong on purpose in what they declare; empty: nothing."""
        self.claim: Claim | None = None
        self.land = 0
        """Land of the village that it farms, in tenths of a mu."""

    @property
    def head(self) -> Person:
        """Who stands first in the register."""
        return self.members[0]


class Addresses:
    """Gives out addresses, each once."""

    def __init__(self, chunk: Chunk, rng: Random) -> None:
        # a community of the town has three times the homes of a village
        self._places = [place for place in chunk.places for _i in range(3 if place.urban else 1)]
        self._rng = rng
        self._next: dict[str, int] = {}
        self._towns: dict[str, list[Place]] = {}
        for place in chunk.places:
            self._towns.setdefault(place.town, []).append(place)

    def anywhere(self) -> Place:
        """Return a place of the neighbourhood."""
        return self._rng.choice(self._places)

    def near(self, place: Place) -> Place:
        """Return a place of the same town."""
        return self._rng.choice(self._towns[place.town])

    def home(self, place: Place) -> str:
        """Return the address of a home that nobody else has. Homes of a street have the odd numbers."""
        turn = self._next.get(place.code, 0)
        self._next[place.code] = turn + 1
        if not place.urban:
            return f"{place.before}{place.stem}村演示 {turn + 1} 号"
        house, room = divmod(turn, 40)
        block, floor, door = house % 6 + 1, room // 4 + 1, room % 4 + 1
        return f"{place.before}演示{_street(place)} {house // 6 * 2 + 1} 号 {block} 幢 {floor}0{door} 室"

    def shop(self, place: Place) -> str:
        """Return the address of a place of business. Those of a street have the even numbers."""
        turn = self._next.get("b" + place.code, 0)
        self._next["b" + place.code] = turn + 1
        if not place.urban:
            return f"{place.before}{place.stem}村演示工业点 {turn + 1} 号"
        return f"{place.before}演示{_street(place)} {turn * 2 + 2} 号 1 层"


def _street(place: Place) -> str:
    return place.stem if place.stem.endswith(("街", "路", "巷", "弄")) else f"{place.stem}路"


class Homes:
    """Settles a neighbourhood's families."""

    def __init__(self, plan: Plan, chunk: Chunk, addresses: Addresses, rng: Random) -> None:
        self.plan, self.chunk, self.addresses, self.rng, self.at = plan, chunk, addresses, rng, plan.at
        self.households: list[Household] = []
        self._serial = 0
        self._orphans: list[Person] = []
        """Children with no relative to live with."""

    def settle(self, units: list[list[Person]]) -> None:
        """Give everybody a home, the dead and gone the one that they had."""
        if self.chunk.given:
            self._settle_given(units[0])
            units = units[1:]
        for unit in units:
            base = self.addresses.anywhere()
            for person in unit:
                self._leave(person)
            for person in unit:
                if person.lives:
                    self._settle(person, unit, base)
            for person in unit:
                if person.lives and age(person.born, self.at) >= OLD:
                    self._take_in(person)
            for person in unit:
                if not person.lives:
                    person.home = self._last_home(person, base)
            for person in unit:
                self._moved_in(person)
        for person in self._orphans:
            self._ward(person)
        self.households = [household for household in self.households if household.members]

    def _settle_given(self, unit: list[Person]) -> None:
        by_number = {given.number: given for given in self.plan.city.people}
        places = {place.town: place for place in self.chunk.county.places}
        for person in unit:
            given = by_number[person.number]
            if person.spouse and person.spouse.home and person.spouse.home.address == given.address:
                household = person.spouse.home
            else:
                place = places.get(given.region) or self.chunk.places[0]
                household = self._open(place, given.address)
                household.kept = True
                written = self._written(person.number)
                household.registered = written or given.address
            household.members.append(person)
            person.home = household

    def _written(self, number: str) -> str:
        for row in self.plan.city.records.get("population", ()):
            if row.get("subject") == number:
                return str(row.get("household_address", ""))
        return ""

    def _leave(self, person: Person) -> None:
        """Some who are grown up and single have moved away for good."""
        rng, at = self.rng, self.at
        if person.weds or person.died or not person.local:
            return
        grown = birthday(person.born, ADULT)
        if grown < at - 400 and age(person.born, at) < 45 and rng.random() < 0.1:
            person.left = rng.randrange(max(grown, at - 3650), at)

    def _settle(self, person: Person, unit: list[Person], base: Place) -> None:
        rng = self.rng
        spouse = person.spouse
        if spouse is not None and spouse.lives and spouse.home is not None:
            self._join(person, spouse.home)
            return
        years = age(person.born, self.at)
        if years < ADULT or (not person.weds and (years < LEAVES_HOME or rng.random() < 0.35)):
            host = self._parent_with_home(person) or (self._guardian(person, unit) if years < ADULT else None)
            if host is not None:
                assert host.home is not None
                self._join(person, host.home)
                return
            if years < ADULT:
                self._orphans.append(person)
                return
        place = base if rng.random() < 0.35 else self._elsewhere(base)
        self._join(person, self._open(place, self.addresses.home(place)))

    def _elsewhere(self, base: Place) -> Place:
        return self.addresses.near(base) if self.rng.random() < 0.6 else self.addresses.anywhere()

    def _parent_with_home(self, person: Person) -> Person | None:
        found = [one for one in person.parents if one.lives and one.home is not None]
        if not found:
            return None
        # parents who parted: all their children live with the same of them
        wedding = wedding_of(person)
        return found[wedding.day % len(found)] if wedding is not None and wedding.why == "divorce" else found[0]

    def _guardian(self, child: Person, unit: list[Person]) -> Person | None:
        """民法典 art. 27: grandparents first, then elder brothers and sisters; here then any grown relative."""
        grand = [one for parent in child.parents for one in parent.parents]
        siblings = [one for parent in child.parents for one in parent.kids]
        for one in (*grand, *siblings, *unit):
            if one.lives and one.home is not None and age(one.born, self.at) >= ADULT:
                child.guardian = one
                return one
        return None

    def _ward(self, child: Person) -> None:
        """No relative is left: a family of the neighbourhood, in the place of the village committee of art. 32."""
        able = [one for one in self.households if one.members and not one.kept and age(one.head.born, self.at) >= ADULT]
        alike = [one for one in able if all(member.local == child.local for member in one.members)]
        household = self.rng.choice(alike or able)
        child.guardian = household.head
        self._join(child, household)

    def _take_in(self, person: Person) -> None:
        """Some of the old live with a child: who is alone more often than who are two."""
        home, spouse = person.home, person.spouse
        assert home is not None
        two = spouse is not None and spouse.lives
        if len(home.members) != 1 + two or self.rng.random() >= (0.08 if two else 0.5):
            return
        for kid in person.kids:
            if kid.lives and kid.home is not None and kid.home is not home and kid.local == person.local:
                for one in home.members:
                    one.home = kid.home
                kid.home.members += home.members
                home.members = []
                return

    def _last_home(self, person: Person, base: Place) -> Household:
        """The dead and gone stand where their family is."""
        for one in (person.spouse, *person.parents, *(wedding_other(person)), *person.kids):
            if one is not None and one.home is not None:
                return one.home
        place = self._elsewhere(base)
        return self._open(place, self.addresses.home(place))

    def _moved_in(self, person: Person) -> None:
        """Who is registered elsewhere came on some day, children with their parents."""
        if person.local or not person.lives:
            return
        came = [one.moved_in for one in person.parents if one.moved_in]
        if came and age(person.born, self.at) < ADULT:
            person.moved_in = max(person.born, *came)
        else:
            grown = birthday(person.born, ADULT)
            first = max(grown if grown < self.at - 60 else person.born, self.at - 12 * 365)
            person.moved_in = self.rng.randrange(first, self.at) if first < self.at else self.at

    def _open(self, place: Place, address: str) -> Household:
        household = Household(place, address, self.chunk.slot * 10_000 + self._serial)
        self._serial += 1
        self.households.append(household)
        return household

    def _join(self, person: Person, household: Household) -> None:
        household.members.append(person)
        person.home = household


def registered(person: Person) -> str:
    """Return the address at which somebody is registered: for those from elsewhere the place that they come from."""
    assert person.home is not None
    if person.local or person.home.kept:
        return person.home.registered
    return f"{person.origin}演示路 {person.home.serial % 900 + 1} 号"


def wedding_of(child: Person) -> Wedding | None:
    """Return the marriage that somebody was born in."""
    for parent in child.parents:
        for wedding in parent.weds:
            if child in wedding.kids:
                return wedding
    return None


def wedding_other(person: Person) -> list[Person]:
    """Return everybody that somebody was ever married to."""
    return [one.wife if one.husband is person else one.husband for one in person.weds]


def relation(head: Person, member: Person) -> str:
    """Return what a member is to the head of the household, in the words of the register."""
    if member is head:
        return "户主"
    if member is head.spouse:
        return "配偶"
    if head in member.parents or (head.spouse is not None and head.spouse in member.parents):
        return "子" if member.male else "女"
    if member in head.parents:
        return "父亲" if member.male else "母亲"
    if any(head in parent.parents for parent in member.parents):
        return "孙子女"
    if any(member in parent.parents for parent in head.parents):
        return "祖父母"
    return "兄弟姐妹" if set(head.parents) & set(member.parents) else "其他"
